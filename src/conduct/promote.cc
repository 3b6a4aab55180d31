#include "conduct/promote.h"

#include <map>

namespace baton::conduct {
namespace {

constexpr std::uint64_t kSeed = 11;

std::map<std::string, std::vector<float>> Centres(const std::vector<arena::Problem>& train,
                                                  const SingleTurns& turns, std::size_t width) {
  std::map<std::string, std::vector<float>> sums;
  std::map<std::string, float> n;
  for (std::size_t p = 0; p < train.size(); ++p) {
    if (turns.states[p].size() != width) continue;
    auto& sum = sums[train[p].family];
    sum.resize(width, 0);
    for (std::size_t i = 0; i < width; ++i) sum[i] += turns.states[p][i];
    ++n[train[p].family];
  }
  for (auto& [family, sum] : sums) {
    for (float& v : sum) v /= n[family];
  }
  return sums;
}

Task<std::vector<arena::Rollout>> PlayAlone(Rollouts& rollouts, std::size_t worker,
                                            const std::vector<arena::Problem>& problems) {
  std::vector<arena::Episode> episodes;
  for (const auto& p : problems) {
    arena::Episode e;
    e.problem = &p;
    e.plan = rollouts.OneTurnPlan(worker);
    episodes.push_back(std::move(e));
  }
  auto out =
      co_await arena::PlayAll(rollouts.environment(), std::move(episodes), rollouts.options().parallel);
  co_return out;
}

}  // namespace

const SliceVerdict* Gate::SliceOf(std::span<const float> state) const {
  const SliceVerdict* nearest = nullptr;
  float least = 0;
  for (const auto& s : slices) {
    if (s.centre.size() != state.size()) continue;
    float distance = 0;
    for (std::size_t i = 0; i < state.size(); ++i)
      distance += (state[i] - s.centre[i]) * (state[i] - s.centre[i]);
    if (nearest && distance >= least) continue;
    nearest = &s;
    least = distance;
  }
  return nearest;
}

SliceVerdict Judge(std::string slice, const std::vector<double>& differences) {
  SliceVerdict v;
  v.slice = std::move(slice);
  v.problems = static_cast<std::int64_t>(differences.size());
  for (const double d : differences) v.difference += d / static_cast<double>(differences.size());
  const Interval interval = Bootstrap(differences, kSeed);
  v.low = interval.low;
  v.high = interval.high;
  v.passed = v.problems >= kLeastPerSlice && v.low > 0;
  return v;
}

namespace {

// One verdict per family that was trained on, from what the policy and worker `best` made of the same
// problems.
Gate GateOf(const Rollouts& rollouts, std::size_t best, const std::vector<arena::Problem>& problems,
            const std::vector<double>& differences, const std::vector<arena::Problem>& train,
            const SingleTurns& train_turns, std::size_t width) {
  std::map<std::string, std::vector<double>> by_family;
  for (std::size_t i = 0; i < problems.size(); ++i) by_family[problems[i].family].push_back(differences[i]);
  Gate gate;
  gate.fallback = rollouts.workers()[best];
  gate.usd_per_right = rollouts.options().usd_per_right;
  for (auto& [family, centre] : Centres(train, train_turns, width)) {
    SliceVerdict v = Judge(family, by_family[family]);
    v.centre = std::move(centre);
    gate.slices.push_back(std::move(v));
  }
  return gate;
}

}  // namespace

Task<Gate> MakeGate(Rollouts& rollouts, const Coordinator& coordinator, std::size_t best,
                    const std::vector<arena::Problem>& problems, const std::vector<arena::Problem>& train,
                    const SingleTurns& train_turns) {
  Coordinator free = coordinator;
  free.gate.reset();
  std::vector<Trial> trials;
  trials.reserve(problems.size());
  for (const auto& p : problems) trials.push_back({&free, &p, 0});
  const auto runs = co_await rollouts.Play(std::move(trials));
  const auto alone = co_await PlayAlone(rollouts, best, problems);
  std::vector<double> differences;
  for (std::size_t i = 0; i < problems.size(); ++i)
    differences.push_back(runs[i].utility - rollouts.Utility(alone[i]));
  co_return GateOf(rollouts, best, problems, differences, train, train_turns,
                   static_cast<std::size_t>(free.base.width));
}

Task<Gate> MakeWorkflowGate(Rollouts& rollouts, const std::string& workflow, std::size_t best,
                            const std::vector<arena::Problem>& problems,
                            const std::vector<arena::Problem>& train, const SingleTurns& train_turns) {
  std::vector<std::string> team = rollouts.workers();
  const Measured ours = co_await MeasureWorkflow(rollouts, workflow, workflow, std::move(team), 0, problems);
  const auto alone = co_await PlayAlone(rollouts, best, problems);
  std::vector<double> differences;
  for (std::size_t i = 0; i < problems.size(); ++i)
    differences.push_back(rollouts.Utility(ours.tries[i]) - rollouts.Utility(alone[i]));
  const auto width = static_cast<std::size_t>(rollouts.Blank(1, false).base.width);
  co_return GateOf(rollouts, best, problems, differences, train, train_turns, width);
}

}  // namespace baton::conduct
