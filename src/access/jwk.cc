#include "access/jwk.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include <array>
#include <nlohmann/json.hpp>

namespace baton::access {
namespace {

using Json = nlohmann::json;
using Bn = std::unique_ptr<BIGNUM, decltype(&BN_free)>;
using Context = std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)>;

constexpr std::array<std::pair<std::string_view, Algorithm>, 3> kAlgorithms = {{
    {"RS256", Algorithm::kRs256},
    {"ES256", Algorithm::kEs256},
    {"EdDSA", Algorithm::kEdDsa},
}};

const unsigned char* Bytes(std::string_view s) {
  return reinterpret_cast<const unsigned char*>(s.data());
}

std::string Text(const Json& object, const char* name) {
  const auto at = object.find(name);
  return at != object.end() && at->is_string() ? at->get<std::string>() : std::string();
}

std::optional<std::string> Field(const Json& jwk, const char* name) {
  const std::string text = Text(jwk, name);
  return text.empty() || text.size() > 4096 ? std::nullopt : DecodeBase64Url(text);
}

std::shared_ptr<void> Wrap(EVP_PKEY* key) {
  return key ? std::shared_ptr<void>(key, [](void* k) { EVP_PKEY_free(static_cast<EVP_PKEY*>(k)); })
             : nullptr;
}

std::shared_ptr<void> FromParams(const char* type, OSSL_PARAM_BLD* build) {
  OSSL_PARAM* params = OSSL_PARAM_BLD_to_param(build);
  const Context context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr), EVP_PKEY_CTX_free);
  EVP_PKEY* key = nullptr;
  if (params && context && EVP_PKEY_fromdata_init(context.get()) == 1)
    (void)EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, params);
  OSSL_PARAM_free(params);
  return Wrap(key);
}

std::shared_ptr<void> RsaKey(const Json& jwk) {
  const auto n = Field(jwk, "n"), e = Field(jwk, "e");
  // Small moduli are broken, huge ones are a way to keep a server busy.
  if (!n || !e || n->size() < 256 || n->size() > 1025 || e->size() > 8) return nullptr;
  const Bn modulus(BN_bin2bn(Bytes(*n), static_cast<int>(n->size()), nullptr), BN_free);
  const Bn exponent(BN_bin2bn(Bytes(*e), static_cast<int>(e->size()), nullptr), BN_free);
  if (!modulus || !exponent || BN_num_bits(modulus.get()) < 2048 || !BN_is_odd(exponent.get()) ||
      BN_is_one(exponent.get()))
    return nullptr;
  OSSL_PARAM_BLD* build = OSSL_PARAM_BLD_new();
  OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, modulus.get());
  OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, exponent.get());
  auto key = FromParams("RSA", build);
  OSSL_PARAM_BLD_free(build);
  return key;
}

std::shared_ptr<void> EcKey(const Json& jwk) {
  const auto x = Field(jwk, "x"), y = Field(jwk, "y");
  if (Text(jwk, "crv") != "P-256" || !x || !y || x->size() != 32 || y->size() != 32) return nullptr;
  const std::string point = "\x04" + *x + *y;
  OSSL_PARAM_BLD* build = OSSL_PARAM_BLD_new();
  OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0);
  OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size());
  auto key = FromParams("EC", build);  // refuses a point that is not on the curve
  OSSL_PARAM_BLD_free(build);
  return key;
}

std::shared_ptr<void> EdKey(const Json& jwk) {
  const auto x = Field(jwk, "x");
  if (Text(jwk, "crv") != "Ed25519" || !x || x->size() != 32) return nullptr;
  return Wrap(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, Bytes(*x), x->size()));
}

std::optional<PublicKey> ReadKey(const Json& jwk) {
  if (!jwk.is_object()) return std::nullopt;
  const std::string type = Text(jwk, "kty"), use = Text(jwk, "use"), alg = Text(jwk, "alg");
  if (!use.empty() && use != "sig") return std::nullopt;
  PublicKey key;
  key.kid = Text(jwk, "kid");
  if (key.kid.size() > 256) return std::nullopt;
  if (type == "RSA") {
    key.algorithm = Algorithm::kRs256;
    key.key = RsaKey(jwk);
  } else if (type == "EC") {
    key.algorithm = Algorithm::kEs256;
    key.key = EcKey(jwk);
  } else if (type == "OKP") {
    key.algorithm = Algorithm::kEdDsa;
    key.key = EdKey(jwk);
  }
  if (!key.key || (!alg.empty() && alg != AlgorithmName(key.algorithm))) return std::nullopt;
  return key;
}

// The two numbers of a JWS as the DER that OpenSSL takes.
std::string DerSignature(std::string_view raw) {
  if (raw.size() != 64) return {};
  ECDSA_SIG* sig = ECDSA_SIG_new();
  ECDSA_SIG_set0(sig, BN_bin2bn(Bytes(raw), 32, nullptr), BN_bin2bn(Bytes(raw) + 32, 32, nullptr));
  unsigned char* der = nullptr;
  const int n = i2d_ECDSA_SIG(sig, &der);
  std::string out(reinterpret_cast<const char*>(der), n > 0 ? static_cast<std::size_t>(n) : 0);
  OPENSSL_free(der);
  ECDSA_SIG_free(sig);
  return out;
}

}  // namespace

std::optional<Algorithm> ParseAlgorithm(std::string_view name) {
  for (const auto& [known, algorithm] : kAlgorithms) {
    if (known == name) return algorithm;
  }
  return std::nullopt;
}

std::string_view AlgorithmName(Algorithm algorithm) {
  return kAlgorithms[static_cast<std::size_t>(algorithm)].first;
}

bool PublicKey::Verify(std::string_view text, std::string_view signature) const {
  std::string der;
  if (algorithm == Algorithm::kEs256) {
    der = DerSignature(signature);
    signature = der;
  }
  if (signature.empty()) return false;
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  const EVP_MD* digest = algorithm == Algorithm::kEdDsa ? nullptr : EVP_sha256();
  return context &&
         EVP_DigestVerifyInit(context.get(), nullptr, digest, nullptr, static_cast<EVP_PKEY*>(key.get())) ==
             1 &&
         EVP_DigestVerify(context.get(), Bytes(signature), signature.size(), Bytes(text), text.size()) == 1;
}

Result<KeySet> ParseKeySet(std::string_view json) {
  const auto bad = [](const char* why) { return Fail(Code::kInvalidRequest, why, "bad_key_set"); };
  if (json.size() > kMaxKeySetBytes) return bad("the key set is larger than 256 KB");
  const Json all = Json::parse(json, nullptr, false);
  if (!all.is_object() || !all.contains("keys") || !all["keys"].is_array())
    return bad("this is no key set: {\"keys\": [...]} is expected");
  if (all["keys"].size() > kMaxKeySetKeys) return bad("the key set holds more than 64 keys");
  KeySet set;
  for (const Json& jwk : all["keys"]) {
    if (auto key = ReadKey(jwk)) set.keys.push_back(std::move(*key));
  }
  if (set.keys.empty()) return bad("the key set holds no key for RS256, ES256 or EdDSA");
  return set;
}

std::optional<std::string> DecodeBase64Url(std::string_view text) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  static const std::array<signed char, 256> kValue = [kDigits] {
    std::array<signed char, 256> values;
    values.fill(-1);
    for (std::size_t i = 0; i < kDigits.size(); ++i)
      values[static_cast<unsigned char>(kDigits[i])] = static_cast<signed char>(i);
    return values;
  }();
  if (text.size() % 4 == 1) return std::nullopt;
  std::string out;
  out.reserve(text.size() * 3 / 4);
  std::uint32_t bits = 0;
  int have = 0;
  for (char c : text) {
    const int value = kValue[static_cast<unsigned char>(c)];
    if (value < 0) return std::nullopt;
    bits = bits << 6 | static_cast<std::uint32_t>(value);
    have += 6;
    if (have < 8) continue;
    have -= 8;
    out += static_cast<char>(bits >> have & 0xff);
  }
  // Left-over bits must be zero, so that one token has one spelling.
  if ((bits & ((1u << have) - 1)) != 0) return std::nullopt;
  return out;
}

}  // namespace baton::access
