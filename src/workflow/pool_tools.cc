#include "workflow/pool_tools.h"

#include <algorithm>

namespace baton::workflow {

Task<void> PoolTools::Learn(const std::vector<const pool::Worker*>& workers, Cancel* cancel,
                            std::vector<std::string>* problems) {
  for (const auto* w : workers) {
    const bool known =
        std::any_of(known_.begin(), known_.end(), [&](const Known& k) { return k.worker == w; });
    if (known) continue;
    Result<std::vector<chat::Tool>> listed = co_await pool_.Tools(*w, cancel);
    if (!listed) problems->push_back("tools of '" + w->name + "': " + listed.error().message);
    known_.push_back({w, listed ? std::move(*listed) : std::vector<chat::Tool>{}});
  }
}

std::vector<chat::Tool> PoolTools::List(const std::vector<const pool::Worker*>& workers) const {
  std::vector<chat::Tool> out;
  for (const Known& k : known_) {
    if (std::find(workers.begin(), workers.end(), k.worker) != workers.end())
      out.insert(out.end(), k.tools.begin(), k.tools.end());
  }
  return out;
}

const pool::Worker* PoolTools::Owner(const std::vector<const pool::Worker*>& workers,
                                     std::string_view name) const {
  for (const Known& k : known_) {
    if (std::find(workers.begin(), workers.end(), k.worker) == workers.end()) continue;
    for (const auto& t : k.tools) {
      if (t.name == name) return k.worker;
    }
  }
  return nullptr;
}

Task<chat::ToolResult> PoolTools::Call(std::vector<const pool::Worker*> workers, chat::ToolCall call,
                                       budget::Lease* lease, Deadline deadline, Cancel* cancel,
                                       pool::CallRecord* record) {
  const pool::Worker* owner = Owner(workers, call.name);
  if (!owner && !workers.empty()) owner = workers.front();
  chat::ToolResult failed;
  failed.call_id = call.id;
  failed.name = call.name;
  failed.is_error = true;
  if (!owner) {
    failed.content.emplace_back(chat::Text{"there is no such tool", {}});
    co_return failed;
  }
  record->worker = owner->name;
  record->why = "tool " + call.name;
  Result<chat::ToolResult> result = co_await pool_.CallTool(*owner, call, lease, deadline, cancel, record);
  if (result) {
    result->call_id = call.id;
    result->name = call.name;
    co_return std::move(*result);
  }
  record->outcome = std::string(result.error().Name());
  failed.content.emplace_back(chat::Text{"the tool failed: " + result.error().message, {}});
  co_return failed;
}

}  // namespace baton::workflow
