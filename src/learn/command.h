// What an operator asks of learned policies (`baton shadow | promote | rollback`, /admin/policies).
#pragma once

#include <string>

namespace baton::learn {

struct Command {
  enum class What { kShow, kInstall, kShadow, kPromote, kRollback } what = What::kShow;
  std::string bytes, name;  // install: a policy's file, and what people call it
  std::string policy;       // shadow: the version of one that is installed
  double share = 0;  // promote: of each arm of the canary; 0: the next step by itself (canary 5 %, then full)
  bool force = false;  // promote: past the gate, never past the order
  std::string by;      // who asks, for the audit trail
};

}  // namespace baton::learn
