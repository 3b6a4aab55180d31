// For tests of access/: a folder that goes away, tenants, and an issuer that signs tokens.
#pragma once

#include <gtest/gtest.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <stdlib.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "access/keeper.h"

namespace baton::access {

class AccessFixture : public ::testing::Test {
 protected:
  AccessFixture() {
    char name[] = "/tmp/baton-access-XXXXXX";
    folder_ = ::mkdtemp(name);
  }
  ~AccessFixture() override { std::filesystem::remove_all(folder_); }
  std::string StorePath() const { return folder_ + "/baton.db"; }

  static Settings TwoTenants() {
    Settings s;
    TenantSettings support;
    support.name = "support";
    support.models = {"baton", "baton-mini"};
    support.allowance.budgets = {{budget::Nanos{200}, {}, budget::Period::kMonth}};
    support.allowance.limits.rpm = 100;
    MemberSettings chat;
    chat.name = "chat";
    chat.models = {"baton-mini", "large"};
    chat.allowance.budgets = {{budget::Nanos{50}, {}, budget::Period::kDay}};
    support.projects = {chat};
    support.each_user.budgets = {{budget::Nanos{20}, {}, budget::Period::kDay}};
    support.each_key.budgets = {{budget::Nanos{10}, {}, budget::Period::kTotal}};
    TenantSettings sales;
    sales.name = "sales";
    s.tenants = {support, sales};
    return s;
  }

  std::unique_ptr<Keeper> OpenKeeper(const Settings& settings) {
    KeeperOptions options;
    options.store_path = StorePath();
    options.own_thread = false;
    options.on_note = [this](const Note& note) {
      if (note_room_ > 0) notes_.push_back(note);
      return note_room_-- > 0;
    };
    auto keeper = Keeper::Open(options, std::make_shared<const Settings>(settings), clock_);
    EXPECT_TRUE(keeper) << keeper.error().message;
    return keeper ? std::move(*keeper) : nullptr;
  }

  std::vector<Note> notes_;       // what reached the log
  std::ptrdiff_t note_room_ = 0;  // how many more it takes
  std::string folder_;
  SimClock clock_;
};

inline std::string Base64Url(std::string_view bytes) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string out;
  std::uint32_t bits = 0;
  int have = 0;
  for (char c : bytes) {
    bits = bits << 8 | static_cast<unsigned char>(c);
    for (have += 8; have >= 6; have -= 6) out += kDigits[bits >> (have - 6) & 63];
  }
  if (have > 0) out += kDigits[bits << (6 - have) & 63];
  return out;
}

// A key pair of an issuer, as it signs and as it publishes.
class Signer {
 public:
  Signer(std::string kid, std::string algorithm) : kid_(std::move(kid)), algorithm_(std::move(algorithm)) {
    if (algorithm_ == "RS256") key_.reset(EVP_RSA_gen(2048), EVP_PKEY_free);
    if (algorithm_ == "ES256") key_.reset(EVP_EC_gen("P-256"), EVP_PKEY_free);
    if (algorithm_ == "EdDSA") key_.reset(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"), EVP_PKEY_free);
  }

  std::string Jwk() const {
    std::string jwk = R"({"kid":")" + kid_ + R"(","use":"sig","alg":")" + algorithm_ + R"(",)";
    if (algorithm_ == "RS256")
      return jwk + R"("kty":"RSA","n":")" + Number(OSSL_PKEY_PARAM_RSA_N) + R"(","e":")" +
             Number(OSSL_PKEY_PARAM_RSA_E) + "\"}";
    if (algorithm_ == "ES256")
      return jwk + R"("kty":"EC","crv":"P-256","x":")" + Number(OSSL_PKEY_PARAM_EC_PUB_X, 32) + R"(","y":")" +
             Number(OSSL_PKEY_PARAM_EC_PUB_Y, 32) + "\"}";
    unsigned char raw[32];
    std::size_t n = sizeof(raw);
    EVP_PKEY_get_raw_public_key(key_.get(), raw, &n);
    return jwk + R"("kty":"OKP","crv":"Ed25519","x":")" + Base64Url({reinterpret_cast<const char*>(raw), n}) +
           "\"}";
  }

  std::string Sign(const std::string& claims, std::string header = {}) const {
    if (header.empty()) header = R"({"alg":")" + algorithm_ + R"(","kid":")" + kid_ + R"(","typ":"JWT"})";
    const std::string text = Base64Url(header) + "." + Base64Url(claims);
    return text + "." + Base64Url(Signature(text));
  }

  // The modulus as a secret: what an attacker hopes that we take an RSA key for.
  std::string PublicText() const { return Jwk(); }

 private:
  std::string Number(const char* name, int width = 0) const {
    BIGNUM* n = nullptr;
    EVP_PKEY_get_bn_param(key_.get(), name, &n);
    std::string bytes(static_cast<std::size_t>(width ? width : BN_num_bytes(n)), '\0');
    BN_bn2binpad(n, reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
    BN_free(n);
    return Base64Url(bytes);
  }

  std::string Signature(const std::string& text) const {
    std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    EVP_DigestSignInit(context.get(), nullptr, algorithm_ == "EdDSA" ? nullptr : EVP_sha256(), nullptr,
                       key_.get());
    std::string out(1024, '\0');
    std::size_t n = out.size();
    EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(out.data()), &n,
                   reinterpret_cast<const unsigned char*>(text.data()), text.size());
    out.resize(n);
    if (algorithm_ != "ES256") return out;
    const auto* der = reinterpret_cast<const unsigned char*>(out.data());
    ECDSA_SIG* sig = d2i_ECDSA_SIG(nullptr, &der, static_cast<long>(n));
    std::string raw(64, '\0');
    BN_bn2binpad(ECDSA_SIG_get0_r(sig), reinterpret_cast<unsigned char*>(raw.data()), 32);
    BN_bn2binpad(ECDSA_SIG_get0_s(sig), reinterpret_cast<unsigned char*>(raw.data()) + 32, 32);
    ECDSA_SIG_free(sig);
    return raw;
  }

  const std::string kid_, algorithm_;
  std::shared_ptr<EVP_PKEY> key_;
};

}  // namespace baton::access
