// Fitting the belief: shrunk reliabilities, shrunk pair lifts, then the shared parameters by Newton's method
// on the prefixes of each row's answers (what a plan sees) and on random subsets (what is left when workers
// fail).
//
// Pair lifts are counted on the same rows that weigh them, which would make their weight too large; a row's
// items therefore see lifts counted without that row's fold.
#include <algorithm>
#include <cmath>
#include <memory>

#include "base/random.h"
#include "estimate/estimator.h"
#include "estimate/evidence.h"
#include "estimate/evidence_solve.h"
#include "estimate/evidence_terms.h"

namespace baton::estimate {
namespace {

constexpr double kPullToMean = 4;   // pseudo-answers that pull a worker's reliability to the mean of all
constexpr double kPullOfPair = 15;  // pseudo-agreements that pull a pair to what its reliabilities predict
constexpr std::size_t kFolds = 4;

}  // namespace

class BeliefFitter {
 public:
  BeliefFitter(const EvidenceTable& table, const BeliefOptions& options)
      : t_(table), o_(options), random_(options.seed) {}

  Belief Run() {
    FitReliabilities();
    b_.pair_.assign(t_.workers * t_.workers, 0);
    Start();
    DrawItems();
    FitTheta(6);
    if (o_.correlation && t_.workers > 1) {
      for (std::size_t fold = 0; fold <= kFolds; ++fold) lifts_.push_back(CountLifts(fold));
      FillItems();
      FitTheta(4);
      b_.pair_ = lifts_.back();
    }
    FitScore();
    return std::move(b_);
  }

 private:
  struct Item {
    std::size_t row = 0;
    std::vector<Opinion> opinions;
    std::size_t alternatives = 0, first = 0;  // their terms and targets, "nobody" last
  };

  std::span<const float> Prior(std::size_t row) const {
    if (t_.prior.empty() || !o_.prior) return {};
    return {t_.prior.data() + row * t_.workers, t_.workers};
  }

  Opinion Of(std::size_t row, std::size_t worker) const {
    Opinion o{.worker = static_cast<int>(worker), .group = t_.Group(row, worker)};
    o.log_ratio = static_cast<double>(t_.LogRatio(row, worker));
    if (o_.signs && !t_.signs.empty()) o.signs = t_.signs[row * t_.workers + worker];
    return o;
  }

  void FitReliabilities() {
    std::vector<double> sum(t_.workers, 0), n(t_.workers, 0);
    double all = 0, count = 0;
    for (std::size_t r = 0; r < t_.rows; ++r) {
      for (std::size_t w = 0; w < t_.workers; ++w) {
        if (!t_.Has(r, w)) continue;
        sum[w] += static_cast<double>(t_.Quality(r, w));
        n[w] += 1;
      }
    }
    for (std::size_t w = 0; w < t_.workers; ++w) {
      all += sum[w];
      count += n[w];
    }
    const double mean = (all + 0.5) / (count + 1);
    b_.reliability_.resize(t_.workers);
    for (std::size_t w = 0; w < t_.workers; ++w)
      b_.reliability_[w] = LogOddsOf((sum[w] + kPullToMean * mean + 0.25) / (n[w] + kPullToMean + 0.5));
  }

  void DrawItems() {
    std::vector<std::size_t> here;
    for (std::size_t r = 0; r < t_.rows; ++r) {
      here.clear();
      for (std::size_t w = 0; w < t_.workers; ++w) {
        if (t_.Has(r, w)) here.push_back(w);
      }
      if (here.empty()) continue;
      const std::size_t most = std::min(here.size(), kMaxOpinions);
      for (std::size_t size = 1; o_.prefixes && size <= most; ++size) AddItem(r, here, size);
      for (int s = 0; s < o_.subsets; ++s) {
        const std::size_t size = 1 + random_.Below(most);
        for (std::size_t i = 0; i < size; ++i) std::swap(here[i], here[i + random_.Below(here.size() - i)]);
        AddItem(r, here, size);
      }
    }
    FillItems();
  }

  void AddItem(std::size_t row, const std::vector<std::size_t>& workers, std::size_t size) {
    Item item{.row = row, .opinions = {}};
    for (std::size_t i = 0; i < size; ++i) item.opinions.push_back(Of(row, workers[i]));
    items_.push_back(std::move(item));
  }

  // The terms of every alternative of every item, once per phase: Newton's steps then only multiply.
  void FillItems() {
    terms_.clear();
    given_.clear();
    targets_.clear();
    TermRows rows{};
    for (Item& item : items_) {
      if (!lifts_.empty()) b_.pair_.swap(lifts_[item.row % kFolds]);
      Posterior g;
      b_.GroupOpinions(item.opinions, &g);
      FillTerms(b_, item.opinions, Prior(item.row), g, &rows);
      if (!lifts_.empty()) b_.pair_.swap(lifts_[item.row % kFolds]);
      item.first = terms_.size();
      item.alternatives = static_cast<std::size_t>(g.count) + 1;
      terms_.insert(terms_.end(), rows.rows.begin(), rows.rows.begin() + g.count + 1);
      given_.insert(given_.end(), rows.given.begin(), rows.given.begin() + g.count + 1);
      AddTargets(item, g);
    }
  }

  // The mean score of the group's members that have the verdict of the answer it would give; "nobody" what is
  // left; scores in parts may add to more than one.
  void AddTargets(const Item& item, const Posterior& g) {
    const std::size_t first = targets_.size();
    targets_.resize(first + item.alternatives, 0);
    std::array<double, kMaxOpinions> alike{};
    const auto counts = [&](std::size_t i) {
      const auto best = static_cast<std::size_t>(g.groups[static_cast<std::size_t>(g.of[i])].best);
      return item.opinions[i].log_ratio == item.opinions[best].log_ratio;
    };
    for (std::size_t i = 0; i < item.opinions.size(); ++i)
      alike[static_cast<std::size_t>(g.of[i])] += counts(i);
    double sum = 0;
    for (std::size_t i = 0; i < item.opinions.size(); ++i) {
      if (!counts(i)) continue;
      const auto k = static_cast<std::size_t>(g.of[i]);
      const auto q =
          static_cast<double>(t_.Quality(item.row, static_cast<std::size_t>(item.opinions[i].worker)));
      targets_[first + k] += q / alike[k];
      sum += q / alike[k];
    }
    for (std::size_t k = 0; sum > 1 && k + 1 < item.alternatives; ++k) targets_[first + k] /= sum;
    targets_.back() = std::max(0.0, 1 - sum);
  }

  void Start() {
    newton_.centre[kReliabilityTerm] = 0.8;
    newton_.centre[kLogSizeTerm] = 1;
    newton_.penalty.fill(1);
    newton_.penalty[kPairTerm] = newton_.penalty[kPriorTerm] = 4;
    for (std::size_t s = 0; s < kSigns; ++s) newton_.penalty[kSignTerm + s] = 4;
    newton_.x = newton_.centre;
  }

  void FitTheta(int steps) {
    for (int i = 0; i < steps; ++i) {
      newton_.Begin();
      for (const Item& item : items_) AddToNewton(item);
      const double length = newton_.Step();
      b_.theta_ = newton_.x;
      if (length < 1e-3) break;
    }
  }

  void AddToNewton(const Item& item) {
    std::array<double, kMaxOpinions + 1> p;
    double most = -1e300, sum = 0;
    for (std::size_t k = 0; k < item.alternatives; ++k) {
      p[k] = given_[item.first + k];
      for (std::size_t t = 0; t < kTerms; ++t) p[k] += newton_.x[t] * terms_[item.first + k][t];
      most = std::max(most, p[k]);
    }
    for (std::size_t k = 0; k < item.alternatives; ++k) sum += p[k] = std::exp(p[k] - most);
    std::array<double, kTerms> mean{};
    for (std::size_t k = 0; k < item.alternatives; ++k) {
      p[k] /= sum;
      for (std::size_t t = 0; t < kTerms; ++t) mean[t] += p[k] * terms_[item.first + k][t];
    }
    for (std::size_t k = 0; k < item.alternatives; ++k)
      AddAlternative(terms_[item.first + k], mean, p[k], targets_[item.first + k]);
  }

  void AddAlternative(const std::array<double, kTerms>& row, const std::array<double, kTerms>& mean, double p,
                      double target) {
    for (std::size_t i = 0; i < kTerms; ++i) {
      newton_.gradient[i] += (target - p) * row[i];
      const double d = p * (row[i] - mean[i]);
      if (d == 0) continue;
      for (std::size_t j = 0; j <= i; ++j) newton_.curvature[i][j] += d * (row[j] - mean[j]);
    }
  }

  // Log-odds of "right" when a pair agrees, beyond what the fit so far predicts. `fold`: left out; kFolds:
  // none.
  std::vector<float> CountLifts(std::size_t fold) const {
    std::vector<float> out(t_.workers * t_.workers, 0);
    for (std::size_t a = 0; a < t_.workers; ++a) {
      for (std::size_t b = 0; b < a; ++b)
        out[a * t_.workers + b] = out[b * t_.workers + a] = static_cast<float>(LiftOf(a, b, fold));
    }
    return out;
  }

  double LiftOf(std::size_t a, std::size_t b, std::size_t fold) const {
    double right = 0, both = 0;
    for (std::size_t r = 0; r < t_.rows; ++r) {
      if (r % kFolds == fold || !t_.Has(r, a) || !t_.Has(r, b)) continue;
      if (t_.Group(r, a) == kUnread || t_.Group(r, a) != t_.Group(r, b)) continue;
      both += 1;
      right += (static_cast<double>(t_.Quality(r, a)) + static_cast<double>(t_.Quality(r, b))) / 2;
    }
    const std::array<Opinion, 2> pair{Opinion{.worker = static_cast<int>(a), .group = 0},
                                      Opinion{.worker = static_cast<int>(b), .group = 0}};
    const double p = std::clamp(b_.Weigh(pair).groups[0].p, 0.01, 0.99);
    const double seen = (right + kPullOfPair * p) / (both + kPullOfPair);
    return LogOddsOf(std::clamp(seen, 0.005, 0.995)) - LogOddsOf(p);
  }

  // Least squares of an answer's score on (1, p, reliability), pulled to (0, 1, 0).
  void FitScore() {
    Newton<3> n;
    n.centre = {0, 1, 0};
    n.x = n.centre;
    n.penalty = {10, 10, 10};
    n.Begin();
    for (const Item& item : items_) {
      const Posterior p = b_.Weigh(item.opinions, Prior(item.row));
      for (int k = 0; k < p.count; ++k) {
        const auto& g = p.groups[static_cast<std::size_t>(k)];
        const int who = item.opinions[static_cast<std::size_t>(g.best)].worker;
        const std::array<double, 3> f{1, g.p, b_.Expected(who, Prior(item.row))};
        const double rest = static_cast<double>(t_.Quality(item.row, static_cast<std::size_t>(who))) - f[1];
        for (std::size_t i = 0; i < 3; ++i) {
          n.gradient[i] += rest * f[i];
          for (std::size_t j = 0; j <= i; ++j) n.curvature[i][j] += f[i] * f[j];
        }
      }
    }
    n.Step();
    b_.score_ = n.x;
  }

  const EvidenceTable& t_;
  const BeliefOptions& o_;
  Random random_;
  std::vector<Item> items_;
  std::vector<std::array<double, kTerms>> terms_;
  std::vector<double> given_, targets_;    // verdicts' part of the terms, which has no weight to learn
  std::vector<std::vector<float>> lifts_;  // one per fold left out, the last with none
  Newton<kTerms> newton_;
  Belief b_;
};

Result<Belief> Belief::Fit(const EvidenceTable& table, const BeliefOptions& options) {
  const std::size_t cells = table.rows * table.workers;
  const auto fits = [cells](std::size_t n) { return n == 0 || n == cells; };
  if (cells == 0) return Fail(Code::kInvalidRequest, "there is nothing to learn from: no rows or no workers");
  if (table.quality.size() != cells || table.group.size() != cells || !fits(table.signs.size()) ||
      !fits(table.log_ratio.size()) || !fits(table.prior.size()))
    return Fail(Code::kInvalidRequest, "the evidence table's columns have different lengths");
  if (std::all_of(table.quality.begin(), table.quality.end(), [](float q) { return std::isnan(q); }))
    return Fail(Code::kInvalidRequest, "no answer in the table has a score");
  return BeliefFitter(table, options).Run();
}

}  // namespace baton::estimate
