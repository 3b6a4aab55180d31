// Assembly: from a checked configuration to the objects that serve it. The only place where concrete types
// meet.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/log.h"
#include "base/metric.h"
#include "config/config.h"
#include "exchange/exchange.h"
#include "lm/engine.h"
#include "net/client.h"
#include "pool/create.h"
#include "serve/evidence.h"
#include "serve/learned.h"

namespace baton::serve {

// Models in this process, by file: shared by all loops and kept over reloads.
class Engines {
 public:
  // Loads what `config` names and is not loaded yet (seconds); on error nothing that runs is touched.
  Status Load(const config::Config& config, const Log& log);
  std::shared_ptr<lm::Engine> Find(const pool::Worker& worker) const;

 private:
  static std::string KeyOf(const pool::Worker& worker);
  mutable Mutex m_;
  std::map<std::string, std::shared_ptr<lm::Engine>> by_key_ GUARDED_BY(m_);
};

// What of the process all of its configurations share; each may be null.
struct PolicyDeps {
  std::shared_ptr<workflow::HeldTurns> held{};
  Metrics* metrics = nullptr;
  const record::Recorder* recorder = nullptr;  // whose key digests are made with; null: nothing is kept
  audit::Vault* vault = nullptr;               // null: nothing can be sealed
  LearnedParts* learned = nullptr;             // null: what is learned is read for this once
  Choosers choosers{};
  std::map<std::string, workflow::FlowGate> gates{};  // gates.h
};
// What one configuration decides with.
Result<std::shared_ptr<const exchange::Policies>> MakePolicies(const config::Config& config,
                                                               const PolicyDeps& deps = {});

using Prompts = std::map<std::string, pool::PromptRules>;

struct HouseDeps {
  Loop* loop = nullptr;
  net::Client* client = nullptr;
  const Engines* engines = nullptr;
  std::shared_ptr<pool::SharedWorkers> shared;
  human::Desk* desk = nullptr;
  exchange::Background* background = nullptr;  // the loop's
  // A worker's budget; may be empty.
  std::function<std::shared_ptr<const budget::Purse>(const pool::Worker&)> purse;
  Metrics* metrics = nullptr;
  Log log = Log::Null();
  std::uint64_t seed = 0;
  std::shared_ptr<const Prompts> prompts{};  // by worker; null: none
};

// What asks a worker of any dialect, on this loop. All outlive the factory; a local worker whose model is not
// loaded and an exact worker whose folder cannot be read give backends whose every call fails and says so.
pool::BackendFactory BackendsOf(Loop& loop, net::Client& client, const Engines& engines, Log log);

// On the loop's own thread (or before it runs).
std::shared_ptr<exchange::House> MakeHouse(std::shared_ptr<const exchange::Policies> policies,
                                           const HouseDeps& deps);

}  // namespace baton::serve
