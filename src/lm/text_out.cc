#include "lm/text_out.h"

#include <algorithm>
#include <utility>

namespace baton::lm {
namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";

// Length of the character that starts with `lead`; 0: no character starts so.
int CharLength(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead <= 0xdf) return 2;
  if (lead >= 0xe0 && lead <= 0xef) return 3;
  if (lead >= 0xf0 && lead <= 0xf4) return 4;
  return 0;
}

// May `next` be the second byte after `lead`? (Overlong forms, surrogates and values above U+10FFFF may not.)
bool SecondFits(unsigned char lead, unsigned char next) {
  if (next < 0x80 || next > 0xbf) return false;
  if (lead == 0xe0) return next >= 0xa0;
  if (lead == 0xed) return next <= 0x9f;
  if (lead == 0xf0) return next >= 0x90;
  if (lead == 0xf4) return next <= 0x8f;
  return true;
}

bool Fits(const std::string& partial, unsigned char next) {
  if (partial.size() == 1) return SecondFits(static_cast<unsigned char>(partial[0]), next);
  return next >= 0x80 && next <= 0xbf;
}

}  // namespace

TextOut::TextOut(std::vector<std::string> stops) : stops_(std::move(stops)) {
  std::erase_if(stops_, [](const std::string& s) { return s.empty(); });
  for (const std::string& s : stops_) longest_ = std::max(longest_, s.size());
}

void TextOut::Decode(std::string_view bytes) {
  for (char c : bytes) {
    const auto u = static_cast<unsigned char>(c);
    if (!partial_.empty() && !Fits(partial_, u)) {
      held_ += kReplacement;
      partial_.clear();
    }
    if (partial_.empty() && CharLength(u) == 0) {
      held_ += kReplacement;
      continue;
    }
    partial_ += c;
    if (static_cast<int>(partial_.size()) == CharLength(static_cast<unsigned char>(partial_[0]))) {
      held_ += partial_;
      partial_.clear();
    }
  }
}

// How much of the end of held_ begins a stop string.
std::size_t TextOut::HeldSuffix() const {
  std::size_t longest = 0;
  for (const std::string& stop : stops_) {
    for (std::size_t n = std::min(stop.size() - 1, held_.size()); n > longest; --n) {
      if (held_.compare(held_.size() - n, n, stop, 0, n) == 0) longest = n;
    }
  }
  return longest;
}

// Where the stop string begins that is completed first; a piece may complete several, and how the text is cut
// into pieces must not decide which one counts.
std::size_t TextOut::StopBegin() const {
  constexpr auto kNone = std::string::npos;
  std::size_t begin = kNone, end = kNone;
  for (const std::string& stop : stops_) {
    const std::size_t at = held_.find(stop);
    if (at == kNone || at + stop.size() > end) continue;
    begin = at + stop.size() < end ? at : std::min(begin, at);
    end = at + stop.size();
  }
  return begin;
}

std::string TextOut::Feed(std::string_view bytes) {
  if (stopped_) return {};
  Decode(bytes);
  if (const std::size_t end = StopBegin(); end != std::string::npos) {
    stopped_ = true;
    held_.resize(end);
    return std::exchange(held_, {});
  }
  const std::size_t keep = HeldSuffix();
  std::string out = held_.substr(0, held_.size() - keep);
  held_.erase(0, out.size());
  return out;
}

std::string TextOut::Flush() {
  if (!partial_.empty()) held_ += kReplacement;
  partial_.clear();
  return std::exchange(held_, {});
}

}  // namespace baton::lm
