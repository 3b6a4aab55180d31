// Where trained workflows may serve: the gates of a configuration, checked before anything is served by them.
#pragma once

#include <map>
#include <string>

#include "serve/assemble.h"
#include "workflow/flow_gate.h"

namespace baton::serve {

// One per workflow of kind `conducted` that names a file. The engines are loaded. Errors: what
// conduct::LoadGate says, with the workflow's name; kInvalidRequest "gate_reader" when the reader is no local
// worker or another model than the file was made with, "gate_worker" when its worker is not in the pool.
Result<std::map<std::string, workflow::FlowGate>> MakeGates(const config::Config& config,
                                                            const Engines& engines);

}  // namespace baton::serve
