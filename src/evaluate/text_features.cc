#include "evaluate/text_features.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdint>
#include <memory>

#include "estimate/features.h"

namespace baton::evaluate {
namespace {

constexpr std::size_t kHashed = 256;

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

Result<std::shared_ptr<const text::StaticTable>> LoadTable(const std::string& path) {
  if (path.empty()) return std::shared_ptr<const text::StaticTable>();
  return text::StaticTable::Load(path);
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

Result<Features> FeaturesOf(const OutcomeMatrix& matrix, const std::string& table) {
  TRY(auto loaded, LoadTable(table));
  const estimate::Featurizer featurizer(std::move(loaded));
  // The server's features start with its table's direction; hashed words stand before its facts otherwise.
  const std::size_t hashed = featurizer.embedded() > 0 ? 0 : kHashed;
  Features f;
  f.width = hashed + featurizer.width();
  f.embedded = hashed + featurizer.embedded();
  f.id = hashed > 0 ? "hashed words, " + featurizer.id() : featurizer.id();
  f.x.resize(matrix.rows.size() * f.width);
  for (std::size_t r = 0; r < matrix.rows.size(); ++r) {
    const std::span<float> x(f.x.data() + r * f.width, f.width);
    if (hashed > 0) HashEmbed(matrix.rows[r].prompt, x.first(hashed));
    featurizer.Compute(estimate::AskedOf(matrix.rows[r].prompt), x.subspan(hashed));
  }
  return f;
}

}  // namespace baton::evaluate
