// Runs a route: makes its plan, runs it, tells what happened. One Runner per configuration, shared by all
// loops.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/cancel.h"
#include "base/metric.h"
#include "base/task.h"
#include "chat/sink.h"
#include "human/desk.h"
#include "pool/pool.h"
#include "rails/rails.h"
#include "route/route.h"
#include "workflow/chooser.h"
#include "workflow/contract.h"
#include "workflow/flow.h"
#include "workflow/flow_gate.h"
#include "workflow/held.h"

namespace baton::workflow {

// What one step did, for the record and for people.
struct StepTrace {
  std::string name = "answer";
  std::string role = "worker";
  std::string status = "done";  // StatusName
  std::string verdict;          // "accept", "reject"; empty: none
  std::string note;             // why skipped, dropped, failed or rejected; what its checks said
  std::string sees;             // names of the steps it read, "a,b"
  double confidence = -1;       // 0 to 1; negative: nothing measured it
  std::string text;             // its output, for whoever asked for the run: content, so never recorded
  std::vector<pool::CallRecord> calls;
};

// What a run did. Only workflow/ makes one.
class Trace {
 public:
  const Result<chat::Response>& answer() const { return answer_; }
  Result<chat::Response>& answer() { return answer_; }
  const std::vector<StepTrace>& steps() const { return steps_; }
  std::vector<StepTrace>& steps() { return steps_; }
  const pool::Worker* worker() const { return worker_; }  // whose answer it is; may be null on failure
  const std::vector<provider::Loss>& losses() const { return losses_; }
  bool passthrough() const { return passthrough_; }
  bool injected_usage() const { return injected_usage_; }
  bool delivered() const { return delivered_; }  // something reached the sink
  // The workflow that ran, as the record names it.
  const std::string& workflow() const { return workflow_; }
  // Why the answer is not what the plan wanted; empty: it is.
  const std::string& degraded() const { return degraded_; }
  // People have the case: the client may ask for the answer under this id later. Empty: no.
  const std::string& pending_case() const { return pending_case_; }
  // Decisions of the plan and the run that belong to no step.
  const std::vector<std::string>& notes() const { return notes_; }

 private:
  friend class Runner;
  Trace() = default;
  Result<chat::Response> answer_ = Error{};
  std::vector<StepTrace> steps_;
  const pool::Worker* worker_ = nullptr;
  std::vector<provider::Loss> losses_;
  std::vector<std::string> notes_;
  std::string workflow_, degraded_, pending_case_;
  bool passthrough_ = false, injected_usage_ = false, delivered_ = false;
};

// One exchange's run. Everything outlives it.
struct Job {
  rails::Permit& permit;
  const route::Route& route;
  const chat::Request& request;
  const rails::Catalogue& catalogue;
  std::int64_t input_tokens = 0;
  pool::Pool& pool;
  chat::Sink* sink = nullptr;  // null: whole answer
  pool::CallObserver* observer = nullptr;
  Cancel* cancel = nullptr;
  human::Desk* desk = nullptr;  // where human steps wait; null: nowhere
  std::uint64_t exchange = 0;
  std::shared_ptr<const void> keep{};  // what the catalogue lives in, for runs that wait for tools
  const Contract* contract = nullptr;  // null: none
};

struct RunnerDeps {
  pool::RetryPolicy retry;
  std::shared_ptr<const Library> library;               // null: `single` alone
  std::shared_ptr<const rails::Classifier> classifier;  // null: outputs are not classified
  std::shared_ptr<HeldTurns> held;                      // null: turns with tools are not held
  std::map<std::string, ChooserMaker> choosers;         // by workflow: decided step by step, not planned
  std::map<std::string, FlowGate> gates;                // by workflow: none lets every request in
  bool continue_streams = true;                         // a stream that breaks off goes on elsewhere
  Metrics* metrics = nullptr;                           // may be null; outlives the runner
};

class Runner {
 public:
  explicit Runner(RunnerDeps deps);

  // Needs a Permit and a Route made from it: nothing is asked without both. The permit's lease is settled for
  // every call when this returns. `single` without checks or tools takes the short way: one call of the pool,
  // bytes passed through; everything else is a plan.
  Task<Trace> Run(Job job) const;
  // Runs a plan somebody else made (it is checked first), or what a chooser says step by step.
  Task<Trace> RunPlan(Job job, Plan plan, Chooser* chooser = nullptr) const;
  // Nothing but what a chooser says, from the first step on; the record names it `workflow`. Each step it
  // proposes goes through the same check.
  Task<Trace> RunChooser(Job job, std::string workflow, Chooser& chooser) const;
  // The plan a route stands for; nobody is asked.
  Result<Plan> MakePlan(const rails::Permit& permit, const route::Route& route, const chat::Request& request,
                        const rails::Catalogue& catalogue, std::int64_t unix_seconds,
                        const Contract* contract = nullptr) const;
  // Embeddings: the same candidates, one call, no steps.
  Task<pool::Pool::EmbedOutcome> Embed(rails::Permit& permit, const route::Route& route,
                                       const chat::EmbedRequest& request, pool::Pool& pool,
                                       Cancel* cancel) const;
  const Library* library() const { return deps_.library.get(); }

 private:
  // One call of the pool over these, in order; the record names it `workflow`.
  Task<Trace> RunSingle(Job job, std::vector<const pool::Worker*> candidates, std::string workflow) const;
  // The plan in which the gate's worker answers; nullopt: the workflow runs. A worker that may not see the
  // request takes no one's place.
  Task<std::optional<Plan>> LeftBy(const FlowGate& gate, const Job& job) const;
  Task<Trace> Execute(Job job, Plan plan, const chat::Request& client, std::vector<struct StepState> states,
                      Chooser* chooser) const;
  void Count(const Trace& trace) const;

  RunnerDeps deps_;
  Counter runs_, degraded_, refused_plans_, continued_;
};

}  // namespace baton::workflow
