#include "verify/final_answer.h"

#include <algorithm>
#include <array>

#include "verify/text.h"

namespace baton::verify {
namespace {

constexpr auto kNone = std::string_view::npos;

// Quotes, emphasis and LaTeX dollars around the whole, and the point that ends the sentence.
std::string_view Unwrap(std::string_view s) {
  for (bool again = true; again;) {
    s = Trim(s);
    again = false;
    if (s.size() > 1 && (s.back() == '.' || s.back() == ',' || s.back() == ';' || s.back() == ':')) {
      s.remove_suffix(1);
      again = true;
    }
    for (std::string_view mark : {"**", "*", "`", "\"", "$", "'", "__"}) {
      if (s.size() > 2 * mark.size() && s.starts_with(mark) && s.ends_with(mark)) {
        s = s.substr(mark.size(), s.size() - 2 * mark.size());
        again = true;
      } else if (mark != "$" && mark != "'" && mark != "\"" && s.size() > mark.size() && s.ends_with(mark) &&
                 s.find(mark) == s.size() - mark.size()) {
        s.remove_suffix(mark.size());  // "**The answer is 5**": the opening half stands before the mark
        again = true;
      }
    }
  }
  return s;
}

// A JSON string whose opening quote is at `at`, leniently: models leave line breaks and stray backslashes in.
std::string ReadLenientString(std::string_view s, std::size_t at) {
  std::string out;
  for (std::size_t i = at + 1; i < s.size() && s[i] != '"'; ++i) {
    if (s[i] == '\\' && i + 1 < s.size()) {
      const char c = s[++i];
      if (c == '"' || c == '\\' || c == '/') {
        out += c;
      } else if (c == 'n') {
        out += '\n';
      } else if (c == 't' && !s.substr(i).starts_with("text") && !s.substr(i).starts_with("times") &&
                 !s.substr(i).starts_with("tfrac")) {
        out += '\t';
      } else {
        out += '\\';
        out += c;
      }
    } else {
      out += s[i];
    }
  }
  return out;
}

// The value of the last "answer" member, whether the JSON around it is well-formed or not.
std::optional<std::string> FromJson(std::string_view s) {
  for (std::string_view key : {"\"answer\"", "\"final_answer\""}) {
    std::size_t at = FindLastIgnoringCase(s, key);
    if (at == kNone) continue;
    at += key.size();
    while (at < s.size() && IsSpace(s[at])) ++at;
    if (at >= s.size() || s[at] != ':') continue;
    ++at;
    while (at < s.size() && IsSpace(s[at])) ++at;
    if (at >= s.size()) continue;
    if (s[at] == '"') return ReadLenientString(s, at);
    std::size_t end = s.find_first_of("\n}", at);
    std::string_view value = Trim(s.substr(at, std::min(end, s.size()) - at));
    if (value.ends_with(',')) value.remove_suffix(1);
    return std::string(value);
  }
  return std::nullopt;
}

std::optional<std::string> FromBox(std::string_view s) {
  static constexpr std::string_view kBox = "\\boxed{";
  const std::size_t at = s.rfind(kBox);
  if (at == kNone) return std::nullopt;
  int depth = 1;
  for (std::size_t i = at + kBox.size(); i < s.size(); ++i) {
    if (s[i] == '{') ++depth;
    if (s[i] == '}' && --depth == 0) return std::string(s.substr(at + kBox.size(), i - at - kBox.size()));
  }
  return std::nullopt;
}

// Up to the end of the line, or of the sentence where the line goes on.
std::string_view RestOfSentence(std::string_view s, std::size_t at) {
  std::string_view line = s.substr(at, std::min(s.find('\n', at), s.size()) - at);
  for (std::size_t i = 0; i + 1 < line.size(); ++i) {
    if (line[i] == '.' && IsSpace(line[i + 1]) && i > 1) return line.substr(0, i);
  }
  return line;
}

std::optional<std::string> FromPhrase(std::string_view s) {
  static constexpr auto kPhrases = std::to_array<std::string_view>(
      {"####", "answer is", "answer:", "answer**:", "answer to the question is", "answer would be",
       "\na: ", "correct option is", "correct choice is", "final result:"});
  std::size_t best = kNone, value = kNone;
  for (std::string_view phrase : kPhrases) {
    const std::size_t at = FindLastIgnoringCase(s, phrase);
    if (at != kNone && (best == kNone || at > best)) {
      best = at;
      value = at + phrase.size();
    }
  }
  if (best == kNone) return std::nullopt;
  // "**Answer:**", "The answer is:" and a line break before the answer itself.
  while (value < s.size() && (IsSpace(s[value]) || s[value] == ':' || s[value] == '*')) ++value;
  if (value >= s.size()) return std::nullopt;
  return std::string(RestOfSentence(s, value));
}

bool IsLetterOfChoice(char c) {
  return (c >= 'A' && c <= 'J') || (c >= 'a' && c <= 'j');
}
char Upper(char c) {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
}

// "B", "(B)", "[B]", "B)", "B.", "B: because", "Option B", "**B**": the letter at the beginning; 0 otherwise.
char LeadingChoice(std::string_view s) {
  s = Unwrap(s);
  for (std::string_view word : {"option ", "choice ", "letter ", "\\text{", "\\textbf{", "\\mathrm{"}) {
    if (EqualIgnoringCase(s.substr(0, word.size()), word)) s = s.substr(word.size());
  }
  while (!s.empty() && (s[0] == '(' || s[0] == '[' || s[0] == '*' || s[0] == '"' || s[0] == '{'))
    s.remove_prefix(1);
  if (s.empty() || !IsLetterOfChoice(s[0])) return 0;
  const char c = s[0];
  if (s.size() == 1) return Upper(c);
  const char next = s[1];
  if (next == ')' || next == ']' || next == '.' || next == ':' || next == '*' || next == '"' || next == '}' ||
      next == '\n' || next == ',') {
    return next == '.' && s.size() > 2 && IsAlpha(s[2]) ? 0 : Upper(c);  // "e.g."
  }
  // "B because" but not "A man": only a capital that is no article, or one followed by a dash.
  if (next == ' ' && c >= 'B' && c <= 'J' && c != 'I') return c;
  return 0;
}

char LastBracketed(std::string_view s) {
  for (std::size_t i = s.size(); i >= 3; --i) {
    if (s[i - 1] == ')' && s[i - 3] == '(' && s[i - 2] >= 'A' && s[i - 2] <= 'J') return s[i - 2];
  }
  return 0;
}

}  // namespace

FinalAnswer FindFinalAnswer(std::string_view answer) {
  // A member that says "" is an answer too.
  if (auto text = FromJson(answer)) return {std::string(Unwrap(*text)), true};
  for (auto* find : {&FromBox, &FromPhrase}) {
    if (auto text = find(answer); text && !Unwrap(*text).empty()) return {std::string(Unwrap(*text)), true};
  }
  return {std::string(Unwrap(answer)), false};
}

char FindChoice(std::string_view answer) {
  const FinalAnswer final_answer = FindFinalAnswer(answer);
  if (char c = LeadingChoice(final_answer.text)) return c;
  if (final_answer.marked) {
    if (char c = LastBracketed(final_answer.text)) return c;
  }
  // Nothing marked: a short answer may begin with the letter, a long one may end with it in brackets.
  return final_answer.marked ? '\0' : LastBracketed(answer);
}

std::optional<Quantity> FindFinalNumber(std::string_view answer) {
  const FinalAnswer final_answer = FindFinalAnswer(answer);
  if (final_answer.marked) {
    // "x = 5": the last; "42 (since 6 * 7 = 42, not 43)": an answer that begins with a number is that number.
    if (auto q = ReadQuantity(final_answer.text, 0)) return q;
    if (auto q = LastQuantity(final_answer.text)) return q;
  }
  const auto lines = Lines(answer);
  for (std::size_t i = lines.size(); i-- > 0;) {
    const bool says = std::any_of(lines[i].begin(), lines[i].end(), IsWordByte);
    if (says) return LastQuantity(lines[i]);
  }
  return std::nullopt;
}

}  // namespace baton::verify
