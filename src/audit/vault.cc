// Form of sealed bytes: version (1), key id (8), nonce (12), ciphertext, tag (16). Nonces are random; a key
// must not seal more than 2^32 texts (NIST SP 800-38D), which at a hundred a second is more than a year of
// one tenant, so a key file is good for 2^31 and then `Erase` or a new master key has to come first; nobody
// counts across restarts, the bound is told in docs/audit.md.
#include "audit/vault.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "audit/base64.h"
#include "audit/digest.h"

namespace baton::audit {
namespace {

constexpr char kVersion = 1;
constexpr std::size_t kId = 8, kNonce = 12, kTag = 16, kFront = 1 + kId + kNonce;
using Context = std::unique_ptr<EVP_CIPHER_CTX, void (*)(EVP_CIPHER_CTX*)>;

Error Damaged() {
  return Fail(Code::kInternal, "the content was changed, or the master key is not the one it was sealed with",
              "content_damaged");
}
Error Cannot(std::string_view doing, const std::string& path) {
  return Fail(Code::kUnavailable, fmt::format("cannot {} {}: {}", doing, path, std::strerror(errno)),
              errno == ENOSPC ? "disk_full" : "content_key_unusable");
}

const unsigned char* U(std::string_view s) {
  return reinterpret_cast<const unsigned char*>(s.data());
}
unsigned char* U(std::string& s, std::size_t at) {
  return reinterpret_cast<unsigned char*>(s.data() + at);
}

// Ciphertext and tag.
std::string Encrypt(const VaultKey& key, std::string_view nonce, std::string_view aad,
                    std::string_view plain) {
  Context c(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
  std::string out(plain.size() + kTag, '\0');
  int n = 0;
  EVP_EncryptInit_ex2(c.get(), EVP_aes_256_gcm(), key.data(), U(nonce), nullptr);
  EVP_EncryptUpdate(c.get(), nullptr, &n, U(aad), static_cast<int>(aad.size()));
  EVP_EncryptUpdate(c.get(), U(out, 0), &n, U(plain), static_cast<int>(plain.size()));
  EVP_EncryptFinal_ex(c.get(), U(out, plain.size()), &n);
  EVP_CIPHER_CTX_ctrl(c.get(), EVP_CTRL_AEAD_GET_TAG, kTag, U(out, plain.size()));
  return out;
}

bool Decrypt(const VaultKey& key, std::string_view nonce, std::string_view aad, std::string_view sealed,
             unsigned char* to) {
  Context c(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
  const std::size_t size = sealed.size() - kTag;
  std::string tag(sealed.substr(size));
  int n = 0;
  return EVP_DecryptInit_ex2(c.get(), EVP_aes_256_gcm(), key.data(), U(nonce), nullptr) == 1 &&
         EVP_DecryptUpdate(c.get(), nullptr, &n, U(aad), static_cast<int>(aad.size())) == 1 &&
         EVP_DecryptUpdate(c.get(), to, &n, U(sealed), static_cast<int>(size)) == 1 &&
         EVP_CIPHER_CTX_ctrl(c.get(), EVP_CTRL_AEAD_SET_TAG, kTag, U(tag, 0)) == 1 &&
         EVP_DecryptFinal_ex(c.get(), to + size, &n) == 1;
}

std::string RandomBytes(std::size_t n) {
  std::string bytes(n, '\0');
  RAND_bytes(U(bytes, 0), static_cast<int>(n));
  return bytes;
}

std::uint64_t IdOf(std::string_view bytes) {
  std::uint64_t id = 0;
  std::memcpy(&id, bytes.data(), kId);
  return id;
}

std::string KeyContext(const std::string& tenant) {
  return "baton content key 1\n" + tenant;
}

// Flushed: content sealed with a key that a power cut takes away would be lost with it.
Status WriteFile(const std::string& path, std::string_view bytes) {
  const std::string unfinished = path + ".new";
  const int fd = ::open(unfinished.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return Cannot("create", path);
  const bool written =
      ::write(fd, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()) && ::fsync(fd) == 0;
  const int error = errno;
  ::close(fd);
  if (written && ::rename(unfinished.c_str(), path.c_str()) == 0) return {};
  if (!written) errno = error;
  return Cannot("write", path);
}

}  // namespace

VaultKey::~VaultKey() {
  explicit_bzero(bytes_.data(), bytes_.size());
}

Result<std::unique_ptr<Vault>> Vault::Open(const std::string& folder, const Secret& secret) {
  std::string_view master = secret.Reveal();
  while (!master.empty() && (master.back() == '\n' || master.back() == '\r')) master.remove_suffix(1);
  std::unique_ptr<Vault> vault(new Vault(folder));
  const bool hex = FromHex(master, {vault->master_.data(), VaultKey::kSize});
  if (!hex) {
    auto bytes = master.size() == 44 ? FromBase64(master) : std::nullopt;
    if (!bytes || bytes->size() != VaultKey::kSize)
      return Fail(
          Code::kInvalidRequest,
          "the master key must be 32 bytes, as 64 hexadecimal digits or in base64: `openssl rand -hex 32` "
          "makes one",
          "bad_master_key");
    std::memcpy(vault->master_.data(), bytes->data(), VaultKey::kSize);
    explicit_bzero(bytes->data(), bytes->size());
  }
  return vault;
}

// A tenant's name may hold anything; its digest is a file name.
std::string Vault::FileOf(const std::string& tenant) const {
  return fmt::format("{}/{}.key", folder_, Hex(Hasher().Add(tenant).Finish()).substr(0, 32));
}

Result<std::string> Vault::Seal(const std::string& tenant, std::string_view context, std::string_view plain) {
  TRY(const auto key, KeyOf(tenant, true));
  std::string out(1, kVersion);
  out.append(reinterpret_cast<const char*>(&key->id), kId);
  const std::string nonce = RandomBytes(kNonce);
  out += nonce;
  out += Encrypt(key->key, nonce, context, plain);
  return out;
}

Result<std::string> Vault::Open(const std::string& tenant, std::string_view context,
                                std::string_view sealed) {
  if (sealed.size() < kFront + kTag || sealed[0] != kVersion) return Damaged();
  TRY(const auto key, KeyOf(tenant, false));
  if (key->id != IdOf(sealed.substr(1)))
    return Fail(Code::kNotFound, "the key of this content was destroyed by an erasure", "content_erased");
  const std::string_view body = sealed.substr(kFront);
  std::string plain(body.size() - kTag, '\0');
  unsigned char none = 0;
  if (!Decrypt(key->key, sealed.substr(1 + kId, kNonce), context, body, plain.empty() ? &none : U(plain, 0)))
    return Damaged();
  return plain;
}

Status Vault::Erase(const std::string& tenant) {
  MutexLock lock(m_);
  keys_.erase(tenant);
  const std::string path = FileOf(tenant);
  // Overwritten first. What a disk keeps of old blocks, and backups of this folder, are beyond us:
  // docs/audit.md.
  const int fd = ::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) return errno == ENOENT ? Status() : Cannot("open", path);
  const std::string noise = RandomBytes(kId + kNonce + VaultKey::kSize + kTag);
  const bool wiped =
      ::write(fd, noise.data(), noise.size()) == static_cast<ssize_t>(noise.size()) && ::fsync(fd) == 0;
  ::close(fd);
  if (::unlink(path.c_str()) != 0) return Cannot("remove", path);
  return wiped ? Status() : Cannot("overwrite", path);
}

Result<std::shared_ptr<const Vault::TenantKey>> Vault::KeyOf(const std::string& tenant, bool make) {
  MutexLock lock(m_);
  if (const auto known = keys_.find(tenant); known != keys_.end()) return known->second;
  auto key = ReadKey(tenant);
  if (!key && key.error().code == Code::kNotFound && make) key = MakeKey(tenant);
  if (key) keys_[tenant] = *key;
  return key;
}

Result<std::shared_ptr<const Vault::TenantKey>> Vault::ReadKey(const std::string& tenant) {
  const std::string path = FileOf(tenant);
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    if (errno == ENOENT)
      return Fail(Code::kNotFound,
                  "there is no key for this content: it was erased, or its key folder is missing",
                  "content_erased");
    return Cannot("open", path);
  }
  char bytes[256];
  const ssize_t n = ::read(fd, bytes, sizeof(bytes));
  ::close(fd);
  constexpr std::size_t kWhole = kId + kNonce + VaultKey::kSize + kTag;
  if (n != static_cast<ssize_t>(kWhole)) return Damaged();
  const std::string_view file(bytes, kWhole);
  auto key = std::make_shared<TenantKey>();
  key->id = IdOf(file);
  if (!Decrypt(master_, file.substr(kId, kNonce), KeyContext(tenant), file.substr(kId + kNonce),
               key->key.data()))
    return Damaged();
  return std::shared_ptr<const TenantKey>(std::move(key));
}

Result<std::shared_ptr<const Vault::TenantKey>> Vault::MakeKey(const std::string& tenant) {
  if (::mkdir(folder_.c_str(), 0700) != 0 && errno != EEXIST) return Cannot("make", folder_);
  auto key = std::make_shared<TenantKey>();
  std::string file = RandomBytes(kId + kNonce);
  key->id = IdOf(file);
  RAND_bytes(key->key.data(), VaultKey::kSize);
  file += Encrypt(master_, std::string_view(file).substr(kId, kNonce), KeyContext(tenant),
                  {reinterpret_cast<const char*>(key->key.data()), VaultKey::kSize});
  TRY_VOID(WriteFile(FileOf(tenant), file));
  return std::shared_ptr<const TenantKey>(std::move(key));
}

}  // namespace baton::audit
