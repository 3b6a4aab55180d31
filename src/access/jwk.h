// Public keys that tokens are signed with, as an issuer publishes them (JWKS, RFC 7517).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace baton::access {

// The signatures that are accepted. There is no "none" and no HMAC here to be confused with: a secret shared
// with the issuer has no place in a published key set.
enum class Algorithm { kRs256, kEs256, kEdDsa };
std::optional<Algorithm> ParseAlgorithm(std::string_view name);
std::string_view AlgorithmName(Algorithm algorithm);

struct PublicKey {
  std::string kid;  // may be empty
  Algorithm algorithm = Algorithm::kRs256;
  std::shared_ptr<void> key;  // an EVP_PKEY

  // Thread safe, 30 to 150 us. `signature` as in a JWS: ES256 is r and s, 32 bytes each.
  bool Verify(std::string_view text, std::string_view signature) const;
};

struct KeySet {
  std::vector<PublicKey> keys;
};

inline constexpr std::size_t kMaxKeySetBytes = 256 * 1024, kMaxKeySetKeys = 64;

// Takes the keys that it can use (RSA of 2,048 to 8,192 bits, P-256, Ed25519, for signing) and passes over
// the others. kInvalidRequest "bad_key_set" for what is none, or holds no key of use.
Result<KeySet> ParseKeySet(std::string_view json);

// Strict base64url without padding; nullopt for anything else.
std::optional<std::string> DecodeBase64Url(std::string_view text);

}  // namespace baton::access
