// FrugalGPT's cascade (arXiv 2305.05176; its repository): workers in an order of rising price, at most three;
// after each answer a scorer of (question, answer) decides whether it is good enough, against a threshold of
// that stage. Cascade and thresholds are chosen by search on training rows for the money. Their scorer is a
// fine-tuned DistilBERT; here a logistic model on hashed words of question and answer, their lengths and who
// answered. The search sees scores that the scorer gave to rows it was not fitted on (two halves), or it
// would trust every answer.

#include <algorithm>
#include <array>
#include <cmath>

#include "evaluate/logistic.h"
#include "evaluate/policy_util.h"
#include "evaluate/registry.h"
#include "evaluate/text_features.h"

namespace baton::evaluate {
namespace {

constexpr std::size_t kPool = 6, kHash = 192, kStages = 3;
constexpr std::array kQuantiles = {0.0, 0.15, 0.3, 0.5, 0.7, 0.85};

struct Cascade {
  std::array<std::size_t, kStages> at{};   // places in the pool
  std::array<float, kStages> threshold{};  // accept at or above; the last stage accepts anything
  std::size_t stages = 0;
  double quality = 0, cost = 0;
};

class Frugal : public Policy {
 public:
  std::string_view name() const override { return "frugalgpt"; }

  Status Fit(const TrainView& train) override {
    TRY_VOID(NeedAnswers(train));
    pool_ = Candidates(train, kPool);
    const auto means = MeansOf(train);
    std::sort(pool_.begin(), pool_.end(),
              [&](std::size_t a, std::size_t b) { return means.cost[a] < means.cost[b]; });
    workers_ = train.matrix.workers.size();
    const auto scores = CrossScore(train);
    FitScorer(
        train, [](std::size_t) { return true; }, scorer_);
    Search(train, scores);
    return {};
  }

  std::size_t Decide(Question& question, double value) const override {
    const Cascade* best = &cascades_[0];
    for (const Cascade& c : cascades_)
      if (value * c.quality - c.cost > value * best->quality - best->cost) best = &c;
    std::size_t last = workers_;
    std::vector<float> x(Width());
    for (std::size_t s = 0; s < best->stages; ++s) {
      const std::size_t w = pool_[best->at[s]];
      if (!question.Available(w)) continue;
      const Seen& seen = question.Ask(w);
      last = w;
      if (s + 1 == best->stages) break;
      Describe(question.prompt(), seen.response.empty() ? seen.answer : seen.response, best->at[s], x);
      if (scorer_.Predict(x) >= best->threshold[s]) break;
    }
    if (last == workers_) {
      for (last = 0; !question.Available(last);) ++last;
      question.Ask(last);
    }
    return last;
  }

 private:
  std::size_t Width() const { return kHash + kPool + 4; }

  void Describe(std::string_view prompt, std::string_view answer, std::size_t place,
                std::span<float> x) const {
    std::fill(x.begin(), x.end(), 0.0F);
    HashEmbed(answer, x.first(kHash / 2));
    HashEmbed(prompt, x.subspan(kHash / 2, kHash / 2));
    x[kHash + place] = 1;
    const auto length = static_cast<float>(answer.size());
    x[kHash + kPool] = std::log1p(length) / 8;
    x[kHash + kPool + 1] = length == 0 ? 1 : 0;
    x[kHash + kPool + 2] = std::log1p(static_cast<float>(prompt.size())) / 8;
    x[kHash + kPool + 3] = x[kHash + kPool] * x[kHash + kPool];
  }

  template <class Keep>
  void FitScorer(const TrainView& train, Keep keep, Logistic& scorer) const {
    std::vector<float> x, y, one(Width());
    for (std::size_t i = 0; i < train.rows.size(); ++i) {
      if (!keep(i)) continue;
      const Row& row = train.matrix.rows[train.rows[i]];
      for (std::size_t p = 0; p < pool_.size(); ++p) {
        const Cell& cell = row.cells[pool_[p]];
        if (!cell.recorded) continue;
        Describe(row.prompt, cell.response.empty() ? cell.answer : cell.response, p, one);
        x.insert(x.end(), one.begin(), one.end());
        y.push_back(cell.score);
      }
    }
    scorer.Fit(x, Width(), y, 1e-3F, 8, train.seed);
  }

  // [row][place], each by the scorer of the other half.
  std::vector<std::vector<float>> CrossScore(const TrainView& train) const {
    std::array<Logistic, 2> half;
    for (std::size_t h = 0; h < 2; ++h)
      FitScorer(
          train, [h](std::size_t i) { return i % 2 != h; }, half[h]);
    std::vector<std::vector<float>> scores(train.rows.size(), std::vector<float>(pool_.size()));
    std::vector<float> one(Width());
    for (std::size_t i = 0; i < train.rows.size(); ++i) {
      const Row& row = train.matrix.rows[train.rows[i]];
      for (std::size_t p = 0; p < pool_.size(); ++p) {
        const Cell& cell = row.cells[pool_[p]];
        Describe(row.prompt, cell.response.empty() ? cell.answer : cell.response, p, one);
        scores[i][p] = half[i % 2].Predict(one);
      }
    }
    return scores;
  }

  void Search(const TrainView& train, const std::vector<std::vector<float>>& scores) {
    std::vector<std::array<float, kQuantiles.size()>> cut(pool_.size());
    for (std::size_t p = 0; p < pool_.size(); ++p) {
      std::vector<float> column;
      for (const auto& row : scores) column.push_back(row[p]);
      std::sort(column.begin(), column.end());
      for (std::size_t k = 0; k < cut[p].size(); ++k)
        cut[p][k] = column[static_cast<std::size_t>(kQuantiles[k] * static_cast<double>(column.size() - 1))];
    }
    for (std::size_t a = 0; a < pool_.size(); ++a) {
      Add(train, scores, {{a}, {}, 1});
      for (std::size_t b = a + 1; b < pool_.size(); ++b) {
        for (const float t : cut[a]) {
          Add(train, scores, {{a, b}, {t}, 2});
          for (std::size_t c = b + 1; c < pool_.size(); ++c)
            for (const float u : cut[b]) Add(train, scores, {{a, b, c}, {t, u}, 3});
        }
      }
    }
  }

  void Add(const TrainView& train, const std::vector<std::vector<float>>& scores, Cascade c) {
    for (std::size_t i = 0; i < train.rows.size(); ++i) {
      const Row& row = train.matrix.rows[train.rows[i]];
      for (std::size_t s = 0; s < c.stages; ++s) {
        const Cell& cell = row.cells[pool_[c.at[s]]];
        if (cell.recorded) c.cost += cell.cost_usd;
        if (s + 1 < c.stages && scores[i][c.at[s]] < c.threshold[s]) continue;
        c.quality += static_cast<double>(cell.recorded ? cell.score : 0);
        break;
      }
    }
    c.quality /= static_cast<double>(train.rows.size());
    c.cost /= static_cast<double>(train.rows.size());
    cascades_.push_back(c);
  }

  std::vector<std::size_t> pool_;
  std::size_t workers_ = 0;
  Logistic scorer_;
  std::vector<Cascade> cascades_;
};

}  // namespace

std::unique_ptr<Policy> MakeFrugal() {
  return std::make_unique<Frugal>();
}

}  // namespace baton::evaluate
