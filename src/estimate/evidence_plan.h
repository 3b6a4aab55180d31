// Whom to ask, in which order, and when to stop: plans, chosen by replaying recorded questions.
//
// Problem: after each answer, ask another worker or answer with what there is. Options: value of information
// one or two answers ahead, from the belief's own predictions (tried; brittle: after a strong first answer no
// two answers more ever seem worth their price, though three would be); a tree over agreement patterns
// (hundreds of rows do not fill it); searching thousands of orders for the best on the training rows (what is
// gained there is lost on others). Choice: a plan is an order of workers. A few dozen are made by rules: the
// most reliable workers under a price, twins left out, cheapest first or by price per evidence, with and
// without the best worker behind them; pairs and triples of workers on the cost-quality frontier; every
// worker alone. Each is replayed on the training rows with a belief fitted without the row's fold. What going
// on is worth is then measured instead of modelled: from the last worker back, the gain of asking on is
// regressed on the doubt that is left (backward induction), so that a stop looks to the end of the plan, not
// one step ahead.
//
// Choosing among plans is where a few hundred rows deceive: two good plans differ by less than what drawing
// the questions anew changes. Few plans, made by rules, are the best guard; neighbouring values of quality
// choose together; and a team must beat the best worker alone by more than noise, else that worker answers
// alone. Tried and left: pulling a plan's figure to the mean of its kind (empirical Bayes on paired
// differences), which chose worse; of plans as good as the leader the cheapest, which gave away a point where
// workers differ on a quarter of the questions; stricter gates (1 and 1.6 standard errors).
//
// With a router's estimates per worker, each plan also learns how much better and dearer it is where the
// router expects more of its workers than usual. That moves the choice per question between the plan and
// workers alone, as far as it helped on rows the router had not seen, else not at all. A plan remembers the
// share of questions that reach each position, so its spending under other prices is a sum: a price change
// acts on the next question. Cost as measured: docs/results/evidence.md.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "base/result.h"
#include "estimate/evidence.h"

namespace baton::estimate {

inline constexpr std::size_t kMaxTeam = 10;
static_assert(kMaxTeam <= kMaxOpinions);

// What is known at one position of a plan (after i + 1 answers), for one value of quality. `doubt` = 1 -
// P(right).
struct Position {
  double gain[2] = {0, 0};      // points expected from going on: gain[0] doubt + gain[1] doubt^2
  double spending[2] = {0, 0};  // USD expected to be spent from here, when going on: [0] + [1] doubt
  double reach = 0;             // share of questions that get here
};

struct Rule {
  std::vector<Position> positions;  // as many as the plan has workers; the last one always stops
  double quality = 0, usd = 0;      // as replayed
  double tilt[2] = {0, 0};          // quality and USD more where a router expects a point more of its workers
  double lead = 0;                  // points of value over the best worker alone, less what noise could be
  bool first = false;               // the plan to take for this value, under the prices learned with
};

struct Plan {
  std::vector<int> workers;
  std::vector<double> usd;    // what each cost on average when it was learned
  std::vector<double> usual;  // what a router said of each on average; empty: learned without one
  Belief belief;              // its workers are numbered by their place here
  std::vector<Rule> rules;    // one per value of Evidence::values()
};

struct EvidenceOptions {
  std::uint64_t seed = 1;
  int folds = 3;
  bool correlation = true, signs = true, prior = true;
  bool stopping = true;  // false: plans ask all their workers
  bool teams = true;     // false: every plan is one worker
  double caution = 0.3;  // standard errors by which a team must beat the best worker alone
  std::vector<double>
      values;  // ascending, what a point may be worth in USD; empty: around the best worker's price
  std::function<void(double)> progress;  // share done, 0 to 1; may be empty
};

// What to do next, and the numbers that say why.
struct Advice {
  int ask = -1;        // worker; -1: stop
  int next = -1;       // who would be next, asked or not; -1: nobody is left
  double quality = 0;  // expected score of the answer there is
  double gain = 0;     // points expected from going on
  double usd = 0;      // spending expected on that
};

// Immutable after fitting; everything is thread safe.
class Evidence {
 public:
  // kInvalidRequest as Belief::Fit, or when no worker has both scores and costs.
  static Result<Evidence> Fit(const EvidenceTable& table, const EvidenceOptions& options);

  // The plan for a question. `usd`: price expected per worker, NaN where it may not be asked. `prior`:
  // P(right) per worker as a router says of this question, or empty. Null: nobody may be asked.
  struct Choice {
    const Plan* plan = nullptr;
    std::size_t rule = 0;
  };
  Choice Choose(std::span<const double> usd, double value, std::span<const float> prior = {}) const;

  // Opinions are numbered like the table's workers, in the order in which they were given.
  Advice Next(const Choice& choice, std::span<const Opinion> opinions, std::span<const float> prior,
              std::span<const double> usd, double value) const;
  Posterior Weigh(const Choice& choice, std::span<const Opinion> opinions,
                  std::span<const float> prior) const;

  std::size_t workers() const { return workers_; }
  const std::vector<double>& values() const { return values_; }
  const std::vector<Plan>& plans() const { return plans_; }

 private:
  friend class PlanFitter;
  friend class EvidenceFile;
  std::size_t workers_ = 0;
  std::vector<double> values_;  // USD per point, ascending
  std::vector<Plan> plans_;
};

}  // namespace baton::estimate
