// Making and choosing plans: see evidence_plan.h.
#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>

#include "base/random.h"
#include "estimate/estimator.h"
#include "estimate/evidence_induction.h"
#include "estimate/evidence_plan.h"
#include "estimate/evidence_teams.h"
#include "estimate/evidence_terms.h"

namespace baton::estimate {
namespace {

constexpr double kPullOfTilt = 0.5;   // squared points of shift
constexpr double kSwayCaution = 0.3;  // standard errors by which following the router must help
// A team that hears something (two of its answers agree, or a verifier judged one) on fewer of its questions
// than this has nothing to go by. What it seems to gain is then mostly the best of some hundred draws of
// noise, which lies about this many standard errors up.
constexpr double kLeastHeard = 0.05;
constexpr double kDeafCaution = 2.5;
constexpr double kGrid[] = {0.5, 1,   2,   4,   8,    16,  32,
                            64,  128, 256, 512, 1024, 4096};  // x price of the best worker

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
    teams_ = MakeTeams({t_, able_, quality_, usd_, best_}, e_.values_);
    if (!o_.teams) std::erase_if(teams_, [](const auto& team) { return team.size() > 1; });
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
    std::vector<float> shift;    // per row; empty without a router
    bool hears = false;          // agreement or verdicts, often enough to learn from
  };

  // Means per worker over its recorded cells; workers with too few of them are left out.
  void Survey() {
    quality_.assign(t_.workers, 0);
    usd_.assign(t_.workers, 0);
    usual_.assign(t_.workers, 0);
    for (std::size_t w = 0; w < t_.workers; ++w) {
      std::size_t n = 0;
      for (std::size_t r = 0; r < t_.rows; ++r) {
        if (!t_.Has(r, w) || std::isnan(t_.cost_usd[r * t_.workers + w])) continue;
        ++n;
        quality_[w] += static_cast<double>(t_.Quality(r, w));
        usd_[w] += static_cast<double>(t_.cost_usd[r * t_.workers + w]);
      }
      if (n == 0 || n * 2 < t_.rows) continue;
      for (std::size_t r = 0; !t_.prior.empty() && r < t_.rows; ++r)
        usual_[w] += static_cast<double>(t_.prior[r * t_.workers + w]) / static_cast<double>(t_.rows);
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
        if (!t_.log_ratio.empty()) out.log_ratio.push_back(t_.log_ratio[at]);
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
    Candidate c{.team = team, .rules = {}, .totals = {}, .shift = Shifts(team), .hears = Hears(team)};
    const Induction induction{fold_, o_.folds, o_.stopping};
    for (double value : e_.values_) {
      c.totals.push_back(induction.Judge(replay, value));
      c.rules.push_back(induction.Induce(replay, value, -1));
      Rule& rule = c.rules.back();
      for (std::size_t r = 0; r < t_.rows; ++r) {
        rule.quality += static_cast<double>(c.totals.back().quality[r]) / static_cast<double>(t_.rows);
        rule.usd += static_cast<double>(c.totals.back().usd[r]) / static_cast<double>(t_.rows);
      }
      Tilt(c.shift, c.totals.back().quality, &rule.tilt[0]);
      Tilt(c.shift, c.totals.back().usd, &rule.tilt[1]);
    }
    return c;
  }

  bool Hears(const std::vector<int>& team) const {
    std::size_t rows = 0;
    for (std::size_t r = 0; r < t_.rows; ++r) {
      std::set<int> seen;
      rows += std::any_of(team.begin(), team.end(), [&](int w) {
        const int group = t_.Has(r, U(w)) ? t_.Group(r, U(w)) : kUnread;
        if (t_.Has(r, U(w)) && t_.LogRatio(r, U(w)) != 0) return true;
        return group != kUnread && !seen.insert(group).second;
      });
    }
    return static_cast<double>(rows) >= kLeastHeard * static_cast<double>(t_.rows);
  }

  // Per row: by how much the router expects more of the team there than it usually does.
  std::vector<float> Shifts(const std::vector<int>& team) const {
    std::vector<float> out;
    for (std::size_t r = 0; !t_.prior.empty() && o_.prior && r < t_.rows; ++r) {
      double sum = 0;
      for (int w : team) sum += static_cast<double>(t_.prior[r * t_.workers + U(w)]) - usual_[U(w)];
      out.push_back(static_cast<float>(sum / static_cast<double>(team.size())));
    }
    return out;
  }

  // Slope of what rows gave over their shift, pulled to nought.
  void Tilt(const std::vector<float>& shift, const std::vector<float>& gave, double* slope) const {
    double mean = 0, ff = kPullOfTilt, fy = 0;
    for (float y : gave) mean += static_cast<double>(y) / static_cast<double>(t_.rows);
    for (std::size_t r = 0; r < shift.size(); ++r) {
      ff += static_cast<double>(shift[r] * shift[r]);
      fy += static_cast<double>(shift[r]) * (static_cast<double>(gave[r]) - mean);
    }
    *slope = fy / ff;
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
        opinions[count].log_ratio = static_cast<double>(t_.LogRatio(r, U(team[j])));
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

  // The best single worker for each value, and the teams that beat it; then the belief of each kept plan from
  // all rows.
  Result<Evidence> Select() {
    std::set<std::size_t> kept;
    for (std::size_t v = 0; v < e_.values_.size(); ++v) {
      const Candidate* alone = BestAlone(v);
      for (Candidate& c : candidates_) {
        const double caution = c.hears ? o_.caution : std::max(o_.caution, kDeafCaution);
        c.rules[v].lead = Smoothed(c, v) - Smoothed(*alone, v) - caution * Error(v, c, *alone);
      }
      const std::size_t first = Leader(v);
      kept.insert(first);
      candidates_[first].rules[v].first = true;
      Sway(v, first);
    }
    for (std::size_t c = 0; c < candidates_.size(); ++c) {
      if (candidates_[c].team.size() == 1 || kept.count(c)) {
        TRY(Plan plan, Finish(std::move(candidates_[c])));
        e_.plans_.push_back(std::move(plan));
      }
    }
    return std::move(e_);
  }

  double Value(const Candidate& c, std::size_t v) const {
    return c.rules[v].quality - c.rules[v].usd / e_.values_[v];
  }

  float Worth(std::size_t v, const Candidate& c, std::size_t r) const {
    return c.totals[v].quality[r] - c.totals[v].usd[r] / static_cast<float>(e_.values_[v]);
  }

  // How far the router is followed in choosing among the plan for this value and workers alone: as far as it
  // helped on rows it had not seen, else not at all.
  void Sway(std::size_t v, std::size_t first) {
    if (candidates_[first].shift.empty()) return;
    std::vector<Candidate*> arms;
    for (Candidate& c : candidates_) {
      if (c.team.size() == 1 || c.rules[v].first) arms.push_back(&c);
    }
    const auto chosen = [&](std::size_t r, double share) {
      const Candidate* best = nullptr;
      double most = 0;
      for (const Candidate* c : arms) {
        const Rule& rule = c->rules[v];
        const double tilt = rule.tilt[0] - rule.tilt[1] / e_.values_[v];
        const double worth = Value(*c, v) + share * tilt * static_cast<double>(c->shift[r]);
        if (!best || worth > most) best = c, most = worth;
      }
      return best;
    };
    double follow = 0, gain = 0;
    for (const double share : {0.5, 1.0}) {
      double sum = 0, squares = 0;
      const auto n = static_cast<double>(t_.rows);
      for (std::size_t r = 0; r < t_.rows; ++r) {
        const double d = static_cast<double>(Worth(v, *chosen(r, share), r) - Worth(v, *chosen(r, 0), r));
        sum += d, squares += d * d;
      }
      const double error = std::sqrt(std::max(squares / n - sum * sum / n / n, 0.0) / n);
      if (sum / n - kSwayCaution * error > gain) follow = share, gain = sum / n - kSwayCaution * error;
    }
    for (Candidate& c : candidates_) {
      for (double& t : c.rules[v].tilt) t *= follow;
    }
  }

  const Candidate* BestAlone(std::size_t v) const {
    const Candidate* best = nullptr;
    for (const Candidate& c : candidates_) {
      if (c.team.size() == 1 && (!best || Smoothed(c, v) > Smoothed(*best, v))) best = &c;
    }
    return best;
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

  // The standard error of the difference of two plans' value, in points.
  double Error(std::size_t v, const Candidate& a, const Candidate& b) const {
    double sum = 0, squares = 0;
    const auto n = static_cast<double>(t_.rows);
    for (std::size_t r = 0; r < t_.rows; ++r) {
      const auto d = static_cast<double>(Worth(v, a, r) - Worth(v, b, r));
      sum += d, squares += d * d;
    }
    return std::sqrt(std::max(squares / n - sum * sum / n / n, 1e-12) / n);
  }

  Result<Plan> Finish(Candidate c) {
    TRY(Belief belief, Belief::Fit(Columns(c.team, [](std::size_t) { return true; }), ForBelief()));
    Plan plan{
        .workers = c.team, .usd = {}, .usual = {}, .belief = std::move(belief), .rules = std::move(c.rules)};
    for (int w : c.team) {
      plan.usd.push_back(usd_[U(w)]);
      if (!c.shift.empty()) plan.usual.push_back(usual_[U(w)]);
    }
    return plan;
  }

  const EvidenceTable& t_;
  const EvidenceOptions& o_;
  std::vector<double> quality_, usd_, usual_;
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
