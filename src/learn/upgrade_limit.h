// How often one caller's requests may go to workers far dearer than the cheapest that could take them: a
// bound on what somebody gains who has found words that make a router spend.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/mutex.h"

namespace baton::learn {

struct UpgradeOptions {
  double share = 1;   // of a caller's requests, in the long run; 1: no limit
  double burst = 20;  // upgrades in a row that are free
  double factor = 3;  // dearer than the cheapest option by this: an upgrade
  std::size_t max_callers = 10'000;
};

// A bucket per caller: each request puts `share` of a token in, each upgrade takes one out. Thread safe.
class UpgradeLimit {
 public:
  explicit UpgradeLimit(UpgradeOptions options) : options_(options) {}
  bool IsUpgrade(double cost_usd, double cheapest_usd) const {
    return cost_usd > options_.factor * cheapest_usd;
  }
  // May this request be an upgrade? Asked once per request, before the choice: a caller without a token is
  // offered what is no upgrade.
  bool MayUpgrade(std::string_view caller);
  // It was one.
  void Upgraded(std::string_view caller);
  const UpgradeOptions& options() const { return options_; }

 private:
  UpgradeOptions options_;
  Mutex m_;
  std::map<std::string, double, std::less<>> tokens_ GUARDED_BY(m_);
};

}  // namespace baton::learn
