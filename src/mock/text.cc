#include "mock/text.h"

#include <algorithm>
#include <array>

namespace baton::mock {
namespace {

bool IsLower(char c) {
  return c >= 'a' && c <= 'z';
}
bool IsUpper(char c) {
  return c >= 'A' && c <= 'Z';
}
bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}
// Every byte of a UTF-8 sequence beyond ASCII counts as a letter: good enough for names and French.
bool IsLetter(char c) {
  return IsLower(c) || IsUpper(c) || (static_cast<unsigned char>(c) & 0x80) != 0;
}
bool IsWordChar(char c) {
  return IsLetter(c) || IsDigit(c);
}
bool IsSpace(char c) {
  return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

// Capitalised often enough without being a name.
bool IsCommon(std::string_view lower) {
  static constexpr std::array kCommon = {
      "i",     "the",   "a",       "an",     "what",    "who",     "where",      "when",   "why",
      "how",   "which", "is",      "are",    "and",     "or",      "please",     "write",  "tell",
      "give",  "get",   "extract", "return", "use",     "my",      "he",         "she",    "it",
      "they",  "we",    "you",     "in",     "on",      "at",      "of",         "for",    "to",
      "can",   "could", "do",      "does",   "json",    "celsius", "fahrenheit", "quelle", "quel",
      "qui",   "le",    "la",      "les",    "combien", "est",     "find",       "list",   "call",
      "check", "show",  "then",    "also",   "this",    "that",    "there",      "if",     "yes",
      "no",    "hello", "hi",      "ok",     "compare", "both",    "weather",    "time"};
  return std::find(kCommon.begin(), kCommon.end(), lower) != kCommon.end();
}

std::size_t WordEnd(std::string_view t, std::size_t i) {
  while (i < t.size() && (IsWordChar(t[i]) || (t[i] == '-' && i + 1 < t.size() && IsLetter(t[i + 1])))) ++i;
  return i;
}

}  // namespace

std::string Lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (IsUpper(c)) c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

bool HasWord(std::string_view lower, std::string_view word) {
  for (auto at = lower.find(word); at != std::string_view::npos; at = lower.find(word, at + 1)) {
    const auto end = at + word.size();
    const bool left = at == 0 || !IsWordChar(lower[at - 1]);
    const bool right = end == lower.size() || !IsWordChar(lower[end]);
    if (left && right) return true;
  }
  return false;
}

bool HasAny(std::string_view lower, std::initializer_list<std::string_view> words) {
  return std::any_of(words.begin(), words.end(), [&](std::string_view w) { return HasWord(lower, w); });
}

std::vector<std::string> Words(std::string_view text) {
  std::vector<std::string> words;
  for (std::size_t i = 0; i < text.size();) {
    if (!IsWordChar(text[i])) {
      ++i;
      continue;
    }
    std::size_t end = i;
    while (end < text.size() && IsWordChar(text[end])) ++end;
    words.push_back(Lower(text.substr(i, end - i)));
    i = end;
  }
  return words;
}

std::vector<std::string> ProperNouns(std::string_view text) {
  std::vector<std::string> names;
  std::string name;
  const auto flush = [&] {
    if (!name.empty() && std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    name.clear();
  };
  for (std::size_t i = 0; i < text.size();) {
    if (!IsWordChar(text[i])) {
      if (!IsSpace(text[i])) flush();
      ++i;
      continue;
    }
    const std::size_t end = WordEnd(text, i);
    const std::string_view word = text.substr(i, end - i);
    // A beginning beyond ASCII may be a capital (Évry): taken as one when a capital ASCII letter is not there
    // to say.
    const bool capital =
        IsUpper(word[0]) || (word.size() > 2 && static_cast<unsigned char>(word[0]) == 0xC3 &&
                             static_cast<unsigned char>(word[1]) < 0x9F);
    if (capital && word.size() > 1 && !IsCommon(Lower(word))) {
      name += (name.empty() ? "" : " ") + std::string(word);
    } else {
      flush();
    }
    i = end;
  }
  flush();
  return names;
}

std::vector<std::string> Numbers(std::string_view text) {
  std::vector<std::string> numbers;
  for (std::size_t i = 0; i < text.size();) {
    const bool starts = IsDigit(text[i]) && (i == 0 || !IsLetter(text[i - 1]));
    if (!starts) {
      ++i;
      continue;
    }
    std::string n;
    if (i > 0 && text[i - 1] == '-' && (i < 2 || IsSpace(text[i - 2]))) n = "-";
    bool dot = false;
    for (; i < text.size(); ++i) {
      const bool digit_follows = i + 1 < text.size() && IsDigit(text[i + 1]);
      if (IsDigit(text[i])) {
        n += text[i];
      } else if (text[i] == '.' && !dot && digit_follows) {
        n += '.';
        dot = true;
      } else if (!(text[i] == ',' && digit_follows)) {
        break;
      }
    }
    numbers.push_back(n.substr(0, 18));
  }
  return numbers;
}

std::string FindEmail(std::string_view text) {
  const auto local = [](char c) { return IsWordChar(c) || c == '.' || c == '_' || c == '+' || c == '-'; };
  for (auto at = text.find('@'); at != std::string_view::npos; at = text.find('@', at + 1)) {
    std::size_t begin = at, end = at + 1;
    while (begin > 0 && local(text[begin - 1])) --begin;
    while (end < text.size() && local(text[end])) ++end;
    while (end > at && (text[end - 1] == '.' || text[end - 1] == '-')) --end;
    const std::string_view domain = text.substr(at + 1, end - at - 1);
    if (begin < at && domain.find('.') != std::string_view::npos)
      return std::string(text.substr(begin, end - begin));
  }
  return {};
}

std::string FindDate(std::string_view text) {
  for (std::size_t i = 0; i + 10 <= text.size(); ++i) {
    const std::string_view d = text.substr(i, 10);
    bool ok = d[4] == '-' && d[7] == '-';
    for (const std::size_t k : {0, 1, 2, 3, 5, 6, 8, 9}) ok = ok && IsDigit(d[k]);
    if (ok) return std::string(d);
  }
  return {};
}

std::string FindPhone(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '+' && !IsDigit(text[i])) continue;
    std::size_t end = i;
    int digits = 0;
    while (end < text.size() &&
           (IsDigit(text[end]) || std::string_view("+ -.()").find(text[end]) != std::string_view::npos)) {
      digits += IsDigit(text[end]);
      ++end;
    }
    while (end > i && !IsDigit(text[end - 1])) --end;
    if (digits >= 7 && digits <= 15 && FindDate(text.substr(i, end - i)).empty())
      return std::string(text.substr(i, end - i));
    i = std::max(i, end);
  }
  return {};
}

std::vector<std::string> Sentences(std::string_view text) {
  std::vector<std::string> sentences;
  std::size_t begin = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    const bool stop = i == text.size() || text[i] == '\n' ||
                      ((text[i] == '.' || text[i] == '!' || text[i] == '?') &&
                       (i + 1 == text.size() || IsSpace(text[i + 1])));
    if (!stop) continue;
    std::string_view s = text.substr(begin, std::min(i + 1, text.size()) - begin);
    while (!s.empty() && IsSpace(s.front())) s.remove_prefix(1);
    while (!s.empty() && IsSpace(s.back())) s.remove_suffix(1);
    if (!s.empty()) sentences.emplace_back(s);
    begin = i + 1;
  }
  return sentences;
}

bool IsFrench(std::string_view text) {
  int french = 0, english = 0;
  for (const auto& w : Words(text)) {
    static constexpr std::array kFrench = {
        "quelle",  "quel", "est",     "les",   "une",   "des",     "pourquoi", "comment",
        "combien", "qui",  "bonjour", "merci", "dans",  "avec",    "peux",     "vous",
        "fait",    "font", "pour",    "du",    "quels", "quelles", "où",       "ville",
        "la",      "le",   "et",      "moi",   "donne", "écris",   "tu",       "temps"};
    static constexpr std::array kEnglish = {"the",    "is", "what", "of",  "and",   "how",
                                            "please", "to", "in",   "are", "write", "who"};
    french += std::find(kFrench.begin(), kFrench.end(), w) != kFrench.end();
    english += std::find(kEnglish.begin(), kEnglish.end(), w) != kEnglish.end();
  }
  return french >= 2 && french > english;
}

std::string_view CutUtf8(std::string_view text, std::size_t most) {
  if (text.size() <= most) return text;
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xC0) == 0x80) --most;
  return text.substr(0, most);
}

std::vector<std::string_view> Pieces(std::string_view text) {
  std::vector<std::string_view> pieces;
  std::size_t begin = 0;
  while (begin < text.size()) {
    std::size_t end = begin;
    while (end < text.size() && IsSpace(text[end])) ++end;
    while (end < text.size() && !IsSpace(text[end])) ++end;
    pieces.push_back(text.substr(begin, end - begin));
    begin = end;
  }
  return pieces;
}

std::int64_t CountTokens(std::string_view text) {
  std::int64_t tokens = 0;
  for (const auto piece : Pieces(text)) tokens += 1 + (static_cast<std::int64_t>(piece.size()) - 1) / 7;
  return tokens;
}

std::uint64_t Hash(std::string_view text) {
  std::uint64_t h = 14695981039346656037ull;
  for (const char c : text) h = (h ^ static_cast<unsigned char>(c)) * 1099511628211ull;
  return h;
}

}  // namespace baton::mock
