#include "api/idempotency.h"

#include <gtest/gtest.h>

namespace baton::api {
namespace {

using Ticket = IdempotencyCache::Ticket;
using Stored = std::shared_ptr<const StoredReply>;

struct IdempotencyTest : testing::Test {
  SimClock clock;
  IdempotencyCache cache{
      clock, {.ttl = std::chrono::minutes(10), .max_entries = 4, .max_bytes = 1000, .max_reply = 400}};

  // Runs the first request of `key` to its end.
  void Finish(std::string_view key, std::string body = "reply") {
    auto began = cache.Begin("t", key, "q");
    ASSERT_TRUE(began);
    std::get<Ticket>(*began).Keep({200, {}, std::move(body)});
  }
  bool Known(std::string_view key) {
    auto began = cache.Begin("t", key, "q");
    return began && std::holds_alternative<Stored>(*began);
  }
};

TEST_F(IdempotencyTest, SecondRequestGetsTheFirstReply) {
  Finish("k", "first");
  auto again = cache.Begin("t", "k", "q");
  ASSERT_TRUE(again);
  EXPECT_EQ(std::get<Stored>(*again)->body, "first");
}

TEST_F(IdempotencyTest, WhileTheFirstRunsTheSecondIsToldToComeBack) {
  auto first = cache.Begin("t", "k", "q");
  auto second = cache.Begin("t", "k", "q");
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Code::kConflict);
  EXPECT_TRUE(second.error().retry_after.has_value());
}

TEST_F(IdempotencyTest, AnotherBodyUnderTheSameKeyIsRefused) {
  Finish("k");
  auto other = cache.Begin("t", "k", "another");
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().reason, "idempotency_key_reused");
}

TEST_F(IdempotencyTest, FailedFirstRequestFreesTheKey) {
  { auto first = cache.Begin("t", "k", "q"); }
  auto second = cache.Begin("t", "k", "q");
  ASSERT_TRUE(second);
  EXPECT_TRUE(std::holds_alternative<Ticket>(*second));
}

TEST_F(IdempotencyTest, TenantsDoNotShareKeys) {
  Finish("k");
  auto other = cache.Begin("another", "k", "q");
  ASSERT_TRUE(other);
  EXPECT_TRUE(std::holds_alternative<Ticket>(*other));
}

TEST_F(IdempotencyTest, RepliesExpire) {
  Finish("k");
  clock.Advance(std::chrono::minutes(11));
  EXPECT_FALSE(Known("k"));
}

TEST_F(IdempotencyTest, OldestGoesFirstWhenEntriesOrBytesRunOut) {
  for (const char* k : {"a", "b", "c", "d", "e"}) Finish(k);
  EXPECT_FALSE(Known("a"));
  Finish("big1", std::string(390, 'x'));
  Finish("big2", std::string(390, 'x'));
  Finish("big3", std::string(390, 'x'));
  EXPECT_FALSE(Known("big1"));
  EXPECT_TRUE(Known("big3"));
}

TEST_F(IdempotencyTest, RunningRequestIsNeverForgotten) {
  auto running = cache.Begin("t", "running", "q");
  for (int i = 0; i < 20; ++i) Finish("k" + std::to_string(i));
  clock.Advance(std::chrono::hours(1));
  Finish("last");
  auto twin = cache.Begin("t", "running", "q");
  ASSERT_FALSE(twin);
  EXPECT_EQ(twin.error().code, Code::kConflict);
}

TEST_F(IdempotencyTest, EndlessKeyIsRefused) {
  EXPECT_FALSE(cache.Begin("t", std::string(256, 'k'), "q"));
}

}  // namespace
}  // namespace baton::api
