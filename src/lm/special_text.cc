#include "lm/special_text.h"

#include <algorithm>
#include <charconv>
#include <set>

namespace baton::lm {
namespace {

// Private-use characters around the text's number. Forged by a client, a mark gives him plain characters.
constexpr std::string_view kOpen = "\xee\x80\x80", kClose = "\xee\x80\x81";

}  // namespace

SpecialText::SpecialText(const LoadedModel& model) {
  const auto n = static_cast<llama_token>(model.info().vocabulary);
  for (llama_token t = 0; t < n; ++t) {
    if (!llama_vocab_is_control(model.vocab(), t)) continue;
    if (std::string text = model.Piece(t, true); !text.empty()) texts_.push_back(std::move(text));
  }
  std::set<std::size_t, std::greater<>> lengths;
  for (std::size_t i = 0; i < texts_.size(); ++i) {
    index_.emplace(texts_[i], i);
    lengths.insert(texts_[i].size());
    starts_[static_cast<unsigned char>(texts_[i][0])] = true;
  }
  lengths_.assign(lengths.begin(), lengths.end());
}

bool SpecialText::Mark(std::string* text) const {
  std::string out;
  std::size_t copied = 0;
  for (std::size_t i = 0; i < text->size(); ++i) {
    if (!starts_[static_cast<unsigned char>((*text)[i])]) continue;
    for (std::size_t length : lengths_) {
      auto it = index_.find(std::string_view(*text).substr(i, length));
      if (it == index_.end()) continue;
      out.append(*text, copied, i - copied);
      out.append(kOpen).append(std::to_string(it->second)).append(kClose);
      copied = i + it->first.size();
      i = copied - 1;
      break;
    }
  }
  if (copied == 0) return false;
  out.append(*text, copied);
  *text = std::move(out);
  return true;
}

template <class Plain, class Marked>
void SpecialText::Walk(std::string_view prompt, Plain plain, Marked marked) const {
  std::size_t done = 0;
  for (std::size_t at = prompt.find(kOpen); at != std::string_view::npos; at = prompt.find(kOpen, at + 1)) {
    const char* digits = prompt.data() + at + kOpen.size();
    std::size_t number = 0;
    const auto [end, error] = std::from_chars(digits, prompt.data() + prompt.size(), number);
    const auto after = static_cast<std::size_t>(end - prompt.data());
    if (at < done || error != std::errc() || number >= texts_.size() ||
        !prompt.substr(after).starts_with(kClose)) {
      continue;
    }
    plain(prompt.substr(done, at - done));
    marked(std::string_view(texts_[number]));
    done = after + kClose.size();
  }
  plain(prompt.substr(done));
}

Result<std::vector<llama_token>> SpecialText::Tokenize(const LoadedModel& model, std::string_view prompt,
                                                       bool add) const {
  std::vector<llama_token> tokens;
  Status status;
  bool first = true;
  auto take = [&](std::string_view text, bool special) {
    if (!status || (text.empty() && !first)) return;
    auto some = model.Tokenize(text, add && first, special);
    first = false;
    if (some) {
      tokens.insert(tokens.end(), some->begin(), some->end());
    } else {
      status = std::move(some).error();
    }
  };
  Walk(
      prompt, [&](std::string_view t) { take(t, true); }, [&](std::string_view t) { take(t, false); });
  if (!status) return std::move(status).error();
  return tokens;
}

std::string SpecialText::Unmark(std::string_view prompt) const {
  std::string out;
  auto append = [&](std::string_view t) { out += t; };
  Walk(prompt, append, append);
  return out;
}

}  // namespace baton::lm
