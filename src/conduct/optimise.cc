#include "conduct/optimise.h"

#include <algorithm>
#include <cmath>

#include "conduct/generation.h"

namespace baton::conduct {
namespace {

// Expected utility of a one-turn policy over recorded single turns: exact, and as cheap as a matrix product.
double Expected(const Rollouts& r, const SingleTurns& turns, const Coordinator& c) {
  double sum = 0;
  std::size_t n = 0;
  for (std::size_t p = 0; p < turns.states.size(); ++p) {
    if (turns.states[p].empty()) continue;
    const Odds odds = OddsOf(c, turns.states[p], {{}, false, false});
    for (std::size_t w = 0; w < turns.workers; ++w) sum += odds.workers[w] * r.Utility(turns.At(p, w));
    ++n;
  }
  return n > 0 ? sum / static_cast<double>(n) : 0;
}

// Steps of Adam (Kingma and Ba, 2015) uphill.
class Adam {
 public:
  Adam(std::size_t n, double rate) : m_(n, 0), v_(n, 0), rate_(rate) {}
  void Step(const std::vector<double>& gradient, std::vector<float>* at) {
    ++t_;
    for (std::size_t i = 0; i < gradient.size(); ++i) {
      m_[i] = 0.9 * m_[i] + 0.1 * gradient[i];
      v_[i] = 0.999 * v_[i] + 0.001 * gradient[i] * gradient[i];
      const double m = m_[i] / (1 - std::pow(0.9, t_)), v = v_[i] / (1 - std::pow(0.999, t_));
      (*at)[i] += static_cast<float>(rate_ * m / (std::sqrt(v) + 1e-8));
    }
  }

 private:
  std::vector<double> m_, v_;
  double rate_;
  int t_ = 0;
};

// Adds `weight` times the gradient of the log-probability of what was chosen.
void AddGradient(const Coordinator& c, const Choice& choice, double weight, std::vector<double>* gradient) {
  if (choice.state.empty()) return;
  const Odds odds = OddsOf(c, choice.state, choice.open);
  const auto width = static_cast<std::size_t>(c.base.width);
  const double scale = std::sqrt(static_cast<double>(width)) * weight;
  for (std::size_t r = 0; r < c.rows(); ++r) {
    const bool worker = r < c.workers.size();
    const double p = worker ? odds.workers[r] : odds.roles[r - c.workers.size()];
    const bool chosen = worker ? choice.worker == r : choice.role == r - c.workers.size();
    const double d = (static_cast<double>(chosen) - p) * scale;
    for (std::size_t i = 0; i < width && d != 0; ++i) (*gradient)[r * width + i] += d * choice.state[i];
  }
}

}  // namespace

Coordinator EvolveOnRecorded(const Rollouts& rollouts, const SingleTurns& turns, const Coordinator& blank,
                             const OptimiseOptions& o) {
  // The rows of roles have no say in a single turn and stay zero.
  const std::size_t n = blank.workers.size() * static_cast<std::size_t>(blank.base.width);
  SepCmaEs es({std::vector<double>(n, 0), o.sigma, o.population, o.seed});
  Coordinator c = blank;
  for (int g = 0; g < o.replay_generations; ++g) {
    std::vector<double> values;
    for (const auto& x : es.Ask()) {
      std::copy(x.begin(), x.end(), c.head.begin());
      values.push_back(-Expected(rollouts, turns, c));
    }
    es.Tell(values);
  }
  std::copy(es.mean().begin(), es.mean().end(), c.head.begin());
  return c;
}

Task<Optimised> RandomSearch(Rollouts& rollouts, const std::vector<arena::Problem>& problems,
                             Coordinator start, OptimiseOptions o) {
  Optimised out;
  out.coordinator = start;
  const std::int64_t before = rollouts.played();
  const double spread = o.sigma * std::sqrt(3.0);  // uniform with the same standard deviation
  double best = -std::numeric_limits<double>::infinity();
  for (int g = 0; g < o.generations && !(o.stop && o.stop()); ++g) {
    Random random = OfGeneration(o.seed, g, 11);
    std::vector<Coordinator> candidates(static_cast<std::size_t>(PopulationOf(start, o)), start);
    for (auto& c : candidates) {
      for (auto& v : c.head) v += static_cast<float>((2 * random.Unit() - 1) * spread);
    }
    const auto drawn = DrawProblems(problems, o.replications, random);
    auto trials = TrialsOf(candidates, drawn, random);
    const auto runs = co_await rollouts.Play(std::move(trials));
    std::vector<double> utilities;
    CurveRow row = RowOf(g + 1, runs, drawn.size(), &utilities);
    for (std::size_t k = 0; k < utilities.size(); ++k) {
      if (utilities[k] <= best) continue;
      best = utilities[k];
      out.coordinator = candidates[k];
    }
    row.rollouts = rollouts.played() - before;
    out.curve.push_back(row);
    if (o.on_row) o.on_row(row);
  }
  out.rollouts = rollouts.played() - before;
  co_return out;
}

Task<Optimised> Reinforce(Rollouts& rollouts, const std::vector<arena::Problem>& problems, Coordinator start,
                          OptimiseOptions o) {
  Optimised out;
  out.coordinator = std::move(start);
  const std::int64_t before = rollouts.played();
  Adam adam(out.coordinator.parameters(), 0.003);
  const int population = PopulationOf(out.coordinator, o);
  for (int g = 0; g < o.generations && !(o.stop && o.stop()); ++g) {
    Random random = OfGeneration(o.seed, g, 13);
    const auto drawn = DrawProblems(problems, o.replications, random);
    const std::vector<Coordinator> same(static_cast<std::size_t>(population), out.coordinator);
    auto trials = TrialsOf(same, drawn, random);
    const auto runs = co_await rollouts.Play(std::move(trials));
    std::vector<double> baseline(drawn.size(), 0), gradient(out.coordinator.parameters(), 0), utilities;
    for (std::size_t i = 0; i < runs.size(); ++i) baseline[i % drawn.size()] += runs[i].utility / population;
    for (std::size_t i = 0; i < runs.size(); ++i) {
      const double advantage = runs[i].utility - baseline[i % drawn.size()];
      for (const auto& choice : runs[i].choices)
        AddGradient(out.coordinator, choice, advantage / static_cast<double>(runs.size()), &gradient);
    }
    adam.Step(gradient, &out.coordinator.head);
    CurveRow row = RowOf(g + 1, runs, drawn.size(), &utilities);
    row.rollouts = rollouts.played() - before;
    out.curve.push_back(row);
    if (o.on_row) o.on_row(row);
  }
  out.rollouts = rollouts.played() - before;
  co_return out;
}

Coordinator FitLabels(const Rollouts& rollouts, const SingleTurns& turns, Coordinator c) {
  constexpr int kEpochs = 300;
  constexpr double kDecay = 1e-3;
  std::vector<Choice> labels;
  for (std::size_t p = 0; p < turns.states.size(); ++p) {
    if (turns.states[p].empty()) continue;
    std::size_t best = 0;
    for (std::size_t w = 1; w < turns.workers; ++w) {
      if (rollouts.Utility(turns.At(p, w)) > rollouts.Utility(turns.At(p, best))) best = w;
    }
    if (turns.At(p, best).score <= 0) continue;
    labels.push_back({best, 0, 1, turns.states[p], {{}, false, false}});
  }
  c.turns = 1;
  Adam adam(c.parameters(), 0.003);
  for (int e = 0; e < kEpochs && !labels.empty(); ++e) {
    std::vector<double> gradient(c.parameters(), 0);
    for (const auto& l : labels) AddGradient(c, l, 1.0 / static_cast<double>(labels.size()), &gradient);
    for (std::size_t i = 0; i < gradient.size(); ++i) gradient[i] -= kDecay * c.head[i];
    adam.Step(gradient, &c.head);
  }
  return c;
}

}  // namespace baton::conduct
