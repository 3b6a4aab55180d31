// Keys, budgets and token issuers of a running server: opened when the configuration has tenants or a worker
// with a budget, and kept to the end of the process.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "access/keeper.h"
#include "access/token.h"
#include "audit/event.h"
#include "base/log.h"
#include "base/metric.h"
#include "config/config.h"
#include "net/client.h"

namespace baton::serve {

class Access {
 public:
  // `control` runs what waits for issuers; it, `metrics` and `events` outlive this. What the command line did
  // to keys goes into `events`.
  Access(Loop& control, config::Env env, audit::EventLog& events, Metrics* metrics, Log log);
  ~Access();

  // What `config` asks for, at the start and at every reload. On an error what was before goes on.
  Status Set(const config::Config& config);
  // Null: neither tenants nor budgets so far.
  access::Keeper* keeper() const { return keeper_.get(); }
  // A worker's budget; null: it has none. For pools, while no Set() runs.
  std::shared_ptr<const budget::Purse> PurseOf(const std::string& worker) const;

  // From any loop, its own: fetches the keys that are due, waiting for a fetch that runs already.
  Task<void> FetchKeys(Loop* loop);
  // On the control thread: fetches now and from then on whenever keys are due.
  void Start();
  void Stop();

 private:
  Status Open(const config::Config& config, std::shared_ptr<const access::Settings> settings);
  Status ReadKeyFiles();
  Result<std::map<std::string, std::shared_ptr<const budget::Purse>>> Purses(const config::Config& config);
  static Task<void> FetchDue(Access* self);
  static Task<Result<std::string>> FetchOne(Access* self, std::string url);
  void Again();

  Loop& control_;
  const config::Env env_;
  audit::EventLog& events_;
  Metrics* metrics_;
  const Log log_;
  std::unique_ptr<access::Keeper> keeper_;
  std::map<std::string, std::shared_ptr<const budget::Purse>> purses_;
  // The control thread's own.
  std::unique_ptr<net::Client> client_;
  Cancel cancel_;
  bool fetching_ = false, stopped_ = false;
  std::vector<std::function<void()>> waiting_;
  Counter fetched_, failed_;
};

}  // namespace baton::serve
