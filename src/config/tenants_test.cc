// `tenants:` and `issuers:`, and what is wrong with them.
#include <gtest/gtest.h>

#include "config/config.h"

namespace baton::config {
namespace {

constexpr const char* kWorker =
    "workers: [{name: smol, dialect: local, path: smol.gguf, price: {input: 0, output: 0}, "
    "budget: {usd: 3, per: day}}]\n";

Result<Config> Read(const std::string& lines) {
  return Parse(lines + "\n" + kWorker, "dir/baton.yaml", Env{});
}

TEST(Tenants, AreReadInFull) {
  auto c = Read(R"(
listen: 0.0.0.0:8443
shared: sqlite:all.db
tenants:
  - name: support
    models: [baton, smol]
    budget: [{usd: 200}, {usd: 20.5, tokens: 1000, per: day}]
    limits: {rpm: 600, tpm: 200000, concurrent: 5}
    projects: [{name: chat, models: [smol], budget: {tokens: 7, per: total}}]
    users: [{name: "auth0|5f7c", limits: {rpm: 1}}]
    each_key: {limits: {rpm: 60}}
    each_user: {budget: {usd: 1, per: day}}
    tier_down: {at: 0.5, workers: smol}
issuers:
  - {issuer: "https://id.example/", audience: baton, jwks: "https://id.example/keys", tenant: support, leeway: 5s}
  - {issuer: x, audience: [a, b], jwks: "file:keys.json", tenant_claim: org, role_claim: groups, roles: {admins: owner}}
)");
  ASSERT_TRUE(c) << c.error().message;
  EXPECT_EQ(c->shared_path, "dir/all.db");
  ASSERT_EQ(c->access.tenants.size(), 1u);
  const auto& t = c->access.tenants[0];
  using budget::Nanos;
  using budget::Period;
  EXPECT_EQ(t.allowance.budgets, (std::vector<budget::Budget>{{Nanos{200'000'000'000}, {}, Period::kMonth},
                                                              {Nanos{20'500'000'000}, 1000, Period::kDay}}));
  EXPECT_EQ(t.allowance.limits, (budget::Limits{600, 200000, 5}));
  EXPECT_EQ(t.projects[0].allowance.budgets[0].tokens, 7);
  EXPECT_EQ(t.users[0].name, "auth0|5f7c");
  EXPECT_EQ(t.each_key.limits.rpm, 60);
  EXPECT_EQ(t.each_user.budgets[0].per, Period::kDay);
  EXPECT_EQ(t.tier_down, (access::TierDown{0.5, {"smol"}}));
  ASSERT_EQ(c->access.issuers.size(), 2u);
  EXPECT_EQ(c->access.issuers[0].leeway, std::chrono::seconds(5));
  EXPECT_EQ(c->access.issuers[1].jwks_file, "dir/keys.json");
  EXPECT_EQ(c->access.issuers[1].roles[0].second, access::Role::kOwner);
  EXPECT_EQ(c->workers[0]->budgets, (std::vector<budget::Budget>{{Nanos{3'000'000'000}, {}, Period::kDay}}));
}

struct Mistake {
  const char *yaml, *want;
};

TEST(Tenants, MistakesAreToldInWords) {
  const Mistake cases[] = {
      {"tenants: []", "name at least one"},
      {"tenants: [{}]", "tenant needs a 'name'"},
      {"tenants: [{name: 'a b'}]", "a tenant's name has 1 to 64"},
      {"tenants: [{name: a}, {name: a}]", "two tenants called 'a'"},
      {"tenants: [{name: a, models: [batn]}]",
       "names the model 'batn', which there is not; did you mean 'baton'?"},
      {"tenants: [{name: a, budget: {per: day}}]", "a budget needs 'usd' or 'tokens'"},
      {"tenants: [{name: a, budget: [{usd: 1}, {tokens: 1}]}]", "two budgets per month"},
      {"tenants: [{name: a, budget: {usd: 1, per: week}}]", "day"},
      {"tenants: [{name: a, limits: {rpm: 0}}]", "must be between 1"},
      {"tenants: [{name: a, tier_down: {workers: [smoll]}}]", "did you mean 'smol'?"},
      {"tenants: [{name: a}]\nstore: 'sqlite::memory:'", "tenants need a store in a file"},
      {"issuers: [{issuer: x, audience: y, jwks: 'file:k', tenant: a}]", "their tokens belong to tenants"},
      {"tenants: [{name: a}]\nissuers: [{issuer: x, audience: y, jwks: 'http://k.example/x', tenant: a}]",
       "must be fetched over https"},
      {"tenants: [{name: a}]\nissuers: [{issuer: x, audience: y, jwks: 'https://169.254.169.254/x', tenant: "
       "a}]",
       "metadata"},
      {"tenants: [{name: a}]\nissuers: [{issuer: x, audience: y, jwks: 'file:k'}]",
       "'tenant' or 'tenant_claim'"},
      {"tenants: [{name: a}]\nissuers: [{issuer: x, audience: y, jwks: 'file:k', tenant: b}]",
       "the tenant 'b', which there is not"},
      {"tenants: [{name: a}]\nissuers: [{issuer: x, audience: y, jwks: 'file:k', tenant: a, algorithms: "
       "[HS256]}]",
       "RS256"},
      {"shared: redis://x", "shared: this version keeps its records in SQLite only"},
  };
  for (const auto& m : cases) {
    auto c = Read(m.yaml);
    ASSERT_FALSE(c) << m.yaml;
    EXPECT_NE(c.error().message.find(m.want), std::string::npos) << m.yaml << "\n" << c.error().message;
  }
}

}  // namespace
}  // namespace baton::config
