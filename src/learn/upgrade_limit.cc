#include "learn/upgrade_limit.h"

#include <algorithm>

namespace baton::learn {

bool UpgradeLimit::MayUpgrade(std::string_view caller, double* factor) {
  MutexLock lock(m_);
  if (options_.share >= 1) return true;
  *factor = options_.factor;
  auto at = tokens_.find(caller);
  if (at == tokens_.end()) {
    // Full: those with a whole bucket lose nothing by being forgotten; without one, strangers share an entry.
    if (tokens_.size() >= options_.max_callers)
      std::erase_if(tokens_, [&](const auto& c) { return c.second >= options_.burst; });
    const std::string_view name = tokens_.size() >= options_.max_callers ? std::string_view("*") : caller;
    at = tokens_.try_emplace(std::string(name), options_.burst).first;
  }
  at->second = std::min(options_.burst, at->second + options_.share);
  return at->second >= 1;
}

void UpgradeLimit::Set(const UpgradeOptions& options) {
  MutexLock lock(m_);
  options_ = options;
  for (auto& [caller, tokens] : tokens_) tokens = std::min(tokens, options.burst);
}

void UpgradeLimit::Upgraded(std::string_view caller) {
  MutexLock lock(m_);
  auto at = tokens_.find(caller);
  if (at == tokens_.end()) at = tokens_.find(std::string_view("*"));
  if (at != tokens_.end()) at->second -= 1;
}

}  // namespace baton::learn
