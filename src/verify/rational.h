// Exact fractions for recomputing what an answer claims: 0.1 + 0.2 is 0.3 here. 128 bits; what would overflow
// is reported as such and never wraps.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace baton::verify {

__extension__ typedef __int128 Int128;

class Rational {
 public:
  Rational() = default;
  explicit Rational(std::int64_t whole) : num_(whole) {}
  // num / den, reduced; nullopt when den is 0 or a sign cannot be changed.
  static std::optional<Rational> Of(Int128 num, Int128 den);
  // "0012.50" and an exponent of ten: digits with at most one point, no sign. Nullopt when it does not fit.
  static std::optional<Rational> OfDecimal(std::string_view digits, int exponent = 0);

  // Nullopt on overflow and on division by zero.
  static std::optional<Rational> Add(const Rational& a, const Rational& b);
  static std::optional<Rational> Subtract(const Rational& a, const Rational& b);
  static std::optional<Rational> Multiply(const Rational& a, const Rational& b);
  static std::optional<Rational> Divide(const Rational& a, const Rational& b);

  bool negative() const { return num_ < 0; }
  bool zero() const { return num_ == 0; }
  bool whole() const { return den_ == 1; }
  Rational Absolute() const { return negative() ? Negated() : *this; }
  Rational Negated() const;
  double ToDouble() const { return static_cast<double>(num_) / static_cast<double>(den_); }
  // -1, 0 or 1; falls back to floating point where the exact comparison would overflow.
  static int Compare(const Rational& a, const Rational& b);
  bool operator==(const Rational& o) const = default;
  // The shortest exact decimal ("-2.5") where there is one of at most 12 places, else "1/3".
  std::string Text() const;

 private:
  Int128 num_ = 0;
  Int128 den_ = 1;  // > 0, no common divisor with num_
};

}  // namespace baton::verify
