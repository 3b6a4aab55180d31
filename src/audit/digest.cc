#include "audit/digest.h"

#include <openssl/evp.h>

namespace baton::audit {

struct Hasher::State {
  State()
      : md(EVP_MD_fetch(nullptr, "SHA256", nullptr), &EVP_MD_free),
        context(EVP_MD_CTX_new(), &EVP_MD_CTX_free) {
    Begin();
  }
  void Begin() { EVP_DigestInit_ex2(context.get(), md.get(), nullptr); }
  // Fetched once: EVP_sha256() would be looked up again at each start.
  std::unique_ptr<EVP_MD, void (*)(EVP_MD*)> md;
  std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context;
};

Hasher::Hasher() : state_(std::make_unique<State>()) {}
Hasher::~Hasher() = default;
Hasher::Hasher(Hasher&&) noexcept = default;
Hasher& Hasher::operator=(Hasher&&) noexcept = default;

Hasher& Hasher::Add(std::string_view bytes) {
  EVP_DigestUpdate(state_->context.get(), bytes.data(), bytes.size());
  return *this;
}

Digest Hasher::Finish() {
  Digest d{};
  EVP_DigestFinal_ex(state_->context.get(), d.data(), nullptr);
  state_->Begin();
  return d;
}

std::string Hex(std::span<const std::uint8_t> bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const auto b : bytes) {
    text += kDigits[b >> 4];
    text += kDigits[b & 15];
  }
  return text;
}

bool FromHex(std::string_view text, std::span<std::uint8_t> to) {
  const auto value = [](char c) {
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
  };
  if (text.size() != to.size() * 2) return false;
  for (std::size_t i = 0; i < to.size(); ++i) {
    const int high = value(text[2 * i]), low = value(text[2 * i + 1]);
    if (high < 0 || low < 0) return false;
    to[i] = static_cast<std::uint8_t>(high * 16 + low);
  }
  return true;
}

std::optional<Digest> ParseDigest(std::string_view hex) {
  Digest d{};
  if (!FromHex(hex, d)) return std::nullopt;
  return d;
}

}  // namespace baton::audit
