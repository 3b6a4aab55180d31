// The gate: from what a request brings to who asks. One per loop; it keeps what it verified, so a key costs a
// hash and a look-up, and a token is verified once.
#pragma once

#include <map>
#include <memory>
#include <string_view>
#include <unordered_map>

#include "access/directory.h"
#include "access/token.h"
#include "base/metric.h"

namespace baton::access {

// What a request carried. Views into its headers.
struct Credentials {
  std::string_view authorization;  // the header's value
  std::string_view api_key;        // x-api-key
  int count = 0;                   // how many of both there were, repeats included
};

class Gate {
 public:
  // All outlive it; `metrics` may be null.
  Gate(Registry& registry, const Clock& clock, Metrics* metrics)
      : registry_(registry), clock_(clock), metrics_(metrics) {}

  // False: no tenants are configured and nobody needs a key.
  bool closed() { return directory().settings().enabled(); }

  // kUnauthenticated: "missing_key", "ambiguous_credentials", "bad_authorization", "malformed_key",
  // "invalid_api_key", "key_revoked", "key_expired", or a token's reasons (token.h); kPermissionDenied
  // "unknown_tenant". A key that was revoked is refused from the moment its revocation was answered.
  Result<std::shared_ptr<const Principal>> Admit(const Credentials& credentials);
  // After "token_unknown_key" or "token_keys_missing": worth fetching keys and asking again?
  bool WorthFetching(const Credentials& credentials, const Error& error);
  const Directory& directory();

 private:
  Result<std::shared_ptr<const Principal>> ByKey(std::string_view key);
  Result<std::shared_ptr<const Principal>> ByToken(std::string_view token);
  Result<std::string_view> Text(const Credentials& credentials) const;
  void Count(const Error& error);

  struct Known {
    std::shared_ptr<const Principal> principal;
    std::int64_t until = 0;
  };
  Registry& registry_;
  const Clock& clock_;
  Metrics* metrics_;
  std::shared_ptr<const Directory> directory_;
  std::uint64_t version_ = 0, generation_ = 0;
  // Tokens by hash, of this directory and these key sets; at most kMaxKnown.
  std::map<KeyHash, Known> tokens_;
  std::map<std::string_view, Counter> refused_;  // by reason; reasons are literals
};

}  // namespace baton::access
