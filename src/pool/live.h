// One worker alive within one pool: its definition, what it shares with other loops, and its metric handles.
#pragma once

#include <array>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/metric.h"
#include "budget/purse.h"
#include "pool/backend.h"
#include "pool/shared.h"

namespace baton::pool {

// How a try ended, for counting: the faults, and what is nobody's fault.
enum class Ending {
  kOk,
  kCancelled,
  kDeadline,
  kLostRace,
  kFault,  // plus the provider::Fault
};
inline constexpr std::size_t kFaults = static_cast<std::size_t>(provider::Fault::kTimeout) + 1;

struct LiveWorker {
  std::shared_ptr<const Worker> worker;
  std::shared_ptr<SharedWorker> shared;
  std::unique_ptr<Backend> backend;
  std::shared_ptr<const budget::Purse> purse;  // its own budget; null: none

  // By Ending, faults behind the last; looked up once.
  std::array<Counter, static_cast<std::size_t>(Ending::kFault) + kFaults> calls;
  Gauge in_flight;
  Histogram duration, first_byte;

  void ResolveMetrics(Metrics* metrics);
  Counter& CallsEnding(Ending ending, provider::Fault fault) {
    const auto e = static_cast<std::size_t>(ending);
    return calls[ending == Ending::kFault ? e + static_cast<std::size_t>(fault) : e];
  }
};

// All workers of one pool. Constant after Add().
class Roster {
 public:
  void Add(std::unique_ptr<LiveWorker> live);
  // A worker of the pool's own configuration; one of an older snapshot is found by its name. Null: not here.
  LiveWorker* Find(const Worker* worker) const;
  LiveWorker* Find(std::string_view name) const;
  const std::vector<std::unique_ptr<LiveWorker>>& all() const { return all_; }

 private:
  std::vector<std::unique_ptr<LiveWorker>> all_;
  std::unordered_map<const Worker*, LiveWorker*> by_address_;
  std::unordered_map<std::string_view, LiveWorker*> by_name_;  // views into the workers themselves
};

}  // namespace baton::pool
