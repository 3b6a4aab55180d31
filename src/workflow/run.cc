// From a route to a trace.
//
// A route proposes, the permit disposes: whatever made the route, each candidate is checked against the
// permit here and again when a step asks, and one that may not see this request is never asked.
#include "workflow/run.h"

#include <fmt/format.h>

#include <algorithm>

#include "workflow/continuation.h"
#include "workflow/execution.h"
#include "workflow/flow_tools.h"
#include "workflow/plan_check.h"

namespace baton::workflow {
namespace {

constexpr std::int64_t kCharsPerToken = 4;

std::vector<const pool::Worker*> Allowed(const rails::Permit& permit, const route::Route& route) {
  std::vector<const pool::Worker*> out;
  out.reserve(route.candidates().size());
  for (const pool::Worker* w : route.candidates()) {
    if (w && permit.Allows(*w)) out.push_back(w);
  }
  return out;
}

Error NobodyAllowed(const route::Route& route) {
  return Fail(Code::kPermissionDenied,
              "route '" + route.name() +
                  "' names only workers that may not see this request: change the rule, or "
                  "allow the data class for one of its workers",
              "policy_violation");
}

std::int64_t EstimateTokens(const chat::EmbedRequest& request) {
  std::size_t chars = 0, tokens = 0;
  for (const std::string& text : request.texts) chars += text.size();
  for (const auto& ids : request.tokens) tokens += ids.size();
  return static_cast<std::int64_t>(tokens) +
         (static_cast<std::int64_t>(chars) + kCharsPerToken - 1) / kCharsPerToken;
}

StepTrace TraceOf(const Plan& plan, StepId id, StepState& state) {
  const Step& step = plan.steps[static_cast<std::size_t>(id)];
  StepTrace t;
  t.name = step.name;
  t.role = RoleName(step.role);
  t.status = StatusName(state.status);
  if (state.verdict != verify::Verdict::kUnknown) t.verdict = verify::VerdictName(state.verdict);
  t.note = state.why;
  t.confidence = state.confidence.value_or(-1);
  t.calls = std::move(state.calls);
  t.text = std::move(state.text);
  std::vector<std::string_view> sees;
  for (const StepId s : Sees(plan, id)) sees.push_back(plan.steps[static_cast<std::size_t>(s)].name);
  t.sees = fmt::format("{}", fmt::join(sees, ","));
  return t;
}

// A held run's workers belong to the configuration of its time; this one's of the same name take over. False:
// one is gone.
bool Rebind(const rails::Catalogue& catalogue, Plan* plan) {
  const auto one = [&](const pool::Worker** w) {
    if (*w) *w = catalogue.Find((*w)->name);
    return *w != nullptr;
  };
  for (Step& s : plan->steps) {
    for (auto* list : {&s.workers, &s.tools, &s.planned_workers}) {
      for (auto& w : *list) {
        if (!one(&w)) return false;
      }
    }
    if (s.judge && !one(&s.judge)) return false;
  }
  return true;
}

// A plan of one step that changes nothing of the request is the plain route, and costs what that costs.
bool Bare(const Plan& plan) {
  if (plan.steps.size() != 1 || plan.audited) return false;
  const Step& s = plan.steps.front();
  return s.method == Method::kAsk && s.role == Role::kWorker && s.instruction.empty() &&
         s.access.conversation && s.when.empty() && !s.item && s.checks.empty() && s.tools.empty() &&
         s.client_tools && s.answers_client && s.limits.max_output == 0 &&
         s.limits.timeout == Duration::zero() && !s.limits.max_usd && !s.format && !s.temperature &&
         !s.seed_offset && !s.redact && !s.logprobs && s.max_planned == 0;
}

// A continued stream's figures: the second worker's, and in addition the first one's.
Task<void> TellUsage(const Job& job, chat::Response& response, const std::vector<pool::CallRecord>& calls) {
  chat::Event e;
  e.kind = chat::Event::Kind::kUsage;
  e.made = true;
  for (const auto& c : calls) {
    if (c.winner) continue;
    response.usage.orchestration_input += c.usage.input;
    response.usage.orchestration_cached_input += c.usage.cached_input;
    response.usage.orchestration_output += c.usage.output;
  }
  e.usage = response.usage;
  job.sink->Put(std::move(e));
  (void)co_await job.sink->Flush();
}

}  // namespace

Runner::Runner(RunnerDeps deps) : deps_(std::move(deps)) {
  if (!deps_.metrics) return;
  Metrics& m = *deps_.metrics;
  runs_ = m.GetCounter("baton_workflow_runs_total", "Plans run, `single` by the short way aside");
  degraded_ = m.GetCounter("baton_workflow_degraded_total", "Answers that are not what their plan wanted");
  refused_plans_ = m.GetCounter("baton_workflow_refused_plans_total", "Plans that did not pass the check");
  continued_ = m.GetCounter("baton_stream_continued_total", "Streams that broke off and went on elsewhere");
}

Result<Plan> Runner::MakePlan(const rails::Permit& permit, const route::Route& route,
                              const chat::Request& request, const rails::Catalogue& catalogue,
                              std::int64_t unix_seconds, const Contract* contract) const {
  auto workers = Allowed(permit, route);
  if (workers.empty()) return NobodyAllowed(route);
  if (!deps_.library) {
    return Fail(Code::kNotFound, fmt::format("there is no workflow '{}'", route.workflow()),
                "unknown_workflow");
  }
  // Fallbacks behind the decision's own workers serve after failures; a team is made of the decision's own.
  if (route.workflow() != "single" && route.primaries() > 0 && route.primaries() < workers.size())
    workers.resize(route.primaries());
  TRY(Plan plan, deps_.library->Make({route.workflow(), workers, catalogue, permit, request, unix_seconds}));
  if (contract) {
    TRY_VOID(contract->Wrap(workers, Strongest(workers, unix_seconds), &plan));
    TRY_VOID(Check(plan, permit));
  }
  return plan;
}

Task<Trace> Runner::Run(Job job) const {
  const FlowSettings* settings = deps_.library ? deps_.library->Find(job.route.workflow()) : nullptr;
  const bool plain = job.route.workflow() == "single" && (!settings || settings->verify.empty()) &&
                     !(job.contract && job.contract->checks());
  if (plain) {
    auto candidates = Allowed(job.permit, job.route);
    co_return co_await RunSingle(std::move(job), std::move(candidates), "single");
  }

  // Results of a client's tools lead back to the run that asked for them.
  const std::string token = deps_.held ? ReturnedToken(job.request) : std::string();
  const auto held = token.empty() ? nullptr : deps_.held->Find(token, job.permit.tenant());
  if (held) {
    chat::Request client = job.request;
    Returned returned = TakeReturned(token, &client);
    Plan plan = held->plan;
    std::vector<StepState> states = held->states;
    for (auto& r : returned.results) {
      if (r.step >= static_cast<StepId>(states.size())) continue;
      StepState& s = states[static_cast<std::size_t>(r.step)];
      s.own.push_back(std::move(r.message));
      s.status = StepStatus::kWaiting;
    }
    if (!returned.results.empty() && Rebind(job.catalogue, &plan) && Check(plan, job.permit)) {
      co_return co_await Execute(std::move(job), std::move(plan), client, std::move(states), nullptr);
    }
  }

  if (const auto gate = deps_.gates.find(job.route.workflow()); gate != deps_.gates.end()) {
    std::optional<Plan> alone = co_await LeftBy(gate->second, job);
    const chat::Request& client = job.request;
    if (alone) co_return co_await Execute(std::move(job), std::move(*alone), client, {}, nullptr);
  }
  if (const auto maker = deps_.choosers.find(job.route.workflow()); maker != deps_.choosers.end()) {
    auto workers = Allowed(job.permit, job.route);
    const auto chooser =
        maker->second({job.permit, job.request, std::move(workers), job.pool, job.exchange, &job.route});
    co_return co_await RunChooser(std::move(job), maker->first, *chooser);
  }
  auto plan = MakePlan(job.permit, job.route, job.request, job.catalogue,
                       job.pool.loop().clock().UnixNanos() / 1'000'000'000, job.contract);
  if (!plan) {
    refused_plans_.Add();
    Trace trace;
    trace.workflow_ = job.route.workflow();
    trace.answer_ = std::move(plan).error();
    co_return trace;
  }
  if (job.request.inputs.empty() && Bare(*plan)) {
    auto candidates = std::move(plan->steps.front().workers);
    std::string workflow = std::move(plan->workflow);
    co_return co_await RunSingle(std::move(job), std::move(candidates), std::move(workflow));
  }
  const chat::Request& client = job.request;
  co_return co_await Execute(std::move(job), std::move(*plan), client, {}, nullptr);
}

Task<Trace> Runner::RunPlan(Job job, Plan plan, Chooser* chooser) const {
  if (Status fine = Check(plan, job.permit); !fine) {
    refused_plans_.Add();
    Trace trace;
    trace.workflow_ = plan.workflow;
    trace.answer_ = std::move(fine).error();
    co_return trace;
  }
  const chat::Request& client = job.request;
  co_return co_await Execute(std::move(job), std::move(plan), client, {}, chooser);
}

Task<Trace> Runner::RunChooser(Job job, std::string workflow, Chooser& chooser) const {
  Plan plan;
  plan.workflow = std::move(workflow);
  const chat::Request& client = job.request;
  co_return co_await Execute(std::move(job), std::move(plan), client, {}, &chooser);
}

Task<std::optional<Plan>> Runner::LeftBy(const FlowGate& gate, const Job& job) const {
  LeftTo left = co_await gate(job.request, job.pool);
  const auto& allowed = job.permit.workers();
  const auto who = std::find_if(allowed.begin(), allowed.end(),
                                [&](const pool::Worker* w) { return w->name == left.worker; });
  if (left.worker.empty() || who == allowed.end()) co_return std::nullopt;
  Plan plan;
  plan.workflow = job.route.workflow();
  plan.notes.push_back(std::move(left.reason));
  Step step = Ask("answer", Role::kWorker, First(*who, Allowed(job.permit, job.route)));
  step.answers_client = true;
  step.client_tools = true;
  plan.answers = {Add(&plan, std::move(step))};
  co_return plan;
}

Task<Trace> Runner::Execute(Job job, Plan plan, const chat::Request& client, std::vector<StepState> states,
                            Chooser* chooser) const {
  RunContext context{job.permit, client, job.input_tokens, job.pool};
  context.sink = job.sink;
  context.observer = job.observer;
  context.cancel = job.cancel;
  context.retry = deps_.retry;
  context.classifier = deps_.classifier.get();
  context.continue_streams = deps_.continue_streams;
  context.held = deps_.held.get();
  context.desk = job.desk;
  context.keep = std::move(job.keep);
  context.seed = job.exchange;
  context.exchange = job.exchange;
  context.route = job.route.name();
  context.contract = job.contract;
  Execution run(std::move(context), std::move(plan), std::move(states));
  co_await run.Run(chooser);

  Trace trace;
  trace.workflow_ = run.plan().workflow;
  trace.degraded_ = run.degraded();
  trace.pending_case_ = run.pending_case();
  trace.notes_ = run.plan().notes;
  trace.delivered_ = run.delivered();
  if (run.answer() >= 0) {
    const StepState& s = run.states()[static_cast<std::size_t>(run.answer())];
    trace.worker_ = s.worker;
    trace.losses_ = s.losses;
    trace.losses_.insert(trace.losses_.end(), run.losses().begin(), run.losses().end());
  }
  for (StepId id = 0; id < static_cast<StepId>(run.plan().steps.size()); ++id)
    trace.steps_.push_back(TraceOf(run.plan(), id, run.states()[static_cast<std::size_t>(id)]));
  trace.answer_ = std::move(run.response());
  Count(trace);
  co_return trace;
}

void Runner::Count(const Trace& trace) const {
  runs_.Add();
  if (!trace.degraded().empty()) degraded_.Add();
}

Task<Trace> Runner::RunSingle(Job job, std::vector<const pool::Worker*> candidates,
                              std::string workflow) const {
  Trace trace;
  trace.workflow_ = std::move(workflow);
  pool::CallSpec spec;
  spec.request = &job.request;
  spec.candidates = std::move(candidates);
  if (spec.candidates.empty()) {
    trace.answer_ = NobodyAllowed(job.route);
    co_return trace;
  }
  spec.sink = job.sink;
  spec.lease = &job.permit.lease();
  spec.input_tokens = job.input_tokens;
  spec.cancel = job.cancel;
  spec.retry = deps_.retry;
  spec.hedge = !job.route.alone();
  pool::CallOutcome outcome = co_await job.pool.Chat(spec, job.observer);
  if (!outcome.response && outcome.delivered && deps_.continue_streams && !job.route.alone()) {
    Broken broken{
        job.request, {},         std::move(outcome.partial), outcome.response.error(), job.sink, spec.lease,
        job.cancel,  deps_.retry};
    for (const auto* w : spec.candidates) {
      if (w != outcome.worker) broken.others.push_back(w);
    }
    if (Continuable(broken)) {
      for (auto& c : outcome.calls) c.winner = false;
      Continued rest = co_await Continue(std::move(broken), job.pool);
      for (auto& c : rest.calls) outcome.calls.push_back(std::move(c));
      if (rest.response) {
        continued_.Add();
        outcome.worker = rest.worker;
      }
      outcome.response = std::move(rest.response);
      if (outcome.response) co_await TellUsage(job, *outcome.response, outcome.calls);
    }
  }
  trace.answer_ = std::move(outcome.response);
  trace.worker_ = outcome.worker;
  trace.losses_ = std::move(outcome.losses);
  trace.passthrough_ = outcome.passthrough;
  trace.injected_usage_ = outcome.injected_usage;
  trace.delivered_ = outcome.delivered;
  StepTrace& step = trace.steps_.emplace_back();
  step.calls = std::move(outcome.calls);
  co_return trace;
}

Task<pool::Pool::EmbedOutcome> Runner::Embed(rails::Permit& permit, const route::Route& route,
                                             const chat::EmbedRequest& request, pool::Pool& pool,
                                             Cancel* cancel) const {
  std::vector<const pool::Worker*> candidates = Allowed(permit, route);
  if (candidates.empty()) {
    pool::Pool::EmbedOutcome out;
    out.response = NobodyAllowed(route);
    co_return out;
  }
  pool::Pool::EmbedOutcome out =
      co_await pool.Embed(request, std::move(candidates), &permit.lease(), EstimateTokens(request), cancel);
  co_return out;
}

}  // namespace baton::workflow
