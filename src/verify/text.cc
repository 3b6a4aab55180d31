#include "verify/text.h"

#include <algorithm>
#include <array>

namespace baton::verify {
namespace {

constexpr std::size_t kMaxFences = 64;

char LowerByte(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

bool MatchesAt(std::string_view s, std::size_t at, std::string_view needle) {
  for (std::size_t i = 0; i < needle.size(); ++i) {
    if (LowerByte(s[at + i]) != needle[i]) return false;
  }
  return true;
}

// Typographic quotes, dashes and spaces that stand for an ASCII character: U+2010..U+201F, U+00A0, U+2009,
// U+202F.
std::size_t ReadTypographic(std::string_view s, std::size_t at, char* as) {
  const std::string_view rest = s.substr(at);
  static constexpr std::array<std::pair<std::string_view, char>, 12> kSigns = {{{"\u00a0", ' '},
                                                                                {"\u2009", ' '},
                                                                                {"\u202f", ' '},
                                                                                {"\u2010", '-'},
                                                                                {"\u2011", '-'},
                                                                                {"\u2013", '-'},
                                                                                {"\u2014", ' '},
                                                                                {"\u2212", '-'},
                                                                                {"\u2018", ' '},
                                                                                {"\u2019", '\''},
                                                                                {"\u201c", ' '},
                                                                                {"\u201d", ' '}}};
  for (const auto& [bytes, sign] : kSigns) {
    if (rest.starts_with(bytes)) {
      *as = sign;
      return bytes.size();
    }
  }
  return 0;
}

bool KeepsPunctuation(std::string_view plain, std::size_t i) {
  const char c = plain[i];
  const bool digit_after = i + 1 < plain.size() && IsDigit(plain[i + 1]);
  const bool digit_before = i > 0 && IsDigit(plain[i - 1]);
  if (c == '.') return digit_after;
  if (c == '/' || c == ':') return digit_before && digit_after;
  if (c == '-') return digit_after && (i == 0 || !IsWordByte(plain[i - 1]));
  if (c == '+' || c == '#') return i > 0 && (IsAlpha(plain[i - 1]) || plain[i - 1] == c);
  return c == '%' || c == '$';
}

}  // namespace

std::string_view Trim(std::string_view s) {
  while (!s.empty() && IsSpace(s.front())) s.remove_prefix(1);
  while (!s.empty() && IsSpace(s.back())) s.remove_suffix(1);
  return s;
}

std::string Lower(std::string_view s) {
  std::string out(s);
  std::transform(out.begin(), out.end(), out.begin(), LowerByte);
  return out;
}

bool EqualIgnoringCase(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return LowerByte(x) == LowerByte(y); });
}

std::size_t FindLastIgnoringCase(std::string_view s, std::string_view needle) {
  if (needle.size() > s.size()) return std::string_view::npos;
  for (std::size_t at = s.size() - needle.size() + 1; at-- > 0;) {
    if (MatchesAt(s, at, needle)) return at;
  }
  return std::string_view::npos;
}

std::size_t FindIgnoringCase(std::string_view s, std::string_view needle, std::size_t from) {
  for (std::size_t at = from; at + needle.size() <= s.size(); ++at) {
    if (MatchesAt(s, at, needle)) return at;
  }
  return std::string_view::npos;
}

std::vector<std::string_view> Lines(std::string_view s) {
  std::vector<std::string_view> lines;
  while (!s.empty()) {
    const std::size_t end = std::min(s.find('\n'), s.size());
    std::string_view line = s.substr(0, end);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    lines.push_back(line);
    s.remove_prefix(std::min(end + 1, s.size()));
  }
  return lines;
}

std::vector<std::string_view> Words(std::string_view s) {
  std::vector<std::string_view> words;
  for (std::size_t i = 0; i < s.size();) {
    while (i < s.size() && IsSpace(s[i])) ++i;
    const std::size_t begin = i;
    while (i < s.size() && !IsSpace(s[i])) ++i;
    if (i > begin) words.push_back(s.substr(begin, i - begin));
  }
  return words;
}

std::string_view Clip(std::string_view s, std::size_t max) {
  if (s.size() <= max) return s;
  while (max > 0 && (static_cast<unsigned char>(s[max]) & 0xC0) == 0x80) --max;
  return s.substr(0, max);
}

std::string Normalise(std::string_view s) {
  std::string plain;
  plain.reserve(s.size());
  for (std::size_t i = 0; i < s.size();) {
    char as = 0;
    if (std::size_t n = static_cast<unsigned char>(s[i]) >= 0x80 ? ReadTypographic(s, i, &as) : 0; n > 0) {
      plain += as;
      i += n;
    } else {
      plain += LowerByte(s[i++]);
    }
  }
  std::string spaced;
  spaced.reserve(plain.size());
  for (std::size_t i = 0; i < plain.size(); ++i) {
    if (IsWordByte(plain[i]) || KeepsPunctuation(plain, i)) {
      spaced += plain[i];
    } else if (plain[i] == ',' && i > 0 && i + 1 < plain.size() && IsDigit(plain[i - 1]) &&
               IsDigit(plain[i + 1])) {
      continue;  // 1,000 is 1000
    } else if (plain[i] != '\'') {
      spaced += ' ';
    }
  }
  std::string out;
  out.reserve(spaced.size());
  for (std::string_view word : Words(spaced)) {
    if (word == "a" || word == "an" || word == "the") continue;
    if (!out.empty()) out += ' ';
    out += word;
  }
  // "A" alone is an answer, not an article.
  if (out.empty()) return std::string(Trim(spaced));
  return out;
}

std::string AnswerKey(std::string_view s) {
  s = Trim(s);
  if (!s.empty() && (s[0] == '[' || s[0] == '{' || (s[0] == '(' && s.find(',') != std::string_view::npos))) {
    std::string compact;
    for (char c : s) {
      if (!IsSpace(c)) compact += c == '\'' ? '"' : c;
    }
    return compact;
  }
  if (s.find_first_not_of("'\"") == std::string_view::npos) return "\"\"";
  std::string plain = Normalise(s);
  return plain.empty() ? std::string(s) : plain;
}

std::vector<Fence> Fences(std::string_view s) {
  std::vector<Fence> fences;
  std::string_view mark;  // empty: outside
  const char* body = nullptr;
  for (std::string_view line : Lines(s)) {
    const std::string_view text = Trim(line);
    if (!mark.empty()) {
      if (!text.starts_with(mark)) continue;
      fences.back().body = {body, static_cast<std::size_t>(line.data() - body)};
      mark = {};
      continue;
    }
    const std::size_t at = std::min(line.find("```"), line.find("~~~"));
    // ```inline``` on one line is quoting, not a block.
    if (at == std::string_view::npos || line.find(line.substr(at, 3), at + 3) != std::string_view::npos)
      continue;
    if (fences.size() == kMaxFences) return fences;
    mark = line.substr(at, 3);
    const auto words = Words(line.substr(at + 3));
    body = std::min(line.data() + line.size() + 1, s.data() + s.size());
    if (body < s.data() + s.size() && body[-1] == '\r') ++body;
    fences.push_back(
        {words.empty() ? "" : Lower(words[0]), {body, static_cast<std::size_t>(s.data() + s.size() - body)}});
  }
  return fences;
}

}  // namespace baton::verify
