// Content at rest: AES-256-GCM under a key per tenant, which lies in a file of its own, wrapped by the
// operator's master key. Destroying that file makes everything the tenant's key ever sealed unreadable,
// wherever copies of the store may lie (crypto-shredding); the audit chain, which covers the sealed bytes,
// stays in order.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/mutex.h"
#include "base/result.h"
#include "base/secret.h"

namespace baton::audit {

// 32 bytes that are wiped when they go.
class VaultKey {
 public:
  VaultKey() = default;
  ~VaultKey();
  VaultKey(const VaultKey&) = delete;
  VaultKey& operator=(const VaultKey&) = delete;
  const unsigned char* data() const { return bytes_.data(); }
  unsigned char* data() { return bytes_.data(); }
  static constexpr std::size_t kSize = 32;

 private:
  std::array<unsigned char, kSize> bytes_{};
};

// Thread safe.
class Vault {
 public:
  // `master`: 64 hexadecimal digits or 44 characters of base64, as `openssl rand -hex 32` makes them;
  // otherwise kInvalidRequest "bad_master_key". `folder` is made, for its owner alone, when the first key is.
  static Result<std::unique_ptr<Vault>> Open(const std::string& folder, const Secret& master);

  // Sealed bytes for `tenant`. `context` (not secret, not stored) must be the same when they are opened: it
  // ties them to their place. The first call for a tenant makes its key: two small writes and a flush.
  Result<std::string> Seal(const std::string& tenant, std::string_view context, std::string_view plain);
  // kNotFound "content_erased": the key they were sealed with is gone. kInternal "content_damaged": they were
  // changed, or the master key is another one.
  Result<std::string> Open(const std::string& tenant, std::string_view context, std::string_view sealed);
  // Destroys the tenant's key; what is sealed later gets a new one. Nothing to destroy is no error.
  Status Erase(const std::string& tenant);

 private:
  struct TenantKey {
    std::uint64_t id = 0;  // random; part of what was sealed with it
    VaultKey key;
  };
  explicit Vault(std::string folder) : folder_(std::move(folder)) {}
  std::string FileOf(const std::string& tenant) const;
  Result<std::shared_ptr<const TenantKey>> KeyOf(const std::string& tenant, bool make);
  Result<std::shared_ptr<const TenantKey>> ReadKey(const std::string& tenant);
  Result<std::shared_ptr<const TenantKey>> MakeKey(const std::string& tenant);

  const std::string folder_;
  VaultKey master_;
  Mutex m_;
  std::map<std::string, std::shared_ptr<const TenantKey>> keys_ GUARDED_BY(m_);
};

}  // namespace baton::audit
