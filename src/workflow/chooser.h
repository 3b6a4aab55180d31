// A chooser decides step by step, from what has happened so far: the form of learned coordinators.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/task.h"
#include "rails/rails.h"
#include "route/route.h"
#include "workflow/progress.h"

namespace baton::workflow {

// What to do next. The steps join the plan behind those that have run, go through the same check, the same
// permit and the same lease, and refer to earlier steps by their place.
struct NextSteps {
  std::vector<Step> steps;      // none: the run ends
  std::vector<StepId> answers;  // replaces the plan's preference when not empty
  std::string reason;           // for the trace
  double propensity = 1;        // of this decision
};

class Chooser {
 public:
  virtual ~Chooser() = default;
  // Asked when nothing runs and nothing is left to start, at most kMaxSteps times. What it returns is a
  // proposal: steps that fail the check end the run, and the best answer so far stands.
  virtual Task<NextSteps> Next(const Progress& progress) = 0;
};

// What a chooser is made for. Everything outlives the run.
struct ChooserRequest {
  const rails::Permit& permit;
  const chat::Request& request;
  std::vector<const pool::Worker*> workers;  // the route's, those the permit allows
  pool::Pool& pool;
  std::uint64_t seed = 0;
  const route::Route* route = nullptr;  // whose expectations may serve as a prior; null: none
};
// One chooser per run; called on the run's loop. A workflow that has one is run by it: config names it,
// serve/ makes it, the runner asks it.
using ChooserMaker = std::function<std::unique_ptr<Chooser>(const ChooserRequest&)>;

}  // namespace baton::workflow
