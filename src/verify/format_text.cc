#include "verify/format_text.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "verify/text.h"

namespace baton::verify {
namespace {

constexpr std::size_t kMaxQuestion = 8 * 1024;

// Compiled once, on first use; RE2 objects may be shared between threads.
#define VERIFY_COUNT \
  "(\\d{1,4}|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|a|a single|single)"
struct Patterns {
  RE2 json{
      R"((?i)\b(?:as|in|with|return|output|valid|only|a|into)\s+(?:a\s+|an\s+|valid\s+|only\s+|raw\s+|single\s+)*json\b)"};
  RE2 code{
      R"((?i)\b(?:in|as|inside|within|using)\s+(?:a\s+|one\s+|single\s+|fenced\s+|markdown\s+)*code\s+block)"};
  RE2 table{
      R"((?i)\b(?:as|in|into|using|make|create|draw)\s+(?:a\s+|the\s+form\s+of\s+a\s+|markdown\s+|small\s+|simple\s+)*table\b)"};
  RE2 bullets{R"((?i)\b(?:as|in|using|with)\s+(?:a\s+)?(?:bullet(?:ed)?\s+(?:points|list)|bullets)\b)"};
  RE2 yes_or_no{
      R"((?i)\b(?:answer|reply|respond)\s+(?:only\s+|just\s+|simply\s+)?(?:with\s+)?(?:only\s+|just\s+|a\s+)?(?:simple\s+)?["']?yes["']?\s+or\s+["']?no\b)"};
  RE2 items{
      R"((?i)\b(?:list|give|name|provide|write|suggest|mention|state|offer|exactly)\b(?:\s+(?:me|us|of|exactly|out|down|the|a|list))*\s+)" VERIFY_COUNT
      R"(\s+(?:[a-z-]+\s+){0,3}?(?:items|things|ideas|examples|reasons|bullets|bullet\s+points|points|steps|tips|ways|facts|suggestions|options|benefits|advantages|disadvantages|names|titles)\b)"};
  RE2 bullet_count{R"((?i)\b)" VERIFY_COUNT R"(\s+(?:bullets|bullet\s+points)\b)"};
  RE2 max_words{
      R"((?i)\b(?:at\s+most|no\s+more\s+than|not\s+more\s+than|under|fewer\s+than|less\s+than|maximum(?:\s+of)?|max|up\s+to|within|not\s+exceed(?:ing)?)\s+(\d{1,4})\s+words\b)"};
  RE2 or_less{R"((?i)\b(\d{1,4})\s+words\s+(?:or\s+(?:less|fewer)|max(?:imum)?|at\s+most)\b)"};
  RE2 min_words{
      R"((?i)\b(?:at\s+least|no\s+fewer\s+than|minimum(?:\s+of)?|more\s+than|over)\s+(\d{1,4})\s+words\b)"};
  RE2 exact_words{R"((?i)\b(?:exactly|precisely)\s+)" VERIFY_COUNT R"(\s+words?\b)"};
  RE2 one_word{
      R"((?i)\b(?:in|with|using|answer|reply|respond|only|just)\s+(?:only\s+|just\s+|exactly\s+|by\s+)?(?:one|a\s+single|a\s+one|a\s+single)[\s-]word\b)"};
  RE2 sentences{
      R"((?i)\b(?:in|with|using|exactly|write|only|into)\s+(?:only\s+|just\s+|exactly\s+)?)" VERIFY_COUNT
      R"(\s+(?:short\s+|complete\s+|concise\s+|simple\s+)?sentences?\b)"};
  RE2 max_sentences{R"((?i)\b(?:at\s+most|no\s+more\s+than|up\s+to|maximum(?:\s+of)?)\s+)" VERIFY_COUNT
                    R"(\s+sentences?\b)"};
};
#undef VERIFY_COUNT

const Patterns& Compiled() {
  static const Patterns kPatterns;
  return kPatterns;
}

int CountOf(std::string_view word) {
  static constexpr auto kWords =
      std::to_array<std::string_view>({"zero", "one", "two", "three", "four", "five", "six", "seven", "eight",
                                       "nine", "ten", "eleven", "twelve"});
  for (std::size_t i = 0; i < kWords.size(); ++i) {
    if (EqualIgnoringCase(kWords[i], word)) return static_cast<int>(i);
  }
  int n = 0;
  for (char c : word) {
    if (!IsDigit(c)) return 1;  // "a", "single"
    n = n * 10 + (c - '0');
  }
  return n;
}

std::optional<int> Find(const RE2& pattern, re2::StringPiece text) {
  std::string word;
  if (!RE2::PartialMatch(text, pattern, &word)) return std::nullopt;
  return CountOf(word);
}

// Where the text of a list item begins, and how far it is indented; npos: no list item.
std::size_t ItemText(std::string_view line, std::size_t* indent) {
  std::size_t i = 0;
  while (i < line.size() && (line[i] == ' ' || line[i] == '\t')) ++i;
  *indent = i;
  const std::string_view s = line.substr(i);
  for (std::string_view mark : {"- ", "* ", "+ ", "\u2022 ", "\u2022", "\u2013 "}) {
    if (s.starts_with(mark)) return i + mark.size();
  }
  std::size_t j = 0;
  while (j < s.size() && IsDigit(s[j]) && j < 3) ++j;
  if (j > 0 && j < s.size() && (s[j] == '.' || s[j] == ')') && j + 1 < s.size() && IsSpace(s[j + 1]))
    return i + j + 2;
  // "**1. Title**"
  if (s.starts_with("**") && s.size() > 4 && IsDigit(s[2]) && (s[3] == '.' || s[3] == ')')) return i + 4;
  return std::string_view::npos;
}

bool HasTable(std::string_view text) {
  const auto lines = Lines(text);
  for (std::size_t i = 1; i < lines.size(); ++i) {
    const std::string_view line = Trim(lines[i]);
    const bool rule = line.find("--") != std::string_view::npos && line.find('|') != std::string_view::npos &&
                      line.find_first_not_of("|-: ") == std::string_view::npos;
    if (rule && lines[i - 1].find('|') != std::string_view::npos) return true;
  }
  return false;
}

bool IsJson(std::string_view answer) {
  if (nlohmann::json::accept(Trim(answer))) return true;
  const auto fences = Fences(answer);
  return fences.size() == 1 && nlohmann::json::accept(Trim(fences[0].body));
}

}  // namespace

FormatAsked ReadFormat(std::string_view question) {
  if (question.size() > kMaxQuestion) question.remove_prefix(question.size() - kMaxQuestion);
  const re2::StringPiece q(question.data(), question.size());
  const Patterns& p = Compiled();
  FormatAsked f;
  f.json = RE2::PartialMatch(q, p.json);
  f.code = RE2::PartialMatch(q, p.code);
  f.table = RE2::PartialMatch(q, p.table);
  f.yes_or_no = RE2::PartialMatch(q, p.yes_or_no);
  f.items = Find(p.items, q);
  if (auto n = Find(p.bullet_count, q)) f.items = n;
  f.bullets = RE2::PartialMatch(q, p.bullets) || Find(p.bullet_count, q).has_value();
  f.max_words = Find(p.max_words, q);
  if (auto n = Find(p.or_less, q)) f.max_words = n;
  f.min_words = Find(p.min_words, q);
  if (auto n = Find(p.exact_words, q)) f.min_words = f.max_words = n;
  if (RE2::PartialMatch(q, p.one_word)) f.min_words = f.max_words = 1;
  if (auto n = Find(p.sentences, q)) f.min_sentences = f.max_sentences = n;
  if (auto n = Find(p.max_sentences, q)) {
    f.max_sentences = n;
    f.min_sentences.reset();
  }
  return f;
}

int CountItems(std::string_view text) {
  std::size_t outermost = std::string_view::npos;
  int items = 0, lines = 0;
  for (std::string_view line : Lines(text)) {
    std::size_t indent = 0;
    if (!Trim(line).empty()) ++lines;
    if (ItemText(line, &indent) == std::string_view::npos) continue;
    if (outermost == std::string_view::npos || indent < outermost) {
      outermost = indent;
      items = 0;
    }
    if (indent < outermost + 2) ++items;
  }
  return outermost == std::string_view::npos ? lines : items;
}

int CountWords(std::string_view text) {
  int words = 0;
  for (std::string_view line : Lines(text)) {
    std::size_t indent = 0;
    const std::size_t at = ItemText(line, &indent);
    for (std::string_view word :
         Words(line.substr(at == std::string_view::npos ? 0 : std::min(at, line.size())))) {
      words += std::any_of(word.begin(), word.end(), IsWordByte) ? 1 : 0;
    }
  }
  return words;
}

int CountSentences(std::string_view text) {
  static constexpr auto kShort = std::to_array<std::string_view>(
      {"e.g", "i.e", "mr", "mrs", "ms", "dr", "vs", "etc", "st", "no", "approx", "u.s"});
  int sentences = 0;
  bool open = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (IsWordByte(text[i])) open = true;
    const bool stop = text[i] == '.' || text[i] == '!' || text[i] == '?';
    const bool paragraph = text[i] == '\n' && i + 1 < text.size() && text[i + 1] == '\n';
    if (!open || (!stop && !paragraph)) continue;
    std::size_t after = i + 1;
    while (after < text.size() &&
           (text[after] == '"' || text[after] == '\'' || text[after] == ')' || text[after] == '*'))
      ++after;
    if (stop && after < text.size() && !IsSpace(text[after])) continue;
    if (text[i] == '.') {
      std::size_t word = i;
      while (word > 0 && !IsSpace(text[word - 1])) --word;
      const std::string last = Lower(text.substr(word, i - word));
      if (std::find(kShort.begin(), kShort.end(), last) != kShort.end()) continue;
    }
    ++sentences;
    open = false;
  }
  return sentences + (open ? 1 : 0);
}

std::string FormatProblem(const FormatAsked& f, std::string_view answer) {
  if (f.json && !IsJson(answer)) return "JSON is asked for, and the answer is not that";
  if (f.code && Fences(answer).empty()) return "a code block is asked for, and there is none";
  if (f.table && !HasTable(answer)) return "a table is asked for, and there is none";
  if (f.bullets) {
    std::size_t indent = 0;
    const auto lines = Lines(answer);
    const bool any = std::any_of(lines.begin(), lines.end(), [&](std::string_view l) {
      return ItemText(l, &indent) != std::string_view::npos;
    });
    if (!any) return "a bulleted list is asked for, and there is none";
  }
  if (f.yes_or_no) {
    const std::string plain = Normalise(Clip(answer, 200));
    const auto words = Words(plain);
    if (words.empty() || (words[0] != "yes" && words[0] != "no"))
      return "yes or no is asked for, and the answer begins otherwise";
  }
  const auto outside = [](std::string_view what, int have, std::optional<int> least,
                          std::optional<int> most) {
    if (least && have < *least)
      return fmt::format("{} {} are there, at least {} are asked for", have, what, *least);
    if (most && have > *most)
      return fmt::format("{} {} are there, at most {} are asked for", have, what, *most);
    return std::string();
  };
  if (f.items) {
    if (std::string wrong = outside("items", CountItems(answer), f.items, f.items); !wrong.empty())
      return wrong;
  }
  if (f.min_words || f.max_words) {
    if (std::string wrong = outside("words", CountWords(answer), f.min_words, f.max_words); !wrong.empty())
      return wrong;
  }
  if (f.min_sentences || f.max_sentences)
    return outside("sentences", CountSentences(answer), f.min_sentences, f.max_sentences);
  return {};
}

}  // namespace baton::verify
