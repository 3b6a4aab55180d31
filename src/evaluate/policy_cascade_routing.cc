// Cascade routing (Dekoninck, Baader, Vechev, ICML 2025, arXiv 2410.10347; eth-sri/cascade-routing), the
// strongest published rule that returns one worker's answer. After each answer it looks at every superset M
// of the workers asked so far: expected quality of the best of M, minus lambda times what M costs; takes the
// best superset, asks its cheapest worker not asked yet, and stops when the best superset is what it has. The
// answer is the asked worker with the largest estimate. Here 1 / lambda is the value of a point, which is the
// same trade for a fixed lambda; the paper's search for a lambda per budget is what the sweep over values
// does, and its randomised ties are the hull's mixes.
//
// Estimates. Before an answer: a neighbour estimate of each worker's quality from the question. After: for
// workers asked, a logistic model on that estimate, how many others asked agree with the answer, and the
// answer's length; for workers not asked, one on its own estimate, the share of those asked that agree with
// each other, and their mean estimate. Fitted on training rows, whose own neighbour estimates leave the row
// out. E[max over M] is taken, as there, under a normal distribution with 100 draws, its covariance that of
// (estimate now - estimate once all have answered) on the training rows, per number of workers asked.
//
// Supersets of many workers are too many; the pool is the seven best candidates, sets have at most four, and
// a worker whose estimate can add less than it costs is pruned, as in the paper.

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <numeric>

#include "base/random.h"
#include "evaluate/linear.h"
#include "evaluate/logistic.h"
#include "evaluate/policy_util.h"
#include "evaluate/registry.h"

namespace baton::evaluate {
namespace {

constexpr std::size_t kPool = 7, kLargest = 4, kDraws = 100, kNear = 40, kSignals = 5;
using Vec = std::array<float, kPool>;

// What is known of one question at some moment, in places of the pool.
struct Known {
  unsigned asked = 0;              // bits
  std::array<int, kPool> group{};  // of equal answers, among those asked; -1: none
  Vec prior{}, length{};           // estimate from the question; log length of the answer
};

class CascadeRouting : public Policy {
 public:
  std::string_view name() const override { return "cascade_routing"; }

  Status Fit(const TrainView& train) override {
    pool_ = Candidates(train, kPool);
    answers_ = static_cast<bool>(NeedAnswers(train));
    table_ = MakeTable(train);
    near_ = DirectionsOf(train);
    const auto means = MeansOf(train);
    mean_.assign(means.quality.begin(), means.quality.end());
    const auto all = TrainKnown(train);
    if (answers_) FitPosterior(train, all);
    FitSpread(all, train.seed);
    return {};
  }

  std::size_t Decide(Question& question, double value) const override {
    const std::size_t n = pool_.size();
    Known known;
    known.group.fill(-1);
    auto& memo = question.memo();
    if (memo.empty()) {
      memo.resize(n);
      Prior(near_.Of(question.features()), table_.rows, memo);
    }
    std::copy_n(memo.begin(), n, known.prior.begin());
    std::array<double, kPool> cost{};
    unsigned available = 0;
    for (std::size_t p = 0; p < n; ++p) {
      cost[p] = question.ExpectedCost(pool_[p]);
      if (question.Available(pool_[p])) available |= 1U << p;
    }
    if (available == 0) return AskAny(question);
    for (;;) {
      const Vec estimate = Estimate(known);
      const unsigned best = BestSuperset(known.asked, available, estimate, cost, value);
      if (best == known.asked) return pool_[Largest(estimate, known.asked)];
      std::size_t next = kPool;
      for (std::size_t p = 0; p < n; ++p)
        if ((best & ~known.asked) >> p & 1U)
          if (next == kPool || cost[p] < cost[next]) next = p;
      Ask(question, next, known);
    }
  }

 private:
  static std::size_t AskAny(Question& question) {
    std::size_t w = 0;
    while (!question.Available(w)) ++w;
    question.Ask(w);
    return w;
  }

  void Ask(Question& question, std::size_t place, Known& known) const {
    known.asked |= 1U << place;
    question.Ask(pool_[place]);
    std::vector<std::string_view> texts;
    std::vector<std::size_t> places;
    for (std::size_t p = 0; p < pool_.size(); ++p) {
      if (!(known.asked >> p & 1U)) continue;
      places.push_back(p);
      texts.push_back(AnswerOf(question.Ask(pool_[p])));  // again it is free
    }
    known.length[place] = std::log1p(static_cast<float>(question.Ask(pool_[place]).response.size()));
    if (!answers_ || texts.size() < 2) return;
    const auto groups = verify::Group(texts, verify::Sameness::kAuto);
    for (std::size_t i = 0; i < places.size(); ++i) known.group[places[i]] = groups.of[i];
  }

  // Mean scores of the nearest training rows for each of the pool, pulled a little to the overall mean.
  void Prior(std::span<const float> unit, std::size_t without, std::span<float> out) const {
    const auto near = near_.Nearest(unit, kNear, without);
    for (std::size_t p = 0; p < pool_.size(); ++p) {
      float sum = 5 * mean_[pool_[p]], n = 5;
      for (const std::size_t r : near) {
        const float q = table_.Quality(r)[pool_[p]];
        if (!std::isnan(q)) sum += q, n += 1;
      }
      out[p] = sum / n;
    }
  }

  static float Logit(float p) {
    const float q = std::clamp(p, 0.01F, 0.99F);
    return std::log(q / (1 - q));
  }

  // Signals of one worker given what is known: own estimate; agreement with others asked; how many were
  // asked; agreement among those asked; length of its answer, if asked.
  std::array<float, kSignals> Signals(const Known& known, std::size_t place) const {
    float others = 0, agree = 0, pairs = 0, alike = 0;
    for (std::size_t p = 0; p < pool_.size(); ++p) {
      if (!(known.asked >> p & 1U)) continue;
      for (std::size_t q = p + 1; q < pool_.size(); ++q) {
        if (!(known.asked >> q & 1U)) continue;
        pairs += 1;
        alike += known.group[p] >= 0 && known.group[p] == known.group[q] ? 1.0F : 0.0F;
      }
      if (p == place) continue;
      others += 1;
      agree += known.group[p] >= 0 && known.group[p] == known.group[place] ? 1.0F : 0.0F;
    }
    const bool own = known.asked >> place & 1U;
    return {Logit(known.prior[place]), own && others > 0 ? 2 * agree / others - 1 : 0, own ? agree : 0,
            pairs > 0 ? 2 * alike / pairs - 1 : 0, own ? (known.length[place] - length_mean_[place]) / 2 : 0};
  }

  static std::size_t Model(const Known& known, std::size_t place) {
    const auto n = static_cast<std::size_t>(std::popcount(known.asked));
    const bool own = known.asked >> place & 1U;
    return (own ? 0 : kLargest + 1) + std::min(n, kLargest);
  }

  Vec Estimate(const Known& known) const {
    Vec out = known.prior;
    if (!answers_ || known.asked == 0) return out;
    for (std::size_t p = 0; p < pool_.size(); ++p) {
      const Logistic& model = models_[Model(known, p)];
      if (model.fitted()) out[p] = model.Predict(Signals(known, p));
    }
    return out;
  }

  static std::size_t Largest(const Vec& estimate, unsigned set) {
    std::size_t best = kPool;
    for (std::size_t p = 0; p < kPool; ++p)
      if (set >> p & 1U && (best == kPool || estimate[p] > estimate[best])) best = p;
    return best;
  }

  unsigned BestSuperset(unsigned asked, unsigned available, const Vec& estimate,
                        const std::array<double, kPool>& cost, double value) const {
    const auto n = std::min<std::size_t>(static_cast<std::size_t>(std::popcount(asked)), kLargest);
    unsigned best = asked;
    double most = asked == 0 ? -1e300 : value * ExpectedBest(asked, estimate, n);
    const unsigned more = available & ~asked;
    // All subsets of what is left, small ones first by nature of the count; the sunk cost of those asked is
    // in none.
    for (unsigned add = more; add != 0; add = (add - 1) & more) {
      const unsigned set = asked | add;
      if (static_cast<std::size_t>(std::popcount(set)) > std::max<std::size_t>(kLargest, n)) continue;
      double price = 0;
      for (std::size_t p = 0; p < kPool; ++p)
        if (add >> p & 1U) price += cost[p];
      // Even a sure right answer would not pay.
      if (value - price <= most) continue;
      const double utility = value * ExpectedBest(set, estimate, n) - price;
      if (utility > most) most = utility, best = set;
    }
    return best;
  }

  // E[max of the set's qualities]: estimate plus what is still to be learned of it, over common draws.
  double ExpectedBest(unsigned set, const Vec& estimate, std::size_t asked) const {
    const auto& draws = draws_[asked];
    float sum = 0;
    for (const Vec& d : draws) {
      float most = -1;
      for (std::size_t p = 0; p < pool_.size(); ++p)
        if (set >> p & 1U) most = std::max(most, estimate[p] + d[p]);
      sum += std::min(1.0F, most);
    }
    return static_cast<double>(sum) / static_cast<double>(draws.size());
  }

  // ---- fitting ----

  std::vector<Known> TrainKnown(const TrainView& train) {
    std::vector<Known> all(train.rows.size());
    length_mean_.fill(0);
    for (std::size_t i = 0; i < all.size(); ++i) {
      const Row& row = train.matrix.rows[train.rows[i]];
      Prior(near_.X(i), i, all[i].prior);
      std::vector<std::string_view> texts;
      for (std::size_t p = 0; p < pool_.size(); ++p) {
        texts.push_back(AnswerOf(row.cells[pool_[p]]));
        all[i].length[p] = std::log1p(static_cast<float>(row.cells[pool_[p]].response.size()));
        length_mean_[p] += all[i].length[p] / static_cast<float>(all.size());
      }
      all[i].group.fill(-1);
      if (!answers_) continue;
      const auto groups = verify::Group(texts, verify::Sameness::kAuto);
      std::copy(groups.of.begin(), groups.of.end(), all[i].group.begin());
    }
    return all;
  }

  // One model per number of workers asked, for workers asked and for those not; over random sets of every
  // training row.
  void FitPosterior(const TrainView& train, const std::vector<Known>& all) {
    std::array<std::vector<float>, 2 * (kLargest + 1)> x, y;
    Random random(train.seed);
    for (std::size_t i = 0; i < all.size(); ++i) {
      for (std::size_t n = 1; n <= std::min(kLargest, pool_.size()); ++n) {
        Known known = all[i];
        known.asked = RandomSet(n, random);
        for (std::size_t p = 0; p < pool_.size(); ++p) {
          const float score = table_.Quality(i)[pool_[p]];
          if (std::isnan(score)) continue;
          const auto signals = Signals(known, p);
          const std::size_t m = Model(known, p);
          x[m].insert(x[m].end(), signals.begin(), signals.end());
          y[m].push_back(score);
        }
      }
    }
    for (std::size_t m = 0; m < models_.size(); ++m)
      if (y[m].size() >= 50)
        models_[m].Fit(x[m], kSignals, y[m], 1e-4F, std::max<int>(2, static_cast<int>(40'000 / y[m].size())),
                       train.seed);
  }

  unsigned RandomSet(std::size_t n, Random& random) const {
    unsigned set = 0;
    while (static_cast<std::size_t>(std::popcount(set)) < n) set |= 1U << random.Below(pool_.size());
    return set;
  }

  // What is learned between now and knowing all: its covariance, by number asked, and draws from it.
  void FitSpread(const std::vector<Known>& all, std::uint64_t seed) {
    Random random(seed + 2);
    const std::size_t n = pool_.size();
    for (std::size_t asked = 0; asked <= kLargest; ++asked) {
      std::vector<Vec> moves;
      for (const Known& k : all) {
        if (!answers_ || asked >= n) break;
        Known now = k, end = k;
        now.asked = asked == 0 ? 0 : RandomSet(asked, random);
        end.asked = (1U << n) - 1;
        const Vec a = Estimate(now), b = Estimate(end);
        Vec& move = moves.emplace_back();
        for (std::size_t p = 0; p < n; ++p) move[p] = b[p] - a[p];
      }
      Draw(moves, random, draws_[asked]);
    }
  }

  // Normal draws with the moves' covariance and mean 0; none when there are no moves (nothing is ever
  // learned).
  void Draw(const std::vector<Vec>& moves, Random& random, std::vector<Vec>& draws) const {
    const std::size_t n = pool_.size();
    draws.assign(moves.empty() ? 1 : kDraws, Vec{});
    if (moves.empty()) return;
    std::array<std::array<double, kPool>, kPool> l{};
    for (const Vec& m : moves)
      for (std::size_t i = 0; i < n; ++i)
        for (std::size_t j = 0; j <= i; ++j)
          l[i][j] += static_cast<double>(m[i] * m[j]) / static_cast<double>(moves.size());
    for (std::size_t j = 0; j < n; ++j) {
      for (std::size_t i = j; i < n; ++i) {
        double sum = l[i][j] + (i == j ? 1e-6 : 0);
        for (std::size_t k = 0; k < j; ++k) sum -= l[i][k] * l[j][k];
        l[i][j] = i == j ? std::sqrt(std::max(1e-9, sum)) : sum / l[j][j];
      }
    }
    for (Vec& d : draws) {
      std::array<double, kPool> z{};
      for (double& v : z) {
        v = -6;
        for (int k = 0; k < 12; ++k) v += random.Unit();
      }
      for (std::size_t i = 0; i < n; ++i) {
        double sum = 0;
        for (std::size_t k = 0; k <= i; ++k) sum += l[i][k] * z[k];
        d[i] = static_cast<float>(sum);
      }
    }
  }

  std::vector<std::size_t> pool_;
  bool answers_ = false;
  estimate::Table table_;
  Directions near_;
  std::vector<float> mean_;
  Vec length_mean_{};
  std::array<Logistic, 2 * (kLargest + 1)> models_;
  std::array<std::vector<Vec>, kLargest + 1> draws_;
};

}  // namespace

std::unique_ptr<Policy> MakeCascadeRouting() {
  return std::make_unique<CascadeRouting>();
}

}  // namespace baton::evaluate
