// The few numbers of a request that the online part learns on, small enough to stand in every record: what is
// learned from, replayed and estimated is bit for bit what was decided on.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace baton::learn {

// Values are eighths of a unit between -15.875 and 15.875. The first one is the constant 1.
inline constexpr std::size_t kCompact = 24;

class Compact {
 public:
  Compact() { bytes_[0] = 8; }
  // The constant, then the projection of `x` onto kCompact - 1 fixed directions (signs drawn from `seed`),
  // scaled so that a vector of length 1 gives values of about 1/5 each: products of two requests' projections
  // approximate the product of their vectors (Johnson and Lindenstrauss). Values that do not fit are clipped.
  static Compact Project(std::span<const float> x, std::uint64_t seed);
  static Compact FromBytes(std::span<const std::int8_t> bytes);

  std::array<float, kCompact> Values() const;
  // 32 characters of base64url, for the record.
  std::string ToText() const;
  static std::optional<Compact> FromText(std::string_view text);

  friend bool operator==(const Compact&, const Compact&) = default;

 private:
  std::array<std::int8_t, kCompact> bytes_{};
};

}  // namespace baton::learn
