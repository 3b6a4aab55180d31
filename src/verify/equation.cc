// Finding sums in prose is a matter of knowing when to keep silent. "x + 3 * 2 = 10" claims nothing about 3 *
// 2; "10 / 4 = 2 remainder 2" is right; "3.33 x 3 = 10" is rounding; "90 minutes + 1 hour = 2.5 hours" needs
// units. A sum is only called wrong when nothing beside it changes its meaning and no usual reading
// (percentages as shares, rounding of the result, a running chain "3 + 4 = 7 x 2 = 14") makes it right.

#include "verify/equation.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <set>

#include "verify/equation_side.h"
#include "verify/quantity.h"
#include "verify/text.h"

namespace baton::verify {
namespace {

constexpr std::size_t kMaxText = 64 * 1024;

// Does what stands before make the sum a part of something larger?
bool BeginsCleanly(std::string_view text, std::size_t at) {
  std::size_t i = at;
  while (i > 0 && (text[i - 1] == ' ' || text[i - 1] == '\t')) --i;
  if (i == 0) return true;
  const char c = text[i - 1];
  if (c == '+' || c == '/' || c == '^' || c == ')' || c == '}' || c == '|' || c == '!' || c == '_')
    return false;
  if (c == '*') return i >= 2 && text[i - 2] == '*';  // emphasis
  // "- 5 + 3 = 8" in a list: a dash at the beginning of a line is a bullet; "-5" begins at its sign.
  if (c == '-') return i < at && (i < 2 || text[i - 2] == '\n');
  for (std::string_view sign : {"\u2212", "\u00d7", "\u00f7", "\u00b7", "\\times", "\\cdot", "\\div", "\\pm",
                                "\u03c0", "\u221a", "\u230a"}) {
    if (text.substr(0, i).ends_with(sign)) return false;
  }
  if (IsDigit(c)) return false;
  if (!IsAlpha(c)) return true;
  if (i == at) return false;
  std::size_t word = i;
  while (word > 0 && IsAlpha(text[word - 1])) --word;
  if (word > 0 && text[word - 1] == '\\') return false;  // a LaTeX command: \pi, \lfloor, \sqrt
  static const std::set<std::string, std::less<>> kOperators = {"of",  "plus", "minus", "times", "by",
                                                                "mod", "log",  "ln",    "sin",   "cos",
                                                                "tan", "sqrt", "floor", "ceil",  "pi"};
  const std::string before = Lower(text.substr(word, i - word));
  return before.size() > 1 && !kOperators.contains(before);
}

// Does what follows change the right side?
bool EndsCleanly(std::string_view text, std::size_t at) {
  if (at < text.size() &&
      (IsWordByte(text[at]) || text[at] == '^' || text[at] == '(' || text[at] == '!' || text[at] == '\\')) {
    return text[at] == '\\' &&
           (text.substr(at).starts_with("\\)") || text.substr(at).starts_with("\\]") ||
            text.substr(at).starts_with("\\text") || text.substr(at).starts_with("\\\\") ||
            text.substr(at).starts_with("\\n") || text.substr(at).starts_with("\\%"));
  }
  std::size_t i = at;
  while (i < text.size() && (text[i] == ' ' || text[i] == '\t')) ++i;
  const std::string_view rest = text.substr(std::min(i, text.size()));
  if (rest.starts_with('+') || rest.starts_with("\u00d7") || rest.starts_with("\u00f7") ||
      rest.starts_with("\\times") || rest.starts_with("\\cdot") || rest.starts_with('/') ||
      (rest.starts_with('*') && !rest.starts_with("**")) || rest.starts_with("\u00b1")) {
    return false;
  }
  if (rest.starts_with("- ") || rest.starts_with("\u2212")) return false;
  for (std::string_view word : {"remainder", "r ", "r.", "mod", "(mod", "\\pmod", "rem", "x ",
                                "with a remainder", "and a remainder", "...", "\u2026"}) {
    if (EqualIgnoringCase(rest.substr(0, word.size()), word)) return false;
  }
  return true;
}

// Half a unit of the last place written, and one unit for those who cut off instead of rounding.
Rational LastPlace(const Quantity& q) {
  Rational unit(1);
  for (int i = 0; i < q.places && i < 18; ++i) unit = Rational::Divide(unit, Rational(10)).value_or(unit);
  return unit;
}

bool Within(const Rational& a, const Rational& b, const Rational& tolerance) {
  auto difference = Rational::Subtract(a, b);
  return difference && Rational::Compare(difference->Absolute(), tolerance) <= 0;
}

bool RelativelyNear(const Rational& a, const Rational& b, double share) {
  const double x = a.ToDouble(), y = b.ToDouble();
  return std::abs(x - y) <= share * std::max(std::abs(x), std::abs(y));
}

bool UnitsMix(const Side& left, const Side& right) {
  std::set<std::string> all = left.units;
  all.insert(right.units.begin(), right.units.end());
  std::set<std::string_view> dimensions;
  for (const std::string& unit : all) {
    auto info = FindUnit(unit);
    if (info && !dimensions.insert(info->dimension).second) return true;
  }
  return false;
}

Equation::Verdict Compare(const Side& left, const Side& right, bool about) {
  using Verdict = Equation::Verdict;
  const std::array lefts = {left.value.shares, left.value.plain},
                   rights = {right.value.shares, right.value.plain};
  bool near = false;
  for (const Rational& l : lefts) {
    for (const Rational& r : rights) {
      if (l == r) return Verdict::kRight;
      if (right.single && right.single->places > 0 &&
          Within(l, r, *Rational::Multiply(LastPlace(*right.single), Rational::OfDecimal("0.5").value()))) {
        return Verdict::kRight;
      }
      near = near || (right.single && Within(l, r, LastPlace(*right.single)) && !(l.whole() && r.whole()));
      near = near || (left.decimals && RelativelyNear(l, r, 0.002)) || (about && RelativelyNear(l, r, 0.05));
      near = near || (right.decimals && RelativelyNear(l, r, 0.002));
    }
  }
  // 60 + 10 % = 66: a percentage that is added is one of what stands before it; not worked out here.
  const bool percent = !(left.value.shares == left.value.plain);
  if (near || percent || left.ambiguous || right.ambiguous || UnitsMix(left, right)) return Verdict::kUnsure;
  if (right.operators > 0 && right.first == left.value.plain) return Verdict::kRight;  // a running chain
  return Verdict::kWrong;
}

bool MayBegin(std::string_view text, std::size_t i) {
  const char c = text[i];
  if (c == '(' || c == '$' || c == '.') return true;
  if (c == '-') return i + 1 < text.size() && (IsDigit(text[i + 1]) || text[i + 1] == '$');
  return IsDigit(c) && (i == 0 || (!IsDigit(text[i - 1]) && text[i - 1] != '.' && text[i - 1] != ','));
}

}  // namespace

std::vector<Equation> FindEquations(std::string_view text, std::size_t max) {
  text = Clip(text, kMaxText);
  std::vector<Equation> found;
  for (std::size_t i = 0; i < text.size() && found.size() < max;) {
    if (!MayBegin(text, i) || !BeginsCleanly(text, i)) {
      ++i;
      continue;
    }
    auto left = ReadSide(text, i);
    if (!left) {
      ++i;
      continue;
    }
    std::size_t next = std::max(left->end, i + 1);
    std::size_t begin = i;
    bool about = false;
    for (std::size_t sign; (sign = EqualsAt(text, left->end, &about)) > 0 && found.size() < max;) {
      auto right = ReadSide(text, left->end + sign);
      if (!right) break;
      next = std::max(next, right->end);
      if (left->operators > 0) {
        Equation e{.verdict = Equation::Verdict::kUnsure,
                   .begin = begin,
                   .end = right->end,
                   .computed = left->value.plain.Text()};
        if (EndsCleanly(text, right->end)) e.verdict = Compare(*left, *right, about);
        found.push_back(std::move(e));
      }
      begin = left->end + sign;
      left = std::move(right);
    }
    i = next;
  }
  return found;
}

}  // namespace baton::verify
