#include "rails/redact.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "rails/texts.h"

namespace baton::rails {
namespace {

bool IsMarkByte(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

// The mark that begins at `open` ('['), with its brackets; empty: there is none of this form.
std::string_view MarkAt(std::string_view text, std::size_t open) {
  std::size_t end = open + 1;
  while (end < text.size() && end - open < Marks::kMaxMark && IsMarkByte(text[end])) ++end;
  if (end >= text.size() || text[end] != ']' || end == open + 1) return {};
  return text.substr(open, end + 1 - open);
}

std::string MarkName(const std::string& type) {
  std::string name = type.substr(0, 48);
  for (char& c : name) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
    if (!IsMarkByte(c)) c = '_';
  }
  return name;
}

std::string JsonEscaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto u = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(c);
    } else if (u < 0x20) {
      out += fmt::format("\\u{:04x}", u);
    } else {
      out.push_back(c);
    }
  }
  return out;
}

// A number in JSON is replaced by a string: is `at` outside of one? `from`, `inside`: where the last look
// ended.
bool InString(std::string_view json, std::size_t at, std::size_t* from, bool* inside) {
  for (; *from < at; ++*from) {
    const char c = json[*from];
    if (c == '\\' && *inside) ++*from;
    if (c == '"') *inside = !*inside;
  }
  return *inside;
}

}  // namespace

void Marks::Avoid(std::string_view text) {
  for (auto open = text.find('['); open != std::string_view::npos; open = text.find('[', open + 1)) {
    if (const auto mark = MarkAt(text, open); !mark.empty()) taken_.emplace(mark);
  }
}

const std::string& Marks::MarkFor(const std::string& type, std::string_view value) {
  const std::string name = MarkName(type);
  const std::string key = name + '\0' + std::string(value);
  if (const auto known = by_value_.find(key); known != by_value_.end()) return known->second;
  std::string mark;
  do {
    mark = fmt::format("[{}_{}]", name, ++counts_[name]);
  } while (taken_.contains(mark));
  by_mark_.emplace(mark, value);
  return by_value_.emplace(key, std::move(mark)).first->second;
}

std::string Marks::Replace(std::string_view text, std::vector<const Span*> spans, bool json) {
  std::sort(spans.begin(), spans.end(), [](const Span* a, const Span* b) {
    return a->begin != b->begin ? a->begin < b->begin : a->end > b->end;
  });
  std::string out;
  std::size_t at = 0, looked = 0;
  bool inside = false;
  for (std::size_t i = 0; i < spans.size();) {
    const std::size_t begin = spans[i]->begin;
    std::size_t end = spans[i]->end;
    const std::string& type = spans[i]->type;
    for (++i; i < spans.size() && spans[i]->begin < end; ++i) end = std::max(end, spans[i]->end);
    out.append(text.substr(at, begin - at));
    const std::string& mark = MarkFor(type, text.substr(begin, end - begin));
    const bool bare = json && !InString(text, begin, &looked, &inside);
    if (bare) out.push_back('"');
    out.append(mark);
    if (bare) out.push_back('"');
    at = end;
  }
  return out.append(text.substr(at));
}

std::string Marks::Hide(std::string_view text, const Classification& found,
                        const std::set<DataClass>& harmless) {
  std::vector<const Span*> spans;
  std::size_t known = 0;
  for (const Span& s : found.spans) {
    if (s.begin >= s.end || s.end > text.size()) continue;
    known = std::max(known, s.end);
    if (!harmless.contains(s.data_class)) spans.push_back(&s);
  }
  if (!found.truncated) return Replace(text, std::move(spans), false);
  return Replace(text.substr(0, known), std::move(spans), false) + " [REST WITHHELD]";
}

int Marks::HideIn(chat::Request* request, const Classification& found, const Wanted& wanted) {
  ForEachText(std::as_const(*request), [this](const std::string& text, const Place&, Form) { Avoid(text); });
  int replaced = 0;
  ForEachText(*request, [&](std::string& text, const Place& place, Form form) {
    if (form == Form::kFixed) return;
    std::vector<const Span*> spans;
    for (const Span& s : found.spans) {
      if (s.place == place && s.begin < s.end && s.end <= text.size() && wanted(s)) spans.push_back(&s);
    }
    if (spans.empty()) return;
    replaced += static_cast<int>(spans.size());
    text = Replace(text, std::move(spans), form == Form::kJson);
  });
  if (replaced > 0) request->raw.clear();
  return replaced;
}

int Marks::HideIn(chat::EmbedRequest* request, const Classification& found, const Wanted& wanted) {
  for (const auto& text : request->texts) Avoid(text);
  int replaced = 0;
  for (std::size_t i = 0; i < request->texts.size(); ++i) {
    std::vector<const Span*> spans;
    for (const Span& s : found.spans) {
      if (s.place.message == i && s.begin < s.end && s.end <= request->texts[i].size() && wanted(s))
        spans.push_back(&s);
    }
    if (spans.empty()) continue;
    replaced += static_cast<int>(spans.size());
    request->texts[i] = Replace(request->texts[i], std::move(spans), false);
  }
  if (replaced > 0) request->raw.clear();
  return replaced;
}

std::string Marks::Restore(std::string_view text, bool json) const {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t open = text.find('[', at);
    if (open == std::string_view::npos) return out.append(text.substr(at));
    out.append(text.substr(at, open - at));
    const std::string_view written = MarkAt(text, open);
    const auto mark = written.empty() ? by_mark_.end() : by_mark_.find(written);
    if (mark == by_mark_.end()) {
      out.push_back('[');
      at = open + 1;
    } else {
      out.append(json ? JsonEscaped(mark->second) : mark->second);
      at = open + written.size();
    }
  }
  return out;
}

std::size_t Marks::OpenTail(std::string_view text) {
  const std::size_t from = text.size() > kMaxMark ? text.size() - kMaxMark : 0;
  for (std::size_t i = text.size(); i-- > from;) {
    if (text[i] == '[') return text.size() - i;
    if (!IsMarkByte(text[i])) return 0;
  }
  return 0;
}

std::string Unmarker::Feed(std::string_view piece) {
  held_.append(piece);
  const std::size_t tail = Marks::OpenTail(held_);
  std::string out = marks_.Restore(std::string_view(held_).substr(0, held_.size() - tail), json_);
  held_.erase(0, held_.size() - tail);
  return out;
}

std::string Unmarker::Finish() {
  std::string out = marks_.Restore(held_, json_);
  held_.clear();
  return out;
}

}  // namespace baton::rails
