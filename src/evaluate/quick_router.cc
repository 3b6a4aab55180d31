#include "evaluate/quick_router.h"

#include "base/random.h"

namespace baton::evaluate {
namespace {

constexpr int kFolds = 5;
// Above so many rows looking at every neighbour takes longer than all the rest, and clusters say the same.
constexpr std::size_t kMostNeighbours = 3000;

}  // namespace

Result<QuickRouter> QuickRouter::Fit(const estimate::Table& table, std::uint64_t seed) {
  QuickRouter out;
  estimate::FitOptions options;
  options.seed = seed;
  for (const char* kind : {"kmeans", "logistic", "knn"}) {
    if (kind == std::string_view("knn") && table.rows > kMostNeighbours) continue;
    TRY(auto estimator, estimate::Fit(kind, table, options));
    out.estimators_.push_back(std::move(estimator));
  }
  return out;
}

void QuickRouter::Predict(std::span<const float> x, std::span<float> quality) const {
  std::vector<estimate::Estimate> one(quality.size());
  std::fill(quality.begin(), quality.end(), 0.0F);
  for (const auto& estimator : estimators_) {
    estimator->Predict(x, one);
    for (std::size_t w = 0; w < quality.size(); ++w)
      quality[w] += one[w].quality / static_cast<float>(estimators_.size());
  }
}

Result<std::vector<float>> UnseenPrior(const estimate::Table& table, std::uint64_t seed) {
  std::vector<float> out(table.rows * table.workers);
  std::vector<std::size_t> fold(table.rows);
  for (std::size_t r = 0; r < table.rows; ++r) fold[r] = Random(seed * 7919 + r).Below(kFolds);
  for (std::size_t f = 0; f < kFolds; ++f) {
    std::vector<std::size_t> seen;
    for (std::size_t r = 0; r < table.rows; ++r)
      if (fold[r] != f) seen.push_back(r);
    if (seen.size() == table.rows) continue;
    TRY(const QuickRouter router, QuickRouter::Fit(table.Select(seen), seed));
    for (std::size_t r = 0; r < table.rows; ++r)
      if (fold[r] == f) router.Predict(table.X(r), {out.data() + r * table.workers, table.workers});
  }
  return out;
}

}  // namespace baton::evaluate
