#include "verify/equation_side.h"

#include <algorithm>

#include "verify/text.h"

namespace baton::verify {
namespace {

constexpr int kMaxNumbers = 64;
constexpr int kMaxDepth = 16;
constexpr int kMaxPower = 64;

using Op = std::optional<Rational> (*)(const Rational&, const Rational&);

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  std::optional<Side> Read(std::size_t at) {
    at_ = at;
    numbers_ = depth_ = 0;
    side_ = Side();
    auto value = Sum();
    if (!value) return std::nullopt;
    side_.value = *value;
    side_.end = at_;
    return std::move(side_);
  }

 private:
  std::string_view Rest() const { return text_.substr(std::min(at_, text_.size())); }
  void Spaces() {
    for (bool again = true; again;) {
      again = false;
      while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t')) ++at_;
      for (std::string_view s : {"\\,", "\\ ", "\\;", "\u00a0", "\u202f"}) {
        if (Rest().starts_with(s)) {
          at_ += s.size();
          again = true;
        }
      }
    }
  }
  bool Take(std::string_view s) {
    if (!Rest().starts_with(s)) return false;
    at_ += s.size();
    return true;
  }

  std::optional<SideValue> Both(const std::optional<SideValue>& a, const std::optional<SideValue>& b, Op op) {
    if (!a || !b) return std::nullopt;
    auto shares = op(a->shares, b->shares), plain = op(a->plain, b->plain);
    if (!shares || !plain) return std::nullopt;
    return SideValue{*shares, *plain};
  }

  std::optional<SideValue> Sum() {
    auto value = Product();
    while (value) {
      const std::size_t before = at_;
      Spaces();
      const bool plus = Take("+");
      if (!plus && !Take("-") && !Take("\u2212") && !Take("\u2013")) {
        at_ = before;
        break;
      }
      Spaces();
      auto right = Product();
      if (!right) {
        at_ = before;
        break;
      }
      ++side_.operators;
      value = Both(value, right, plus ? &Rational::Add : &Rational::Subtract);
    }
    return value;
  }

  std::optional<SideValue> Product() {
    auto value = Power();
    while (value) {
      const std::size_t before = at_;
      const Op op = TakeProductSign();
      if (op == nullptr) break;
      const bool apart = at_ < text_.size() && text_[at_] == ' ';
      Spaces();
      auto right = Power();
      // "7.5 / 1/2" is meant as 7.5 / (1/2), and "8 / 4/2" who knows how.
      if (op == &Rational::Divide && apart && Rest().starts_with('/')) side_.ambiguous = true;
      if (!right) {
        at_ = before;
        break;
      }
      ++side_.operators;
      value = Both(value, right, op);
    }
    return value;
  }

  // Leaves the position where it was when none stands here.
  Op TakeProductSign() {
    const std::size_t before = at_;
    Spaces();
    for (std::string_view sign : {"\u00d7", "\\times", "\\cdot", "\u00b7", "\u22c5"}) {
      if (Take(sign)) return &Rational::Multiply;
    }
    for (std::string_view sign : {"/", "\u00f7", "\\div"}) {
      if (Take(sign)) return &Rational::Divide;
    }
    if (Rest().starts_with("*") && !Rest().starts_with("**") && Take("*")) return &Rational::Multiply;
    const bool word_end =
        before == 0 || before < at_ || !IsWordByte(text_[before - 1]) || IsDigit(text_[before - 1]);
    if (word_end && (Rest().starts_with("x") || Rest().starts_with("X")) && Rest().size() > 1 &&
        !IsAlpha(Rest()[1]) && Rest()[1] != '_') {
      ++at_;
      return &Rational::Multiply;
    }
    if (Rest().starts_with("of ") && before < at_) {
      at_ += 3;
      return &Rational::Multiply;
    }
    at_ = before;
    return nullptr;
  }

  std::optional<SideValue> Power() {
    // -2^2 is -4: the sign is taken last.
    const std::size_t sign = Rest().starts_with('-') ? 1 : Rest().starts_with("\u2212") ? 3 : 0;
    if (sign > 0 && ++depth_ <= kMaxDepth) {
      const bool first = numbers_ == 0;
      at_ += sign;
      auto positive = Power();
      --depth_;
      if (!positive) return std::nullopt;
      if (first) side_.first = side_.first.Negated();
      return SideValue{positive->shares.Negated(), positive->plain.Negated()};
    }
    auto value = Atom();
    const std::size_t before = at_;
    if (!value ||
        !(Take("^") || (Rest().starts_with("**") && Rest().size() > 2 && IsDigit(Rest()[2]) && Take("**"))))
      return value;
    const bool brace = Take("{");
    int power = 0, digits = 0;
    for (; at_ < text_.size() && IsDigit(text_[at_]) && digits < 3; ++at_, ++digits)
      power = power * 10 + (text_[at_] - '0');
    if (digits == 0 || power > kMaxPower || (brace && !Take("}"))) {
      at_ = before;
      return value;
    }
    ++side_.operators;
    SideValue result{Rational(1), Rational(1)};
    for (int i = 0; i < power; ++i) {
      auto next = Both(result, value, &Rational::Multiply);
      if (!next) return std::nullopt;
      result = *next;
    }
    return result;
  }

  std::optional<SideValue> Atom() {
    if (at_ >= text_.size()) return std::nullopt;
    if (text_[at_] == '(') {
      if (++depth_ > kMaxDepth) return std::nullopt;
      ++at_;
      Spaces();
      auto value = Sum();
      Spaces();
      --depth_;
      // "(105 - 40)y" has a variable.
      if (!value || !Take(")") || (at_ < text_.size() && IsWordByte(text_[at_]))) return std::nullopt;
      side_.single.reset();
      SkipWords();
      return value;
    }
    auto q = ReadQuantity(text_, at_, false);
    if (!q || ++numbers_ > kMaxNumbers) return std::nullopt;
    at_ = q->end;
    // "2x": a variable, not two.
    if (at_ < text_.size() && (IsAlpha(text_[at_]) || text_[at_] == '_') && IsDigit(text_[at_ - 1]) &&
        !(text_[at_] == 'x' && at_ + 1 < text_.size() && IsDigit(text_[at_ + 1]))) {
      return std::nullopt;
    }
    // "2L", "6s": a variable more often than a unit.
    if (q->unit.size() == 1 && IsAlpha(text_[at_ - 1]) && at_ >= 2 && IsDigit(text_[at_ - 2]))
      return std::nullopt;
    side_.decimals = side_.decimals || q->rounded;
    SideValue value{q->value, q->value};
    if (q->unit == "%") {
      value.shares = Rational::Divide(q->value, Rational(100)).value_or(q->value);
    } else if (!q->unit.empty()) {
      side_.units.insert(q->unit);
    }
    if (numbers_ == 1) {
      side_.first = q->value;
      side_.single = *q;
    } else {
      side_.single.reset();
    }
    SkipWords();
    return value;
  }

  // What is counted: "9 eggs", "$2 per fresh egg", "$2/egg", "\text{ eggs}": at most four words, only when a
  // sign of calculation follows.
  void SkipWords() {
    std::size_t i = at_;
    for (int words = 0; words <= 4; ++words) {
      std::size_t j = i;
      while (j < text_.size() && (text_[j] == ' ' || text_[j] == '\t')) ++j;
      bool about = false;
      const std::string_view rest = text_.substr(j);
      const bool sign = EqualsAt(text_, j, &about) > 0 || rest.starts_with('+') || rest.starts_with('*') ||
                        rest.starts_with("- ") || rest.starts_with("\u2212") || rest.starts_with("\u00d7") ||
                        rest.starts_with("\\times") || rest.starts_with("x ") || rest.starts_with("/ ") ||
                        rest.starts_with("\u00f7") || rest.starts_with(')');
      if (sign) {
        if (words > 0) at_ = i;
        return;
      }
      if (rest.starts_with("\\text{")) {
        const std::size_t close = text_.find('}', j);
        if (close == std::string_view::npos || close - j > 40) return;
        i = close + 1;
        continue;
      }
      if (rest.starts_with('/') && j == i && rest.size() > 1 && IsAlpha(rest[1])) ++j;
      const std::size_t begin = j;
      while (j < text_.size() && (IsAlpha(text_[j]) || text_[j] == '\'' || (text_[j] == '-' && j > begin)))
        ++j;
      if (j - begin < 2 || j - begin > 24) return;  // one letter is a variable
      const std::string word = Lower(text_.substr(begin, j - begin));
      static const std::set<std::string, std::less<>> kStops = {
          "and",  "or",    "of",    "is",        "are", "then", "so",   "which", "x",
          "plus", "minus", "times", "remainder", "mod", "more", "less", "gives", "to"};
      if (kStops.contains(word)) return;
      i = j;
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
  int numbers_ = 0, depth_ = 0;
  Side side_;
};

}  // namespace

std::optional<Side> ReadSide(std::string_view text, std::size_t at) {
  return Reader(text).Read(at);
}

std::size_t EqualsAt(std::string_view text, std::size_t at, bool* about) {
  std::size_t i = at;
  while (i < text.size() && (text[i] == ' ' || text[i] == '\t')) ++i;
  const std::string_view rest = text.substr(std::min(i, text.size()));
  for (std::string_view sign : {"==", "=", "\u2248", "\\approx", "~="}) {
    if (!rest.starts_with(sign)) continue;
    // "=>" and "=<" are no equations.
    if (sign == "=" && rest.size() > 1 && (rest[1] == '>' || rest[1] == '<')) return 0;
    *about = sign[0] != '=';
    i += sign.size();
    while (i < text.size() && (text[i] == ' ' || text[i] == '\t')) ++i;
    return i - at;
  }
  return 0;
}

}  // namespace baton::verify
