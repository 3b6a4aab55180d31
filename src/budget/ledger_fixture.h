// For tests of the ledger: a folder that goes away, and a small ledger in it.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "budget/ledger.h"

namespace baton::budget {

// A clock whose two faces move apart when told to.
class JumpClock : public Clock {
 public:
  TimePoint Now() const override { return TimePoint(mono); }
  std::int64_t UnixNanos() const override { return wall.count(); }
  // Time passes.
  void Pass(Duration d) { mono += d, wall += d; }
  void PassAndTick(Ledger& ledger, Duration d) {
    Pass(d);
    ledger.Tick();
  }

  Duration mono = std::chrono::hours(5);
  Duration wall = std::chrono::seconds(1'790'000'000);  // 2026-09-21, 14:13 UTC
};

class LedgerFixture : public ::testing::Test {
 protected:
  LedgerFixture() {
    char name[] = "/tmp/baton-ledger-XXXXXX";
    folder_ = ::mkdtemp(name);
    options_.path = folder_ + "/ledger";
    options_.layout = {512, 1024};
  }
  ~LedgerFixture() override { std::filesystem::remove_all(folder_); }

  std::unique_ptr<Ledger> Open() {
    auto ledger = Ledger::Open(options_, clock_);
    EXPECT_TRUE(ledger) << ledger.error().message;
    return ledger ? std::move(*ledger) : nullptr;
  }

  static Amount A(std::int64_t usd, std::int64_t tokens = 0) { return {{usd}, tokens}; }

  // The claims of key `key` within tenant "t": limits per month in nano-dollars.
  static std::shared_ptr<const Claims> ClaimsOf(Ledger& ledger, const std::string& key,
                                                std::int64_t key_limit, std::int64_t tenant_limit,
                                                Period per = Period::kMonth) {
    auto claims = std::make_shared<Claims>();
    claims->stripe = Ledger::StripeOf("t");
    claims->all.push_back({*ledger.Find("t", "key:" + key, per),
                           {Nanos{key_limit}, std::nullopt, per},
                           Scope::kKey,
                           "key '" + key + "'"});
    claims->all.push_back({*ledger.Find("t", "tenant", per),
                           {Nanos{tenant_limit}, std::nullopt, per},
                           Scope::kTenant,
                           "tenant 't'"});
    return claims;
  }

  static Balance Of(Ledger& ledger, const Claims& claims, std::size_t which) {
    return ledger.Read(claims.all[which].account, claims.stripe);
  }

  JumpClock clock_;
  LedgerOptions options_;
  std::string folder_;
};

}  // namespace baton::budget
