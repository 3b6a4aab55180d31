#include "guard/held_text.h"

#include <algorithm>
#include <utility>

namespace baton::guard {
namespace {

bool IsSpace(char c) {
  return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

// Where a word may be cut from the next: behind a space, and in front of a letter that is not ASCII (scripts
// without spaces).
bool IsBoundary(std::string_view text, std::size_t at) {
  return at == 0 || IsSpace(text[at - 1]) || (static_cast<unsigned char>(text[at]) & 0xc0) == 0xc0;
}

bool InString(std::string_view json, std::size_t to, bool inside) {
  for (std::size_t i = 0; i < to; ++i) {
    if (json[i] == '\\' && inside)
      ++i;
    else if (json[i] == '"')
      inside = !inside;
  }
  return inside;
}

}  // namespace

void HeldText::Add(chat::Event event) {
  const std::size_t begin = text_.size();
  text_ += event.text;
  events_.push_back({std::move(event), begin, text_.size()});
}

// Up to where text may leave.
std::size_t HeldText::Boundary(const Judged& judged, bool ended) const {
  if (ended) return text_.size();
  const std::size_t window = rules_.window();
  const bool too_long = text_.size() - left_ > kLongest;
  if (text_.size() - left_ <= window) return left_;
  std::size_t to = text_.size() - window;
  // What was found and may still grow, or reaches over the boundary, stays.
  for (const Cut& cut : judged.cuts) {
    if (cut.begin < to && cut.end > to) to = cut.begin;
  }
  std::size_t word = to;
  while (word > left_ && !IsBoundary(text_, word)) --word;
  if (word > left_ || !too_long) return word;
  return std::max(to, left_);
}

// A finding that outgrows what may be held cannot be waited for: the text is withheld from there on.
HeldText::Out HeldText::Release(bool ended, std::vector<std::pair<const Rule*, std::string>>* seen) {
  Out out;
  // A long word is looked at again when an eighth of it is new: the cost stays linear in what the worker
  // says.
  const std::size_t fresh = text_.size() - judged_;
  if (events_.empty() || (!ended && fresh < std::max<std::size_t>(16, (text_.size() - left_) / 8)))
    return out;
  judged_ = text_.size();
  Judged judged = Look(rules_, text_, left_);
  for (auto& s : judged.seen) {
    if (std::find(seen->begin(), seen->end(), s) == seen->end()) seen->push_back(s);
  }
  std::size_t to = judged.blocked ? std::min(judged.blocked_at, text_.size()) : Boundary(judged, ended);
  if (judged.blocked) {
    out.blocked = judged.blocked;
    out.fault = judged.fault;
    std::erase_if(judged.cuts, [&](const Cut& c) { return c.end > to; });
  } else if (!ended && to == left_ && text_.size() - left_ > kLongest && !judged.cuts.empty()) {
    for (const Rule& r : rules_.all()) {
      if (!r.asks() && r.deed == Deed::kRedact) out.blocked = &r;
    }
  }
  Leave(judged, to, &out);
  Forget();
  return out;
}

std::string HeldText::Altered(std::size_t begin, std::size_t end, const std::vector<Cut>& cuts) const {
  std::vector<Cut> mine;
  for (const Cut& c : cuts) {
    if (c.begin < begin || c.end > end) continue;
    mine.push_back({c.begin - begin, c.end - begin, c.mark});
    if (json_ && !InString(text_, c.begin, in_string_)) mine.back().mark = "\"" + c.mark + "\"";
  }
  return Apply(std::string_view(text_).substr(begin, end - begin), mine);
}

// Whole events up to `to`: none is cut, so that what is clean leaves byte for byte. Those that a finding
// touches are made anew, as one.
void HeldText::Leave(const Judged& judged, std::size_t to, Out* out) {
  std::size_t done = 0;
  while (done < events_.size()) {
    std::size_t last = done;
    bool touched = false;
    for (const Cut& cut : judged.cuts) {
      if (cut.begin >= events_[last].end || cut.end <= events_[done].begin) continue;
      touched = true;
      while (last + 1 < events_.size() && events_[last].end < cut.end) ++last;
    }
    const std::size_t begin = events_[done].begin, end = events_[last].end;
    if (end > to) break;
    chat::Event event = std::move(events_[done].event);
    if (touched) {
      event.raw.clear();
      event.made = true;
      event.text = Altered(begin, end, judged.cuts);
      out->altered = true;
    }
    out->text += event.text;
    if (!event.text.empty() || !event.raw.empty()) out->events.push_back(std::move(event));
    left_ = end;
    done = last + 1;
  }
  events_.erase(events_.begin(), events_.begin() + static_cast<std::ptrdiff_t>(done));
}

// Text that has left is kept as long as it may prove something behind it.
void HeldText::Forget() {
  if (left_ <= 4 * kContext) return;
  const std::size_t gone = left_ - kContext;
  in_string_ = json_ && InString(text_, gone, in_string_);
  text_.erase(0, gone);
  left_ -= gone;
  judged_ -= std::min(judged_, gone);
  for (Piece& p : events_) {
    p.begin -= gone;
    p.end -= gone;
  }
}

}  // namespace baton::guard
