// Idempotency-Key: a client that repeats a request with the same key gets the first reply again, and nobody
// is called or paid twice.
//
// Kept in memory, bounded in entries and bytes, oldest out first; a restart forgets. Only finished,
// successful replies are kept: after a failure the same key tries again, which is what the client wants.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <unordered_map>
#include <variant>

#include "base/clock.h"
#include "base/mutex.h"
#include "base/result.h"
#include "net/http.h"

namespace baton::api {

struct StoredReply {
  int status = 200;
  net::HeaderList headers;
  std::string body;
};

class IdempotencyCache {
 public:
  struct Options {
    Duration ttl = std::chrono::hours(1);
    std::size_t max_entries = 10'000;
    std::size_t max_bytes = 64 * 1024 * 1024;
    std::size_t max_reply = 1024 * 1024;  // larger replies are not kept
  };
  IdempotencyCache(const Clock& clock, Options options) : clock_(clock), options_(options) {}

  // Holds the key while the first request runs. Destroyed without Keep(): the key is free again.
  class Ticket {
   public:
    Ticket(Ticket&& o) noexcept : cache_(std::exchange(o.cache_, nullptr)), key_(std::move(o.key_)) {}
    Ticket& operator=(Ticket&&) = delete;
    ~Ticket();
    void Keep(StoredReply reply);

   private:
    friend class IdempotencyCache;
    Ticket(IdempotencyCache* cache, std::string key) : cache_(cache), key_(std::move(key)) {}
    IdempotencyCache* cache_;
    std::string key_;
  };

  // First use: a Ticket. Known and finished: the reply. Errors: kConflict "idempotency_key_in_use" (still
  // running; retry_after set) and kInvalidRequest "idempotency_key_reused" (another body). Thread safe.
  Result<std::variant<Ticket, std::shared_ptr<const StoredReply>>> Begin(const std::string& tenant,
                                                                         std::string_view key,
                                                                         std::string_view body);
  std::size_t max_reply() const { return options_.max_reply; }

 private:
  struct Entry {
    std::size_t body_hash = 0;
    TimePoint at;
    std::shared_ptr<const StoredReply> reply;  // null: still running
    std::list<std::string>::iterator order;
    std::size_t bytes = 0;
  };
  void Evict() REQUIRES_LOCK(m_);
  void Erase(std::unordered_map<std::string, Entry>::iterator at) REQUIRES_LOCK(m_);

  const Clock& clock_;
  const Options options_;
  Mutex m_;
  std::unordered_map<std::string, Entry> entries_ GUARDED_BY(m_);
  std::list<std::string> order_ GUARDED_BY(m_);  // oldest first
  std::size_t bytes_ GUARDED_BY(m_) = 0;
};

}  // namespace baton::api
