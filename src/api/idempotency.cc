#include "api/idempotency.h"

#include <functional>

namespace baton::api {

using Began = std::variant<IdempotencyCache::Ticket, std::shared_ptr<const StoredReply>>;

Result<Began> IdempotencyCache::Begin(const std::string& tenant, std::string_view key,
                                      std::string_view body) {
  if (key.size() > 255) {
    return Fail(Code::kInvalidRequest, "Idempotency-Key is longer than 255 characters",
                "idempotency_key_too_long");
  }
  std::string full = tenant + '\n' + std::string(key);
  const std::size_t hash = std::hash<std::string_view>{}(body);
  MutexLock lock(m_);
  Evict();
  if (auto at = entries_.find(full); at != entries_.end()) {
    if (at->second.body_hash != hash) {
      return Fail(Code::kInvalidRequest,
                  "this Idempotency-Key was used with another request body; use a new key for a new request",
                  "idempotency_key_reused");
    }
    if (!at->second.reply) {
      Error e = Fail(Code::kConflict,
                     "the first request with this Idempotency-Key is still running; try again in a moment",
                     "idempotency_key_in_use");
      e.retry_after = std::chrono::seconds(1);
      return e;
    }
    return Began(at->second.reply);
  }
  Entry entry;
  entry.body_hash = hash;
  entry.at = clock_.Now();
  entry.bytes = full.size();
  entry.order = order_.insert(order_.end(), full);
  bytes_ += entry.bytes;
  entries_.emplace(full, std::move(entry));
  return Began(Ticket(this, std::move(full)));
}

// Oldest first; entries still running are skipped: forgetting one would let its twin be paid for.
void IdempotencyCache::Evict() {
  const TimePoint now = clock_.Now();
  for (auto it = order_.begin(); it != order_.end();) {
    auto at = entries_.find(*it++);
    const bool over = entries_.size() >= options_.max_entries || bytes_ > options_.max_bytes;
    if (!over && now - at->second.at < options_.ttl) return;
    if (at->second.reply) Erase(at);
  }
}

void IdempotencyCache::Erase(std::unordered_map<std::string, Entry>::iterator at) {
  bytes_ -= at->second.bytes;
  order_.erase(at->second.order);
  entries_.erase(at);
}

void IdempotencyCache::Ticket::Keep(StoredReply reply) {
  IdempotencyCache* cache = std::exchange(cache_, nullptr);
  MutexLock lock(cache->m_);
  auto at = cache->entries_.find(key_);
  const std::size_t size = reply.body.size();
  at->second.bytes += size;
  cache->bytes_ += size;
  at->second.at = cache->clock_.Now();
  at->second.reply = std::make_shared<const StoredReply>(std::move(reply));
}

IdempotencyCache::Ticket::~Ticket() {
  if (!cache_) return;
  MutexLock lock(cache_->m_);
  cache_->Erase(cache_->entries_.find(key_));
}

}  // namespace baton::api
