#include "rails/redact.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace baton::rails {

const std::string& Marks::MarkFor(const std::string& type, std::string_view value) {
  const std::string key = type + '\0' + std::string(value);
  if (const auto known = by_value_.find(key); known != by_value_.end()) return known->second;
  std::string upper = type;
  for (char& c : upper) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  std::string mark = fmt::format("[{}_{}]", upper, ++counts_[type]);
  by_mark_.emplace(mark, value);
  return by_value_.emplace(key, std::move(mark)).first->second;
}

std::string Marks::Hide(std::string_view text, const Classification& found,
                        const std::set<DataClass>& harmless) {
  std::vector<const Span*> spans;
  for (const Span& s : found.spans) {
    if (!harmless.contains(s.data_class) && s.begin < s.end && s.end <= text.size()) spans.push_back(&s);
  }
  std::sort(spans.begin(), spans.end(), [](const Span* a, const Span* b) {
    return a->begin != b->begin ? a->begin < b->begin : a->end > b->end;
  });
  std::string out;
  std::size_t at = 0;
  for (std::size_t i = 0; i < spans.size();) {
    const std::size_t begin = spans[i]->begin;
    std::size_t end = spans[i]->end;
    const std::string& type = spans[i]->type;
    for (++i; i < spans.size() && spans[i]->begin < end; ++i) end = std::max(end, spans[i]->end);
    out.append(text.substr(at, begin - at));
    out.append(MarkFor(type, text.substr(begin, end - begin)));
    at = end;
  }
  if (found.truncated) return out + " [REST WITHHELD]";
  return out.append(text.substr(at));
}

std::string Marks::Restore(std::string_view text) const {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t open = text.find('[', at);
    if (open == std::string_view::npos) return out.append(text.substr(at));
    out.append(text.substr(at, open - at));
    const std::size_t close = text.find(']', open);
    const auto mark =
        close == std::string_view::npos ? by_mark_.end() : by_mark_.find(text.substr(open, close + 1 - open));
    if (mark == by_mark_.end()) {
      out.push_back('[');
      at = open + 1;
    } else {
      out.append(mark->second);
      at = close + 1;
    }
  }
  return out;
}

}  // namespace baton::rails
