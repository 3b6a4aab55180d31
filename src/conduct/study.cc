#include "conduct/study.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "conduct/promote.h"

namespace baton::conduct {
namespace {

constexpr std::array kSamples = {3, 5, 9, 15};

// What runs between two coroutines: everything a study has made so far.
struct Desk {
  Rollouts& rollouts;
  const std::vector<arena::Problem>& train;
  const std::vector<arena::Problem>& test;
  StudyOptions o;
  Study out;
  Singles singles;

  void Say(const std::string& line) const {
    if (o.say) o.say(line);
  }
  OptimiseOptions Named(const std::string& name) const {
    OptimiseOptions n = o.optimise;
    n.on_row = [this, name](const CurveRow& r) {
      Say(
          fmt::format("{} {:>3}: utility {:.3f} (best {:.3f}), right {:.3f}, ${:.6f}, {:.2f} turns, sigma "
                      "{:.4f}, {} rollouts",
                      name, r.generation, r.mean, r.best, r.score, r.usd, r.turns, r.sigma, r.rollouts));
      if (o.optimise.on_row) o.optimise.on_row(r);
    };
    if (name == "coordinator") return n;
    n.checkpoint.clear();
    n.stop = o.give_up;
    return n;
  }
  void Keep(const std::string& name, const Optimised& made) {
    out.curves[name] = made.curve;
    out.rollouts[name] = made.rollouts + static_cast<std::int64_t>(singles.train.cells.size());
  }
  void Add(Measured m) {
    Say(fmt::format("{:<28} right {:.3f}, ${:.6f}, {:.0f} tokens, {:.2f} calls", m.name, m.accuracy(),
                    m.usd(), m.tokens(), m.calls()));
    out.policies.push_back(std::move(m));
  }
};

Task<void> PlaySingles(Desk* d) {
  d->singles = co_await MeasureSingles(d->rollouts, d->train, d->test);
  d->out.best_single = d->rollouts.workers()[d->singles.best];
  d->Say(fmt::format("single turns: {} problems to train on, {} to test; best single worker on train: {}",
                     d->train.size(), d->test.size(), d->out.best_single));
  for (auto& row : d->singles.rows) d->Add(std::move(row));
}

Task<Status> Train(Desk* d, const Coordinator& start) {
  auto evolved = co_await Evolve(d->rollouts, d->train, start, d->Named("coordinator"));
  if (!evolved) co_return std::move(evolved).error();
  d->out.coordinator = evolved->coordinator;
  d->Keep("coordinator", *evolved);
  Measured m = co_await MeasureCoordinator(d->rollouts, "coordinator", evolved->coordinator, d->test);
  d->Add(std::move(m));
  if (d->o.gate.empty()) co_return Status();
  const GateGround ground{d->o.gate, d->train, d->singles.train};
  Gate gate = co_await MakeGate(d->rollouts, d->out.coordinator, ground);
  for (const auto& s : gate.slices) d->Say(Line(s));
  d->out.coordinator.gate = std::move(gate);
  Measured gated = co_await MeasureCoordinator(d->rollouts, "coordinator_gated", d->out.coordinator, d->test);
  d->Add(std::move(gated));
  co_return Status();
}

Task<Status> Controls(Desk* d, const Coordinator& start) {
  const auto done = static_cast<int>(d->out.curves["coordinator"].size());
  OptimiseOptions random = d->Named("random_search"), gradient = d->Named("reinforce"),
                  plain = d->Named("no_roles");
  random.generations = gradient.generations = plain.generations = done;
  const Optimised searched = co_await RandomSearch(d->rollouts, d->train, start, random);
  d->Keep("random_search", searched);
  Measured one = co_await MeasureCoordinator(d->rollouts, "random_search", searched.coordinator, d->test);
  d->Add(std::move(one));
  const Optimised climbed = co_await Reinforce(d->rollouts, d->train, start, gradient);
  d->Keep("reinforce", climbed);
  Measured two = co_await MeasureCoordinator(d->rollouts, "reinforce", climbed.coordinator, d->test);
  d->Add(std::move(two));
  Coordinator without = start;
  without.roles = false;
  auto evolved = co_await Evolve(d->rollouts, d->train, without, plain);
  if (!evolved) co_return std::move(evolved).error();
  d->Keep("coordinator_without_roles", *evolved);
  Measured three =
      co_await MeasureCoordinator(d->rollouts, "coordinator_without_roles", evolved->coordinator, d->test);
  d->Add(std::move(three));
  co_return Status();
}

double CoordinatorsUsd(const Desk& d) {
  for (const auto& m : d.out.policies) {
    if (m.name == "coordinator") return m.usd();
  }
  return 0;
}

Task<void> Baselines(Desk* d) {
  const std::string who = d->o.consistent.empty() ? d->out.best_single : d->o.consistent;
  const auto& names = d->rollouts.workers();
  const auto at = static_cast<std::size_t>(std::find(names.begin(), names.end(), who) - names.begin());
  const int n = SamplesFor(CoordinatorsUsd(*d),
                           MeasureSingle(d->singles.test, std::min(at, names.size() - 1), who).usd());
  std::vector<std::string> alone(1, who);
  Measured same = co_await MeasureWorkflow(d->rollouts, "self_consistency", ConsistencyFlow(n),
                                           std::move(alone), 0.7, d->test);
  same.note = fmt::format("{} samples of {}", n, who);
  d->Add(std::move(same));
  Measured vote = co_await MeasureWorkflow(d->rollouts, "majority", "majority", names, 0, d->test);
  d->Add(std::move(vote));
  if (d->o.planner.empty()) co_return;
  Measured layers = co_await MeasureWorkflow(d->rollouts, "mixture_of_agents", "mixture", names, 0, d->test);
  d->Add(std::move(layers));
  Measured planned = co_await MeasureWorkflow(d->rollouts, "prompted_planner", "planned", names, 0, d->test);
  planned.note = "planned by " + d->o.planner;
  d->Add(std::move(planned));
}

}  // namespace

int SamplesFor(double usd, double single_usd) {
  for (const int n : kSamples) {
    if (n * single_usd >= usd) return n;
  }
  return kSamples.back();
}

std::string ConsistencyFlow(int samples) {
  return fmt::format("consistency_{}", samples);
}

std::vector<workflow::FlowSettings> StudyFlows(const std::string& planner) {
  std::vector<workflow::FlowSettings> out;
  for (const int n : kSamples) {
    workflow::FlowSettings s;
    s.name = ConsistencyFlow(n);
    s.kind = "self_consistency";
    s.samples = n;
    out.push_back(s);
  }
  workflow::FlowSettings vote;
  vote.name = "majority";
  vote.kind = "poll";
  vote.decide = "vote";
  out.push_back(vote);
  workflow::FlowSettings layers;
  layers.name = "mixture";
  layers.kind = "mixture_of_agents";
  layers.layers = 1;
  layers.synthesizer = planner;
  workflow::FlowSettings planned;
  planned.name = "planned";
  planned.kind = "conducted";
  planned.planner = planner;
  if (!planner.empty()) out.insert(out.end(), {layers, planned});
  return out;
}

Task<Result<Study>> RunStudy(Rollouts& rollouts, const std::vector<arena::Problem>& train,
                             const std::vector<arena::Problem>& test, StudyOptions options) {
  Desk d{rollouts, train, test, std::move(options), {}, {}};
  const double began = d.o.seconds ? d.o.seconds() : 0;
  co_await PlaySingles(&d);
  d.o.optimise.spread =
      SpreadOf(d.singles.train, static_cast<std::size_t>(rollouts.Blank(1, false).base.width));
  Coordinator start =
      EvolveOnRecorded(rollouts, d.singles.train, rollouts.Blank(d.o.turns, true), d.o.optimise);
  Coordinator one_turn = start;
  one_turn.turns = 1;
  one_turn.roles = false;
  Measured first = co_await MeasureCoordinator(rollouts, "coordinator_one_turn", one_turn, test);
  d.Add(std::move(first));
  const Coordinator labels = FitLabels(rollouts, d.singles.train, rollouts.Blank(1, false));
  Measured supervised = co_await MeasureCoordinator(rollouts, "supervised", labels, test);
  d.Add(std::move(supervised));
  d.out.rollouts["supervised"] = d.out.rollouts["coordinator_one_turn"] =
      static_cast<std::int64_t>(d.singles.train.cells.size());
  CO_TRY_VOID(co_await Train(&d, start));
  d.out.train_seconds = d.o.seconds ? d.o.seconds() - began : 0;
  if (d.o.controls) CO_TRY_VOID(co_await Controls(&d, start));
  if (d.o.baselines) co_await Baselines(&d);
  co_return std::move(d.out);
}

}  // namespace baton::conduct
