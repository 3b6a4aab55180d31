// Inside workflow/: one run of one plan.
//
// The scheduler is a loop over the list of steps: start every step whose references have settled and whose
// condition holds; when none can start, wait until one that runs has settled. Steps that see nothing of each
// other therefore run at the same time without anybody having said so. Around every step stands one wrapper
// (RunStep): still wanted? time left? does its worst case fit the lease? then run, check, classify, settle.
// Nothing else in workflow/ asks a worker.
//
// Money: before the first step, the worst cases of all steps that must run (unconditional, not optional) are
// carved out of the exchange's lease; a step that may run (a repair, an escalation, a vote's next sample) is
// carved when it starts. What does not fit is capped to what is left, else dropped, and the client gets the
// best answer so far, marked.
//
// Memory is reserved for kMaxSteps up front: states are referred to across suspensions while planner steps
// append.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/signal.h"
#include "chat/sink.h"
#include "human/desk.h"
#include "pool/pool.h"
#include "rails/rails.h"
#include "rails/redact.h"
#include "workflow/answer_stream.h"
#include "workflow/chooser.h"
#include "workflow/contract.h"
#include "workflow/held.h"
#include "workflow/pool_tools.h"
#include "workflow/progress.h"
#include "workflow/step_cost.h"

namespace baton::workflow {

// What a run needs beside its plan. Everything outlives it.
struct RunContext {
  rails::Permit& permit;
  const chat::Request& client;  // without held tool turns
  std::int64_t client_tokens = 0;
  pool::Pool& pool;
  chat::Sink* sink = nullptr;              // null: whole answer
  pool::CallObserver* observer = nullptr;  // may be null
  Cancel* cancel = nullptr;                // may be null
  pool::RetryPolicy retry{};
  const rails::Classifier* classifier = nullptr;  // null: outputs are not classified
  bool continue_streams = true;                   // a stream that breaks off goes on elsewhere
  HeldTurns* held = nullptr;                      // null: a client's tools end the run
  human::Desk* desk = nullptr;                    // null: human steps fail
  std::shared_ptr<const void> keep{};             // what plan and workers live in, for held runs
  std::uint64_t seed = 0;
  std::uint64_t exchange = 0;  // for people's cases
  std::string route{};
  const Contract* contract = nullptr;  // what the answer has to keep before it leaves
};

class Execution {
 public:
  // `states`: empty, or those of a held run.
  Execution(RunContext context, Plan plan, std::vector<StepState> states = {});
  ~Execution();

  // Runs the plan and delivers the answer to the sink. `chooser` may be null; it is asked whenever nothing is
  // left to run. REQUIRES: Check(plan) passed. The permit's lease has nothing outstanding afterwards.
  Task<void> Run(Chooser* chooser = nullptr);

  const Plan& plan() const { return plan_; }
  std::vector<StepState>& states() { return states_; }
  // Whose answer the client got; -1: none.
  StepId answer() const { return answer_; }
  Result<chat::Response>& response() { return response_; }
  // What of the client's request no step of the plan could honour.
  const std::vector<provider::Loss>& losses() const { return observer_.losses; }
  // Why the answer is not what the plan wanted; empty: it is.
  const std::string& degraded() const { return degraded_; }
  // Part of the answer has reached the sink.
  bool delivered() const { return delivered_; }
  // People have it: the client is to be told where to ask.
  const std::string& pending_case() const { return pending_case_; }

 private:
  struct Live;
  // Tells the client's side who answers, and what the plan itself has lost beside the worker.
  struct Teller : pool::CallObserver {
    void OnAnswering(const pool::Worker& worker, const std::vector<provider::Loss>& lost, bool passthrough,
                     bool injected_usage, Duration in_worker) override;
    pool::CallObserver* to = nullptr;  // may be null
    std::vector<provider::Loss> losses;
  };

  // execution.cc: the loop
  bool Advance();
  bool Settle(StepId id, StepStatus status, std::string why);
  bool AdvanceVote(StepId id);
  void Start(StepId id);
  Task<void> RunStep(StepId id);
  Task<void> Choose(Chooser& chooser);
  // How a running step is going to end; it has not until RunStep says so.
  void End(StepId id, StepStatus status);
  StepStatus Ended(StepId id);
  void CallOff(const char* why);
  Progress Now() const;
  bool Over(std::string* why) const;
  bool NothingToSee(StepId id) const;
  bool StreamsNow(StepId id) const;
  bool AwaitsTools() const;
  bool Committed() const;
  bool MayLookAgain() const;
  bool Done() const;

  // execution_money.cc: reservations
  Status ReserveRequired();
  bool Fund(StepId id);
  bool FundCapped(StepId id, Worst worst);
  bool TimeIsShort(const Step& step, std::string* why) const;

  // execution_ask.cc: one step's work
  void NoteLosses();
  bool Alone(StepId id) const;
  Task<void> Ask(StepId id);
  Task<void> AskOnce(StepId id, chat::Request* request, pool::CallOutcome* outcome);
  Task<void> MendStream(StepId id, const chat::Request& request, pool::CallOutcome* outcome);
  Task<void> RunTools(StepId id, chat::Request* request, bool* again);
  Task<void> CallTool(StepId id);
  Task<void> Hand(StepId id);
  void Resolve(StepId id, human::Resolution end);
  void Take(StepId id, pool::CallOutcome outcome);
  void Vote(StepId id);
  void Pick(StepId id);
  void TakeFrom(StepId id, StepId from);
  Task<void> Verify(StepId id);
  void Plan_(StepId id);
  void Classify(StepId id);
  std::vector<const pool::Worker*> MayAsk(StepId id, Error* error) const;

  // execution_deliver.cc: the client's answer
  Task<void> Deliver();
  void Suspend();
  void Conclude();
  Task<void> Emit();
  chat::Usage TeamUsage() const;
  std::string WhyDegraded() const;

  Step& StepOf(StepId id) { return plan_.steps[static_cast<std::size_t>(id)]; }
  const Step& StepOf(StepId id) const { return plan_.steps[static_cast<std::size_t>(id)]; }
  StepState& At(StepId id) { return states_[static_cast<std::size_t>(id)]; }
  const StepState& At(StepId id) const { return states_[static_cast<std::size_t>(id)]; }
  Live& LiveOf(StepId id);

  RunContext c_;
  Loop& loop_;
  Plan plan_;
  std::vector<StepState> states_;
  Cancel cancel_;  // of the whole run: fires with the client's
  std::deque<Live> live_;
  Signal changed_;
  TaskGroup group_;
  int running_ = 0;
  rails::Marks marks_;
  PoolTools tools_;
  std::string mark_;
  std::optional<AnswerStream> stream_;
  Teller observer_;
  StepId streaming_ = -1;  // the step that has the client's stream; -1: none
  StepId answer_ = -1;
  Result<chat::Response> response_ = Error{};
  std::string degraded_, pending_case_, token_;
  std::optional<Error> last_word_;  // a person's: nothing else answers in their place
  bool delivered_ = false, heading_sent_ = false, suspended_ = false;
  bool chosen_ = false;             // a chooser may always want more: nothing streams before it has ended
  StepId chosen_from_ = kMaxSteps;  // steps from here on were added by the chooser, and run whatever they add
  Duration longest_{};
  std::int64_t unix_seconds_ = 0;
};

}  // namespace baton::workflow
