#include "arena/environment.h"

#include <algorithm>
#include <deque>

#include "arena/cached_backend.h"
#include "base/signal.h"
#include "chat/assemble.h"
#include "rails/classifier.h"
#include "route/features.h"
#include "route/rules.h"
#include "workflow/plan_check.h"
#include "workflow/step_cost.h"

namespace baton::arena {
namespace {

constexpr const char* kRoute = "episode";

std::uint64_t IdOf(const Problem& p) {
  // The same for every episode of a problem, so that the marks around earlier outputs, and with them the
  // requests, repeat themselves.
  std::uint64_t h = 1469598103934665603ULL;
  for (const unsigned char c : p.id) h = (h ^ c) * 1099511628211ULL;
  return h;
}

chat::Request RequestOf(const Episode& e, std::int64_t max_answer) {
  chat::Request r;
  r.model = kRoute;
  chat::Message m;
  m.parts.emplace_back(chat::Text{e.problem->prompt, {}});
  r.messages.push_back(std::move(m));
  r.temperature = e.temperature.value_or(0);
  r.seed = e.seed;
  r.max_tokens = max_answer;
  return r;
}

route::Rules RulesFor(const Episode& e, const rails::Catalogue& catalogue) {
  route::RulesOptions options;
  route::Rule rule;
  rule.name = kRoute;
  rule.workflow = e.workflow.empty() ? "single" : e.workflow;
  rule.workers = e.workers;
  for (const auto& w : catalogue.workers) {
    if (e.workers.empty()) rule.workers.push_back(w->name);
  }
  options.rules.push_back(std::move(rule));
  return route::Rules(std::move(options));
}

// As if every step ran, each by its dearest worker; workflow's bound knows no prices per call.
budget::Nanos WorstCase(const workflow::Plan& plan, const workflow::Job& job, std::int64_t now) {
  budget::Nanos sum = workflow::WorstOfAll(plan, job.request, job.input_tokens, now).usd;
  for (const auto& step : plan.steps) {
    budget::Nanos most;
    for (const auto* w : step.workers) {
      if (const budget::PriceRow* row = w->prices.At(now)) most = std::max(most, budget::PerCall(*row, 1));
    }
    sum += most;
  }
  return sum;
}

void Count(const workflow::StepTrace& step, Rollout* out) {
  for (const auto& c : step.calls) {
    out->cost += c.cost;
    out->tokens += c.usage.input + c.usage.output;
    ++out->calls;
  }
}

class Live : public Environment {
 public:
  Live(Loop& loop, Options o, std::shared_ptr<const rails::Classifier> classifier,
       std::shared_ptr<const workflow::Library> library)
      : loop_(loop),
        o_(std::move(o)),
        rails_({}, std::move(classifier)),
        runner_(DepsOf(library)),
        library_(library) {
    catalogue_.workers = o_.workers;
    pool::PoolDeps deps;
    deps.loop = &loop_;
    deps.workers = o_.workers;
    deps.log = o_.log;
    deps.backend = [this](std::shared_ptr<const pool::Worker> w) -> std::unique_ptr<pool::Backend> {
      auto inner = o_.backend(w);
      return o_.memo ? CachedBackend(std::move(w), loop_, *o_.memo, std::move(inner)) : std::move(inner);
    };
    pool_ = pool::CreatePool(std::move(deps));
  }

  const std::vector<std::shared_ptr<const pool::Worker>>& workers() const override { return o_.workers; }
  const pool::Worker* Find(std::string_view name) const override { return catalogue_.Find(name); }
  Loop& loop() override { return loop_; }
  Task<Rollout> Play(Episode episode) override;

 private:
  static workflow::RunnerDeps DepsOf(std::shared_ptr<const workflow::Library> library) {
    workflow::RunnerDeps deps;
    deps.library = std::move(library);
    // A worker that fails fails the step: what a policy does about it is the policy's business.
    deps.retry.budget = 0;
    return deps;
  }
  Task<workflow::Trace> Run(workflow::Job job, Episode& episode, Rollout* out);
  void Fill(workflow::Trace& trace, const Problem& problem, Rollout* out) const;

  Loop& loop_;
  const Options o_;
  rails::Rails rails_;
  workflow::Runner runner_;
  std::shared_ptr<const workflow::Library> library_;
  rails::Catalogue catalogue_;
  std::unique_ptr<pool::Pool> pool_;
};

Task<workflow::Trace> Live::Run(workflow::Job job, Episode& e, Rollout* out) {
  const std::int64_t now = loop_.clock().UnixNanos() / 1'000'000'000;
  if (e.chooser) {
    workflow::Trace trace = co_await runner_.RunChooser(std::move(job), "chosen", *e.chooser);
    co_return trace;
  }
  Result<workflow::Plan> plan = Error{};
  if (e.plan)
    plan = std::move(*e.plan);
  else
    plan = runner_.MakePlan(job.permit, job.route, job.request, job.catalogue, now);
  if (plan && workflow::Check(*plan, job.permit)) out->worst_case = WorstCase(*plan, job, now);
  if (e.workflow.empty() && plan) {
    workflow::Trace trace = co_await runner_.RunPlan(std::move(job), std::move(*plan));
    co_return trace;
  }
  workflow::Trace trace = co_await runner_.Run(std::move(job));
  co_return trace;
}

void Live::Fill(workflow::Trace& trace, const Problem& problem, Rollout* out) const {
  for (const auto& s : trace.steps()) {
    Count(s, out);
    out->steps.push_back({s.calls.empty() ? "" : s.calls.back().worker, s.role, s.text, s.status, s.verdict});
  }
  out->notes = trace.notes();
  if (trace.worker()) out->worker = trace.worker()->name;
  if (!trace.answer()) {
    out->error = trace.answer().error().Name();
    return;
  }
  if (!trace.answer()->choices.empty()) out->answer = chat::TextOf(trace.answer()->choices[0].message);
  out->score = o_.score ? o_.score(problem, *out) : Score(problem, out->answer);
}

Task<Rollout> Live::Play(Episode e) {
  Rollout out;
  const TimePoint began = loop_.Now();
  const chat::Request request = RequestOf(e, o_.max_answer);
  rails::Controls controls;
  controls.max_cost = e.ceiling;
  controls.deadline = o_.deadline;
  auto permit = rails_.Admit({}, controls, request, catalogue_, loop_.Now());
  if (!permit) {
    out.error = permit.error().Name();
    co_return out;
  }
  const route::Rules rules = RulesFor(e, catalogue_);
  const route::Features features = route::Compute(request, *permit);
  auto route = rules.Choose(kRoute, features, *permit, catalogue_);
  if (!route) {
    out.error = route.error().Name();
    co_return out;
  }
  workflow::Job job{*permit, *route, request, catalogue_, features.input_tokens, *pool_};
  job.exchange = IdOf(*e.problem);
  workflow::Trace trace = co_await Run(std::move(job), e, &out);
  Fill(trace, *e.problem, &out);
  out.ms = std::chrono::duration<double, std::milli>(loop_.Now() - began).count();
  co_return out;
}

// A bounded crowd: as many tasks as may run at once, each taking the next episode that is left.
struct Crowd {
  Environment& environment;
  std::vector<Episode> episodes;
  std::vector<Rollout> out;
  std::size_t next = 0, done = 0;
  Signal all;
};

Task<void> Work(Crowd* crowd) {
  while (crowd->next < crowd->episodes.size()) {
    const std::size_t i = crowd->next++;
    Rollout r = co_await crowd->environment.Play(std::move(crowd->episodes[i]));
    crowd->out[i] = std::move(r);
    if (++crowd->done == crowd->episodes.size()) crowd->all.Set();
  }
}

}  // namespace

Result<std::unique_ptr<Environment>> Environment::Create(Loop& loop, Options options) {
  TRY(auto classifier, rails::Classifier::Build({}));
  TRY(auto library, workflow::Library::Build(options.flows));
  return std::unique_ptr<Environment>(
      new Live(loop, std::move(options), std::move(classifier), std::move(library)));
}

Task<std::vector<Rollout>> PlayAll(Environment& environment, std::vector<Episode> episodes,
                                   std::size_t parallel) {
  Crowd crowd{environment, std::move(episodes), {}, 0, 0, Signal(environment.loop())};
  crowd.out.resize(crowd.episodes.size());
  const std::size_t n = std::min(std::max<std::size_t>(1, parallel), crowd.episodes.size());
  for (std::size_t i = 0; i < n; ++i) Spawn(Work(&crowd));
  while (crowd.done < crowd.episodes.size()) (void)co_await crowd.all.Wait();
  std::vector<Rollout> out = std::move(crowd.out);
  co_return out;
}

}  // namespace baton::arena
