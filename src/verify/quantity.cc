// One forward reader, no regular expression: sign and currency, digits with whatever separators, a fraction,
// an exponent, a scale word, a unit. Which of '.' and ',' is the decimal point is decided by what is written:
// both: the later one; one of them repeated: neither; a single comma: a decimal comma unless exactly three
// digits follow; a single point: a decimal point (so "1.234" is read as English, and "1.234 Euro" wrongly).

#include "verify/quantity.h"

#include <algorithm>
#include <array>

#include "verify/text.h"

namespace baton::verify {
namespace {

constexpr std::size_t kMaxDigits = 40;

// Reads forward over one text.
struct Cursor {
  std::string_view text;
  std::size_t at = 0;

  bool Take(std::string_view s) {
    if (!text.substr(std::min(at, text.size())).starts_with(s)) return false;
    at += s.size();
    return true;
  }
  char Peek(std::size_t ahead = 0) const { return at + ahead < text.size() ? text[at + ahead] : '\0'; }
};

bool TakeSign(Cursor* c, bool* negative) {
  if (c->Take("-") || c->Take("\u2212")) return *negative = true;
  return c->Take("+");
}

std::string_view TakeCurrency(Cursor* c) {
  static constexpr std::array kSigns =
      std::to_array<std::string_view>({"US$", "\\$", "$", "€", "£", "¥", "₹"});
  for (std::string_view s : kSigns) {
    if (c->Take(s)) {
      if (c->Peek() == ' ' && IsDigit(c->Peek(1))) ++c->at;
      return s == "US$" || s == "\\$" ? "$" : s;
    }
  }
  return {};
}

// A separator between groups of three digits that is not a comma or point: narrow and fixed spaces, ', _.
// A plain space is none: "in 2024 300 people came" has two numbers.
std::size_t GroupSeparator(const Cursor& c) {
  static constexpr std::array kSeparators = std::to_array<std::string_view>(
      {"\u00a0", "\u202f", "\u2009", "'", "\u2019", "\\,", "{,}", "_", "\\!"});
  for (std::string_view s : kSeparators) {
    if (!c.text.substr(std::min(c.at, c.text.size())).starts_with(s)) continue;
    const std::size_t n = s.size();
    const bool three =
        IsDigit(c.Peek(n)) && IsDigit(c.Peek(n + 1)) && IsDigit(c.Peek(n + 2)) && !IsDigit(c.Peek(n + 3));
    return three ? n : 0;
  }
  return 0;
}

// Digits, points and commas as they stand; other separators of thousands are left out.
std::string TakeDigits(Cursor* c) {
  std::string s;
  while (s.size() < kMaxDigits) {
    if (IsDigit(c->Peek())) {
      s += c->Peek();
      ++c->at;
    } else if ((c->Peek() == '.' || c->Peek() == ',') && IsDigit(c->Peek(1))) {
      s += c->Peek();
      ++c->at;
    } else if (const std::size_t n = s.empty() ? 0 : GroupSeparator(*c); n > 0) {
      c->at += n;
    } else {
      break;
    }
  }
  return s;
}

// Commas as separators or as the decimal point; the result has at most one '.' and no ','. Empty: not a
// number (1.2.3: a version, a date).
std::string PlainDecimal(std::string s) {
  const auto commas = std::count(s.begin(), s.end(), ','), points = std::count(s.begin(), s.end(), '.');
  char decimal = 0;
  if (commas > 0 && points > 0) {
    decimal = s.rfind(',') > s.rfind('.') ? ',' : '.';
  } else if (points == 1) {
    decimal = '.';
  } else if (commas == 1 && (s.size() - s.find(',') != 4 || s[0] == '0')) {
    decimal = ',';
  }
  if ((decimal == '.' && points > 1) || (decimal == ',' && commas > 1)) return {};
  std::string out;
  for (std::size_t i = 0, group = 0; i < s.size(); ++i) {
    if (IsDigit(s[i])) {
      out += s[i];
      ++group;
      continue;
    }
    if (s[i] == decimal) {
      out += '.';
    } else if (i + 3 >= s.size() || (i + 4 < s.size() && IsDigit(s[i + 4])) || group > 3) {
      return {};  // separators of thousands stand every three digits
    }
    group = 0;
  }
  return out;
}

bool TakeExponent(Cursor* c, int* exponent) {
  Cursor t = *c;
  const bool letter = (t.Peek() == 'e' || t.Peek() == 'E');
  if (letter) {
    ++t.at;
  } else {
    while (t.Peek() == ' ') ++t.at;
    if (!(t.Take("x") || t.Take("×") || t.Take("*") || t.Take("\\times") || t.Take("\\cdot") || t.Take("·")))
      return false;
    while (t.Peek() == ' ') ++t.at;
    if (!t.Take("10^")) return false;
  }
  const bool brace = t.Take("{");
  bool negative = false;
  TakeSign(&t, &negative);
  int value = 0, digits = 0;
  for (; IsDigit(t.Peek()) && digits < 3; ++t.at, ++digits) value = value * 10 + (t.Peek() - '0');
  if (digits == 0 || IsDigit(t.Peek()) || (brace && !t.Take("}"))) return false;
  if (letter && IsWordByte(t.Peek())) return false;
  *exponent = negative ? -value : value;
  *c = t;
  return true;
}

int TakeScale(Cursor* c) {
  static constexpr std::array kScales = std::to_array<std::pair<std::string_view, int>>(
      {{"thousand", 3}, {"million", 6}, {"billion", 9}, {"trillion", 12}});
  Cursor t = *c;
  while (t.Peek() == ' ') ++t.at;
  for (const auto& [word, power] : kScales) {
    if (EqualIgnoringCase(t.text.substr(std::min(t.at, t.text.size()), word.size()), word) &&
        !IsWordByte(t.Peek(word.size()))) {
      c->at = t.at + word.size();
      return power;
    }
  }
  return 0;
}

// The longest known unit that ends at the end of a word.
void TakeUnit(Cursor* c, std::string* unit) {
  Cursor t = *c;
  while (t.Peek() == ' ' || t.Take("\u00a0") || t.Take("\u202f") || t.Take("\\,"))
    t.at += t.Peek() == ' ' ? 1 : 0;
  bool braces = t.Take("\\text{") || t.Take("\\mathrm{");
  while (t.Peek() == ' ') ++t.at;
  for (std::size_t n = std::min<std::size_t>(24, t.text.size() - std::min(t.at, t.text.size())); n > 0; --n) {
    const char last = t.text[t.at + n - 1], next = t.Peek(n);
    if (IsSpace(last) || (IsWordByte(last) && IsWordByte(next)) || next == '^') continue;
    const std::string_view name = CanonicalUnit(t.text.substr(t.at, n));
    if (name.empty()) continue;
    // "5 in the box", "3 A students": one letter or "in" after a space is a word more often than a unit.
    if ((n == 1 && IsAlpha(last) && t.at > c->at && !braces && next == ' ') ||
        (name == "in" && n == 2 && next == ' '))
      return;
    *unit = name;
    c->at = t.at + n + (braces && next == '}' ? 1 : 0);
    return;
  }
}

bool TakePlain(Cursor* c, Rational* value, int* places, bool* rounded) {
  std::string digits = c->Peek() == '.' && IsDigit(c->Peek(1)) ? "0" : "";
  if (!digits.empty()) {
    digits += '.';
    ++c->at;
  }
  digits += TakeDigits(c);
  digits = PlainDecimal(std::move(digits));
  if (digits.empty()) return false;
  const std::size_t point = digits.find('.');
  *places = point == std::string::npos ? 0 : static_cast<int>(digits.size() - point - 1);
  int exponent = 0;
  const bool scientific = TakeExponent(c, &exponent);
  *rounded = *places > 0 || scientific;
  auto v = Rational::OfDecimal(digits, exponent);
  if (v) *value = *v;
  return v.has_value();
}

// "/4" after 3: a fraction, where both are short whole numbers and no date or path goes on.
void TakeDenominator(Cursor* c, Rational* value) {
  Cursor t = *c;
  if (!value->whole() || !t.Take("/") || !IsDigit(t.Peek())) return;
  Rational den;
  int places = 0;
  bool rounded = false;
  if (!TakePlain(&t, &den, &places, &rounded) || places > 0 || t.Peek() == '/') return;
  auto v = Rational::Divide(*value, den);
  if (!v) return;
  *value = *v;
  *c = t;
}

// \frac{3}{4}
bool TakeLatexFraction(Cursor* c, Rational* value) {
  if (!(c->Take("\\frac{") || c->Take("\\dfrac{") || c->Take("\\tfrac{"))) return false;
  Rational num, den;
  int places = 0;
  bool rounded = false, negative = false;
  TakeSign(c, &negative);
  if (!TakePlain(c, &num, &places, &rounded) || !c->Take("}{") || !TakePlain(c, &den, &places, &rounded) ||
      !c->Take("}")) {
    return false;
  }
  auto v = Rational::Divide(negative ? num.Negated() : num, den);
  if (v) *value = *v;
  return v.has_value();
}

}  // namespace

std::optional<Quantity> ReadQuantity(std::string_view text, std::size_t at, bool fractions) {
  Cursor c{text, at};
  Quantity q;
  q.begin = at;
  bool negative = false;
  TakeSign(&c, &negative);
  std::string_view currency = TakeCurrency(&c);
  if (!currency.empty() && !negative) TakeSign(&c, &negative);
  if (c.Peek() == '\\') {
    if (!TakeLatexFraction(&c, &q.value)) return std::nullopt;
  } else {
    if (!IsDigit(c.Peek()) && !(c.Peek() == '.' && IsDigit(c.Peek(1)))) return std::nullopt;
    if (!TakePlain(&c, &q.value, &q.places, &q.rounded)) return std::nullopt;
    if (fractions) TakeDenominator(&c, &q.value);
  }
  if (int power = TakeScale(&c); power > 0) {
    auto scaled = Rational::Multiply(q.value, Rational::OfDecimal("1", power).value_or(Rational(1)));
    if (!scaled) return std::nullopt;
    q.value = *scaled;
    q.rounded = true;
  }
  if (negative) q.value = q.value.Negated();
  TakeUnit(&c, &q.unit);
  if (q.unit.empty() && !currency.empty()) q.unit = CanonicalUnit(currency);
  q.end = c.at;
  return q;
}

namespace {

// May a number begin here? Not inside a word or right behind another number's digits.
bool Begins(std::string_view text, std::size_t i) {
  const char c = text[i];
  const char before = i > 0 ? text[i - 1] : ' ';
  if (IsDigit(c)) return !IsWordByte(before) || static_cast<unsigned char>(before) >= 0x80;
  const char after = i + 1 < text.size() ? text[i + 1] : ' ';
  if (c == '.') return IsDigit(after) && !IsWordByte(before) && before != '.';
  if (c == '-' || c == '+') {
    return !IsWordByte(before) && before != ')' &&
           (IsDigit(after) || after == '$' || after == '\\' || after == '.');
  }
  if (c == '\\') return text.substr(i, 7).find("frac{") != std::string_view::npos || after == '$';
  return c == '$' || text.substr(i).starts_with("\u2212") || text.substr(i).starts_with("€") ||
         text.substr(i).starts_with("£") || text.substr(i).starts_with("¥") ||
         text.substr(i).starts_with("₹");
}

// Past whatever digits and separators stand here, so that "1.2.3" is not read again from its middle.
std::size_t SkipDigits(std::string_view text, std::size_t i) {
  while (i < text.size() && (IsDigit(text[i]) || ((text[i] == '.' || text[i] == ',') && i + 1 < text.size() &&
                                                  IsDigit(text[i + 1]))))
    ++i;
  return i;
}

}  // namespace

std::vector<Quantity> FindQuantities(std::string_view text, std::size_t max) {
  std::vector<Quantity> found;
  for (std::size_t i = 0; i < text.size() && found.size() < max;) {
    if (!Begins(text, i)) {
      ++i;
      continue;
    }
    if (auto q = ReadQuantity(text, i)) {
      i = std::max(q->end, i + 1);
      // "4th" and "3D" are words.
      if (q->unit.empty() && i < text.size() && IsAlpha(text[i]) && IsDigit(text[i - 1])) continue;
      found.push_back(std::move(*q));
    } else {
      i = std::max(SkipDigits(text, i), i + 1);
    }
  }
  return found;
}

std::optional<Quantity> LastQuantity(std::string_view text) {
  // A window from the end: enough for an answer's last sentences, whatever its length.
  for (std::size_t window = 512;; window *= 8) {
    std::size_t from = text.size() > window ? text.size() - window : 0;
    // Begin at a white space, never inside a number.
    while (from > 0 && from < text.size() && !IsSpace(text[from])) ++from;
    auto found = FindQuantities(text.substr(from), text.size());
    if (!found.empty() || from == 0) {
      if (found.empty()) return std::nullopt;
      found.back().begin += from;
      found.back().end += from;
      return std::move(found.back());
    }
  }
}

}  // namespace baton::verify
