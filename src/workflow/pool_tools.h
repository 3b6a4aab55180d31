// Tools of the pool's tool workers, as steps meet them. See pool/ for how they are called.
#pragma once

#include <string_view>
#include <vector>

#include "budget/lease.h"
#include "chat/types.h"
#include "pool/pool.h"

namespace baton::workflow {

// Lists each worker's tools once per run and remembers which tool is whose.
class PoolTools {
 public:
  explicit PoolTools(pool::Pool& pool) : pool_(pool) {}
  // Fetches what is not known yet; a worker that cannot list has none, and `problems` says why.
  Task<void> Learn(const std::vector<const pool::Worker*>& workers, Cancel* cancel,
                   std::vector<std::string>* problems);
  // All tools of these workers. REQUIRES: learnt.
  std::vector<chat::Tool> List(const std::vector<const pool::Worker*>& workers) const;
  // Which of these has a tool of that name; null: none.
  const pool::Worker* Owner(const std::vector<const pool::Worker*>& workers, std::string_view name) const;
  // Never fails as a call: an error is a result that says so.
  Task<chat::ToolResult> Call(std::vector<const pool::Worker*> workers, chat::ToolCall call,
                              budget::Lease* lease, Deadline deadline, Cancel* cancel,
                              pool::CallRecord* record);

 private:
  struct Known {
    const pool::Worker* worker;
    std::vector<chat::Tool> tools;
  };
  pool::Pool& pool_;
  std::vector<Known> known_;
};

}  // namespace baton::workflow
