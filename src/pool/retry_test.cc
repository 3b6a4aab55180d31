// Which worker is asked next, and when nobody is.
#include "pool/retry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pool/pool_fixture.h"

namespace baton::pool {
namespace {

using provider::Fault;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Retry : public Calls {};

TEST_F(Retry, AFailingWorkerFallsBackToTheNext) {
  f.Add("large");
  f.Add("smol");
  f.Always("large", ServerError());
  f.Start();
  auto r = f.Ask();
  ExpectClean(*r);
  ASSERT_TRUE(r->outcome->response);
  EXPECT_THAT(Outcomes(*r), ElementsAre("large:worker_server", "smol:ok"));
  EXPECT_EQ(r->outcome->calls[1].why, "fallback: large worker_server");
  EXPECT_EQ(r->outcome->calls[0].cost.v, 0) << "a provider that answered 500 charges nothing";
  EXPECT_EQ(r->outcome->calls[0].fault, "server");
  EXPECT_EQ(r->sink.text, "hello");
  EXPECT_EQ(r->observer.name, "smol");
}

TEST_F(Retry, AnErrorRightAfterTheOpeningEventStillFallsBackUnseen) {
  f.Add("large");
  f.Add("smol");
  FakeScript overloaded;
  overloaded.pieces.clear();
  overloaded.failure = FakeFailure(Fault::kOverloaded, Code::kUnavailable, "worker_overloaded");
  f.Always("large", overloaded);
  f.Start();
  auto r = f.Ask();
  ExpectClean(*r);
  ASSERT_TRUE(r->outcome->response);
  EXPECT_EQ(r->sink.starts, 1) << "the failed start must leave no trace";
  EXPECT_EQ(r->observer.name, "smol");
}

TEST_F(Retry, AfterTheFirstPieceThereIsNoSecondAnswer) {
  f.Add("large");
  f.Add("smol");
  FakeScript cut;
  cut.pieces = {"one two ", "three"};
  cut.failure = FakeFailure(Fault::kTransport, Code::kUnavailable, "closed_in_body");
  f.Always("large", cut);
  f.Start();
  auto r = f.Ask();
  ExpectClean(*r);
  ASSERT_FALSE(r->outcome->response);
  EXPECT_TRUE(r->outcome->delivered);
  EXPECT_EQ(f.Stage("smol").asked, 0);
  EXPECT_EQ(r->sink.text, "one two three");
  const CallRecord& c = r->outcome->calls[0];
  EXPECT_TRUE(c.usage_estimated);
  EXPECT_EQ(c.usage.input, 10);
  EXPECT_EQ(c.usage.output, 4) << "13 characters";
  EXPECT_TRUE(c.winner);
}

TEST_F(Retry, TheClientsOwnFaultIsReturnedAsItIs) {
  f.Add("large");
  f.Add("smol");
  f.Always("large", Fails(Fault::kClientRequest, Code::kUpstreamRejected, "bad_tool", 400));
  f.Start();
  auto r = f.Ask();
  ExpectClean(*r);
  ASSERT_FALSE(r->outcome->response);
  EXPECT_EQ(r->outcome->response.error().code, Code::kUpstreamRejected);
  EXPECT_EQ(r->outcome->response.error().upstream_status, 400);
  EXPECT_EQ(f.Stage("smol").asked, 0);
}

TEST_F(Retry, ContentRefusedByOneProviderIsNotShoppedAround) {
  f.Add("large");
  f.Add("smol");
  f.Always("large", Fails(Fault::kContentRefused, Code::kUpstreamRejected, "content_filter", 400));
  f.Start();
  auto r = f.Ask();
  EXPECT_EQ(r->outcome->response.error().reason, "content_filter");
  EXPECT_EQ(f.Stage("smol").asked, 0);
}

TEST_F(Retry, AnOverflowGoesToALargerContextOnly) {
  f.Add("small").context = 4096;
  f.Add("same").context = 4096;
  f.Add("big").context = 128'000;
  f.Always("small", Fails(Fault::kContextOverflow, Code::kTooLarge, "context_length_exceeded", 400));
  f.Start();
  auto r = f.Ask();
  ExpectClean(*r);
  ASSERT_TRUE(r->outcome->response);
  EXPECT_THAT(Outcomes(*r), ElementsAre("small:context_length_exceeded", "big:ok"));
}

TEST_F(Retry, AnOverflowWithoutALargerContextIsTheAnswer) {
  f.Add("small").context = 4096;
  f.Add("same").context = 4096;
  f.Always("small", Fails(Fault::kContextOverflow, Code::kTooLarge, "context_length_exceeded", 400));
  f.Start();
  auto r = f.Ask();
  EXPECT_EQ(r->outcome->response.error().reason, "context_length_exceeded");
  EXPECT_EQ(f.Stage("same").asked, 0);
}

TEST_F(Retry, TheLastWorkerIsAskedAgainOnlyWhenNothingWasSent) {
  f.Add("large");
  FakeScript refused = Fails(Fault::kTransport, Code::kUnavailable, "connect_refused");
  refused.sent = false;
  f.First("large", {refused, refused});
  f.Start();
  auto r = f.Ask();
  ExpectClean(*r);
  ASSERT_TRUE(r->outcome->response);
  EXPECT_THAT(Outcomes(*r), ElementsAre("large:connect_refused", "large:connect_refused", "large:ok"));
  EXPECT_EQ(r->outcome->calls[1].why, "retry 1: connect_refused");
  EXPECT_EQ(r->outcome->calls[0].usage.input, 0);

  f.First("large", {});
  f.Stage("large").asked = 0;
  f.Always("large", Fails(Fault::kTransport, Code::kUnavailable, "closed_before_reply"));
  auto cut = f.Ask();
  EXPECT_EQ(cut->outcome->calls.size(), 1u) << "it may have been processed: asking again could pay twice";
  EXPECT_TRUE(cut->outcome->calls[0].usage_estimated);
  EXPECT_EQ(cut->outcome->calls[0].usage.input, 10);
}

TEST_F(Retry, AShortRetryAfterIsWaitedForAndALongOneIsNot) {
  f.Add("large");
  f.Add("smol");
  FakeScript limited = Fails(Fault::kRateLimited, Code::kRateLimited, "worker_rate_limited", 429);
  limited.failure->error.retry_after = milliseconds(700);
  f.First("large", {limited});
  f.Start();
  const TimePoint before = f.loop.Now();
  auto r = f.Ask();
  ExpectClean(*r);
  EXPECT_THAT(Outcomes(*r), ElementsAre("large:worker_rate_limited", "large:ok"));
  EXPECT_GE(f.loop.Now() - before, milliseconds(700));

  limited.failure->error.retry_after = seconds(30);
  f.Stage("large").asked = 0;
  f.First("large", {limited});
  auto long_wait = f.Ask();
  EXPECT_THAT(Outcomes(*long_wait), ElementsAre("large:worker_rate_limited", "smol:ok"));
  auto held = f.Ask();
  EXPECT_THAT(Outcomes(*held), ElementsAre("smol:ok")) << "held back for the time it asked for";
  EXPECT_THAT(held->outcome->calls[0].why, HasSubstr("large: rate limited"));
}

TEST_F(Retry, TheRetryBudgetHoldsEndToEnd) {
  for (const char* name : {"a", "b", "c", "d", "e"}) {
    f.Add(name);
    f.Always(name, ServerError());
  }
  f.Start();
  auto r = f.Ask();
  ExpectClean(*r);
  EXPECT_THAT(Outcomes(*r), ElementsAre("a:worker_server", "b:worker_server", "c:worker_server"));
  EXPECT_EQ(r->outcome->worker->name, "c");
  f.retry.budget = 0;
  EXPECT_EQ(f.Ask()->outcome->calls.size(), 1u);
}

TEST_F(Retry, AWorkerThatCannotHonourTheRequestCostsNoTry) {
  f.Add("a");
  f.Add("b");
  FakeScript cannot = Fails(Fault::kClientRequest, Code::kUnsupported, "no_vision");
  cannot.sent = false;
  f.Always("a", cannot);
  f.retry.budget = 0;
  f.Start();
  auto r = f.Ask();
  EXPECT_THAT(Outcomes(*r), ElementsAre("a:no_vision", "b:ok"));
}

TEST_F(Retry, AnOpenBreakerIsSkippedAndSaysSoWhenNobodyIsLeft) {
  Worker& large = f.Add("large");
  large.breaker.failures = 1;
  f.Always("large", ServerError());
  f.Start();
  (void)f.Ask();
  auto r = f.Ask();
  ExpectClean(*r);
  ASSERT_FALSE(r->outcome->response);
  const Error& e = r->outcome->response.error();
  EXPECT_EQ(e.code, Code::kUnavailable);
  EXPECT_EQ(e.reason, "no_worker_available");
  EXPECT_THAT(e.message, HasSubstr("large: breaker open"));
  EXPECT_GE(*e.retry_after, seconds(9));
  EXPECT_TRUE(r->outcome->calls.empty());
  EXPECT_FALSE(f.pool->Available(large));
  EXPECT_EQ(f.pool->Status()[0].breaker, BreakerState::kOpen);
}

TEST_F(Retry, ARequestThatNeverLeftClosesNoBreaker) {
  Worker& large = f.Add("large");
  large.breaker.failures = 1;
  FakeScript cannot = Fails(Fault::kClientRequest, Code::kUnsupported, "no_vision");
  cannot.sent = false;
  f.First("large", {ServerError(), cannot});
  f.Start();
  (void)f.Ask();
  f.loop.Advance(seconds(10));
  EXPECT_EQ(f.Ask()->outcome->response.error().reason, "no_vision");
  EXPECT_EQ(f.pool->Status()[0].breaker, BreakerState::kHalfOpen);
  EXPECT_TRUE(f.Ask()->outcome->response) << "the next call is the probe";
  EXPECT_EQ(f.pool->Status()[0].breaker, BreakerState::kClosed);
}

TEST_F(Retry, AWrongKeyOpensAtOnceAndTheNextAnswers) {
  f.Add("large");
  f.Add("smol");
  f.Always("large", Fails(Fault::kAuth, Code::kUnavailable, "worker_auth", 401));
  f.Start();
  EXPECT_THAT(Outcomes(*f.Ask()), ElementsAre("large:worker_auth", "smol:ok"));
  EXPECT_THAT(Outcomes(*f.Ask()), ElementsAre("smol:ok"));
  EXPECT_THAT(f.pool->Status()[0].last_error, HasSubstr("worker_auth"));
}

TEST_F(Retry, AllAttemptsOfACallCarryOneIdempotencyKey) {
  f.Add("a");
  f.Add("b");
  f.Always("a", ServerError());
  f.Start();
  (void)f.Ask();
  (void)f.Ask();
  ASSERT_EQ(f.Stage("a").keys.size(), 2u);
  EXPECT_EQ(f.Stage("a").keys[0], f.Stage("b").keys[0]);
  EXPECT_NE(f.Stage("a").keys[0], f.Stage("a").keys[1]);
  EXPECT_FALSE(f.Stage("a").keys[0].empty());
}

}  // namespace
}  // namespace baton::pool
