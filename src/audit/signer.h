// Ed25519 keys (RFC 8032, OpenSSL): the server signs, whoever holds the public key checks.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace baton::audit {

using PublicKey = std::array<std::uint8_t, 32>;
using Signature = std::array<std::uint8_t, 64>;

// Immutable after it is made; Sign() is thread safe.
class Signer {
 public:
  // Reads the private key (PEM, PKCS #8) at `path`, or makes one there that only its owner can read. Empty
  // path: a key that lives as long as the object. Errors name the file and what to do; a key file that others
  // may read is refused ("audit_key_exposed").
  static Result<std::unique_ptr<Signer>> Open(const std::string& path);
  ~Signer();
  Signer(const Signer&) = delete;
  Signer& operator=(const Signer&) = delete;

  Signature Sign(std::string_view message) const;
  const PublicKey& public_key() const { return public_; }

 private:
  struct Key;
  explicit Signer(std::unique_ptr<Key> key);
  std::unique_ptr<Key> key_;
  PublicKey public_{};
};

bool SignatureHolds(const PublicKey& key, std::string_view message, const Signature& signature);
// SubjectPublicKeyInfo, as `openssl pkeyutl -verify -pubin -rawin` reads it.
std::string ToPem(const PublicKey& key);
// PEM as above, or 64 hexadecimal digits.
Result<PublicKey> ParsePublicKey(std::string_view text);
// The first 16 digits of the key's SHA-256: what people compare.
std::string Fingerprint(const PublicKey& key);

}  // namespace baton::audit
