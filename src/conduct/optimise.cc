#include "conduct/optimise.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "conduct/adam.h"
#include "conduct/generation.h"

namespace baton::conduct {
namespace {

// Eight sums side by side, which the compiler turns into one vector.
float Dot(const float* a, const float* b, std::size_t n) {
  float sums[8] = {};
  std::size_t i = 0;
  for (; i + 8 <= n; i += 8) {
    for (std::size_t k = 0; k < 8; ++k) sums[k] += a[i + k] * b[i + k];
  }
  float sum = 0;
  for (; i < n; ++i) sum += a[i] * b[i];
  return sum + std::accumulate(std::begin(sums), std::end(sums), 0.0F);
}

// Expected utility of a one-turn policy over recorded single turns: as cheap as a matrix product, and no
// call.
class Replay {
 public:
  Replay(const Rollouts& r, const SingleTurns& turns) : workers_(turns.workers) {
    for (std::size_t p = 0; p < turns.states.size(); ++p) {
      if (turns.states[p].empty()) continue;
      states_.push_back(&turns.states[p]);
      for (std::size_t w = 0; w < workers_; ++w) utilities_.push_back(r.Utility(turns.At(p, w)));
    }
  }
  double Expected(const Coordinator& c) const {
    const auto width = static_cast<std::size_t>(c.base.width);
    const double scale = std::sqrt(static_cast<double>(width));
    std::vector<double> odds(workers_);
    double sum = 0;
    for (std::size_t p = 0; p < states_.size(); ++p) {
      double most = -std::numeric_limits<double>::infinity();
      for (std::size_t w = 0; w < workers_; ++w) {
        odds[w] = scale * static_cast<double>(Dot(&c.head[w * width], states_[p]->data(), width));
        most = std::max(most, odds[w]);
      }
      double all = 0, value = 0;
      for (std::size_t w = 0; w < workers_; ++w) {
        const double odd = std::exp(odds[w] - most);
        all += odd;
        value += odd * utilities_[p * workers_ + w];
      }
      sum += value / all;
    }
    return states_.empty() ? 0 : sum / static_cast<double>(states_.size());
  }

 private:
  std::size_t workers_;
  std::vector<const std::vector<float>*> states_;
  std::vector<double> utilities_;
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

std::vector<double> SpreadFor(const OptimiseOptions& o, std::size_t parameters) {
  std::vector<double> out;
  for (std::size_t i = 0; i < parameters && !o.spread.empty(); ++i)
    out.push_back(o.spread[i % o.spread.size()]);
  return out;
}

std::vector<double> SpreadOf(const SingleTurns& turns, std::size_t width) {
  constexpr double kMost = 4;  // a number that is hardly ever anything must not become loud
  std::vector<double> squares(width, 0);
  double n = 0;
  for (const auto& s : turns.states) {
    if (s.size() != width) continue;
    ++n;
    for (std::size_t i = 0; i < width; ++i)
      squares[i] += static_cast<double>(s[i]) * static_cast<double>(s[i]);
  }
  std::vector<double> out(width, 1);
  if (n == 0) return out;
  // A state has length 1: its numbers have a mean square of 1 / width.
  for (std::size_t i = 0; i < width; ++i)
    out[i] = std::min(kMost, 1 / std::sqrt(std::max(squares[i] / n * static_cast<double>(width), 1e-12)));
  return out;
}

Coordinator EvolveOnRecorded(const Rollouts& rollouts, const SingleTurns& turns, const Coordinator& blank,
                             const OptimiseOptions& o) {
  // The rows of roles have no say in a single turn and stay zero. Labels say most of what one turn can teach,
  // for nothing; from zeros, a thousand generations on 84 problems ended 9 points behind them.
  const std::size_t n = blank.workers.size() * static_cast<std::size_t>(blank.base.width);
  const Coordinator labels = FitLabels(rollouts, turns, blank);
  std::vector<double> start(labels.head.begin(), labels.head.begin() + static_cast<std::ptrdiff_t>(n));
  SepCmaEs es({std::move(start), o.sigma, SpreadFor(o, n), o.population, o.seed});
  const Replay replay(rollouts, turns);
  Coordinator c = blank;
  for (int g = 0; g < o.replay_generations; ++g) {
    std::vector<double> values;
    for (const auto& x : es.Ask()) {
      std::copy(x.begin(), x.end(), c.head.begin());
      values.push_back(-replay.Expected(c));
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
  const double reach = o.sigma * std::sqrt(3.0);  // uniform with the same standard deviation
  const std::vector<double> spread = SpreadFor(o, start.parameters());
  double best = -std::numeric_limits<double>::infinity();
  for (int g = 0; g < o.generations && !(o.stop && o.stop()); ++g) {
    Random random = OfGeneration(o.seed, g, 11);
    std::vector<Coordinator> candidates(static_cast<std::size_t>(PopulationOf(start, o)), start);
    for (auto& c : candidates) {
      for (std::size_t i = 0; i < c.head.size(); ++i)
        c.head[i] += static_cast<float>((2 * random.Unit() - 1) * reach * (spread.empty() ? 1 : spread[i]));
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
