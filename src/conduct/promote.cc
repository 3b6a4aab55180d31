#include "conduct/promote.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

#include "base/vectors.h"
#include "workflow/flow_tools.h"

namespace baton::conduct {
namespace {

constexpr std::uint64_t kSeed = 11;

// What a slice's training problems say of it.
struct Slice {
  std::vector<float> centre;
  float reach = 0;
  std::size_t best = 0;
};

// Sums of a family's states, template by template.
struct Sums {
  std::map<int, std::vector<double>> forms;
  std::map<int, double> n;
  std::vector<double> utility;  // of each worker
};

// Mean of all templates but `without`; of all, when there is no other.
std::vector<float> MeanOf(const Sums& sums, std::optional<int> without) {
  std::vector<double> sum(sums.forms.begin()->second.size(), 0);
  double n = 0;
  for (const auto& [form, part] : sums.forms) {
    if (without == form && sums.forms.size() > 1) continue;
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += part[i];
    n += sums.n.at(form);
  }
  std::vector<float> mean;
  mean.reserve(sum.size());
  for (const double v : sum) mean.push_back(static_cast<float>(v / n));
  return mean;
}

std::map<std::string, Slice> SlicesOf(const Rollouts& rollouts, const GateGround& g) {
  std::map<std::string, Sums> families;
  const auto width = static_cast<std::size_t>(rollouts.Blank(1, false).base.width);
  const auto& states = g.train_turns.states;
  for (std::size_t p = 0; p < g.train.size(); ++p) {
    if (states[p].size() != width) continue;
    Sums& sums = families[g.train[p].family];
    auto& sum = sums.forms[g.train[p].form];
    sum.resize(width, 0);
    for (std::size_t i = 0; i < width; ++i) sum[i] += static_cast<double>(states[p][i]);
    ++sums.n[g.train[p].form];
    sums.utility.resize(g.train_turns.workers, 0);
    for (std::size_t w = 0; w < g.train_turns.workers; ++w)
      sums.utility[w] += rollouts.Utility(g.train_turns.At(p, w));
  }
  std::map<std::string, Slice> out;
  for (const auto& [family, sums] : families) {
    Slice& s = out[family];
    s.centre = MeanOf(sums, std::nullopt);
    const auto& u = sums.utility;
    s.best = static_cast<std::size_t>(std::max_element(u.begin(), u.end()) - u.begin());
    std::map<int, std::vector<float>> others;
    for (const auto& [form, _] : sums.forms) others[form] = MeanOf(sums, form);
    for (std::size_t p = 0; p < g.train.size(); ++p) {
      if (g.train[p].family != family || states[p].size() != width) continue;
      s.reach = std::max(s.reach, SquaredDistance(others[g.train[p].form].data(), states[p].data(), width));
    }
  }
  return out;
}

// Each problem answered alone by its family's best worker.
Task<std::vector<arena::Rollout>> PlayAlone(Rollouts& rollouts, const std::map<std::string, Slice>& slices,
                                            const std::vector<arena::Problem>& problems) {
  std::vector<arena::Episode> episodes;
  for (const auto& p : problems) {
    const auto slice = slices.find(p.family);
    arena::Episode e;
    e.problem = &p;
    e.plan = rollouts.OneTurnPlan(slice == slices.end() ? 0 : slice->second.best);
    episodes.push_back(std::move(e));
  }
  auto out =
      co_await arena::PlayAll(rollouts.environment(), std::move(episodes), rollouts.options().parallel);
  co_return out;
}

// `utility`: the policy's on each of the ground's problems.
Task<Gate> GateOf(Rollouts& rollouts, GateGround ground, std::vector<double> utility) {
  const auto slices = SlicesOf(rollouts, ground);
  const auto alone = co_await PlayAlone(rollouts, slices, ground.problems);
  std::map<std::string, std::vector<double>> by_family;
  for (std::size_t i = 0; i < alone.size(); ++i)
    by_family[ground.problems[i].family].push_back(utility[i] - rollouts.Utility(alone[i]));
  Gate gate;
  gate.fallback = workflow::Strongest(rollouts.pool(), 0)->name;
  gate.usd_per_right = rollouts.options().usd_per_right;
  for (const auto& [family, slice] : slices) {
    SliceVerdict v = Judge(family, by_family[family]);
    v.centre = slice.centre;
    v.reach = slice.reach;
    v.worker = rollouts.workers()[slice.best];
    gate.slices.push_back(std::move(v));
  }
  co_return gate;
}

}  // namespace

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

std::string Line(const SliceVerdict& v) {
  return fmt::format("gate: slice {:<12} {} ({:+.3f} [{:+.3f}, {:+.3f}] against {}, {} problems)", v.slice,
                     v.passed ? "passed " : "refused", v.difference, v.low, v.high, v.worker, v.problems);
}

Task<Gate> MakeGate(Rollouts& rollouts, const Coordinator& coordinator, GateGround ground) {
  Coordinator free = coordinator;
  free.gate.reset();
  std::vector<Trial> trials;
  trials.reserve(ground.problems.size());
  for (const auto& p : ground.problems) trials.push_back({&free, &p, 0});
  const auto runs = co_await rollouts.Play(std::move(trials));
  std::vector<double> utility;
  utility.reserve(runs.size());
  for (const auto& r : runs) utility.push_back(r.utility);
  Gate gate = co_await GateOf(rollouts, ground, std::move(utility));
  co_return gate;
}

Task<Gate> MakeWorkflowGate(Rollouts& rollouts, const std::string& workflow, GateGround ground) {
  std::vector<std::string> team = rollouts.workers();
  const Measured ours =
      co_await MeasureWorkflow(rollouts, workflow, workflow, std::move(team), 0, ground.problems);
  std::vector<double> utility;
  utility.reserve(ours.tries.size());
  for (const auto& t : ours.tries) utility.push_back(rollouts.Utility(t));
  Gate gate = co_await GateOf(rollouts, ground, std::move(utility));
  co_return gate;
}

Task<Measured> MeasureGated(Rollouts& rollouts, std::string name, const std::string& workflow,
                            const Gate& gate, const std::vector<arena::Problem>& problems) {
  std::vector<std::string> team = rollouts.workers();
  Measured out = co_await MeasureWorkflow(rollouts, std::move(name), workflow, std::move(team), 0, problems);
  SingleTurns turns = co_await rollouts.PlaySingleTurns(problems);
  for (std::size_t p = 0; p < problems.size(); ++p) {
    const std::string who = gate.Ask(turns.states[p]).worker;
    const auto at = std::find(rollouts.workers().begin(), rollouts.workers().end(), who);
    if (at != rollouts.workers().end())
      out.tries[p] = turns.At(p, static_cast<std::size_t>(at - rollouts.workers().begin()));
    out.tries[p].tokens += turns.tokens[p];
    out.tries[p].cost += rollouts.ReadCost(turns.tokens[p]);
  }
  co_return out;
}

}  // namespace baton::conduct
