// A gate as JSON, and as a file of its own: for a workflow whose policy is no file of ours (a conductor's is
// its planner's adapter).
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "base/result.h"
#include "conduct/coordinator.h"
#include "conduct/gate.h"

namespace baton::conduct {

struct GateFile {
  BaseModel base;      // whose states the centres are
  std::string origin;  // what was judged, for people
  Gate gate;
};

// kInternal "cannot_write".
Status SaveGate(const GateFile& file, const std::string& path);
// kInvalidRequest "bad_gate": cut short, changed, of another kind or version, or centres of another width.
Result<GateFile> LoadGate(const std::string& path);

// Shared with the coordinator's file. The readers throw nlohmann::json::exception.
nlohmann::json ToJson(const Gate& gate);
nlohmann::json ToJson(const BaseModel& base);
Gate GateFrom(const nlohmann::json& in);
BaseModel BaseFrom(const nlohmann::json& in);

}  // namespace baton::conduct
