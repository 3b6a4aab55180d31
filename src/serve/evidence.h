// Learned evidence policies of a configuration.
#pragma once

#include <map>
#include <string>

#include "config/config.h"
#include "workflow/chooser.h"

namespace baton::serve {

// What decides step by step inside workflows, by workflow.
struct Choosers {
  std::map<std::string, workflow::ChooserMaker> makers;
  std::map<std::string, std::string> policies;  // versions of those that were trained on outcomes
};

// Adds one per workflow of kind `evidence`. Errors: what estimate::LoadEvidence says, with the workflow's
// name; nothing is served by half of a configuration.
Status AddEvidence(const config::Config& config, Choosers* out);

}  // namespace baton::serve
