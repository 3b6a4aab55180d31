#include "cli/evidence_prior.h"

#include <string_view>

#include "base/random.h"
#include "estimate/estimator.h"

namespace baton::cli {
namespace {

constexpr std::size_t kFolds = 5;

}  // namespace

// A prior fitted on the row itself would be believed far more than the live one deserves.
Result<std::vector<float>> CrossFitPrior(const evaluate::OutcomeMatrix& matrix,
                                         const estimate::Featurizer& featurizer, const std::string& kind,
                                         std::uint64_t seed) {
  estimate::Table t;
  t.rows = matrix.rows.size(), t.workers = matrix.workers.size();
  t.features = featurizer.width(), t.embedded = featurizer.embedded();
  std::vector<std::string_view> prompts;
  for (const auto& row : matrix.rows) {
    if (row.prompt.empty())
      return Fail(Code::kInvalidRequest, "a prior is made from the questions' texts, which this data lacks",
                  "no_prompts");
    prompts.push_back(row.prompt);
    for (std::size_t w = 0; w < t.workers; ++w)
      t.quality.push_back(row.cells[w].recorded ? row.cells[w].score : estimate::kMissing);
  }
  t.x = featurizer.OfPrompts(prompts);
  Random random(seed);
  std::vector<std::size_t> fold(t.rows);
  for (auto& f : fold) f = random.Below(kFolds);
  std::vector<float> prior(t.rows * t.workers);
  std::vector<estimate::Estimate> expected(t.workers);
  for (std::size_t held = 0; held < kFolds; ++held) {
    std::vector<std::size_t> rest;
    for (std::size_t r = 0; r < t.rows; ++r) {
      if (fold[r] != held) rest.push_back(r);
    }
    estimate::FitOptions options;
    options.seed = seed;
    TRY(const auto router, estimate::Fit(kind, t.Select(rest), options));
    for (std::size_t r = 0; r < t.rows; ++r) {
      if (fold[r] != held) continue;
      router->Predict(t.X(r), expected);
      for (std::size_t w = 0; w < t.workers; ++w) prior[r * t.workers + w] = expected[w].quality;
    }
  }
  return prior;
}

}  // namespace baton::cli
