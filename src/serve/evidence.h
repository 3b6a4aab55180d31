// Learned evidence policies of a configuration.
#pragma once

#include <map>
#include <string>

#include "config/config.h"
#include "workflow/chooser.h"

namespace baton::serve {

// Adds one per workflow of kind `evidence`. Errors: what estimate::LoadEvidence says, with the workflow's
// name; nothing is served by half of a configuration.
Status AddEvidence(const config::Config& config, std::map<std::string, workflow::ChooserMaker>* out);

}  // namespace baton::serve
