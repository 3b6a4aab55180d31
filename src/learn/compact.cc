#include "learn/compact.h"

#include <algorithm>
#include <cmath>

#include "learn/choice.h"

namespace baton::learn {
namespace {

constexpr float kScale = 8;
constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
static_assert(kCompact % 3 == 0, "base64 without padding");

}  // namespace

Compact Compact::Project(std::span<const float> x, std::uint64_t seed) {
  std::array<float, kCompact> sums{};
  // One 64-bit draw holds the signs of one input in all directions.
  for (std::size_t i = 0; i < x.size(); ++i) {
    std::uint64_t signs = MixKeys(seed, i);
    for (std::size_t j = 1; j < kCompact; ++j, signs >>= 1) sums[j] += (signs & 1) ? x[i] : -x[i];
  }
  Compact c;
  const float scale = kScale / std::sqrt(static_cast<float>(kCompact - 1));
  for (std::size_t j = 1; j < kCompact; ++j)
    c.bytes_[j] = static_cast<std::int8_t>(std::lround(std::clamp(sums[j] * scale, -127.0F, 127.0F)));
  return c;
}

Compact Compact::FromBytes(std::span<const std::int8_t> bytes) {
  Compact c;
  std::copy_n(bytes.begin(), std::min(bytes.size(), kCompact), c.bytes_.begin());
  return c;
}

std::array<float, kCompact> Compact::Values() const {
  std::array<float, kCompact> v{};
  for (std::size_t i = 0; i < kCompact; ++i) v[i] = static_cast<float>(bytes_[i]) / kScale;
  return v;
}

std::string Compact::ToText() const {
  std::string out;
  for (std::size_t i = 0; i < kCompact; i += 3) {
    std::uint32_t three = 0;
    for (std::size_t j = 0; j < 3; ++j) three = three << 8 | static_cast<std::uint8_t>(bytes_[i + j]);
    for (int shift = 18; shift >= 0; shift -= 6) out += kAlphabet[three >> shift & 63];
  }
  return out;
}

std::optional<Compact> Compact::FromText(std::string_view text) {
  if (text.size() != kCompact / 3 * 4) return std::nullopt;
  Compact c;
  for (std::size_t i = 0, at = 0; i < kCompact; i += 3) {
    std::uint32_t three = 0;
    for (int j = 0; j < 4; ++j) {
      const auto digit = kAlphabet.find(text[at++]);
      if (digit == std::string_view::npos) return std::nullopt;
      three = three << 6 | static_cast<std::uint32_t>(digit);
    }
    for (std::size_t j = 0; j < 3; ++j) c.bytes_[i + j] = static_cast<std::int8_t>(three >> (16 - 8 * j));
  }
  return c;
}

}  // namespace baton::learn
