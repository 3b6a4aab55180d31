// Keys from the store to the gate: made, listed, rotated, revoked, by this process and by another.
#include "access/keeper.h"

#include <thread>

#include "access/gate.h"
#include "access/issue.h"
#include "access/test_support.h"
#include "base/sim_loop.h"

namespace baton::access {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

class KeeperTest : public AccessFixture {
 protected:
  KeeperTest() { Reopen(TwoTenants()); }
  void Reopen(const Settings& settings) {
    gate_.reset();
    keeper_.reset();
    keeper_ = OpenKeeper(settings);
    gate_ = std::make_unique<Gate>(keeper_->registry(), clock_, nullptr);
    auto table = KeyTable::Open(StorePath());
    ASSERT_TRUE(table) << table.error().message;
    other_ = std::move(*table);  // another process: the command line
  }
  Issued Make(KeyWish wish) {
    auto issued = IssueKey(*other_, TwoTenants(), wish, "test", clock_.UnixNanos());
    EXPECT_TRUE(issued) << issued.error().message;
    keeper_->LookNow();
    return issued ? *issued : Issued{};
  }
  static KeyWish For(std::string tenant) {
    KeyWish wish;
    wish.tenant = std::move(tenant);
    return wish;
  }
  Result<std::shared_ptr<const Principal>> Ask(const std::string& key) {
    const std::string header = "Bearer " + key;
    return gate_->Admit({header, {}, 1});
  }
  std::string Reason(const std::string& key) {
    const auto who = Ask(key);
    return who ? "" : who.error().reason;
  }

  std::unique_ptr<Keeper> keeper_;
  std::unique_ptr<Gate> gate_;
  std::unique_ptr<KeyTable> other_;
};

TEST_F(KeeperTest, AKeyOfTheCommandLineIsKnownAtTheNextLook) {
  EXPECT_TRUE(gate_->closed());
  auto issued = IssueKey(*other_, TwoTenants(), For("support"), "test", clock_.UnixNanos());
  ASSERT_TRUE(issued);
  EXPECT_EQ(Reason(issued->key), "invalid_api_key");
  keeper_->LookNow();
  auto who = Ask(issued->key);
  ASSERT_TRUE(who) << who.error().message;
  EXPECT_EQ((*who)->tenant, "support");
  EXPECT_EQ((*who)->key, issued->row.id);
  EXPECT_EQ((*who)->purse->claims->all.size(), 2u);  // each_key and the tenant
  ASSERT_TRUE(*other_->Revoke(issued->row.id, clock_.UnixNanos()));
  keeper_->LookNow();
  EXPECT_EQ(Reason(issued->key), "key_revoked");
}

TEST_F(KeeperTest, WhatTheCommandLineDidReachesTheLogOnceInOrderWhateverRoomItHas) {
  Make(For("support"));
  EXPECT_TRUE(other_->Notes()->empty());  // who has a log of his own leaves none
  other_->SignAs("command line, ann");
  const Issued first = Make(For("support"));
  auto next = RotateKey(*other_, first.row.id, std::chrono::seconds(5), "test", clock_.UnixNanos());
  ASSERT_TRUE(next);
  ASSERT_TRUE(*other_->Revoke(next->row.id, clock_.UnixNanos()));
  ASSERT_FALSE(*other_->Revoke(next->row.id, clock_.UnixNanos()));  // changes nothing, notes nothing
  EXPECT_FALSE(IssueKey(*other_, TwoTenants(), For("nobody"), "test", 1));
  for (int look = 0; look < 6; ++look) {
    note_room_ = 1;
    if (look == 1) Reopen(TwoTenants());  // notes survive the server
    keeper_->LookNow();
  }
  ASSERT_EQ(notes_.size(), 3u);
  EXPECT_EQ(notes_[0].action, "key_create");
  EXPECT_EQ(notes_[0].key, first.row.id);
  EXPECT_EQ(notes_[1].action, "key_rotate");
  EXPECT_EQ(notes_[1].key, next->row.id);
  EXPECT_EQ(notes_[2].action, "key_revoke");
  EXPECT_EQ(notes_[2].actor, "command line, ann");
  EXPECT_EQ(notes_[2].tenant, "support");
  auto table = KeyTable::Open(StorePath());
  ASSERT_TRUE(table);
  EXPECT_TRUE((*table)->Notes()->empty());
}

TEST_F(KeeperTest, WhatIsAskedOfThisProcessCountsBeforeItIsAnswered) {
  SimLoop loop;
  const Issued issued = Make(For("support"));
  ASSERT_TRUE(Ask(issued.key));
  bool answered = false;
  auto revoke = [](Keeper* keeper, Loop* on, std::string id, bool* done) -> Task<void> {
    std::function<Result<bool>(KeyTable&)> job = [id](KeyTable& table) { return table.Revoke(id, 1); };
    auto result = co_await keeper->Run<bool>(*on, std::move(job));
    EXPECT_TRUE(result && *result);
    *done = true;
  };
  Spawn(revoke(keeper_.get(), &loop, issued.row.id, &answered));
  loop.RunReady();
  ASSERT_TRUE(answered);
  EXPECT_EQ(Reason(issued.key), "key_revoked");
}

TEST_F(KeeperTest, RefusalsHaveNames) {
  const Issued issued = Make(For("support"));
  EXPECT_EQ(gate_->Admit({}).error().reason, "missing_key");
  EXPECT_EQ(gate_->Admit({"Bearer " + issued.key, issued.key, 2}).error().reason, "ambiguous_credentials");
  EXPECT_EQ(gate_->Admit({"Basic dXNlcg==", {}, 1}).error().reason, "bad_authorization");
  EXPECT_EQ(gate_->Admit({"Bearer ", {}, 1}).error().reason, "bad_authorization");
  EXPECT_EQ(Reason(issued.key + "x"), "malformed_key");
  EXPECT_EQ(Reason(MintKey()), "invalid_api_key");
  EXPECT_EQ(Reason(std::string(10'000'000, 'k')), "malformed_key");
  EXPECT_EQ(Reason("eyJ" + std::string(10'000'000, '.')), "token_too_long");
  EXPECT_TRUE(gate_->Admit({{}, issued.key, 1})) << "x-api-key";
  EXPECT_TRUE(gate_->Admit({"bEARER   " + issued.key, {}, 1}));
}

TEST_F(KeeperTest, AKeyExpiresToTheNanosecond) {
  KeyWish wish = For("support");
  wish.lifetime = hours(1);
  const Issued issued = Make(wish);
  clock_.Advance(hours(1) - std::chrono::nanoseconds(1));
  EXPECT_TRUE(Ask(issued.key));
  clock_.Advance(std::chrono::nanoseconds(1));
  EXPECT_EQ(Reason(issued.key), "key_expired");
}

TEST_F(KeeperTest, RotationKeepsBothKeysForTheOverlapAndOneBalance) {
  const Issued old = Make(For("support"));
  auto next = RotateKey(*other_, old.row.id, hours(2), "test", clock_.UnixNanos());
  ASSERT_TRUE(next) << next.error().message;
  keeper_->LookNow();
  auto before = Ask(old.key), after = Ask(next->key);
  ASSERT_TRUE(before && after);
  EXPECT_EQ((*before)->purse->claims->all[0].account.index, (*after)->purse->claims->all[0].account.index);
  EXPECT_EQ(RotateKey(*other_, old.row.id, hours(2), "test", clock_.UnixNanos()).error().reason,
            "key_revoked");
  clock_.Advance(hours(2));
  EXPECT_EQ(Reason(old.key), "key_expired");
  EXPECT_TRUE(Ask(next->key));
}

TEST_F(KeeperTest, ModelsAreNarrowedByTenantProjectAndKey) {
  KeyWish wish = For("support");
  wish.project = "chat";
  auto who = Ask(Make(wish).key);
  ASSERT_TRUE(who);
  EXPECT_TRUE((*who)->MayAsk("baton-mini"));
  EXPECT_FALSE((*who)->MayAsk("baton"));
  EXPECT_FALSE((*who)->MayAsk("large")) << "the project may not widen its tenant";
  wish.models = {"baton"};
  EXPECT_FALSE((*Ask(Make(wish).key))->MayAsk("baton-mini"))
      << "nothing in common is nothing, not everything";
}

TEST_F(KeeperTest, ATenantThatIsGoneTakesItsKeysAlong) {
  const Issued issued = Make(For("sales"));
  Settings fewer = TwoTenants();
  fewer.tenants.pop_back();
  ASSERT_TRUE(keeper_->SetSettings(std::make_shared<const Settings>(fewer)));
  EXPECT_EQ(Reason(issued.key), "unknown_tenant");
  ASSERT_TRUE(keeper_->SetSettings(std::make_shared<const Settings>(TwoTenants())));
  EXPECT_TRUE(Ask(issued.key));
}

TEST_F(KeeperTest, BalancesSurviveTheLossOfTheLedgersFile) {
  const Issued issued = Make(For("support"));
  {
    auto who = Ask(issued.key);
    budget::Draw draw(*keeper_->ledger(), (*who)->purse->claims);
    ASSERT_TRUE(draw.Take({{9}, 0}));
    draw.Settle({{9}, 0}, {}, {{9}, 0});
  }
  clock_.Advance(seconds(6));
  keeper_->LookNow();
  keeper_.reset();
  std::filesystem::remove(StorePath() + ".ledger");
  Reopen(TwoTenants());
  auto who = Ask(issued.key);
  ASSERT_TRUE(who);
  budget::Draw draw(*keeper_->ledger(), (*who)->purse->claims);
  EXPECT_EQ(draw.Take({{2}, 0}).error().reason, "insufficient_quota");
}

// What the store must not be talked into, field by field.
TEST_F(KeeperTest, NoFieldOfAKeyTakesWhatIsNoName) {
  const std::string evil[] = {"'; DROP TABLE access_keys; --",
                              "a\r\nset-cookie: x",
                              std::string("nul\0", 4),
                              "a b",
                              "<script>",
                              "\x1b[31m",
                              std::string(129, 'a'),
                              "{{7*7}}",
                              "../../etc"
                              "\"",
                              "ü"};
  for (const auto& text : evil) {
    for (auto set : {+[](KeyWish& w, const std::string& t) { w.tenant = t; },
                     +[](KeyWish& w, const std::string& t) { w.name = t; },
                     +[](KeyWish& w, const std::string& t) { w.project = t; },
                     +[](KeyWish& w, const std::string& t) { w.user = t; },
                     +[](KeyWish& w, const std::string& t) { w.role = t; },
                     +[](KeyWish& w, const std::string& t) { w.scopes = {t}; },
                     +[](KeyWish& w, const std::string& t) { w.models = {t}; }}) {
      KeyWish wish = For("support");
      set(wish, text);
      auto issued = IssueKey(*other_, TwoTenants(), wish, "test", 1);
      ASSERT_FALSE(issued) << text;
      EXPECT_EQ(issued.error().code, Code::kInvalidRequest);
      EXPECT_EQ(issued.error().message.find('\n'), std::string::npos);
      EXPECT_EQ(issued.error().message.find('\x1b'), std::string::npos);
    }
    EXPECT_EQ(other_->Find(text).error().reason, "key_not_found");
    EXPECT_TRUE(other_->List(text)->empty());
  }
  EXPECT_TRUE(other_->List()->empty());
}

TEST_F(KeeperTest, WhatAKeyHasOfItsOwnIsReadBack) {
  KeyWish wish = For("support");
  wish.name = "laptop";
  wish.user = "auth0|5f7c8ec7";
  wish.role = "auditor";
  wish.scopes = {"chat", "models"};
  Allowance a;
  a.budgets = {{budget::Nanos{5'000'000'001}, 1000, budget::Period::kDay}, {{}, 7, budget::Period::kTotal}};
  a.limits = {1, 2, 3};
  wish.allowance = a;
  const Issued issued = Make(wish);
  auto row = other_->Find(issued.row.id);
  ASSERT_TRUE(row);
  EXPECT_EQ(row->allowance, a);
  EXPECT_EQ(row->user, "auth0|5f7c8ec7");
  auto who = Ask(issued.key);
  ASSERT_TRUE(who);
  EXPECT_EQ((*who)->role, Role::kAuditor);
  EXPECT_TRUE((*who)->Has(Scope::kChat));
  EXPECT_FALSE((*who)->Has(Scope::kEmbeddings));
  EXPECT_EQ((*who)->purse->claims->all.size(), 4u);  // two of the key, the user, the tenant
  const std::string json = KeyJson(*row, 1);
  EXPECT_EQ(json.find(issued.key), std::string::npos);
  EXPECT_EQ(json.find(ToHex(row->hash.data(), row->hash.size())), std::string::npos);
}

TEST_F(KeeperTest, TheStoreHoldsNoKey) {
  const Issued issued = Make(For("support"));
  keeper_->LookNow();
  for (const auto& file : std::filesystem::directory_iterator(folder_)) {
    std::FILE* in = std::fopen(file.path().c_str(), "rb");
    std::string bytes(std::filesystem::file_size(file), '\0');
    ASSERT_EQ(std::fread(bytes.data(), 1, bytes.size(), in), bytes.size());
    std::fclose(in);
    EXPECT_EQ(bytes.find(issued.key), std::string::npos) << file.path();
    EXPECT_EQ(bytes.find(issued.key.substr(14, 32)), std::string::npos) << file.path();
  }
}

// Loops read while keys come and go: what one saw revoked nobody is let in with afterwards.
TEST_F(KeeperTest, RevocationIsSeenByAllThreads) {
  constexpr int kKeys = 40;
  std::vector<Issued> keys;
  for (int i = 0; i < kKeys; ++i) keys.push_back(Make(For("sales")));
  std::vector<std::atomic<bool>> revoked(kKeys);
  std::atomic<bool> stop = false;
  std::atomic<int> wrong = 0;
  std::vector<std::thread> loops;
  for (int t = 0; t < 3; ++t) {
    loops.emplace_back([&] {
      Gate gate(keeper_->registry(), clock_, nullptr);
      while (!stop) {
        for (int i = 0; i < kKeys; ++i) {
          const bool before = revoked[static_cast<std::size_t>(i)];
          const std::string header = "Bearer " + keys[static_cast<std::size_t>(i)].key;
          if (gate.Admit({header, {}, 1}).has_value() && before) wrong.fetch_add(1);
        }
      }
    });
  }
  for (int i = 0; i < kKeys; ++i) {
    ASSERT_TRUE(*other_->Revoke(keys[static_cast<std::size_t>(i)].row.id, 1));
    keeper_->LookNow();
    revoked[static_cast<std::size_t>(i)] = true;
  }
  stop = true;
  for (auto& t : loops) t.join();
  EXPECT_EQ(wrong, 0);
}

TEST_F(KeeperTest, WithoutTenantsTheGateIsOpen) {
  Settings none;
  Reopen(none);
  EXPECT_FALSE(gate_->closed());
}

TEST_F(KeeperTest, TheLastKeysServeWhileTheStoreIsBroken) {
  const Issued issued = Make(For("sales"));
  ASSERT_TRUE(Ask(issued.key));
  keeper_.reset();
  Reopen(TwoTenants());
  std::filesystem::resize_file(StorePath(), 100);
  std::filesystem::remove(StorePath() + "-wal");
  keeper_->LookNow();
  EXPECT_TRUE(Ask(issued.key));
}

}  // namespace
}  // namespace baton::access
