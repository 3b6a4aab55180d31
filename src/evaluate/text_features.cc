#include "evaluate/text_features.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <cstdint>

namespace baton::evaluate {
namespace {

constexpr std::size_t kWidth = 256, kFacts = 8;

std::uint64_t Mix(std::uint64_t x) {
  x ^= x >> 33;
  x *= 0xff51afd7ed558ccdULL;
  x ^= x >> 33;
  x *= 0xc4ceb9fe1a85ec53ULL;
  return x ^ x >> 33;
}

void Throw(std::uint64_t key, float weight, std::span<float> out) {
  const std::uint64_t h = Mix(key);
  out[h % out.size()] += (h >> 63) != 0 ? weight : -weight;
}

void Normalise(std::span<float> x) {
  float norm = 0;
  for (const float v : x) norm += v * v;
  if (norm == 0) return;
  const float scale = 1 / std::sqrt(norm);
  for (float& v : x) v *= scale;
}

std::array<float, kFacts> Facts(std::string_view text) {
  std::size_t digits = 0, upper = 0, lines = 1, marks = 0, high = 0, brackets = 0;
  for (const char c : text) {
    const auto u = static_cast<unsigned char>(c);
    digits += std::isdigit(u) != 0;
    upper += std::isupper(u) != 0;
    lines += c == '\n';
    marks += c == '?';
    high += u >= 0x80;
    brackets += c == '{' || c == '(' || c == '[' || c == '=';
  }
  const auto share = [&](std::size_t n) {
    return static_cast<float>(n) / (static_cast<float>(text.size()) + 1);
  };
  return {std::log1p(static_cast<float>(text.size())) / 10,
          share(digits) * 4,
          share(upper) * 2,
          std::log1p(static_cast<float>(lines)) / 5,
          std::min(1.0F, static_cast<float>(marks) / 4),
          share(high),
          share(brackets) * 4,
          1};
}

}  // namespace

void HashEmbed(std::string_view text, std::span<float> out) {
  std::fill(out.begin(), out.end(), 0.0F);
  text = text.substr(0, 8192);
  std::uint64_t word = 0, before = 0, run = 0;
  for (const char c : text) {
    const auto u = static_cast<unsigned char>(c);
    const auto low = static_cast<std::uint64_t>(std::tolower(u));
    run = run << 8 | low;
    Throw(run & 0xffffffffULL, 0.3F, out);
    if (std::isalnum(u) || u >= 0x80) {
      word = word * 1099511628211ULL + low + 1;
    } else if (word != 0) {
      Throw(word, 1, out);
      Throw(word * 31 + before, 0.5F, out);
      before = word;
      word = 0;
    }
  }
  if (word != 0) Throw(word, 1, out);
  // A word said ten times says little more than one said three times.
  for (float& v : out) v = std::copysign(std::log1p(std::fabs(v)), v);
  Normalise(out);
}

Features FeaturesOf(const OutcomeMatrix& matrix) {
  Features f;
  f.width = kWidth + kFacts;
  f.x.resize(matrix.rows.size() * f.width);
  for (std::size_t r = 0; r < matrix.rows.size(); ++r) {
    const std::span<float> x(f.x.data() + r * f.width, f.width);
    HashEmbed(matrix.rows[r].prompt, x.first(kWidth));
    const auto facts = Facts(matrix.rows[r].prompt);
    std::copy(facts.begin(), facts.end(), x.begin() + kWidth);
  }
  return f;
}

}  // namespace baton::evaluate
