// What keys, limits and budgets add to a request: access_bench [--benchmark_filter=...]
//
// One request is: admit the key, pass the limits, open the purse, set the worst case aside in six accounts,
// mark it at risk, settle. Measured with 1 to 10,000 keys asked in random order, so that what is cold is
// cold.
#include <benchmark/benchmark.h>
#include <stdlib.h>

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "access/gate.h"
#include "access/issue.h"
#include "access/keeper.h"
#include "access/test_support.h"
#include "base/random.h"
#include "budget/lease.h"

namespace baton::access {
namespace {

using budget::Period;

// A store with `n` keys of ten tenants, each with budgets per day and month on key, project and tenant.
class Shop {
 public:
  explicit Shop(int n) {
    char name[] = "/tmp/baton-access-bench-XXXXXX";
    folder_ = ::mkdtemp(name);
    const Allowance both = {{{budget::Nanos{1'000'000'000'000'000}, {}, Period::kDay},
                             {budget::Nanos{1'000'000'000'000'000}, 1'000'000'000'000, Period::kMonth}},
                            {1'000'000'000, 1'000'000'000'000, 1'000'000}};
    Settings settings;
    for (int t = 0; t < 10; ++t) {
      TenantSettings tenant;
      tenant.name = "tenant" + std::to_string(t);
      tenant.allowance = tenant.each_key = both;
      tenant.projects = {{"p", both, {}}};
      settings.tenants.push_back(tenant);
    }
    KeeperOptions options;
    options.store_path = folder_ + "/store.db";
    options.own_thread = false;
    keeper = std::move(*Keeper::Open(options, std::make_shared<const Settings>(settings), SystemClock()));
    auto table = std::move(*KeyTable::Open(options.store_path));
    for (int i = 0; i < n; ++i) {
      KeyWish wish;
      wish.tenant = "tenant" + std::to_string(i % 10);
      wish.project = "p";
      headers.push_back("Bearer " + (*IssueKey(*table, settings, wish, "bench", 1)).key);
    }
    keeper->LookNow();
  }
  ~Shop() {
    keeper.reset();
    std::filesystem::remove_all(folder_);
  }

  std::unique_ptr<Keeper> keeper;
  std::vector<std::string> headers;

 private:
  std::string folder_;
};

// One shop of a size for all benchmarks: ten thousand keys take seconds to make.
Shop& ShopOf(int n) {
  static std::map<int, std::unique_ptr<Shop>> all;
  auto& shop = all[n];
  if (!shop) shop = std::make_unique<Shop>(n);
  return *shop;
}

void Admit(benchmark::State& state) {
  Shop& shop = ShopOf(static_cast<int>(state.range(0)));
  Gate gate(shop.keeper->registry(), SystemClock(), nullptr);
  Random random(1);
  for (auto _ : state) {
    const auto& header = shop.headers[random.Below(shop.headers.size())];
    benchmark::DoNotOptimize(gate.Admit({header, {}, 1}));
  }
}
BENCHMARK(Admit)->Arg(1)->Arg(100)->Arg(10'000);

void RefuseAWrongKey(benchmark::State& state) {
  Shop& shop = ShopOf(static_cast<int>(state.range(0)));
  Gate gate(shop.keeper->registry(), SystemClock(), nullptr);
  std::vector<std::string> wrong;
  for (int i = 0; i < 1000; ++i) wrong.push_back("Bearer " + MintKey());
  std::size_t i = 0;
  for (auto _ : state) benchmark::DoNotOptimize(gate.Admit({wrong[++i % 1000], {}, 1}));
}
BENCHMARK(RefuseAWrongKey)->Arg(1)->Arg(10'000);

void Request(benchmark::State& state) {
  Shop& shop = ShopOf(static_cast<int>(state.range(0)));
  Gate gate(shop.keeper->registry(), SystemClock(), nullptr);
  Random random(static_cast<std::uint64_t>(state.thread_index()) + 1);
  for (auto _ : state) {
    const auto& header = shop.headers[random.Below(shop.headers.size())];
    const auto who = gate.Admit({header, {}, 1});
    const auto pass = (*who)->purse->throttle->Enter(SystemClock().Now());
    budget::Lease lease({}, budget::OpenPurse((*who)->purse, SystemClock()));
    auto hold = lease.Reserve({1'000'000}, 1000);
    hold->Launch();
    benchmark::DoNotOptimize(hold->Settle({500'000}, 500));
  }
}
BENCHMARK(Request)->Arg(1)->Arg(100)->Arg(10'000);
// Two threads that always meet on the accounts of one tenant, and two that mostly do not.
BENCHMARK(Request)->Arg(1)->Threads(2)->UseRealTime();
BENCHMARK(Request)->Arg(10'000)->Threads(2)->UseRealTime();

void HoldAndSettle(benchmark::State& state) {
  Shop& shop = ShopOf(100);
  Gate gate(shop.keeper->registry(), SystemClock(), nullptr);
  const auto who = gate.Admit({shop.headers[0], {}, 1});
  auto claims = std::make_shared<budget::Claims>(*(*who)->purse->claims);
  claims->all.resize(static_cast<std::size_t>(state.range(0)));
  budget::Draw draw(*shop.keeper->ledger(), claims);
  for (auto _ : state) {
    benchmark::DoNotOptimize(draw.Take({{1'000'000}, 1000}));
    draw.Risk({{1'000'000}, 1000});
    benchmark::DoNotOptimize(draw.Settle({{1'000'000}, 1000}, {{1'000'000}, 1000}, {{500'000}, 500}));
  }
}
BENCHMARK(HoldAndSettle)->Arg(1)->Arg(3)->Arg(6);

void MakeTheDirectory(benchmark::State& state) {
  Shop& shop = ShopOf(static_cast<int>(state.range(0)));
  const auto settings = std::make_shared<const Settings>(shop.keeper->registry().Get()->settings());
  for (auto _ : state) benchmark::DoNotOptimize(shop.keeper->SetSettings(settings));
}
BENCHMARK(MakeTheDirectory)->Arg(100)->Arg(10'000)->Unit(benchmark::kMillisecond);

void VerifyAToken(benchmark::State& state, const char* algorithm) {
  Signer signer("k", algorithm);
  IssuerSettings settings;
  settings.issuer = "me";
  settings.audiences = {"baton"};
  settings.tenant = "t";
  Issuers issuers({settings}, nullptr);
  (void)issuers.Set(0, R"({"keys":[)" + signer.Jwk() + "]}", TimePoint());
  const std::string token = signer.Sign(R"({"iss":"me","aud":"baton","sub":"ann","exp":2000000000})");
  for (auto _ : state) benchmark::DoNotOptimize(issuers.Verify(token, 1'900'000'000));
}
BENCHMARK_CAPTURE(VerifyAToken, RS256, "RS256")->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(VerifyAToken, ES256, "ES256")->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(VerifyAToken, EdDSA, "EdDSA")->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace baton::access

BENCHMARK_MAIN();
