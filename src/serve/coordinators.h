// Trained coordinators of a configuration, checked against its pool before anything is served by them.
#pragma once

#include <map>
#include <string>

#include "serve/assemble.h"
#include "serve/evidence.h"
#include "workflow/chooser.h"

namespace baton::serve {

// One per workflow of kind `coordinator` or `evidence`. The engines are loaded. Errors: what conduct::Load
// and conduct::Fits say, with the workflow's name; kInvalidRequest "coordinator_reader" when the reader is no
// local worker.
Result<Choosers> MakeCoordinators(const config::Config& config, const Engines& engines);

}  // namespace baton::serve
