#include "verify/citation_text.h"

#include <algorithm>

#include "verify/text.h"

namespace baton::verify {
namespace {

constexpr std::size_t kMax = 200;
constexpr int kMaxNumber = 999;

// Reads a number of at most three digits; 0 for none.
int TakeNumber(std::string_view s, std::size_t* i) {
  int n = 0;
  std::size_t j = *i;
  for (; j < s.size() && IsDigit(s[j]) && j - *i < 3; ++j) n = n * 10 + (s[j] - '0');
  if (j == *i || (j < s.size() && IsDigit(s[j]))) return 0;
  *i = j;
  return n;
}

// The numbers of "[1, 3-5]" with the position at its first digit; false unless it ends in `close`.
bool TakeNumbers(std::string_view s, std::size_t* i, std::string_view close, std::set<int>* numbers) {
  std::size_t j = *i;
  std::set<int> found;
  for (;;) {
    const int first = TakeNumber(s, &j);
    if (first <= 0) return false;
    int last = first;
    for (std::string_view dash : {"-", "\u2013"}) {
      if (!s.substr(j).starts_with(dash)) continue;
      j += dash.size();
      last = TakeNumber(s, &j);
      break;
    }
    if (last < first || last - first > 50) return false;
    for (int n = first; n <= last; ++n) found.insert(n);
    if (s.substr(j).starts_with(close)) break;
    if (j >= s.size() || (s[j] != ',' && s[j] != ';')) return false;
    ++j;
    while (j < s.size() && s[j] == ' ') ++j;
    if (j < s.size() && s[j] == '^') ++j;
  }
  *i = j + close.size();
  numbers->insert(found.begin(), found.end());
  return true;
}

// "[1]", "[^1]:" and the like at the beginning of a line, or "1." inside a list of sources.
int EntryNumber(std::string_view line, bool in_list) {
  line = Trim(line);
  while (!line.empty() && (line[0] == '-' || line[0] == '*' || line[0] == ' ')) line.remove_prefix(1);
  std::size_t i = 0;
  const bool bracket = line.starts_with('[');
  if (bracket) ++i;
  if (bracket && i < line.size() && line[i] == '^') ++i;
  const int n = TakeNumber(line, &i);
  if (n <= 0) return 0;
  if (bracket) return i < line.size() && line[i] == ']' && Trim(line.substr(i + 1)).size() > 1 ? n : 0;
  return in_list && i < line.size() && (line[i] == '.' || line[i] == ')' || line[i] == ':') ? n : 0;
}

bool IsSourcesHeading(std::string_view line) {
  std::string s = Lower(Trim(line));
  std::erase_if(s, [](char c) { return c == '#' || c == '*' || c == ':' || c == '_'; });
  const std::string_view word = Trim(s);
  for (std::string_view heading : {"sources", "references", "citations", "bibliography", "works cited",
                                   "quellen", "sources cited", "footnotes"}) {
    if (word == heading) return true;
  }
  return false;
}

void FindLinks(std::string_view line, Citations* c) {
  for (std::size_t at = 0; (at = line.find("http", at)) != std::string_view::npos;) {
    const std::string_view rest = line.substr(at);
    const std::size_t scheme = rest.starts_with("https://") ? 8 : rest.starts_with("http://") ? 7 : 0;
    at += scheme == 0 ? 4 : scheme;
    if (scheme == 0) continue;
    std::size_t end = 0;
    const std::string_view tail = rest.substr(scheme);
    while (end < tail.size() && !IsSpace(tail[end]) && tail[end] != ')' && tail[end] != '>' &&
           tail[end] != ']' && tail[end] != '"' && tail[end] != '`' && tail[end] != '|') {
      ++end;
    }
    while (end > 0 && (tail[end - 1] == '.' || tail[end - 1] == ',' || tail[end - 1] == ';' ||
                       tail[end - 1] == ':' || tail[end - 1] == '*'))
      --end;
    const std::string_view host = tail.substr(0, std::min(tail.substr(0, end).find('/'), end));
    // A host has a point, or is this machine.
    if (host.find('.') == std::string_view::npos && !host.starts_with("localhost")) {
      c->bad_link = true;
    } else if (c->links.size() < kMax) {
      c->links.emplace_back(rest.substr(0, scheme + end));
    }
    at += end;
  }
}

void FindMarks(std::string_view line, std::size_t from, Citations* c) {
  for (std::size_t i = from; i < line.size() && c->marks.size() < kMax;) {
    const bool wide = line.substr(i).starts_with("\u3010");
    if (line[i] != '[' && !wide) {
      ++i;
      continue;
    }
    std::size_t j = i + (wide ? 3 : 1);
    if (j < line.size() && line[j] == '^') ++j;
    std::set<int> numbers;
    // a[1] is an element; [1](http...) is a link that happens to be called 1 and cites all the same.
    const bool element = !wide && i > 0 && (IsAlpha(line[i - 1]) || line[i - 1] == '_') &&
                         (i + 1 < line.size() && line[i + 1] != '^') && (i < 2 || !IsAlpha(line[i - 2]));
    if (!element && TakeNumbers(line, &j, wide ? "\u3011" : "]", &numbers)) {
      for (int n : numbers) {
        if (n <= kMaxNumber) c->marks.insert(n);
      }
      i = j;
    } else {
      ++i;
    }
  }
}

}  // namespace

Citations FindCitations(std::string_view text) {
  Citations c;
  bool fenced = false, in_list = false;
  for (std::string_view line : Lines(text)) {
    if (Trim(line).starts_with("```")) {
      fenced = !fenced;
      continue;
    }
    if (fenced) continue;
    FindLinks(line, &c);
    if (IsSourcesHeading(line)) {
      in_list = true;
      continue;
    }
    if (const int n = EntryNumber(line, in_list); n > 0 && c.listed.size() < kMax) {
      c.listed.insert(n);
      // Behind "[1] Title" may stand no further marks of running text.
      continue;
    }
    FindMarks(line, 0, &c);
  }
  return c;
}

void AddOffered(std::string_view text, std::set<int>* offered) {
  for (std::string_view line : Lines(text)) {
    std::string_view s = Trim(line);
    while (!s.empty() && (s[0] == '#' || s[0] == '*' || s[0] == '<' || s[0] == '(' || s[0] == ' '))
      s.remove_prefix(1);
    int n = EntryNumber(s, false);
    for (std::string_view word :
         {"source", "document", "doc", "passage", "reference", "result", "chunk", "article"}) {
      if (n > 0 || !EqualIgnoringCase(s.substr(0, word.size()), word)) continue;
      std::size_t i = word.size();
      // "Source 1", "source id=\"1\"", not "Results show 5".
      while (i < s.size() && i < word.size() + 8 &&
             std::string_view(" #:='\"[(id").find(s[i]) != std::string_view::npos)
        ++i;
      n = TakeNumber(s, &i);
    }
    if (n == 0 && Trim(line).starts_with('(')) {
      std::size_t i = 0;
      n = TakeNumber(s, &i);
      if (i >= s.size() || s[i] != ')') n = 0;
    }
    if (n > 0 && offered->size() < kMax) offered->insert(n);
  }
}

}  // namespace baton::verify
