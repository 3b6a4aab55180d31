// Named workflows: how a plan is made from settings, workers and a request. One file each (flow_*.cc), one
// row in flows.cc; `workflows:` in the config gives them other settings under another name, or writes its own
// steps.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "base/result.h"
#include "rails/rails.h"
#include "verify/verifier.h"
#include "workflow/plan.h"

namespace baton::workflow {

// A step as the operator writes it. Names are resolved when the plan is made.
struct StepSettings {
  std::string name, role = "worker", title, instruction;
  std::vector<std::string> workers;  // empty: the workflow's, strongest for synthesizers and planners
  std::vector<std::string> sees;     // step names, or "all"
  bool conversation = true;
  // Groups of tests, any of which must hold: "rejected draft", "confidence draft < 0.7", "label triage
  // angry", "not answered search", "usd_left < 0.01", "ms_left >= 500".
  std::vector<std::vector<std::string>> when;
  std::vector<verify::Spec> verify;
  std::vector<std::string> tools;  // tool workers it may call
  std::string tool, arguments;     // role tool
  std::string for_each;            // repeated for the items of that step's output, `at_most` times
  std::string workflow;            // a sub-workflow stands in its place
  std::vector<StepSettings> loop;  // repeated at most `at_most` times, until `until` holds
  std::vector<std::vector<std::string>> until;
  int at_most = 0;
  std::int64_t max_output = 0;
  Duration timeout{};
  std::optional<budget::Nanos> max_usd;
  std::optional<double> temperature;
  bool optional = false, client_tools = false, redact = false;
};

struct FlowSettings {
  std::string name;  // what routes and clients call it
  std::string kind;  // which row of Flows(); "steps" for the operator's own
  std::string description;
  std::vector<std::string> workers;         // whom it may use; empty: those of the route
  std::string judge, planner, synthesizer;  // empty: the strongest of its workers (the dearest)
  std::string file, reader;                 // coordinator: what was trained, and whose model reads for it
  std::vector<verify::Spec> verify;
  int samples = 0, rounds = 0, layers = 0, max_steps = 0;  // 0: the workflow's own standard
  double confidence = 0, quorum = 0;
  std::string decide;  // poll: vote | judge | synthesis
  std::string prompt;  // conducted: full | short, how its planner is told of the team (plan_prompt.h)
  std::string sameness = "auto";
  bool stream_early = false;  // cascade: commit by log-probabilities
  int commit_tokens = 24;
  bool share_tools = false;
  std::vector<StepSettings> steps;
  std::vector<std::string> answer;  // names of steps, best first; empty: the last
  // A contract: what a caller hands in under `inputs`, and the form of what comes back.
  std::vector<std::string> inputs;
  chat::Json output_schema;
};

// What a builder works with. Everything outlives the call; the plan points at the workers.
struct Materials {
  const FlowSettings& settings;
  std::vector<const pool::Worker*> workers;  // allowed and able, in order of preference; never empty
  const rails::Catalogue& catalogue;
  const rails::Permit& permit;
  const chat::Request& request;
  std::int64_t unix_seconds = 0;
  const std::vector<std::shared_ptr<const verify::Verifier>>& checks;  // of settings.verify
  double quality = 0;  // dollars per point, as the caller says; 0: not said
  // Made once per library and spec: some hold a sandbox.
  std::function<Result<std::shared_ptr<const verify::Verifier>>(const verify::Spec&)> check;
  // Plans of other workflows, for sub-workflows; refuses to nest deeper than four.
  std::function<Result<Plan>(const std::string& name, int depth)> plan_of;
  int depth = 0;
};

struct FlowInfo {
  std::string_view name, doc;
  std::string_view uses;  // the settings it reads, "samples|rounds"
  Result<Plan> (*build)(const Materials&);
};
// All of them, in the order of docs/workflows.md.
const std::vector<FlowInfo>& Flows();
const FlowInfo* FindFlow(std::string_view name);

// The built-in workflows by their own names and the operator's.
class Library {
 public:
  // Worker names are checked when plans are made (they depend on the permit); everything else here:
  // kInvalidRequest naming the workflow and what is wrong (unknown kind or verifier, a step that refers to
  // nothing, a bound out of range, a name used twice).
  static Result<std::shared_ptr<const Library>> Build(std::vector<FlowSettings> flows);
  // The names routes may use.
  std::vector<std::string> names() const;
  const FlowSettings* Find(std::string_view name) const;
  // Only those the operator wrote: clients may ask for them as models.
  const std::vector<FlowSettings>& own() const { return flows_; }

  // The verifiers of `verify:` in that workflow's settings; empty: none, or there is no such workflow.
  std::vector<std::shared_ptr<const verify::Verifier>> ChecksOf(std::string_view workflow) const;

  struct Request {
    std::string workflow;
    std::vector<const pool::Worker*> workers;
    const rails::Catalogue& catalogue;
    const rails::Permit& permit;
    const chat::Request& request;
    std::int64_t unix_seconds = 0;
  };
  // Makes what is dear to make (a sandbox takes tens of milliseconds) before the first request needs it on
  // its loop: the checks of the operator's own steps, and those that these workflows bring.
  void Prepare(const std::vector<std::string>& workflows) const;
  // A checked plan, or why there is none.
  Result<Plan> Make(const Request& request) const;

 private:
  Library() = default;
  Result<Plan> MakeNested(const Request& request, int depth) const;

  Result<std::shared_ptr<const verify::Verifier>> CheckOf(const verify::Spec& spec) const;
  void Prepare(const StepSettings& step) const;

  mutable Mutex m_;
  // By the spec written out; only specs of the configuration get here.
  mutable std::map<std::string, std::shared_ptr<const verify::Verifier>> made_ GUARDED_BY(m_);
  std::vector<FlowSettings> flows_;     // the operator's
  std::vector<FlowSettings> built_in_;  // rows of Flows() with standard settings
  std::map<std::string, std::vector<std::shared_ptr<const verify::Verifier>>, std::less<>> checks_;
};

}  // namespace baton::workflow
