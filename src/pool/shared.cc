#include "pool/shared.h"

#include <functional>

#include "pool/credential.h"

namespace baton::pool {
namespace {

// Of what concerns health and slots: whether it is still the same thing behind the same address with the same
// key, watched by the same limits. Prices, data profile and abilities may change without forgetting a
// breaker.
class Fingerprint {
 public:
  template <class T>
  Fingerprint& Add(const T& v) {
    sum_ ^= std::hash<T>()(v) + 0x9e3779b97f4a7c15ULL + (sum_ << 6) + (sum_ >> 2);
    return *this;
  }
  Fingerprint& Add(Duration d) { return Add(d.count()); }
  std::uint64_t sum() const { return sum_; }

 private:
  std::uint64_t sum_ = 0;
};

std::uint64_t Definition(const Worker& w) {
  Fingerprint f;
  f.Add(w.dialect).Add(w.base_url).Add(w.path).Add(w.sha256).Add(w.target.model);
  f.Add(CredentialFingerprint(w.key));
  for (const auto& word : w.command) f.Add(word);
  for (const auto& [name, value] : w.environment) f.Add(name).Add(CredentialFingerprint(value));
  f.Add(w.max_concurrency).Add(w.max_queue);
  f.Add(w.breaker.failures).Add(w.breaker.error_rate).Add(w.breaker.window);
  f.Add(w.breaker.open_for).Add(w.breaker.open_max).Add(w.breaker.retry_after_max);
  return f.sum();
}

}  // namespace

std::vector<std::shared_ptr<SharedWorker>> SharedWorkers::Adopt(
    const std::vector<std::shared_ptr<const Worker>>& workers) {
  std::vector<std::shared_ptr<SharedWorker>> out;
  std::map<std::string, Entry> next;
  MutexLock lock(m_);
  for (const auto& w : workers) {
    Entry entry{Definition(*w), nullptr};
    const auto old = entries_.find(w->name);
    if (old != entries_.end() && old->second.definition == entry.definition)
      entry.shared = old->second.shared;
    if (!entry.shared) entry.shared = std::make_shared<SharedWorker>(*w, log_);
    out.push_back(entry.shared);
    next[w->name] = std::move(entry);
  }
  entries_ = std::move(next);
  return out;
}

std::shared_ptr<SharedWorkers> CreateSharedWorkers(Log log) {
  return std::make_shared<SharedWorkers>(std::move(log));
}

}  // namespace baton::pool
