#include "conduct/masrouter.h"

#include <algorithm>
#include <cmath>

#include "conduct/adam.h"
#include "conduct/generation.h"

namespace baton::conduct {
namespace {

using workflow::Role;

struct Decision {
  std::size_t form = 0;
  std::size_t who[3] = {};
};

// Of the rows [from, from + n) of the head.
std::vector<double> OddsAt(const MasRouter& m, std::size_t from, std::size_t n,
                           std::span<const float> state) {
  const double scale = std::sqrt(static_cast<double>(m.width));
  std::vector<double> out(n);
  double most = -1e300, all = 0;
  for (std::size_t r = 0; r < n; ++r) {
    double sum = 0;
    for (std::size_t i = 0; i < m.width; ++i)
      sum += static_cast<double>(m.head[(from + r) * m.width + i]) * static_cast<double>(state[i]);
    out[r] = sum * scale;
    most = std::max(most, out[r]);
  }
  for (double& v : out) all += v = std::exp(v - most);
  for (double& v : out) v /= all;
  return out;
}

std::size_t PlaceRow(const MasRouter& m, std::size_t place) {
  return kForms + place * m.workers;
}

std::size_t Pick(const std::vector<double>& odds, Random* random) {
  if (!random) return static_cast<std::size_t>(std::max_element(odds.begin(), odds.end()) - odds.begin());
  double left = random->Unit();
  for (std::size_t i = 0; i + 1 < odds.size(); ++i) {
    left -= odds[i];
    if (left < 0) return i;
  }
  return odds.size() - 1;
}

Decision Decide(const MasRouter& m, std::span<const float> state, Random* random) {
  Decision d;
  d.form = Pick(OddsAt(m, 0, kForms, state), random);
  for (std::size_t place = 0; place < kPlaces[d.form]; ++place)
    d.who[place] = Pick(OddsAt(m, PlaceRow(m, place), m.workers, state), random);
  return d;
}

workflow::Plan PlanOf(const Rollouts& rollouts, const Decision& d) {
  const std::int64_t most = rollouts.options().max_answer;
  const auto step = [&](std::size_t place, Role role, bool sees) {
    workflow::Step s = TurnStep(static_cast<int>(place) + 1, rollouts.pool()[d.who[place]], role, most);
    s.access.all = sees;
    return s;
  };
  workflow::Plan plan;
  plan.workflow = "masrouter";
  switch (d.form) {
    case 0:
      plan.steps = {step(0, Role::kWorker, false)};
      break;
    case 1:
      plan.steps = {step(0, Role::kThinker, false), step(1, Role::kWorker, true)};
      break;
    case 2:
      plan.steps = {step(0, Role::kWorker, false), step(1, Role::kWorker, true)};
      break;
    default:
      plan.steps = {step(0, Role::kWorker, false), step(1, Role::kWorker, false),
                    step(2, Role::kWorker, true)};
  }
  // The last place's answer; where it has none, the one before.
  for (auto id = static_cast<workflow::StepId>(plan.steps.size()) - 1; id >= 0; --id)
    plan.answers.push_back(id);
  return plan;
}

// Adds `weight` times the gradient of the log-probability of what was chosen from these rows.
void AddRows(const MasRouter& m, std::size_t from, std::size_t n, std::size_t chosen,
             std::span<const float> state, double weight, std::vector<double>* gradient) {
  const std::vector<double> odds = OddsAt(m, from, n, state);
  const double scale = std::sqrt(static_cast<double>(m.width)) * weight;
  for (std::size_t r = 0; r < n; ++r) {
    const double d = (static_cast<double>(r == chosen) - odds[r]) * scale;
    for (std::size_t i = 0; i < m.width; ++i)
      (*gradient)[(from + r) * m.width + i] += d * static_cast<double>(state[i]);
  }
}

Task<std::vector<arena::Rollout>> PlayPlans(Rollouts& rollouts,
                                            const std::vector<const arena::Problem*>& problems,
                                            const std::vector<Decision>& decisions) {
  std::vector<arena::Episode> episodes;
  for (std::size_t i = 0; i < decisions.size(); ++i) {
    arena::Episode e;
    e.problem = problems[i];
    e.plan = PlanOf(rollouts, decisions[i]);
    episodes.push_back(std::move(e));
  }
  auto out =
      co_await arena::PlayAll(rollouts.environment(), std::move(episodes), rollouts.options().parallel);
  rollouts.CountPlayed(static_cast<std::int64_t>(out.size()));
  co_return out;
}

std::vector<double> Advantages(const Rollouts& rollouts, const std::vector<arena::Rollout>& runs,
                               std::size_t drawn) {
  std::vector<double> out, baseline(drawn, 0);
  const auto each = static_cast<double>(runs.size() / drawn);
  for (std::size_t i = 0; i < runs.size(); ++i) baseline[i % drawn] += rollouts.Utility(runs[i]) / each;
  for (std::size_t i = 0; i < runs.size(); ++i)
    out.push_back((rollouts.Utility(runs[i]) - baseline[i % drawn]) / static_cast<double>(runs.size()));
  return out;
}

}  // namespace

Task<MasRouter> TrainMasRouter(Rollouts& rollouts, const std::vector<arena::Problem>& problems,
                               const SingleTurns& turns, OptimiseOptions o) {
  MasRouter m;
  m.workers = rollouts.workers().size();
  const Coordinator like = rollouts.Blank(1, true);
  m.width = static_cast<std::size_t>(like.base.width);
  m.head.assign(m.rows() * m.width, 0);
  Adam adam(m.head.size(), 0.003);
  const auto population = static_cast<std::size_t>(PopulationOf(like, o));
  for (int g = 0; g < o.generations && !(o.stop && o.stop()); ++g) {
    Random random = OfGeneration(o.seed, g, 19);
    const auto drawn = DrawProblems(problems, o.replications, random);
    std::vector<const arena::Problem*> asked;
    std::vector<Decision> decisions;
    for (std::size_t k = 0; k < population; ++k) {
      for (const auto* p : drawn) {
        const auto at = static_cast<std::size_t>(p - problems.data());
        if (turns.states[at].size() != m.width) continue;
        asked.push_back(p);
        decisions.push_back(Decide(m, turns.states[at], &random));
      }
    }
    if (decisions.empty()) break;
    const auto runs = co_await PlayPlans(rollouts, asked, decisions);
    const auto advantages = Advantages(rollouts, runs, runs.size() / population);
    std::vector<double> gradient(m.head.size(), 0);
    for (std::size_t i = 0; i < runs.size(); ++i) {
      const auto& state = turns.states[static_cast<std::size_t>(asked[i] - problems.data())];
      AddRows(m, 0, kForms, decisions[i].form, state, advantages[i], &gradient);
      for (std::size_t place = 0; place < kPlaces[decisions[i].form]; ++place)
        AddRows(m, PlaceRow(m, place), m.workers, decisions[i].who[place], state, advantages[i], &gradient);
    }
    adam.Step(gradient, &m.head);
  }
  co_return m;
}

Task<std::vector<arena::Rollout>> PlayMasRouter(Rollouts& rollouts, const MasRouter& m,
                                                const std::vector<arena::Problem>& problems,
                                                const SingleTurns& turns) {
  std::vector<const arena::Problem*> asked;
  std::vector<Decision> decisions;
  for (std::size_t p = 0; p < problems.size(); ++p) {
    asked.push_back(&problems[p]);
    decisions.push_back(turns.states[p].size() == m.width ? Decide(m, turns.states[p], nullptr) : Decision{});
  }
  auto out = co_await PlayPlans(rollouts, asked, decisions);
  for (std::size_t p = 0; p < out.size(); ++p) {
    // The question is read once.
    out[p].tokens += turns.tokens[p];
    out[p].cost += rollouts.ReadCost(turns.tokens[p]);
  }
  co_return out;
}

}  // namespace baton::conduct
