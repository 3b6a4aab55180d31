#include "learn/keep.h"

#include <gtest/gtest.h>

#include <filesystem>

namespace baton::learn {
namespace {

class KeepTest : public testing::Test {
 protected:
  KeepTest() : path_(std::filesystem::temp_directory_path() / ("keep_" + std::to_string(getpid()) + ".db")) {
    Drop();
  }
  ~KeepTest() override { Drop(); }
  void Drop() {
    for (const char* end : {"", "-wal", "-shm"}) std::filesystem::remove(path_.string() + end);
  }
  Result<std::unique_ptr<Keep>> Open(store::Faults* faults = nullptr) {
    store::OpenOptions o;
    o.path = path_.string();
    o.faults = faults;
    TRY(auto db, store::OpenSqlite(o));
    return Keep::Open(std::move(db));
  }
  std::filesystem::path path_;
};

Promotion Shadowed() {
  Promotion p;
  EXPECT_TRUE(StartShadow(p, "abc", 5));
  return p;
}

TEST_F(KeepTest, AnEmptyStoreIsTheBeginning) {
  auto keep = Open();
  ASSERT_TRUE(keep) << keep.error().message;
  auto p = (*keep)->LoadPromotion();
  ASSERT_TRUE(p);
  EXPECT_EQ(p->stage, Stage::kNone);
  EXPECT_EQ((*keep)->LoadLearned()->feedback_seen, 0);
  EXPECT_EQ((*keep)->LoadGrant("explore")->granted.v, 0);
}

TEST_F(KeepTest, WhatWasSavedIsThereAfterAReopen) {
  {
    auto keep = Open();
    ASSERT_TRUE(keep);
    ASSERT_TRUE((*keep)->Save(Shadowed(), {"shadow", "abc", "ann", "because", 7}));
    ASSERT_TRUE((*keep)->Save(Shadowed(), Learned{{{"abc", std::string("a\0b", 3)}}, "trust", 41, {}}));
    ASSERT_TRUE((*keep)->SaveGrant("explore", {20'000, {123}}));
    ASSERT_TRUE((*keep)->PutPolicy("abc", "router.bin", std::string("\0\1\2bytes", 8), 9));
  }
  auto keep = Open();
  ASSERT_TRUE(keep);
  EXPECT_EQ((*keep)->LoadPromotion()->candidate, "abc");
  EXPECT_EQ((*keep)->LoadLearned()->bandits.at("abc"), std::string("a\0b", 3));
  EXPECT_EQ((*keep)->LoadLearned()->feedback_seen, 41);
  EXPECT_EQ((*keep)->LoadGrant("explore")->day, 20'000);
  EXPECT_EQ((*keep)->GetPolicy("abc")->bytes, std::string("\0\1\2bytes", 8));
  EXPECT_EQ((*keep)->GetPolicy("abd").error().Name(), "policy_not_found");
  auto events = (*keep)->Events(10);
  ASSERT_TRUE(events);
  ASSERT_EQ(events->size(), 1U);
  EXPECT_EQ(events->front().by, "ann");
}

TEST_F(KeepTest, WhatTheDiskReturnsWronglyIsNotLearnedFrom) {
  {
    auto keep = Open();
    ASSERT_TRUE(keep);
    ASSERT_TRUE((*keep)->Save(Shadowed(), Learned{{{"abc", "bytes"}, {"def", "others"}}, "trust", 41, {}}));
  }
  store::OpenOptions o;
  o.path = path_.string();
  auto db = store::OpenSqlite(o);
  ASSERT_TRUE(db);
  ASSERT_TRUE((*db)->Exec("UPDATE learn_state SET text = REPLACE(text, 'bytes', 'bytez')"));
  {
    auto keep = Open();
    ASSERT_TRUE(keep);
    auto learned = (*keep)->LoadLearned();
    ASSERT_TRUE(learned);
    EXPECT_EQ(learned->damaged, std::vector<std::string>{"bandit.abc"});
    EXPECT_EQ(learned->bandits.size(), 1U);
    EXPECT_EQ(learned->feedback_seen, 41);
    EXPECT_TRUE((*keep)->LoadPromotion());
  }
  ASSERT_TRUE((*db)->Exec("UPDATE learn_state SET text = REPLACE(text, 'shadow', 'canary')"));
  auto keep = Open();
  ASSERT_TRUE(keep);
  EXPECT_EQ((*keep)->LoadPromotion().error().Name(), "state_damaged");
}

TEST_F(KeepTest, PoliciesInUseAreNeverDropped) {
  auto keep = Open();
  ASSERT_TRUE(keep);
  for (int i = 0; i < 8; ++i) ASSERT_TRUE((*keep)->PutPolicy("p" + std::to_string(i), "n", "b", i));
  Promotion p;
  p.in_place = {{"code", "p0"}};
  p.before = {{"code", "p1"}};
  ASSERT_TRUE((*keep)->DropPolicies(p, 3));
  for (const char* kept : {"p0", "p1", "p5", "p6", "p7"}) EXPECT_TRUE((*keep)->GetPolicy(kept)) << kept;
  for (const char* gone : {"p2", "p3", "p4"}) EXPECT_FALSE((*keep)->GetPolicy(gone)) << gone;
}

// Fails operation number `at`; every one after it works.
class FailAt : public store::Faults {
 public:
  explicit FailAt(int at) : left_(at) {}
  Status Before(Op, std::string_view) override {
    if (left_-- == 0) return Fail(Code::kInternal, "told to", "store_io");
    return {};
  }
  Status After(Op, std::string_view) override { return {}; }
  bool failed() const { return left_ < 0; }

 private:
  int left_;
};

TEST_F(KeepTest, AStepThatFailsAnywhereIsWholeOrDidNotHappen) {
  ASSERT_TRUE(Open());
  bool ended = false;
  for (int at = 0; !ended && at < 200; ++at) {
    FailAt faults(at);
    const std::string name = "cand" + std::to_string(at);
    bool saved = false;
    {
      auto keep = Open(&faults);
      if (keep) {
        Promotion p = Shadowed();
        p.candidate = name;
        saved = (*keep)->Save(p, {"shadow", name, "ann", "", at}).has_value();
      }
    }
    ended = !faults.failed();
    auto keep = Open();
    ASSERT_TRUE(keep) << at;
    auto p = (*keep)->LoadPromotion();
    auto events = (*keep)->Events(1);
    ASSERT_TRUE(p && events) << at;
    const bool state = p->candidate == name, event = !events->empty() && events->front().candidate == name;
    EXPECT_EQ(state, event) << at;
    EXPECT_TRUE(state || !saved) << at;
  }
  EXPECT_TRUE(ended);
}

}  // namespace
}  // namespace baton::learn
