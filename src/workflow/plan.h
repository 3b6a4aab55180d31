// Plan: what a workflow will do, as data. Every workflow, named, written by the operator or written by a
// model, becomes one, and one executor runs it.
//
// Problem: a team of models must never spend, loop or see more than it was allowed to, whoever wrote the
// plan. Options: let workflows be code with loops (then only running them tells what they cost), or be graphs
// of actors (then cycles must be watched while they run). Choice: a plan is a finite list of steps, in an
// order in which each step looks back only. Loops are unrolled when the plan is made, repairs and escalations
// are steps with conditions, for-each is as many steps as its bound. So the most a plan can do is known
// before its first step, a validator is one pass over a list, and the dry run can print it. Cost: bounds must
// be small (kMaxSteps); a hundred-step agent is a tool worker, not a plan.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "budget/money.h"
#include "chat/types.h"
#include "pool/worker.h"
#include "verify/agreement.h"
#include "verify/verifier.h"

namespace baton::workflow {

inline constexpr std::size_t kMaxSteps = 64;
inline constexpr std::size_t kMaxInstruction = 8 * 1024;  // bytes
inline constexpr std::size_t kMaxCandidates = 64;         // workers a step may choose among

enum class Role { kThinker, kWorker, kVerifier, kSynthesizer, kPlanner, kTool, kHuman };
std::string_view RoleName(Role role);
std::optional<Role> ParseRole(std::string_view name);

// Place of a step in its plan.
using StepId = int;

// What a step sees beside its own instruction.
struct Access {
  bool conversation = true;   // what the client sent
  bool all = false;           // every step before it
  std::vector<StepId> steps;  // or these
};

// One thing that can be asked about the run so far. Answered only when the steps it names have settled.
struct Clause {
  enum class What {
    kAccepted,    // the step's verdict is accept
    kRejected,    // ... is reject
    kAnswered,    // it has an output
    kFailed,      // it ran and has none (error, refusal, time)
    kSkipped,     // it never ran
    kConfidence,  // its confidence lies in [ge, lt)
    kLabel,       // its output's first line is `text`, case aside
    kItems,       // its output lists at least `ge` items
    kUsdLeft,     // dollars left lie in [ge, lt); no ceiling: infinitely many
    kMsLeft,      // milliseconds left
  };
  What what = What::kAnswered;
  StepId step = -1;  // kUsdLeft, kMsLeft: none
  double ge = -1e300, lt = 1e300;
  std::string text;
  bool negated = false;
};

// Any of these groups holds, a group being all of its tests. Empty: always.
using Condition = std::vector<std::vector<Clause>>;

// Which part of an output makes a repeated step.
struct Item {
  StepId list = -1;  // the step whose output is the list
  int index = 0;     // from 0
};

struct Limits {
  std::int64_t max_output = 0;  // tokens; 0: the client's own cap for answers, kThoughtTokens for others
  Duration timeout{};           // zero: the request's deadline alone
  std::optional<budget::Nanos> max_usd;
};
inline constexpr std::int64_t kThoughtTokens = 1024;

// How a step makes its output.
enum class Method {
  kAsk,   // ask a worker
  kVote,  // the answer most of its steps agree on; no worker
  kTool,  // call one tool of a tool worker
  kHand,  // hand over to people
  kPick,  // the first of access.steps, in their order, that is done and not rejected; else the first that is
          // done
};

struct Step {
  std::string name;  // unique in the plan
  Role role = Role::kWorker;
  Method method = Method::kAsk;
  // In order of preference; those behind serve when those before fail. Empty for kVote and kHand.
  std::vector<const pool::Worker*> workers;
  // What this step is to do; empty: answer the conversation as it stands.
  std::string instruction;
  // What the step does in a word or two for trees and lists; not sent to anyone.
  std::string title;
  Access access;
  Condition when;
  std::optional<Item> item;
  std::vector<std::shared_ptr<const verify::Verifier>> checks;
  const pool::Worker* judge = nullptr;  // whom checks ask that need a model; null: they cannot
  Limits limits;
  // Dropped by rule when money or time runs short.
  bool optional = false;
  // Its worst case is set aside from the start although it may never run: what everything falls back on.
  bool reserved = false;
  // May call the client's tools; its calls then end the turn and it goes on when their results come.
  bool client_tools = false;
  // Tool workers whose tools this step may call while it runs, at most `tool_rounds` times in a row.
  std::vector<const pool::Worker*> tools;
  int tool_rounds = 4;
  // What the client sent about sampling and format holds for this step too.
  bool answers_client = false;
  // The form of its output, where it is not the client's to say.
  std::optional<chat::ResponseFormat> format;
  std::optional<double> temperature;
  std::optional<std::int64_t> seed_offset;  // added to the client's seed, so that repeated samples differ
  // Personal data in what it sees is replaced by marks before the worker sees it, and put back in its output.
  bool redact = false;
  // Ask for log-probabilities; a check wants them.
  bool logprobs = false;
  // A cascade's early commitment: once this many tokens have come with at least this mean probability, the
  // answer can no longer be retracted and streams. Zero tokens: never early.
  int commit_tokens = 0;
  double commit_confidence = 0;
  // kVote
  verify::Sameness sameness = verify::Sameness::kAuto;
  double quorum = 0;  // agreement at or above which steps still running that it waits for are called off
  // kTool: which tool, and its arguments (JSON, with {{name}} for a step's output as a JSON string).
  std::string tool, arguments;
  // kVerifier: the step whose answer it judges; a rejection is then that step's verdict.
  StepId judges = -1;
  // Waits until the run would be over, and sees the answer it would end with: a planner's second look.
  bool sees_result = false;
  // kPlanner: how many steps it may add, and which workers they may use (as numbered in its instruction).
  int max_planned = 0;
  std::vector<const pool::Worker*> planned_workers;
};

struct Plan {
  std::string workflow;  // its name
  std::vector<Step> steps;
  // Whose output the client reads, best first: the first that is done and not rejected; else the first that
  // is done at all, and the reply is then marked as degraded.
  std::vector<StepId> answers;
  // Tool calls and results of one step are seen by the others too.
  bool share_tools = false;
  // Puts marks of redaction back, adds an audit line: see flow_compliance.cc.
  bool audited = false;
  // One line per decision taken while the plan was made ("large left out: may not see personal").
  std::vector<std::string> notes;
};

}  // namespace baton::workflow
