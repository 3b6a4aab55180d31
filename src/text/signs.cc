#include "text/signs.h"

#include <string.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "base/lanes.h"

namespace baton::text {
namespace {

bool Digit(char c) {
  return c >= '0' && c <= '9';
}
// memmem, not string_view::find: what is looked for often begins with a space or a common letter, and find
// stops at each.
bool Has(std::string_view t, std::string_view what) {
  return memmem(t.data(), t.size(), what.data(), what.size()) != nullptr;
}

// How lines of code begin, in the languages people ask about. Words that begin prose as often as code need a
// second sign in the same line.
struct Start {
  std::string_view text;
  bool sure;
};
constexpr Start kStarts[] = {
    {"#!/", true},         {"#include", true},  {"#[test]", true},    {"$ ", false},
    {"</", true},          {"<?php", true},     {"<div", true},       {"<html", true},
    {">>> ", true},        {"@Override", true}, {"@Test", true},      {"CREATE ", false},
    {"INSERT ", false},    {"SELECT ", false},  {"System.out", true}, {"TEST(", true},
    {"UPDATE ", false},    {"assert ", true},   {"async ", true},     {"await ", true},
    {"class ", false},     {"console.", true},  {"const ", false},    {"def ", true},
    {"elif ", true},       {"else:", true},     {"enum ", false},     {"except", false},
    {"expect(", true},     {"fn ", true},       {"for (", true},      {"for i in", true},
    {"from ", false},      {"func ", true},     {"function ", false}, {"if (", true},
    {"if __name__", true}, {"impl ", true},     {"import ", false},   {"let ", false},
    {"namespace ", true},  {"package ", false}, {"print(", true},     {"private ", false},
    {"public ", false},    {"return ", false},  {"return;", true},    {"static ", false},
    {"struct ", false},    {"template", false}, {"try:", true},       {"using ", false},
    {"var ", true},        {"while (", true},   {"while True", true}, {"} else", true}};

// How lines of tests begin: something that says what must come out.
constexpr std::string_view kTests[] = {"assert ",   "assert(",       "self.assert",    "def test_", "@Test",
                                       "#[test]",   "TEST(",         "TEST_F(",        "TEST_P(",   "it('",
                                       "it(\"",     "expect(",       ">>> ",           "EXPECT_",   "ASSERT_",
                                       "describe(", "import pytest", "import unittest"};

// First bytes of the above, so that most lines are dismissed by one look-up.
template <class List, class Text>
constexpr std::array<bool, 256> FirstBytes(const List& list, Text text) {
  std::array<bool, 256> first{};
  for (const auto& entry : list) first[static_cast<unsigned char>(text(entry)[0])] = true;
  return first;
}
// The rows of kStarts that begin with a byte: [first, last). They are sorted by it.
struct Range {
  unsigned char first = 0, last = 0;
};
constexpr std::array<Range, 256> MakeRanges() {
  std::array<Range, 256> ranges{};
  for (std::size_t i = 0; i < std::size(kStarts); ++i) {
    auto& range = ranges[static_cast<unsigned char>(kStarts[i].text[0])];
    if (range.last == 0) range.first = static_cast<unsigned char>(i);
    range.last = static_cast<unsigned char>(i + 1);
  }
  return ranges;
}
constexpr auto kRanges = MakeRanges();
constexpr bool SortedByFirstByte() {
  for (std::size_t i = 1; i < std::size(kStarts); ++i) {
    if (kStarts[i - 1].text[0] > kStarts[i].text[0]) return false;
  }
  return true;
}
static_assert(SortedByFirstByte());
constexpr auto kTestBytes = FirstBytes(kTests, [](std::string_view s) { return s; });

bool Proof(std::string_view line) {
  return line.back() == ')' || Has(line, "= ") || Has(line, "()") || Has(line, "::") || Has(line, "->") ||
         Has(line, "import ") || Has(line, " FROM ") || Has(line, "TABLE");
}

bool LooksLikeCode(std::string_view line) {
  char last = line.back();
  if (last == ';' || last == '{' || last == '}') return true;
  bool ends = last == ':' && Has(line, "(");
  Range range = kRanges[static_cast<unsigned char>(line[0])];
  for (std::size_t i = range.first; i < range.last; ++i) {
    if (line.starts_with(kStarts[i].text)) return kStarts[i].sure || ends || Proof(line);
  }
  std::size_t equals = line.find(" = ");
  return equals != std::string_view::npos && line.find_first_of("([", equals) != std::string_view::npos &&
         !Has(line, "$") && !Has(line, "\\");
}

bool LooksLikeTest(std::string_view line) {
  return kTestBytes[static_cast<unsigned char>(line[0])] &&
         std::any_of(std::begin(kTests), std::end(kTests),
                     [&](std::string_view t) { return line.starts_with(t); });
}

void ReadLine(std::string_view line, Signs* s) {
  ++s->lines;
  while (!line.empty() && (line.front() == ' ' || line.front() == '\t')) line.remove_prefix(1);
  while (!line.empty() && (line.back() == ' ' || line.back() == '\r')) line.remove_suffix(1);
  if (line.size() < 2) {
    s->code_lines += line == "}" || line == "{";
    return;
  }
  if (line.starts_with("```") || line.starts_with("\"\"\"") || line.starts_with("'''")) {
    s->fenced = true;
    return;
  }
  if (line.size() > 400) line = line.substr(0, 400);
  // Eight lines of code prove what two make likely.
  if (s->code_lines < 8 && LooksLikeCode(line)) ++s->code_lines;
  s->tests = s->tests || LooksLikeTest(line);
}

// "12 + 7", "3*4", "(2 - 5)": an operator with figures on both sides.
bool IsSum(std::string_view t, std::size_t at) {
  std::size_t b = at, e = at + 1;
  while (b > 0 && (t[b - 1] == ' ' || t[b - 1] == '(' || t[b - 1] == ')')) --b;
  while (e < t.size() && (t[e] == ' ' || t[e] == '(')) ++e;
  if (b == 0 || e >= t.size() || !Digit(t[b - 1]) || !Digit(t[e])) return false;
  return t[at] != '-' || (at > 0 && t[at - 1] == ' ');  // a dash inside "2024-01-02" is none
}

// Digits, operators, '$', '\\', '?', line ends, and lead bytes of which a few begin a sign that counts. Some
// bytes between them ('.' and ',') come along; they fall through the switch below.
Lanes Interesting(Lanes v) {
  return InRange(v, '*', '9') | IsByte(v, '\n') | IsByte(v, '?') | IsByte(v, '$') | IsByte(v, '\\') |
         IsByte(v, '\xc2') | IsByte(v, '\xc3') | IsByte(v, '\xef');
}

// UTF-8 to code point without validation; for counting only.
std::uint32_t Decode(std::string_view t, std::size_t* i) {
  auto c = static_cast<unsigned char>(t[*i]);
  std::size_t n = c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
  std::uint32_t cp = c & (0xffu >> (n + 1));
  for (std::size_t k = 1; k < n && *i + k < t.size(); ++k)
    cp = cp << 6 | (static_cast<unsigned char>(t[*i + k]) & 0x3f);
  *i += n;
  return cp;
}

struct Script {
  std::uint32_t low, high;
  std::string_view language;
};
// Han alone is Chinese; kana beside it make it Japanese, which is decided at the end.
constexpr Script kScripts[] = {
    {0x0370, 0x03ff, "el"}, {0x0400, 0x04ff, "ru"}, {0x0530, 0x058f, "hy"}, {0x0590, 0x05ff, "he"},
    {0x0600, 0x06ff, "ar"}, {0x0900, 0x097f, "hi"}, {0x0980, 0x09ff, "bn"}, {0x0b80, 0x0bff, "ta"},
    {0x0c00, 0x0c7f, "te"}, {0x0e00, 0x0e7f, "th"}, {0x10a0, 0x10ff, "ka"}, {0x1100, 0x11ff, "ko"},
    {0x3040, 0x30ff, "ja"}, {0x4e00, 0x9fff, "zh"}, {0xac00, 0xd7af, "ko"},
};

bool AllAscii(std::string_view t) {
  std::size_t i = 0;
  std::uint64_t any = 0;
  for (; i + 8 <= t.size(); i += 8) {
    std::uint64_t eight;
    std::memcpy(&eight, t.data() + i, 8);
    any |= eight;
  }
  for (; i < t.size(); ++i) any |= static_cast<std::uint64_t>(static_cast<unsigned char>(t[i]));
  return (any & 0x8080808080808080ULL) == 0;
}

}  // namespace

namespace {
void ReadSign(std::string_view t, std::size_t i, Signs* s) {
  switch (t[i]) {
    case '?':
      ++s->questions;
      break;
    case '$':
      s->latex += i + 1 < t.size() && t[i + 1] != ' ' && !Digit(t[i + 1]);
      break;
    case '\\':
      s->latex += i + 1 < t.size() && ((t[i + 1] >= 'a' && t[i + 1] <= 'z' && t[i + 1] != 'n') ||
                                       t[i + 1] == '(' || t[i + 1] == '[');
      break;
    case '+':
    case '*':
    case '/':
    case '-':
      s->sums += IsSum(t, i);
      break;
    default:
      if (Digit(t[i])) {
        s->numbers += i == 0 || !Digit(t[i - 1]);
      } else {
        std::string_view two = t.substr(i, 2), three = t.substr(i, 3);
        s->sums += two == "\xc3\x97" || two == "\xc3\xb7";
        s->questions += three == "\xef\xbc\x9f" || two == "\xc2\xbf";
      }
  }
}
}  // namespace

Signs ReadSigns(std::string_view t) {
  Signs s;
  std::size_t line = 0;
  ForEachIn(t, Interesting, [&](std::size_t i) {
    if (t[i] != '\n') return ReadSign(t, i, &s);
    ReadLine(t.substr(line, i - line), &s);
    line = i + 1;
  });
  if (line < t.size()) ReadLine(t.substr(line), &s);
  return s;
}

std::string_view LanguageOfScript(std::string_view t) {
  // Most text is ASCII: one pass that the compiler turns into vector instructions settles that.
  unsigned char high = 0;
  for (char c : t) high |= static_cast<unsigned char>(c);
  if (high < 0x80) return {};
  if (AllAscii(t)) return {};
  std::array<int, std::size(kScripts)> count{};
  int latin = 0, other = 0;
  bool ukrainian = false, persian = false;
  for (std::size_t i = 0; i < t.size();) {
    auto c = static_cast<unsigned char>(t[i]);
    if (c < 0xc2) {
      latin += (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
      ++i;
      continue;
    }
    std::uint32_t cp = Decode(t, &i);
    if (cp < 0x370) {
      ++latin;
      continue;
    }
    ukrainian = ukrainian || cp == 0x456 || cp == 0x457 || cp == 0x454;
    persian = persian || cp == 0x6af || cp == 0x67e || cp == 0x686;
    for (std::size_t k = 0; k < count.size(); ++k) {
      if (cp >= kScripts[k].low && cp <= kScripts[k].high) {
        ++count[k];
        ++other;
        break;
      }
    }
  }
  // A sign of another script says more than a letter of ours: names and terms in Latin letters stand in any
  // text.
  if (other == 0 || other * 3 < latin) return {};
  auto best = static_cast<std::size_t>(std::max_element(count.begin(), count.end()) - count.begin());
  std::string_view language = kScripts[best].language;
  auto kana = std::find_if(std::begin(kScripts), std::end(kScripts),
                           [](const Script& x) { return x.language == "ja"; });
  if (language == "zh" && count[static_cast<std::size_t>(kana - std::begin(kScripts))] * 10 > count[best])
    return "ja";
  if (language == "ru" && ukrainian) return "uk";
  if (language == "ar" && persian) return "fa";
  return language;
}

}  // namespace baton::text
