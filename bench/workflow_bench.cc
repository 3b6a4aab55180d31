// What the executor itself costs: CPU per step beyond the pool's call, and to the first event of a streamed
// answer through a plan of one step beside the plain route. Workers are simulated and answer at once on a
// simulated clock, so that nothing but our own code is measured. Figures are medians of seven interleaved
// rounds with (min - max).
#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <vector>

#include "workflow/flow_tools.h"
#include "workflow/team_fixture.h"

namespace {

using namespace baton;
using namespace baton::workflow;

double ThreadCpu() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

class Bench : public Team {
 public:
  void TestBody() override {}

  Bench() {
    AddWorker("a", 1);
    AddWorker("b", 2);
    AddWorker("c", 3);
    Build();
    script_ = [](const std::string&, const chat::Request&) {
      Reply r;
      r.after = {};
      r.text = "An answer of usual length, of some sixty bytes or a few more.";
      return r;
    };
    FlowSettings moa;
    moa.name = "moa";
    moa.kind = "mixture_of_agents";
    moa.layers = 3;
    StepSettings one;
    one.name = "answer";
    one.client_tools = true;
    FlowSettings steps;
    steps.name = "one";
    steps.steps = {one};
    flows_ = {moa, steps};
    for (const char* name : {"single", "moa", "one"}) {
      route::Rule rule;
      rule.name = name;
      rule.workflow = name;
      route::RulesOptions options;
      options.rules = {rule};
      each_.push_back({name, route::Rules(std::move(options))});
    }
    runner_.emplace(Deps(flows_));
  }

  // Seconds of CPU for `n` exchanges of that workflow, and to their first events in all.
  struct Took {
    double all = 0, first = 0;
  };
  Took Time(std::size_t which, int n, bool stream) {
    Took took;
    request_.stream = stream;
    rails::Rails rails({}, std::make_shared<WordClassifier>());
    for (int i = 0; i < n; ++i) {
      asked_.clear();
      auto permit = rails.Admit({}, controls_, request_, catalogue_, loop_.Now());
      auto route = each_[which].rules.Choose("baton", route::Compute(request_, *permit), *permit, catalogue_);
      ReadingSink sink(loop_);
      double first = 0;
      const double began = ThreadCpu();
      sink.after_event = [&] {
        if (first == 0) first = ThreadCpu() - began;
      };
      std::optional<Trace> trace;
      Job job{*permit, *route, request_, catalogue_, 20, *pool_};
      job.sink = stream ? &sink : nullptr;
      job.observer = stream ? &sink : nullptr;
      Spawn(Go(&*runner_, std::move(job), &trace));
      loop_.Run();
      took.all += ThreadCpu() - began;
      took.first += first;
      if (!trace || !trace->answer()) fmt::print(stderr, "a run failed\n");
    }
    return took;
  }

 private:
  static Task<void> Go(Runner* runner, Job job, std::optional<Trace>* out) {
    Trace t = co_await runner->Run(std::move(job));
    out->emplace(std::move(t));
  }
  struct One {
    std::string name;
    route::Rules rules;
  };
  std::vector<One> each_;
  std::vector<FlowSettings> flows_;
};

std::string Spread(std::vector<double> v, const char* unit) {
  std::sort(v.begin(), v.end());
  return fmt::format("{:.2f} {} ({:.2f} - {:.2f})", v[v.size() / 2], unit, v.front(), v.back());
}

}  // namespace

int main() {
  Bench bench;
  constexpr int kRuns = 2000, kRounds = 7, kSteps = 10;
  bench.Time(0, kRuns, false);
  std::vector<double> plain, step, beyond, ratio;
  for (int round = 0; round < kRounds; ++round) {
    const double single = bench.Time(0, kRuns, false).all / kRuns * 1e6;
    const double team = bench.Time(1, kRuns / 4, false).all / (kRuns / 4) * 1e6;
    plain.push_back(single);
    step.push_back(team / kSteps);
    beyond.push_back(team / kSteps - single);
    const double direct = bench.Time(0, kRuns, true).first;
    ratio.push_back(bench.Time(2, kRuns, true).first / direct);
  }
  fmt::print("plain call, simulated worker included     {}\n", Spread(plain, "us"));
  fmt::print("step of mixture_of_agents 3 x 3 + 1       {}\n", Spread(step, "us"));
  fmt::print("executor's own cost per step              {}  (target: below 50)\n", Spread(beyond, "us"));
  fmt::print("CPU to the first event, one step / plain  {}\n", Spread(ratio, "x"));
  return 0;
}
