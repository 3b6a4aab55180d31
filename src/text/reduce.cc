// Vectors are reduced to their main directions, and a text's vector is the weighted sum of its pieces, after
// Tulkens and van Dongen's Model2Vec. Two choices are ours. Directions are divided by the square root of
// their deviation, half way to whitening: without it the few strongest drown the rest, with all of it noise
// counts as much as meaning. And common pieces count less, by the logarithm of their place in the vocabulary,
// which BERT sorted by frequency. Measured on 1,000 banking questions (77 intents, nearest of 3,000), 1,500
// MMLU questions (57 subjects, nearest of 4,500) and on who answers 1,500 questions of RouterDC's right (AUC
// of a linear model): 128 directions .769 / .510 / .652, 256 .738 / .497 / .660; 256 without weights .660 /
// .466 / .658. 192 lies between. Bytes suffice: rows as signed bytes times a weight byte.

#include "text/reduce.h"

#include <algorithm>
#include <cmath>

#include "base/vectors.h"
#include "text/pca.h"

namespace baton::text {
namespace {

constexpr std::size_t kFirstWord = 998;  // ids before it are special or unused

}  // namespace

StaticTable TableFromRows(std::string recipe, WordPiece pieces, std::vector<float> rows, std::size_t n,
                          std::size_t width) {
  const std::size_t count = rows.size() / n;
  for (std::size_t r = 0; r < count; ++r) Normalise(rows.data() + r * n, n);
  const Components c = PrincipalComponents(rows, n, width);
  std::vector<double> mapped(count * width), largest(count, 0);
  double all = 0;
  for (std::size_t r = 0; r < count; ++r) {
    for (std::size_t k = 0; k < width; ++k) {
      double sum = 0;
      for (std::size_t i = 0; i < n; ++i) sum += (rows[r * n + i] - c.mean[i]) * c.vectors[k * n + i];
      // A direction in which nothing varies stays empty.
      const double v = c.variance[k] > 1e-12 ? sum / std::sqrt(std::sqrt(c.variance[k])) : 0;
      mapped[r * width + k] = v;
      largest[r] = std::max(largest[r], std::abs(v));
    }
    const double rank = r > kFirstWord ? static_cast<double>(r - kFirstWord) : 2;
    const double rarity =
        std::log1p(rank) / std::log1p(static_cast<double>(std::max(count, kFirstWord + 2) - kFirstWord));
    for (std::size_t k = 0; k < width && largest[r] > 0; ++k) mapped[r * width + k] /= largest[r];
    largest[r] *= rarity;
    all = std::max(all, largest[r]);
  }
  std::vector<std::int8_t> bytes;
  std::vector<std::uint8_t> weights;
  for (double v : mapped) bytes.push_back(static_cast<std::int8_t>(std::lround(127 * v)));
  for (double v : largest)
    weights.push_back(static_cast<std::uint8_t>(all > 0 ? std::lround(255 * v / all) : 0));
  return StaticTable(std::move(recipe), std::move(pieces), width, std::move(bytes), std::move(weights));
}

}  // namespace baton::text
