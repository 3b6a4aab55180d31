#include "access/token.h"

#include <openssl/hmac.h>

#include "access/gate.h"
#include "access/test_support.h"

namespace baton::access {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::int64_t kNow = 1'790'000'000;

class TokenTest : public ::testing::Test {
 protected:
  TokenTest() : issuers_({Settings()}, nullptr) { Publish({&rsa_, &ec_, &ed_}); }

  static IssuerSettings Settings() {
    IssuerSettings s;
    s.issuer = "https://id.example.com/";
    s.audiences = {"baton", "baton-test"};
    s.jwks_url = "https://id.example.com/keys";
    s.tenant = "support";
    s.role_claim = "groups";
    s.roles = {{"admins", Role::kOwner}, {"audit", Role::kAuditor}};
    return s;
  }
  void Publish(std::vector<const Signer*> signers) {
    std::string keys;
    for (const auto* s : signers) keys += (keys.empty() ? "" : ",") + s->Jwk();
    const Status set = issuers_.Set(0, R"({"keys":[)" + keys + "]}", TimePoint(seconds(100)));
    ASSERT_TRUE(set) << set.error().message;
  }
  static std::string Claims(const std::string& more = {}, std::int64_t exp = kNow + 600) {
    return R"({"iss":"https://id.example.com/","aud":"baton","sub":"ann","exp":)" + std::to_string(exp) +
           more + "}";
  }
  std::string Reason(const std::string& token, std::int64_t now = kNow) {
    const auto verified = issuers_.Verify(token, now);
    return verified ? "" : verified.error().reason;
  }

  Signer rsa_{"r1", "RS256"}, ec_{"e1", "ES256"}, ed_{"d1", "EdDSA"};
  Issuers issuers_;
};

TEST_F(TokenTest, ThreeKindsOfSignatureAreAccepted) {
  for (const Signer* s : {&rsa_, &ec_, &ed_}) {
    const auto verified = issuers_.Verify(s->Sign(Claims(R"(,"groups":["x","audit"])")), kNow);
    ASSERT_TRUE(verified) << verified.error().message;
    EXPECT_EQ(verified->owner.tenant, "support");
    EXPECT_EQ(verified->owner.user, "ann");
    EXPECT_EQ(verified->owner.role, Role::kAuditor);
    EXPECT_EQ(verified->until, kNow + 660);
  }
}

TEST_F(TokenTest, NoSignatureIsNoSignature) {
  for (const char* alg : {"none", "None", "NONE", "nOnE", ""}) {
    const std::string header = R"({"alg":")" + std::string(alg) + R"(","kid":"r1"})";
    const std::string text = Base64Url(header) + "." + Base64Url(Claims());
    EXPECT_EQ(Reason(text + "."), "token_algorithm") << alg;
    EXPECT_EQ(Reason(rsa_.Sign(Claims(), header)), "token_algorithm") << alg;
  }
}

// The classic: an RSA public key taken as the secret of an HMAC.
TEST_F(TokenTest, APublicKeyIsNoSecret) {
  for (const char* alg : {"HS256", "HS384", "HS512"}) {
    const std::string text =
        Base64Url(R"({"alg":")" + std::string(alg) + R"(","kid":"r1"})") + "." + Base64Url(Claims());
    const std::string secret = rsa_.PublicText();
    unsigned char mac[64];
    unsigned n = 0;
    HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
         reinterpret_cast<const unsigned char*>(text.data()), text.size(), mac, &n);
    EXPECT_EQ(Reason(text + "." + Base64Url({reinterpret_cast<char*>(mac), n})), "token_algorithm");
  }
  // A key of one kind under the name of another.
  EXPECT_EQ(Reason(rsa_.Sign(Claims(), R"({"alg":"ES256","kid":"r1"})")), "token_unknown_key");
  EXPECT_EQ(Reason(ec_.Sign(Claims(), R"({"alg":"RS256","kid":"r1"})")), "token_signature");
}

TEST_F(TokenTest, KeysInsideTheTokenAreNotLookedAt) {
  Signer mine("r1", "RS256");
  EXPECT_EQ(
      Reason(mine.Sign(Claims(), R"({"alg":"RS256","kid":"r1","jwk":)" + mine.Jwk() +
                                     R"(,"jku":"https://evil.example/keys","x5u":"https://evil.example"})")),
      "token_signature");
  EXPECT_EQ(Reason(rsa_.Sign(Claims(), R"({"alg":"RS256","kid":"r1","crit":["exp"]})")), "token_malformed");
}

TEST_F(TokenTest, EveryChangedByteIsNoticed) {
  const std::string token = ed_.Sign(Claims());
  int accepted = 0;
  for (std::size_t i = 0; i < token.size(); ++i) {
    for (char c : {'A', 'b', '9', '_', '.', '=', '+', '/', ' ', '\0'}) {
      std::string other = token;
      if (other[i] == c) continue;
      other[i] = c;
      accepted += Reason(other).empty();
    }
    accepted += Reason(token.substr(0, i)).empty();
  }
  EXPECT_EQ(accepted, 0);
  EXPECT_EQ(Reason(token), "");
}

TEST_F(TokenTest, IssuerAudienceAndTimesAreChecked) {
  const auto sign = [&](const std::string& claims) { return Reason(rsa_.Sign(claims)); };
  EXPECT_EQ(sign(R"({"iss":"https://id.example.com","aud":"baton","sub":"ann","exp":1790000600})"),
            "token_issuer");
  EXPECT_EQ(sign(R"({"aud":"baton","sub":"ann","exp":1790000600})"), "token_issuer");
  const std::string iss = R"({"iss":"https://id.example.com/","sub":"ann",)";
  EXPECT_EQ(sign(iss + R"("exp":1790000600})"), "token_audience");
  EXPECT_EQ(sign(iss + R"("aud":["x","y"],"exp":1790000600})"), "token_audience");
  EXPECT_EQ(sign(iss + R"("aud":["x","baton-test"],"exp":1790000600})"), "");
  EXPECT_EQ(sign(iss + R"("aud":"baton"})"), "token_claims");
  EXPECT_EQ(sign(iss + R"("aud":"baton","exp":"1790000600"})"), "token_claims");
  EXPECT_EQ(sign(Claims({}, kNow - 59)), "") << "within the leeway";
  EXPECT_EQ(sign(Claims({}, kNow - 60)), "token_expired");
  EXPECT_EQ(sign(Claims(R"(,"nbf":)" + std::to_string(kNow + 60))), "");
  EXPECT_EQ(sign(Claims(R"(,"nbf":)" + std::to_string(kNow + 61))), "token_not_yet");
  EXPECT_EQ(sign(Claims(R"(,"iat":)" + std::to_string(kNow + 61))), "token_not_yet");
  EXPECT_EQ(sign(Claims(R"(,"nbf":true)")), "token_claims");
  EXPECT_EQ(sign(Claims({}, std::int64_t{1} << 62)), "");
}

TEST_F(TokenTest, ClaimsMustBeNames) {
  const std::string iss = R"({"iss":"https://id.example.com/","aud":"baton","exp":1790000600)";
  for (const char* sub : {R"("")", "null", "7", R"("a b")", R"("a\nb")", R"("x'; DROP TABLE x")", R"("ü")"})
    EXPECT_EQ(Reason(rsa_.Sign(iss + R"(,"sub":)" + sub + "}")), "token_claims") << sub;
  EXPECT_EQ(Reason(rsa_.Sign(iss + R"(,"sub":")" + std::string(129, 'a') + R"("})")), "token_claims");
}

TEST_F(TokenTest, WhatIsNoTokenIsToldSo) {
  for (const char* text : {"", ".", "..", "a.b", "eyJ.eyJ.eyJ", "eyJhbGciOiJSUzI1NiJ9..", "a.b.c.d"})
    EXPECT_EQ(Reason(text), "token_malformed") << text;
  EXPECT_EQ(Reason(std::string(10'000'000, 'e')), "token_too_long");
  const std::string deep = std::string(6000, '[') + std::string(6000, ']');
  EXPECT_EQ(Reason(Base64Url(R"({"alg":"RS256"})") + "." + Base64Url(deep) + ".AA"), "token_malformed");
}

TEST_F(TokenTest, AKeyTheSetDoesNotHoldIsFetchedOnceInAWhile) {
  Signer next("r2", "RS256");
  const std::string token = next.Sign(Claims());
  EXPECT_EQ(Reason(token), "token_unknown_key");
  TimePoint now(seconds(1000));
  (void)issuers_.Due(now);
  EXPECT_TRUE(issuers_.WantKeys(token, now));
  EXPECT_EQ(issuers_.Due(now).size(), 1u);
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(issuers_.WantKeys(token, now + seconds(29)));
  EXPECT_TRUE(issuers_.Due(now + seconds(29)).empty());
  Publish({&rsa_, &next});
  EXPECT_EQ(Reason(token), "");
  EXPECT_EQ(Reason(ed_.Sign(Claims())), "token_unknown_key") << "a key that is withdrawn is worth nothing";
}

TEST_F(TokenTest, OldKeysServeWhileTheIssuerFailsUntilTheyAreTooOld) {
  const std::string token = rsa_.Sign(Claims());
  const TimePoint fetched(seconds(100));
  EXPECT_TRUE(issuers_.Due(fetched + minutes(9)).empty());
  EXPECT_EQ(issuers_.Due(fetched + minutes(11)).size(), 1u);
  EXPECT_FALSE(
      issuers_.Set(0, Result<std::string>(Fail(Code::kUnavailable, "gone", "connect_refused")), fetched));
  EXPECT_FALSE(issuers_.Set(0, std::string("<html>"), fetched));
  EXPECT_FALSE(issuers_.Set(0, std::string(R"({"keys":[]})"), fetched))
      << "an empty set withdraws nothing by mistake";
  EXPECT_EQ(Reason(token), "");
  issuers_.DropStale(fetched + hours(23));
  EXPECT_EQ(Reason(token), "");
  issuers_.DropStale(fetched + hours(24));
  EXPECT_EQ(Reason(token), "token_keys_missing");
}

TEST(KeySetTest, TakesOnlyKeysThatCanBeTrusted) {
  Signer good("g", "RS256");
  const auto set =
      ParseKeySet(R"({"keys":[{"kty":"oct","k":"c2VjcmV0","kid":"hmac"},)"
                  R"({"kty":"RSA","n":"AQAB","e":"AQAB","kid":"tiny"},)"
                  R"({"kty":"EC","crv":"P-256","x":"AAAA","y":"AAAA"},)"
                  R"({"kty":"EC","crv":"P-256","x":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",)"
                  R"("y":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"},)"
                  R"({"kty":"OKP","crv":"Ed448","x":"AAAA"},7,null,[],)" +
                  good.Jwk() + "]}");
  ASSERT_TRUE(set) << set.error().message;
  ASSERT_EQ(set->keys.size(), 1u);
  EXPECT_EQ(set->keys[0].kid, "g");
  for (const char* bad : {"", "[]", "{}", R"({"keys":{}})", R"({"keys":[{"kty":"oct"}]})"})
    EXPECT_FALSE(ParseKeySet(bad)) << bad;
  EXPECT_FALSE(ParseKeySet(std::string(300'000, ' ')));
}

class TokenGateTest : public AccessFixture {};

TEST_F(TokenGateTest, ATokenIsVerifiedOnceAndAgainWhenKeysChange) {
  Signer signer("k", "EdDSA"), other("k2", "EdDSA");
  auto settings = TwoTenants();
  IssuerSettings issuer;
  issuer.issuer = "me";
  issuer.audiences = {"baton"};
  issuer.jwks_url = "https://x.example/k";
  issuer.tenant = "support";
  settings.issuers = {issuer};
  auto keeper = OpenKeeper(settings);
  auto issuers = keeper->registry().Get()->issuers();
  Gate gate(keeper->registry(), clock_, nullptr);
  const std::int64_t now = clock_.UnixNanos() / 1'000'000'000;
  const std::string token = "Bearer " + signer.Sign(R"({"iss":"me","aud":"baton","sub":"ann","exp":)" +
                                                    std::to_string(now + 100) + "}");
  EXPECT_EQ(gate.Admit({token, {}, 1}).error().reason, "token_keys_missing");
  EXPECT_TRUE(gate.WorthFetching({token, {}, 1}, gate.Admit({token, {}, 1}).error()));
  ASSERT_TRUE(issuers->Set(0, R"({"keys":[)" + signer.Jwk() + "]}", clock_.Now()));
  auto first = gate.Admit({token, {}, 1});
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ((*first)->user, "ann");
  EXPECT_EQ((*first)->purse->claims->all.size(), 2u);  // each_user and the tenant
  EXPECT_EQ(gate.Admit({token, {}, 1})->get(), first->get()) << "from memory";
  ASSERT_TRUE(issuers->Set(0, R"({"keys":[)" + other.Jwk() + "]}", clock_.Now()));
  EXPECT_EQ(gate.Admit({token, {}, 1}).error().reason, "token_unknown_key");
  ASSERT_TRUE(issuers->Set(0, R"({"keys":[)" + signer.Jwk() + "]}", clock_.Now()));
  EXPECT_TRUE(gate.Admit({token, {}, 1}));
  clock_.Advance(seconds(161));
  EXPECT_EQ(gate.Admit({token, {}, 1}).error().reason, "token_expired");
}

}  // namespace
}  // namespace baton::access
