// What all loops share about the workers: health and slots, kept over reloads.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/mutex.h"
#include "pool/create.h"
#include "pool/health.h"
#include "pool/slots.h"

namespace baton::pool {

struct SharedWorker {
  SharedWorker(const Worker& worker, Log log)
      : health(worker.name, worker.breaker, std::move(log)),
        slots(worker.max_concurrency, worker.max_queue) {}
  Health health;
  Slots slots;
};

class SharedWorkers {
 public:
  explicit SharedWorkers(Log log) : log_(std::move(log)) {}
  // One entry per worker, in order: the present one where the definition is the same, a fresh one otherwise.
  // Workers that are not in the list are forgotten (calls that run keep theirs). Thread safe.
  std::vector<std::shared_ptr<SharedWorker>> Adopt(const std::vector<std::shared_ptr<const Worker>>& workers);

 private:
  struct Entry {
    std::uint64_t definition = 0;
    std::shared_ptr<SharedWorker> shared;
  };
  const Log log_;
  Mutex m_;
  std::map<std::string, Entry> entries_ GUARDED_BY(m_);
};

}  // namespace baton::pool
