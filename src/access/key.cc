#include "access/key.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace baton::access {
namespace {

constexpr std::string_view kDigits = "0123456789abcdefghjkmnpqrstvwxyz";

void RandomBytes(unsigned char* to, std::size_t n) {
  if (RAND_bytes(to, static_cast<int>(n)) == 1) return;
  std::fprintf(stderr, "baton: the operating system gives no randomness\n");
  std::abort();
}

// One character of each byte: five of its bits are used, all of them random.
std::string RandomText(std::size_t n) {
  std::string text(n, '0');
  RandomBytes(reinterpret_cast<unsigned char*>(text.data()), n);
  for (char& c : text) c = kDigits[static_cast<unsigned char>(c) & 31];
  return text;
}

std::uint32_t Crc32(std::string_view text) {
  std::uint32_t crc = 0xffffffff;
  for (char c : text) {
    crc ^= static_cast<unsigned char>(c);
    for (int i = 0; i < 8; ++i) crc = crc >> 1 ^ (0xedb88320 & (0 - (crc & 1)));
  }
  return ~crc;
}

std::string Sum(std::string_view text) {
  std::uint32_t crc = Crc32(text);
  std::string sum(kKeySumSize, '0');
  for (std::size_t i = kKeySumSize; i-- > 0; crc >>= 5) sum[i] = kDigits[crc & 31];
  return sum;
}

}  // namespace

std::string MintKey() {
  std::string key(kKeyPrefix);
  key += RandomText(kKeyIdSize + kKeySecretSize);
  return key + Sum(key);
}

std::optional<std::string_view> KeyId(std::string_view text) {
  if (text.size() != kKeySize || !text.starts_with(kKeyPrefix)) return std::nullopt;
  for (char c : text.substr(kKeyPrefix.size())) {
    if (kDigits.find(c) == std::string_view::npos) return std::nullopt;
  }
  if (Sum(text.substr(0, kKeySize - kKeySumSize)) != text.substr(kKeySize - kKeySumSize)) return std::nullopt;
  return text.substr(kKeyPrefix.size(), kKeyIdSize);
}

KeyHash HashKey(const Pepper& pepper, std::string_view key) {
  // Fetched once: looking an algorithm up costs more than running it on sixty bytes.
  static const EVP_MD* const kSha256 = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  thread_local EVP_MD_CTX* const context = EVP_MD_CTX_new();
  KeyHash hash{};
  EVP_DigestInit_ex2(context, kSha256, nullptr);
  EVP_DigestUpdate(context, pepper.data(), pepper.size());
  EVP_DigestUpdate(context, key.data(), key.size());
  EVP_DigestFinal_ex(context, hash.data(), nullptr);
  return hash;
}

bool SameHash(const KeyHash& a, const KeyHash& b) {
  return CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

Pepper MintPepper() {
  Pepper pepper;
  RandomBytes(pepper.data(), pepper.size());
  return pepper;
}

std::string ToHex(const unsigned char* bytes, std::size_t n) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string text;
  text.reserve(2 * n);
  for (std::size_t i = 0; i < n; ++i) {
    text += kHex[bytes[i] >> 4];
    text += kHex[bytes[i] & 15];
  }
  return text;
}

std::optional<std::array<unsigned char, 32>> FromHex(std::string_view hex) {
  std::array<unsigned char, 32> bytes{};
  if (hex.size() != 2 * bytes.size()) return std::nullopt;
  constexpr std::string_view kHex = "0123456789abcdef";
  for (std::size_t i = 0; i < hex.size(); ++i) {
    const auto digit = kHex.find(hex[i]);
    if (digit == std::string_view::npos) return std::nullopt;
    bytes[i / 2] = static_cast<unsigned char>(bytes[i / 2] << 4 | digit);
  }
  return bytes;
}

}  // namespace baton::access
