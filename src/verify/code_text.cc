#include "verify/code_text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include "verify/text.h"

namespace baton::verify {
namespace {

using Language = Program::Language;

constexpr std::size_t kMaxTests = 50;
constexpr std::size_t kMaxPrograms = 10;
constexpr std::size_t kMaxStatementLines = 30;
constexpr std::size_t kMaxReport = 500;

std::optional<Language> LanguageOf(std::string_view name) {
  for (std::string_view python : {"python", "py", "python3", "py3"}) {
    if (name == python) return Language::kPython;
  }
  for (std::string_view shell : {"sh", "bash", "shell", "zsh"}) {
    if (name == shell) return Language::kShell;
  }
  return std::nullopt;
}

bool LooksLikePython(std::string_view text) {
  static constexpr auto kStarts =
      std::to_array<std::string_view>({"def ", "class ", "import ", "from ", "print(", "for ", "while "});
  for (std::string_view line : Lines(text)) {
    for (std::string_view start : kStarts) {
      // "for example, ..." is prose; "for x in y:" ends in a colon.
      if (!line.starts_with(start)) continue;
      if ((start != "for " && start != "while " && start != "from " && start != "class ") ||
          Trim(line).ends_with(':') || line.find(" import ") != std::string_view::npos) {
        return true;
      }
    }
    if (line.find("input()") != std::string_view::npos || line.find("sys.stdin") != std::string_view::npos)
      return true;
  }
  return false;
}

// Open brackets minus closed ones, strings aside (a rough count: enough to see that a statement goes on).
int Balance(std::string_view line) {
  int open = 0;
  char quote = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (quote != 0) {
      if (c == '\\') ++i;
      if (c == quote) quote = 0;
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == '(' || c == '[' || c == '{') {
      ++open;
    } else if (c == ')' || c == ']' || c == '}') {
      --open;
    } else if (c == '#') {
      break;
    }
  }
  return open;
}

void FindAsserts(const std::vector<std::string_view>& lines, std::vector<std::string>* asserts) {
  for (std::size_t i = 0; i < lines.size() && asserts->size() < kMaxTests; ++i) {
    std::string_view line = Trim(lines[i]);
    while (line.starts_with('`')) line.remove_prefix(1);
    while (line.ends_with('`')) line.remove_suffix(1);
    if (!line.starts_with("assert ") || line.find("??") != std::string_view::npos) continue;
    // "assert that the input is valid" is prose: a test calls something.
    if (line.find('(') == std::string_view::npos) continue;
    std::string statement(line);
    int open = Balance(line);
    for (std::size_t more = 0; open > 0 && i + 1 < lines.size() && more < kMaxStatementLines; ++more) {
      statement += '\n';
      statement += lines[++i];
      open += Balance(lines[i]);
    }
    if (open == 0) asserts->push_back(std::move(statement));
  }
}

void FindDoctests(const std::vector<std::string_view>& lines, std::vector<CodeTests::Example>* tests) {
  for (std::size_t i = 0; i < lines.size() && tests->size() < kMaxTests; ++i) {
    std::string_view line = Trim(lines[i]);
    if (!line.starts_with(">>> ")) continue;
    CodeTests::Example test{std::string(line.substr(4)), ""};
    while (i + 1 < lines.size() && Trim(lines[i + 1]).starts_with("... ")) {
      test.input += '\n';
      test.input += Trim(lines[++i]).substr(4);
    }
    for (; i + 1 < lines.size(); ++i) {
      const std::string_view next = Trim(lines[i + 1]);
      if (next.empty() || next.starts_with(">>>") || next.starts_with("\"\"\"") || next.starts_with("'''") ||
          next.starts_with("```")) {
        break;
      }
      if (!test.output.empty()) test.output += '\n';
      test.output += next;
    }
    tests->push_back(std::move(test));
  }
}

// What a heading line announces, and what follows on the same line: "Sample Input 1", "### Output:",
// "**Input:** 3 4".
enum class Heading { kNone, kInput, kOutput, kOther };
Heading HeadingOf(std::string_view line, std::string_view* rest, bool* sample = nullptr) {
  std::string_view s = Trim(line);
  // "... in any case.Sample Input 1:" has lost its line break.
  if (const std::size_t at = s.find("Sample "); at != std::string_view::npos) s.remove_prefix(at);
  while (!s.empty() && (s[0] == '#' || s[0] == '*' || s[0] == '-' || s[0] == ' ')) s.remove_prefix(1);
  for (std::string_view word : {"sample ", "example "}) {
    if (!EqualIgnoringCase(s.substr(0, word.size()), word)) continue;
    s.remove_prefix(word.size());
    if (sample != nullptr) *sample = true;
  }
  Heading heading = Heading::kNone;
  if (EqualIgnoringCase(s.substr(0, 5), "input"))
    heading = Heading::kInput, s.remove_prefix(5);
  else if (EqualIgnoringCase(s.substr(0, 6), "output"))
    heading = Heading::kOutput, s.remove_prefix(6);
  else if (EqualIgnoringCase(s.substr(0, 11), "explanation") || EqualIgnoringCase(s.substr(0, 4), "note"))
    return Heading::kOther;
  if (heading == Heading::kNone) return heading;
  // Then a number, or a colon, or nothing: "Input is given from standard input" and "Output format: ..." are
  // prose.
  std::string_view tail = s;
  while (!tail.empty() && (tail[0] == ' ' || tail[0] == '#')) tail.remove_prefix(1);
  const bool numbered = tail.size() < s.size();
  while (numbered && !tail.empty() && IsDigit(tail[0])) tail.remove_prefix(1);
  const bool colon = !tail.empty() && (tail[0] == ':' || tail[0] == '*');
  if (!colon && !Trim(tail).empty()) return Heading::kNone;
  while (!tail.empty() && (tail[0] == ':' || tail[0] == '*')) tail.remove_prefix(1);
  *rest = Trim(tail);
  return heading;
}

bool IsFence(std::string_view line) {
  return Trim(line).starts_with("```") || Trim(line).starts_with("~~~");
}

// The block that begins at line *i: a fenced one whole; else up to the next heading (input: examples are
// often printed with a blank line between every two, which the program would not get) or the next blank line
// (output: an explanation follows).
std::string TakeBlock(const std::vector<std::string_view>& lines, std::size_t* i, std::string_view first,
                      bool to_blank) {
  std::string block(first);
  if (!first.empty() && to_blank) return block;
  bool fenced = false;
  for (; *i < lines.size(); ++*i) {
    const std::string_view line = lines[*i];
    std::string_view rest;
    if (IsFence(line)) {
      if (fenced) {
        ++*i;
        break;
      }
      fenced = block.empty();
      if (!fenced) break;
      continue;
    }
    if (!fenced && HeadingOf(line, &rest) != Heading::kNone) break;
    if (Trim(line).empty()) {
      if (!fenced && to_blank && !block.empty()) break;
      continue;
    }
    if (!block.empty()) block += '\n';
    block += line;
  }
  return block;
}

// "The first line contains an integer N." and "A string s" describe an input; they are none.
bool Describes(std::string_view input) {
  const auto lines = Lines(input);
  const auto words = Words(lines.empty() ? input : lines[0]);
  const auto letters =
      std::count_if(words.begin(), words.end(), [](std::string_view w) { return IsAlpha(w[0]); });
  return words.size() > 3 && 2 * static_cast<std::size_t>(letters) > words.size() &&
         (Trim(input).ends_with('.') || Trim(lines[0]).ends_with('.') || Trim(lines[0]).ends_with(':') ||
          (lines.size() == 1 && std::none_of(input.begin(), input.end(), IsDigit)));
}

bool HasSamples(const std::vector<std::string_view>& lines) {
  return std::any_of(lines.begin(), lines.end(), [](std::string_view line) {
    std::string_view rest;
    bool sample = false;
    return HeadingOf(line, &rest, &sample) == Heading::kInput && sample;
  });
}

void FindExamples(const std::vector<std::string_view>& lines, CodeTests* tests) {
  // Where samples are called samples, a bare "Input" heads the description.
  const bool samples_only = HasSamples(lines);
  for (std::size_t i = 0; i < lines.size();) {
    std::string_view rest;
    bool sample = false;
    if (HeadingOf(lines[i], &rest, &sample) != Heading::kInput || (samples_only && !sample)) {
      ++i;
      continue;
    }
    ++i;
    std::string input = TakeBlock(lines, &i, rest, false);
    if (i >= lines.size() || HeadingOf(lines[i], &rest) != Heading::kOutput) continue;
    ++i;
    std::string output = TakeBlock(lines, &i, rest, true);
    // An empty output, and the explanation that follows it, cannot be told apart from an output.
    if (input.empty() || output.empty() || Describes(output)) continue;
    const std::size_t equals = input.find(" = ");
    const bool call = equals != std::string::npos &&
                      std::all_of(input.begin(), input.begin() + static_cast<long>(equals), IsWordByte);
    if (call && tests->calls.size() < kMaxTests)
      tests->calls.push_back({std::move(input), std::move(output)});
    else if (!call && !Describes(input) && tests->programs.size() < kMaxPrograms)
      tests->programs.push_back({input + "\n", std::move(output)});
  }
}

bool SameWord(std::string_view a, std::string_view b) {
  if (a == b) return true;
  if (a.find('.') == std::string_view::npos && b.find('.') == std::string_view::npos) return false;
  double x = 0, y = 0;
  auto [ae, aw] = std::from_chars(a.data(), a.data() + a.size(), x);
  auto [be, bw] = std::from_chars(b.data(), b.data() + b.size(), y);
  if (aw != std::errc() || bw != std::errc() || ae != a.data() + a.size() || be != b.data() + b.size())
    return false;
  return std::abs(x - y) <= 1e-6 * std::max({1.0, std::abs(x), std::abs(y)});
}

std::vector<std::string_view> FullLines(std::string_view s) {
  auto lines = Lines(s);
  std::erase_if(lines, [](std::string_view l) { return Trim(l).empty(); });
  return lines;
}

}  // namespace

std::optional<Snippet> FindCode(std::string_view answer, std::optional<Language> want) {
  std::optional<Snippet> best;
  const auto fences = Fences(answer);
  for (const Fence& f : fences) {
    auto language = LanguageOf(f.language);
    if (!language && f.language.empty()) language = LooksLikePython(f.body) ? Language::kPython : want;
    if (!language || (want && *language != *want)) continue;
    if (!best || f.body.size() > best->source.size()) best = Snippet{*language, std::string(f.body), true};
  }
  if (best || !fences.empty() || (want && *want != Language::kPython) || !LooksLikePython(answer))
    return best;
  return Snippet{Language::kPython, std::string(answer), false};
}

CodeTests FindTests(std::string_view question) {
  CodeTests tests;
  const auto lines = Lines(question);
  FindAsserts(lines, &tests.asserts);
  FindDoctests(lines, &tests.doctests);
  FindExamples(lines, &tests);
  return tests;
}

bool SameOutput(std::string_view got, std::string_view expected) {
  const auto a = FullLines(got), b = FullLines(expected);
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](std::string_view x, std::string_view y) {
    const auto left = Words(x), right = Words(y);
    return std::equal(left.begin(), left.end(), right.begin(), right.end(), SameWord);
  });
}

std::string TestsAsJson(const CodeTests& tests, bool observe) {
  nlohmann::json all = nlohmann::json::array();
  for (const auto& a : tests.asserts) all.push_back({{"kind", "assert"}, {"code", a}});
  for (const auto& d : tests.doctests)
    all.push_back({{"kind", "doctest"}, {"code", d.input}, {"want", d.output}});
  for (const auto& c : tests.calls) all.push_back({{"kind", "call"}, {"code", c.input}, {"want", c.output}});
  const nlohmann::json whole = {{"observe", observe}, {"tests", std::move(all)}};
  return whole.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::vector<std::optional<Report>> ReadReports(std::string_view out, std::string_view mark,
                                               std::size_t tests) {
  std::vector<std::optional<Report>> reports(tests);
  for (std::string_view line : Lines(out)) {
    if (!line.starts_with(mark)) continue;
    line = Trim(line.substr(mark.size()));
    std::size_t index = 0;
    auto [end, bad] = std::from_chars(line.data(), line.data() + line.size(), index);
    if (bad != std::errc() || index >= tests) continue;
    line.remove_prefix(static_cast<std::size_t>(end - line.data()));
    line = Trim(line);
    Report r;
    r.passed = line.starts_with("ok");
    r.text = Clip(Trim(line.substr(std::min<std::size_t>(line.size(), r.passed ? 2 : 4))), kMaxReport);
    reports[index] = std::move(r);
  }
  return reports;
}

}  // namespace baton::verify
