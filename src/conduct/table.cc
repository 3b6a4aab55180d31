#include "conduct/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "conduct/masrouter.h"
#include "conduct/promote.h"

namespace baton::conduct {
namespace {

// A row's policy, to be played where and on what one likes.
using Row = std::function<Task<Measured>(Rollouts&, const std::vector<arena::Problem>&)>;

struct Desk {
  Rollouts& rollouts;
  const std::vector<arena::Problem>& train;
  const std::vector<arena::Problem>& test;
  TableOptions o;
  Study out;
  Singles singles;
  Coordinator labels, free;
  MasRouter router;
  std::map<std::string, Row> again;

  void Add(Measured m) {
    if (o.say)
      o.say(fmt::format("{:<28} right {:.3f}, ${:.7f}, {:.0f} tokens, {:.2f} calls", m.name, m.accuracy(),
                        m.usd(), m.tokens(), m.calls()));
    out.policies.push_back(std::move(m));
  }
};

Task<void> Alone(Desk* d) {
  d->singles = co_await MeasureSingles(d->rollouts, d->train, d->test);
  d->out.best_single = d->rollouts.workers()[d->singles.best];
  for (auto& row : d->singles.rows) d->Add(std::move(row));
}

// Plays the rows on the test problems and keeps them, for the clock.
struct Named {
  std::string name, note;
  Row row;
};
Task<void> PlayRows(Desk* d, std::vector<Named> rows) {
  for (auto& r : rows) {
    Task<Measured> playing = r.row(d->rollouts, d->test);
    Measured m = co_await std::move(playing);
    m.note = r.note;
    d->again[r.name] = std::move(r.row);
    d->Add(std::move(m));
  }
}

Row OfCoordinator(std::string name, const Coordinator* c) {
  return [name = std::move(name), c](Rollouts& r, const std::vector<arena::Problem>& problems) {
    return MeasureCoordinator(r, name, *c, problems);
  };
}

Row OfWorkflow(const std::string& name, const std::string& workflow, const std::vector<std::string>& workers,
               double temperature) {
  return [=](Rollouts& r, const std::vector<arena::Problem>& problems) {
    return MeasureWorkflow(r, name, workflow, workers, temperature, problems);
  };
}

Task<Measured> MeasureMasRouter(Rollouts& rollouts, const Desk* d,
                                const std::vector<arena::Problem>& problems) {
  Measured m;
  m.name = "masrouter_style";
  m.tries = co_await PlayMasRouter(rollouts, d->router, problems, d->singles.test);
  co_return m;
}

std::vector<Named> CoordinatorRows(Desk* d) {
  std::vector<Named> out;
  if (!d->o.coordinator) return out;
  d->free = *d->o.coordinator;
  d->free.gate.reset();
  out.push_back({"coordinator", "", OfCoordinator("coordinator", &d->free)});
  if (d->o.coordinator->gate)
    out.push_back({"coordinator_gated", "", OfCoordinator("coordinator_gated", d->o.coordinator)});
  return out;
}

Task<void> Learned(Desk* d) {
  d->labels = FitLabels(d->rollouts, d->singles.train, d->rollouts.Blank(1, false));
  std::vector<Named> rows;
  rows.push_back({"supervised", "", OfCoordinator("supervised", &d->labels)});
  co_await PlayRows(d, std::move(rows));
  if (d->o.more) {
    for (auto& m : d->o.more(d->singles.train, d->singles.test)) d->Add(std::move(m));
  }
  rows = CoordinatorRows(d);
  if (d->o.baselines) {
    d->router = co_await TrainMasRouter(d->rollouts, d->train, d->singles.train, d->o.optimise);
    rows.insert(rows.begin(), {"masrouter_style", "re-implemented after the paper (src/conduct/masrouter.h)",
                               [d](Rollouts& r, const std::vector<arena::Problem>& p) {
                                 return MeasureMasRouter(r, d, p);
                               }});
  }
  co_await PlayRows(d, std::move(rows));
}

std::vector<Named> BaselineRows(Desk* d) {
  double dearest = 0;
  for (const auto& m : d->out.policies) {
    const bool learned = m.name == "supervised" || m.name == "router" || m.name == "coordinator";
    if (learned) dearest = std::max(dearest, m.usd());
  }
  const int n = SamplesFor(dearest, MeasureSingle(d->singles.test, d->singles.best, "").usd());
  const std::string& single = d->out.best_single;
  const auto& names = d->rollouts.workers();
  std::vector<Named> out;
  out.push_back({"self_consistency", fmt::format("{} samples of {}", n, single),
                 OfWorkflow("self_consistency", ConsistencyFlow(n), {single}, 0.7)});
  out.push_back({"majority", "", OfWorkflow("majority", "majority", names, 0)});
  if (!d->o.languages.empty())
    out.push_back({"mixture_of_agents", "aggregated by " + d->o.languages.back(),
                   OfWorkflow("mixture_of_agents", "mixture", names, 0)});
  for (const auto& who : d->o.languages) {
    const std::string name = "prompted_planner:" + who;
    out.push_back({name, "", OfWorkflow(name, "planned_" + who, names, 0)});
  }
  return out;
}

std::vector<Named> ConductorRows(Desk* d) {
  std::vector<Named> out;
  const auto& names = d->rollouts.workers();
  if (d->o.conductor.empty()) return out;
  for (const char* name : {"conductor", "conductor_recursive"})
    out.push_back({name, "planned by " + d->o.conductor, OfWorkflow(name, name, names, 0)});
  return out;
}

Task<void> Gated(Desk* d) {
  if (d->o.conductor.empty() || d->o.gate.empty()) co_return;
  const GateGround ground{d->o.gate, d->train, d->singles.train};
  d->out.conductor_gate = co_await MakeWorkflowGate(d->rollouts, "conductor", ground);
  if (d->o.say) {
    for (const auto& s : d->out.conductor_gate->slices) d->o.say(Line(s));
  }
  const Gate* gate = &*d->out.conductor_gate;
  std::vector<Named> rows;
  rows.push_back({"conductor_gated", "its milliseconds without reading the question",
                  [gate](Rollouts& r, const std::vector<arena::Problem>& p) {
                    return MeasureGated(r, "conductor_gated", "conductor", *gate, p);
                  }});
  co_await PlayRows(d, std::move(rows));
}

double MeanMs(const std::vector<arena::Rollout>& tries) {
  double sum = 0;
  for (const auto& t : tries) sum += t.ms;
  return tries.empty() ? -1 : sum / static_cast<double>(tries.size());
}

// Every policy again, on a few problems one after the other, where nothing is remembered. Rows that were made
// from single turns take what those turns take.
Task<void> TakeTimes(Desk* d) {
  const auto n = std::min(d->test.size(), static_cast<std::size_t>(d->o.timed));
  const std::vector<arena::Problem> few(d->test.begin(), d->test.begin() + static_cast<std::ptrdiff_t>(n));
  const SingleTurns turns = co_await d->o.fresh->PlaySingleTurns(few);
  for (auto& m : d->out.policies) {
    if (const auto at = d->again.find(m.name); at != d->again.end()) {
      Task<Measured> playing = at->second(*d->o.fresh, few);
      const Measured timed = co_await std::move(playing);
      m.ms = MeanMs(timed.tries);
      continue;
    }
    double sum = 0;
    for (std::size_t p = 0; p < n; ++p) {
      for (const auto& s : m.tries[p].steps) {
        for (std::size_t w = 0; w < turns.workers; ++w)
          sum += d->rollouts.workers()[w] == s.worker ? turns.At(p, w).ms : 0;
      }
    }
    m.ms = sum / static_cast<double>(n);
  }
}

workflow::FlowSettings Planned(std::string name, const std::string& planner, int rounds, const char* prompt) {
  workflow::FlowSettings s;
  s.name = std::move(name);
  s.kind = "conducted";
  s.planner = planner;
  s.rounds = rounds;
  s.prompt = prompt;
  return s;
}

}  // namespace

std::vector<workflow::FlowSettings> TableFlows(const std::vector<std::string>& languages,
                                               const std::string& conductor) {
  auto out = StudyFlows(languages.empty() ? std::string() : languages.back());
  for (const auto& who : languages) out.push_back(Planned("planned_" + who, who, 1, "full"));
  if (!conductor.empty()) {
    // As `baton train conductor` asks.
    out.push_back(Planned("conductor", conductor, 1, "short"));
    out.push_back(Planned("conductor_recursive", conductor, 2, "short"));
  }
  return out;
}

Task<Study> RunTable(Rollouts& rollouts, const std::vector<arena::Problem>& train,
                     const std::vector<arena::Problem>& test, TableOptions options) {
  Desk d{rollouts, train, test, std::move(options), {}, {}, {}, {}, {}, {}};
  d.out.coordinator = d.o.coordinator ? *d.o.coordinator : rollouts.Blank(1, false);
  co_await Alone(&d);
  co_await Learned(&d);
  std::vector<Named> rows;
  if (d.o.baselines) rows = BaselineRows(&d);
  co_await PlayRows(&d, std::move(rows));
  rows = ConductorRows(&d);
  co_await PlayRows(&d, std::move(rows));
  co_await Gated(&d);
  if (d.o.timed > 0 && d.o.fresh) co_await TakeTimes(&d);
  co_return std::move(d.out);
}

Study Part(const Study& study, const std::vector<std::size_t>& rows) {
  Study out = study;
  for (auto& m : out.policies) {
    std::vector<arena::Rollout> some;
    for (const std::size_t r : rows) some.push_back(m.tries[r]);
    m.tries = std::move(some);
  }
  return out;
}

}  // namespace baton::conduct
