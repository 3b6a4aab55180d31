// Tokens (JWT, RFC 7519) of the configured issuers, and the cache of their keys.
//
// What a token says of itself chooses nothing but the issuer and, among that issuer's own keys, which one to
// try; the algorithm is the key's, not the token's, and must also be one that the configuration allows. So
// `alg: none`, an RSA key used as an HMAC secret, keys and addresses inside the token (jwk, jku, x5c) find
// nobody who listens.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/directory.h"
#include "access/jwk.h"
#include "base/mutex.h"

namespace baton::access {

inline constexpr std::size_t kMaxToken = 16 * 1024;

// "a.b.c" with a JSON object at the beginning, by its look.
bool LooksLikeToken(std::string_view text);

struct Verified {
  TokenOwner owner;
  std::int64_t until = 0;  // unix seconds, leeway included
};

class Issuers {
 public:
  // Keeps the key sets of `before` (may be null) for issuers whose address has not changed.
  Issuers(std::vector<IssuerSettings> settings, const Issuers* before);

  // kUnauthenticated with one of these reasons: "token_malformed", "token_too_long", "token_algorithm",
  // "token_issuer", "token_unknown_key" (see WantKeys), "token_signature", "token_expired", "token_not_yet",
  // "token_audience", "token_claims"; kUnavailable "token_keys_missing" while the issuer's keys have never
  // been fetched. Thread safe.
  Result<Verified> Verify(std::string_view token, std::int64_t unix_seconds) const;

  // Changes with every key set: what was verified before holds no longer.
  std::uint64_t generation() const { return generation_.load(std::memory_order_acquire); }

  // Where to fetch from, for those that are due; each is then taken as asked for.
  struct Source {
    std::size_t issuer = 0;
    std::string url, file;
  };
  std::vector<Source> Due(TimePoint now);
  // All of them, due or not.
  std::vector<Source> Sources() const;
  // A token names a key that is not in the set: true if its issuer may be asked anew, which it may once in
  // half a minute, however many such tokens come.
  bool WantKeys(std::string_view token, TimePoint now);
  // What was fetched. On an error the keys there are serve on, until they are too old.
  Status Set(std::size_t issuer, const Result<std::string>& fetched, TimePoint now);
  // Drops key sets that could not be renewed for too long.
  void DropStale(TimePoint now);
  bool empty() const { return all_.empty(); }

 private:
  struct Issuer {
    IssuerSettings settings;
    std::shared_ptr<const KeySet> keys;  // null: none yet
    TimePoint fetched{}, next{}, next_wanted{};
  };
  const Issuer* Of(std::string_view name) const REQUIRES_LOCK(m_);

  mutable Mutex m_;
  std::vector<Issuer> all_ GUARDED_BY(m_);
  std::atomic<std::uint64_t> generation_ = 1;
};

}  // namespace baton::access
