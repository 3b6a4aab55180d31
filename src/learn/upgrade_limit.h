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
  // May this request be an upgrade? Asked once per request, before the choice: a caller without a token is
  // offered what is no upgrade. `factor`: what counts as one here; stays as it is where there is no limit.
  bool MayUpgrade(std::string_view caller, double* factor);
  // It was one.
  void Upgraded(std::string_view caller);
  // From the next request on. Buckets stay, cut to the new size.
  void Set(const UpgradeOptions& options);

 private:
  Mutex m_;
  UpgradeOptions options_ GUARDED_BY(m_);
  std::map<std::string, double, std::less<>> tokens_ GUARDED_BY(m_);
};

}  // namespace baton::learn
