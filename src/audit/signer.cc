#include "audit/signer.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "audit/digest.h"

namespace baton::audit {
namespace {

using KeyPtr = std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)>;
using BioPtr = std::unique_ptr<BIO, int (*)(BIO*)>;

constexpr std::size_t kMaxKeyFile = 4096;

Error Cannot(std::string_view doing, const std::string& path) {
  return Fail(Code::kUnavailable,
              fmt::format("cannot {} the audit key {}: {}", doing, path, std::strerror(errno)),
              "audit_key_unusable");
}

std::string_view Text(BIO* bio) {
  char* data = nullptr;
  const long n = BIO_get_mem_data(bio, &data);
  return {data, static_cast<std::size_t>(n)};
}

// Whole or not at all: under another name first. What a crash leaves there is overwritten by the next try.
Status WriteKey(const std::string& path, std::string_view pem) {
  const std::string unfinished = path + ".new";
  const int fd = ::open(unfinished.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return Cannot("create", path);
  const bool written = ::fchmod(fd, 0600) == 0 &&
                       ::write(fd, pem.data(), pem.size()) == static_cast<ssize_t>(pem.size()) &&
                       ::fsync(fd) == 0;
  const int error = errno;
  ::close(fd);
  if (written && ::rename(unfinished.c_str(), path.c_str()) == 0) return {};
  if (!written) errno = error;
  return Cannot("write", path);
}

Result<KeyPtr> Create(const std::string& path) {
  KeyPtr key(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"), &EVP_PKEY_free);
  if (!key) return Fail(Code::kInternal, "this OpenSSL cannot make Ed25519 keys", "audit_key_unusable");
  if (path.empty()) return key;
  BioPtr pem(BIO_new(BIO_s_secmem()), &BIO_free);
  if (!pem || PEM_write_bio_PrivateKey(pem.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1)
    return Fail(Code::kInternal, "this OpenSSL cannot write a key", "audit_key_unusable");
  TRY_VOID(WriteKey(path, Text(pem.get())));
  return key;
}

Result<KeyPtr> Read(int fd, const std::string& path) {
  struct stat st {};
  if (::fstat(fd, &st) != 0) return Cannot("inspect", path);
  if ((st.st_mode & 077) != 0) {
    return Fail(Code::kPermissionDenied,
                fmt::format("the audit key {} may be read by others than its owner: chmod 600 it", path),
                "audit_key_exposed");
  }
  char bytes[kMaxKeyFile];
  const ssize_t n = ::read(fd, bytes, sizeof(bytes));
  if (n < 0) return Cannot("read", path);
  BioPtr pem(BIO_new_mem_buf(bytes, static_cast<int>(n)), &BIO_free);
  // No passphrase is asked for: a server has nobody to answer.
  const auto none = [](char*, int, int, void*) { return 0; };
  KeyPtr key(PEM_read_bio_PrivateKey(pem.get(), nullptr, none, nullptr), &EVP_PKEY_free);
  explicit_bzero(bytes, sizeof(bytes));
  if (!key || EVP_PKEY_get_id(key.get()) != EVP_PKEY_ED25519) {
    return Fail(
        Code::kConflict,
        fmt::format("{} is no Ed25519 private key in PEM; restore the key, or move the file away and a "
                    "new key is made (the change is noted in the log)",
                    path),
        "audit_key_unusable");
  }
  return key;
}

}  // namespace

struct Signer::Key {
  KeyPtr key;
};

Signer::Signer(std::unique_ptr<Key> key) : key_(std::move(key)) {
  std::size_t n = public_.size();
  EVP_PKEY_get_raw_public_key(key_->key.get(), public_.data(), &n);
}
Signer::~Signer() = default;

Result<std::unique_ptr<Signer>> Signer::Open(const std::string& path) {
  const int fd = path.empty() ? -1 : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (!path.empty() && fd < 0 && errno != ENOENT) return Cannot("open", path);
  auto key = fd < 0 ? Create(path) : Read(fd, path);
  if (fd >= 0) ::close(fd);
  if (!key) return std::move(key).error();
  return std::unique_ptr<Signer>(new Signer(std::make_unique<Key>(Key{std::move(*key)})));
}

Signature Signer::Sign(std::string_view message) const {
  Signature signature{};
  std::size_t n = signature.size();
  std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key_->key.get());
  EVP_DigestSign(context.get(), signature.data(), &n, reinterpret_cast<const unsigned char*>(message.data()),
                 message.size());
  return signature;
}

bool SignatureHolds(const PublicKey& key, std::string_view message, const Signature& signature) {
  KeyPtr pkey(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, key.data(), key.size()), &EVP_PKEY_free);
  std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  return pkey && context && EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, pkey.get()) == 1 &&
         EVP_DigestVerify(context.get(), signature.data(), signature.size(),
                          reinterpret_cast<const unsigned char*>(message.data()), message.size()) == 1;
}

std::string ToPem(const PublicKey& key) {
  KeyPtr pkey(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, key.data(), key.size()), &EVP_PKEY_free);
  BioPtr pem(BIO_new(BIO_s_mem()), &BIO_free);
  if (!pkey || !pem || PEM_write_bio_PUBKEY(pem.get(), pkey.get()) != 1) return {};
  return std::string(Text(pem.get()));
}

Result<PublicKey> ParsePublicKey(std::string_view text) {
  PublicKey key{};
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.remove_suffix(1);
  if (FromHex(text, key)) return key;
  BioPtr pem(BIO_new_mem_buf(text.data(), static_cast<int>(std::min<std::size_t>(text.size(), kMaxKeyFile))),
             &BIO_free);
  KeyPtr pkey(PEM_read_bio_PUBKEY(pem.get(), nullptr, nullptr, nullptr), &EVP_PKEY_free);
  std::size_t n = key.size();
  if (!pkey || EVP_PKEY_get_id(pkey.get()) != EVP_PKEY_ED25519 ||
      EVP_PKEY_get_raw_public_key(pkey.get(), key.data(), &n) != 1) {
    return Fail(Code::kInvalidRequest, "this is no Ed25519 public key, neither PEM nor 64 hexadecimal digits",
                "bad_public_key");
  }
  return key;
}

std::string Fingerprint(const PublicKey& key) {
  return Hex(Hasher().Add(Bytes(key)).Finish()).substr(0, 16);
}

}  // namespace baton::audit
