// Where a run stands: what every step has done so far. What the executor writes and choosers, conditions and
// requests read.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "pool/pool.h"
#include "rails/data_class.h"
#include "verify/verifier.h"
#include "workflow/plan.h"

namespace baton::workflow {

enum class StepStatus {
  kWaiting,
  kRunning,
  kAwaitsTool,  // its tool calls went to the client
  kDone,        // has an output
  kFailed,      // ran, and has none
  kSkipped,     // its condition does not hold, or there was nothing for it to work on
  kDropped,     // money or time ran short
  kCalledOff,   // no longer needed
};
std::string_view StatusName(StepStatus s);

// Copyable: a run that waits for the client's tools is kept as these.
struct StepState {
  StepStatus status = StepStatus::kWaiting;
  std::string why;          // for people: why skipped, dropped, failed or rejected
  std::string text;         // the output as other steps see it
  chat::Response response;  // of the call that gave it
  const pool::Worker* worker = nullptr;
  std::vector<provider::Loss> losses;
  verify::Verdict verdict = verify::Verdict::kUnknown;
  std::optional<double> confidence;    // of its checks; of a vote: the agreement; unset: nothing measured it
  std::string evidence;                // what a check saw; untrusted
  std::set<rails::DataClass> classes;  // found in the output, and those of what it saw
  std::vector<pool::CallRecord> calls;
  StepId from = -1;  // of a vote: whose answer it is
  std::optional<Error> error;
  TimePoint began{}, ended{};
  // Its own turns with tools: assistant messages with calls, and their results.
  std::vector<chat::Message> own;
  int tool_turns = 0;

  bool settled() const {
    return status != StepStatus::kWaiting && status != StepStatus::kRunning &&
           status != StepStatus::kAwaitsTool;
  }
  bool done() const { return status == StepStatus::kDone; }
};

// Valid while the run is.
struct Progress {
  const Plan& plan;
  const std::vector<StepState>& states;
  std::optional<budget::Nanos> usd_left;  // unset: no ceiling
  Duration time_left = Duration::max();

  const StepState& At(StepId id) const { return states[static_cast<std::size_t>(id)]; }
};

// Whether `condition` holds; unset while a step it asks about has not settled.
std::optional<bool> Holds(const Condition& condition, const Progress& progress);
// In words, with the steps' names: "draft was rejected".
std::string Describe(const Condition& condition, const Plan& plan);

// What a text lists: lines that begin with a dash, a star or a number; else a bracketed list of quoted texts;
// else every line that is not empty. At most `most`, each at most 2 KB.
std::vector<std::string> ItemsOf(std::string_view text, std::size_t most);
// ACCEPT or REJECT at the start of a verifier step's output (markup and quotes aside); kUnknown otherwise.
verify::Verdict ReadVerdict(std::string_view text);

// Which step's output the client would read now: the first of plan.answers that is done and not rejected.
// With `settle`, when there is none: the first that is done at all. -1: none.
StepId ChooseAnswer(const Plan& plan, const std::vector<StepState>& states, bool settle);
// No step can change that choice any more (whatever still runs).
bool Decided(const Plan& plan, const std::vector<StepState>& states);

}  // namespace baton::workflow
