#include "verify/rational.h"

#include <algorithm>

namespace baton::verify {
namespace {

constexpr Int128 kMax = ((static_cast<Int128>(1) << 126) - 1) * 2 + 1;

Int128 Gcd(Int128 a, Int128 b) {
  if (a < 0) a = -a;
  while (b != 0) {
    Int128 r = a % b;
    a = b;
    b = r;
  }
  return a;
}

bool Mul(Int128 a, Int128 b, Int128* out) {
  return !__builtin_mul_overflow(a, b, out);
}

std::string Digits(Int128 v) {
  if (v == 0) return "0";
  std::string s;
  for (; v != 0; v /= 10) s += static_cast<char>('0' + static_cast<int>(v % 10));
  std::reverse(s.begin(), s.end());
  return s;
}

}  // namespace

std::optional<Rational> Rational::Of(Int128 num, Int128 den) {
  // The one value without a positive counterpart.
  if (den == 0 || num < -kMax || den < -kMax) return std::nullopt;
  if (den < 0) {
    num = -num;
    den = -den;
  }
  const Int128 g = Gcd(num, den);
  Rational r;
  r.num_ = num / g;
  r.den_ = den / g;
  return r;
}

std::optional<Rational> Rational::OfDecimal(std::string_view digits, int exponent) {
  Int128 num = 0;
  int places = 0;
  bool point = false;
  for (char c : digits) {
    if (c == '.') {
      if (point) return std::nullopt;
      point = true;
      continue;
    }
    if (c < '0' || c > '9' || !Mul(num, 10, &num) || __builtin_add_overflow(num, c - '0', &num)) {
      return std::nullopt;
    }
    if (point) ++places;
  }
  exponent -= places;
  if (exponent > 36 || exponent < -36) return num == 0 ? std::optional(Rational(0)) : std::nullopt;
  Int128 power = 1;
  for (int i = exponent < 0 ? -exponent : exponent; i > 0; --i) power *= 10;
  if (exponent < 0) return Of(num, power);
  if (!Mul(num, power, &num)) return std::nullopt;
  return Of(num, 1);
}

Rational Rational::Negated() const {
  Rational r = *this;
  r.num_ = -r.num_;
  return r;
}

std::optional<Rational> Rational::Add(const Rational& a, const Rational& b) {
  const Int128 g = Gcd(a.den_, b.den_);
  Int128 left, right, den, num;
  if (!Mul(a.num_, b.den_ / g, &left) || !Mul(b.num_, a.den_ / g, &right) || !Mul(a.den_ / g, b.den_, &den) ||
      __builtin_add_overflow(left, right, &num)) {
    return std::nullopt;
  }
  return Of(num, den);
}

std::optional<Rational> Rational::Subtract(const Rational& a, const Rational& b) {
  return Add(a, b.Negated());
}

std::optional<Rational> Rational::Multiply(const Rational& a, const Rational& b) {
  // Reduced crosswise first, so that what fits after reducing does not overflow before.
  Int128 g1 = Gcd(a.num_, b.den_), g2 = Gcd(b.num_, a.den_);
  if (g1 == 0) g1 = 1;
  if (g2 == 0) g2 = 1;
  Int128 num, den;
  if (!Mul(a.num_ / g1, b.num_ / g2, &num) || !Mul(a.den_ / g2, b.den_ / g1, &den)) return std::nullopt;
  return Of(num, den);
}

std::optional<Rational> Rational::Divide(const Rational& a, const Rational& b) {
  if (b.zero()) return std::nullopt;
  auto inverse = Of(b.den_, b.num_);
  if (!inverse) return std::nullopt;
  return Multiply(a, *inverse);
}

int Rational::Compare(const Rational& a, const Rational& b) {
  Int128 left, right;
  if (Mul(a.num_, b.den_, &left) && Mul(b.num_, a.den_, &right)) return left < right ? -1 : left > right;
  const double x = a.ToDouble(), y = b.ToDouble();
  return x < y ? -1 : x > y;
}

std::string Rational::Text() const {
  std::string sign = num_ < 0 ? "-" : "";
  const Int128 num = num_ < 0 ? -num_ : num_;
  Int128 scaled = num, den = den_;
  int places = 0;
  while (den != 1 && places < 12) {
    const Int128 g = Gcd(10, den);
    if (g == 1 || !Mul(scaled, 10 / g, &scaled)) break;
    den /= g;
    ++places;
  }
  if (den != 1) return sign + Digits(num) + "/" + Digits(den_);
  std::string digits = Digits(scaled);
  if (places == 0) return sign + digits;
  if (static_cast<int>(digits.size()) <= places)
    digits.insert(0, static_cast<std::size_t>(places) + 1 - digits.size(), '0');
  digits.insert(digits.size() - static_cast<std::size_t>(places), ".");
  return sign + digits;
}

}  // namespace baton::verify
