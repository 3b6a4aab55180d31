// Making and choosing plans: see evidence_plan.h.
#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>

#include "base/random.h"
#include "estimate/estimator.h"
#include "estimate/evidence_plan.h"
#include "estimate/evidence_teams.h"
#include "estimate/evidence_terms.h"

namespace baton::estimate {
namespace {

constexpr std::size_t kFewestRows =
    60;  // that a regression of gains is made from, when fewer reach a position
constexpr double kGrid[] = {0.5, 1,   2,   4,   8,    16,  32,
                            64,  128, 256, 512, 1024, 4096};  // x price of the best worker

// A plan replayed on the training rows: what stopping after each position gives.
struct Replay {
  std::size_t n = 0, m = 0;
  std::vector<float> score, doubt, usd;  // n x m
  float Score(std::size_t r, std::size_t j) const { return score[r * m + j]; }
  float Doubt(std::size_t r, std::size_t j) const { return doubt[r * m + j]; }
  float Usd(std::size_t r, std::size_t j) const { return usd[r * m + j]; }
};

struct Totals {
  std::vector<float> quality, usd;  // per row
};

// Ridge least squares of y on (a, b).
void Fit2(const std::vector<std::array<double, 3>>& aby, double ridge, double out[2]) {
  double aa = ridge, bb = ridge, ab = 0, ay = 0, by = 0;
  for (const auto& [a, b, y] : aby) {
    aa += a * a;
    bb += b * b;
    ab += a * b;
    ay += a * y;
    by += b * y;
  }
  const double det = aa * bb - ab * ab;
  out[0] = det > 1e-18 ? (ay * bb - by * ab) / det : 0;
  out[1] = det > 1e-18 ? (by * aa - ay * ab) / det : 0;
}

}  // namespace

class PlanFitter {
 public:
  PlanFitter(const EvidenceTable& table, const EvidenceOptions& options) : t_(table), o_(options) {}

  Result<Evidence> Run() {
    Survey();
    if (able_.empty()) return Fail(Code::kInvalidRequest, "no worker has both scores and costs");
    e_.values_ = o_.values;
    for (double x : kGrid) {
      if (o_.values.empty()) e_.values_.push_back(x * std::max(usd_[best_], 1e-9));
    }
    e_.workers_ = t_.workers;
    for (std::size_t r = 0; r < t_.rows; ++r) fold_.push_back(FoldOf(r));
    teams_ = MakeTeams({t_.rows, able_, quality_, usd_, best_}, e_.values_);
    std::size_t done = 0;
    for (const auto& team : teams_) {
      TRY(Candidate c, TryTeam(team));
      candidates_.push_back(std::move(c));
      if (o_.progress) o_.progress(static_cast<double>(++done) / static_cast<double>(teams_.size()));
    }
    return Select();
  }

 private:
  struct Candidate {
    std::vector<int> team;
    std::vector<Rule> rules;
    std::vector<Totals> totals;  // per value
  };

  // Means per worker over its recorded cells; workers with too few of them are left out.
  void Survey() {
    quality_.assign(t_.workers, 0);
    usd_.assign(t_.workers, 0);
    for (std::size_t w = 0; w < t_.workers; ++w) {
      std::size_t n = 0;
      for (std::size_t r = 0; r < t_.rows; ++r) {
        if (!t_.Has(r, w) || std::isnan(t_.cost_usd[r * t_.workers + w])) continue;
        ++n;
        quality_[w] += static_cast<double>(t_.Quality(r, w));
        usd_[w] += static_cast<double>(t_.cost_usd[r * t_.workers + w]);
      }
      if (n == 0 || n * 2 < t_.rows) continue;
      quality_[w] /= static_cast<double>(n);
      usd_[w] /= static_cast<double>(n);
      able_.push_back(static_cast<int>(w));
    }
    for (int w : able_) {
      if (best_ == t_.workers || quality_[U(w)] > quality_[best_]) best_ = U(w);
    }
  }

  static std::size_t U(int w) { return static_cast<std::size_t>(w); }

  // The team's columns of the rows for which `keep` holds.
  template <class Keep>
  EvidenceTable Columns(const std::vector<int>& team, Keep keep) const {
    EvidenceTable out;
    out.workers = team.size();
    for (std::size_t r = 0; r < t_.rows; ++r) {
      if (!keep(r)) continue;
      ++out.rows;
      for (int w : team) {
        const std::size_t at = r * t_.workers + U(w);
        out.quality.push_back(t_.quality[at]);
        out.group.push_back(t_.group[at]);
        out.cost_usd.push_back(t_.cost_usd[at]);
        if (!t_.signs.empty()) out.signs.push_back(t_.signs[at]);
        if (!t_.prior.empty()) out.prior.push_back(t_.prior[at]);
      }
    }
    return out;
  }

  BeliefOptions ForBelief() const {
    return {
        .seed = o_.seed, .subsets = 0, .correlation = o_.correlation, .signs = o_.signs, .prior = o_.prior};
  }

  int FoldOf(std::size_t row) const {
    return static_cast<int>(Random(o_.seed * 1000003 + row).Below(static_cast<std::uint64_t>(o_.folds)));
  }

  Result<Candidate> TryTeam(const std::vector<int>& team) {
    Replay replay{.n = t_.rows, .m = team.size(), .score = {}, .doubt = {}, .usd = {}};
    replay.score.resize(t_.rows * team.size());
    replay.doubt.resize(t_.rows * team.size());
    replay.usd.resize(t_.rows * team.size());
    for (int fold = 0; fold < o_.folds; ++fold) {
      const EvidenceTable train = Columns(team, [&](std::size_t r) { return fold_[r] != fold; });
      TRY(const Belief belief, Belief::Fit(train, ForBelief()));
      for (std::size_t r = 0; r < t_.rows; ++r) {
        if (fold_[r] == fold) ReplayRow(belief, team, r, &replay);
      }
    }
    Candidate c{.team = team, .rules = {}, .totals = {}};
    for (double value : e_.values_) {
      c.totals.push_back(Judge(replay, value));
      c.rules.push_back(Induce(replay, value, -1));
      Rule& rule = c.rules.back();
      for (std::size_t r = 0; r < t_.rows; ++r) {
        rule.quality += static_cast<double>(c.totals.back().quality[r]) / static_cast<double>(t_.rows);
        rule.usd += static_cast<double>(c.totals.back().usd[r]) / static_cast<double>(t_.rows);
      }
    }
    return c;
  }

  // What each row gives under rules induced from the other folds.
  Totals Judge(const Replay& replay, double value) const {
    Totals out;
    out.quality.resize(replay.n);
    out.usd.resize(replay.n);
    for (int fold = 0; fold < o_.folds; ++fold) {
      const Rule rule = Induce(replay, value, fold);
      for (std::size_t r = 0; r < replay.n; ++r) {
        if (fold_[r] != fold) continue;
        std::size_t j = 0;
        float usd = replay.Usd(r, 0);
        while (j + 1 < replay.m && GoesOn(rule.positions[j], static_cast<double>(replay.Doubt(r, j)), value))
          usd += replay.Usd(r, ++j);
        out.quality[r] = replay.Score(r, j);
        out.usd[r] = usd;
      }
    }
    return out;
  }

  // Cells that were not recorded are skipped: the position before them stands.
  void ReplayRow(const Belief& belief, const std::vector<int>& team, std::size_t r, Replay* out) const {
    std::array<Opinion, kMaxOpinions> opinions;
    std::array<float, kMaxTeam> prior{};
    std::size_t count = 0;
    for (std::size_t j = 0; j < team.size() && !t_.prior.empty(); ++j)
      prior[j] = t_.prior[r * t_.workers + U(team[j])];
    const std::span<const float> p = t_.prior.empty() || !o_.prior
                                         ? std::span<const float>()
                                         : std::span<const float>(prior.data(), team.size());
    for (std::size_t j = 0; j < team.size(); ++j) {
      const std::size_t at = r * t_.workers + U(team[j]), to = r * out->m + j;
      if (t_.Has(r, U(team[j]))) {
        opinions[count] = {.worker = static_cast<int>(j), .group = t_.group[at]};
        if (o_.signs && !t_.signs.empty()) opinions[count].signs = t_.signs[at];
        ++count;
        const float usd = t_.cost_usd[at];
        out->usd[to] = std::isnan(usd) ? static_cast<float>(usd_[U(team[j])]) : usd;
      }
      if (count == 0) {
        out->doubt[to] = 1;
        continue;
      }
      const Posterior post = belief.Weigh({opinions.data(), count}, p);
      const auto& top = post.groups[static_cast<std::size_t>(post.top)];
      const int who = opinions[static_cast<std::size_t>(top.best)].worker;
      out->score[to] = t_.Quality(r, U(team[static_cast<std::size_t>(who)]));
      out->doubt[to] = static_cast<float>(1 - post.best_p());
    }
  }

  bool GoesOn(const Position& p, double doubt, double value) const {
    if (!o_.stopping) return true;
    const double gain = std::max(0.0, p.gain[0] * doubt + p.gain[1] * doubt * doubt);
    return value * gain > p.spending[0] + p.spending[1] * doubt;
  }

  // Backward induction on the rows outside `fold`.
  Rule Induce(const Replay& replay, double value, int fold) const {
    Rule rule;
    rule.positions.resize(replay.m);
    std::vector<std::size_t> rows;
    for (std::size_t r = 0; r < replay.n; ++r) {
      if (fold_[r] != fold) rows.push_back(r);
    }
    std::vector<float> reached(replay.n * replay.m, 1);
    Totals totals;
    for (int round = 0; round < 2; ++round) {
      totals.quality.assign(replay.n, 0);
      totals.usd.assign(replay.n, 0);
      for (std::size_t r : rows) totals.quality[r] = replay.Score(r, replay.m - 1);
      for (std::size_t j = replay.m - 1; j-- > 0;) StepBack(replay, rows, j, value, reached, &rule, &totals);
      Walk(replay, value, rule, &reached);
    }
    for (std::size_t j = 0; j < replay.m; ++j) {
      double sum = 0;
      for (std::size_t r : rows) sum += static_cast<double>(reached[r * replay.m + j]);
      rule.positions[j].reach = sum / static_cast<double>(rows.size());
    }
    return rule;
  }

  // totals: what going on from j + 1 gives; afterwards: from j.
  void StepBack(const Replay& replay, const std::vector<std::size_t>& rows, std::size_t j, double value,
                const std::vector<float>& reached, Rule* rule, Totals* totals) const {
    std::vector<std::array<double, 3>> gains, spending;
    for (int all = 0; all < 2 && gains.size() < kFewestRows; ++all) {
      gains.clear();
      spending.clear();
      for (std::size_t r : rows) {
        if (all == 0 && reached[r * replay.m + j] == 0) continue;
        const auto d = static_cast<double>(replay.Doubt(r, j));
        gains.push_back({d, d * d, static_cast<double>(totals->quality[r] - replay.Score(r, j))});
        spending.push_back({1, d, static_cast<double>(totals->usd[r] + replay.Usd(r, j + 1))});
      }
    }
    Position& p = rule->positions[j];
    Fit2(gains, 0.1, p.gain);
    Fit2(spending, 1e-6, p.spending);
    for (std::size_t r : rows) {
      if (GoesOn(p, static_cast<double>(replay.Doubt(r, j)), value)) {
        totals->usd[r] += replay.Usd(r, j + 1);
      } else {
        totals->quality[r] = replay.Score(r, j);
        totals->usd[r] = 0;
      }
    }
  }

  void Walk(const Replay& replay, double value, const Rule& rule, std::vector<float>* reached) const {
    for (std::size_t r = 0; r < replay.n; ++r) {
      bool on = true;
      for (std::size_t j = 0; j < replay.m; ++j) {
        (*reached)[r * replay.m + j] = on ? 1 : 0;
        on = on && GoesOn(rule.positions[j], static_cast<double>(replay.Doubt(r, j)), value);
      }
    }
  }

  // The best single worker for each value, and the teams that beat it; then the belief of each kept plan from
  // all rows.
  Result<Evidence> Select() {
    std::set<std::size_t> kept;
    for (std::size_t v = 0; v < e_.values_.size(); ++v) {
      const Candidate* alone = BestAlone(v);
      for (Candidate& c : candidates_) c.rules[v].lead = Lead(v, c, *alone, o_.caution);
      const std::size_t first = Cheapest(v, Leader(v));
      kept.insert(first);
      candidates_[first].rules[v].first = true;
    }
    for (std::size_t c = 0; c < candidates_.size(); ++c) {
      if (candidates_[c].team.size() == 1 || kept.count(c)) {
        TRY(Plan plan, Finish(std::move(candidates_[c])));
        e_.plans_.push_back(std::move(plan));
      }
    }
    return std::move(e_);
  }

  const Candidate* BestAlone(std::size_t v) const {
    const Candidate* best = nullptr;
    for (const Candidate& c : candidates_) {
      if (c.team.size() == 1 && (!best || Smoothed(c, v) > Smoothed(*best, v))) best = &c;
    }
    return best;
  }

  double Value(const Candidate& c, std::size_t v) const {
    return c.rules[v].quality - c.rules[v].usd / e_.values_[v];
  }
  // Neighbouring values tell nearly the same: their average is less noise to choose from.
  double Smoothed(const Candidate& c, std::size_t v) const {
    double sum = 2 * Value(c, v), n = 2;
    if (v > 0) sum += Value(c, v - 1), n += 1;
    if (v + 1 < e_.values_.size()) sum += Value(c, v + 1), n += 1;
    return sum / n;
  }

  // The best by smoothed value among those that beat the best worker alone by more than noise, and that
  // worker.
  std::size_t Leader(std::size_t v) const {
    std::size_t best = candidates_.size();
    for (std::size_t c = 0; c < candidates_.size(); ++c) {
      if (candidates_[c].team.size() > 1 && candidates_[c].rules[v].lead <= 0) continue;
      if (best == candidates_.size() || Smoothed(candidates_[c], v) > Smoothed(candidates_[best], v))
        best = c;
    }
    return best;
  }

  // Of the plans that are as good as the leader as far as anybody can tell, the one that spends least.
  std::size_t Cheapest(std::size_t v, std::size_t leader) const {
    std::size_t best = leader;
    for (std::size_t c = 0; c < candidates_.size(); ++c) {
      if (candidates_[c].team.size() > 1 && candidates_[c].rules[v].lead <= 0) continue;
      if (candidates_[c].rules[v].usd >= candidates_[best].rules[v].usd) continue;
      if (Lead(v, candidates_[leader], candidates_[c], o_.thrift) <= 0) best = c;
    }
    return best;
  }

  // By how much `a` beats `b` in value, in points, less `errors` standard errors of that difference.
  double Lead(std::size_t v, const Candidate& a, const Candidate& b, double errors) const {
    double sum = 0, squares = 0;
    const auto n = static_cast<double>(t_.rows);
    for (std::size_t r = 0; r < t_.rows; ++r) {
      const double d = static_cast<double>(a.totals[v].quality[r] - b.totals[v].quality[r]) -
                       static_cast<double>(a.totals[v].usd[r] - b.totals[v].usd[r]) / e_.values_[v];
      sum += d;
      squares += d * d;
    }
    return sum / n - errors * std::sqrt(std::max(squares / n - sum * sum / n / n, 1e-12) / n);
  }

  Result<Plan> Finish(Candidate c) {
    TRY(Belief belief, Belief::Fit(Columns(c.team, [](std::size_t) { return true; }), ForBelief()));
    Plan plan{.workers = c.team, .usd = {}, .belief = std::move(belief), .rules = std::move(c.rules)};
    for (int w : c.team) plan.usd.push_back(usd_[U(w)]);
    return plan;
  }

  const EvidenceTable& t_;
  const EvidenceOptions& o_;
  std::vector<double> quality_, usd_;
  std::vector<int> able_, fold_;
  std::size_t best_ = t_.workers;
  std::set<std::vector<int>> teams_;
  std::vector<Candidate> candidates_;
  Evidence e_;
};

Result<Evidence> Evidence::Fit(const EvidenceTable& table, const EvidenceOptions& options) {
  if (table.cost_usd.size() != table.rows * table.workers || table.rows == 0)
    return Fail(Code::kInvalidRequest, "the evidence table has no rows or no costs");
  return PlanFitter(table, options).Run();
}

}  // namespace baton::estimate
