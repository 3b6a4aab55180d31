#include "pool/pool.h"

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

FakeScript Fails(Fault fault, Code code, const std::string& reason, int status = 0) {
  FakeScript s;
  s.starts = false;
  s.pieces.clear();
  s.failure = FakeFailure(fault, code, reason, status);
  return s;
}
FakeScript ServerError() {
  return Fails(Fault::kServer, Code::kUnavailable, "worker_server", 500);
}

std::vector<std::string> Outcomes(const PoolFixture::Running& r) {
  std::vector<std::string> out;
  for (const auto& c : r.outcome->calls) out.push_back(c.worker + ":" + c.outcome);
  return out;
}

class Calls : public ::testing::Test {
 protected:
  // After any call: nothing is held any more, anywhere.
  void ExpectClean(PoolFixture::Running& r) {
    ASSERT_TRUE(r.outcome) << "the call did not end";
    EXPECT_EQ(r.lease.outstanding(), 0);
    budget::Nanos sum;
    for (const auto& c : r.outcome->calls) sum += c.cost;
    EXPECT_EQ(sum, r.lease.spent());
    for (const auto& s : f.pool->Status()) EXPECT_EQ(s.running + s.waiting, 0) << s.name;
  }
  PoolFixture f;
};

TEST_F(Calls, AStreamedAnswerReachesTheSinkOnceAndIsCharged) {
  f.Add("large");
  f.Start();
  auto r = f.Ask();
  ExpectClean(*r);
  ASSERT_TRUE(r->outcome->response);
  EXPECT_EQ(r->sink.text, "hello");
  EXPECT_EQ(r->sink.starts, 1);
  EXPECT_EQ(r->observer.times, 1);
  EXPECT_EQ(r->observer.name, "large");
  EXPECT_EQ(r->outcome->worker->name, "large");
  EXPECT_EQ(r->lease.spent().v, 10 * 1000 + 5 * 2000);
  EXPECT_EQ(r->lease.tokens_spent(), 15);
  ASSERT_EQ(r->outcome->calls.size(), 1u);
  const CallRecord& c = r->outcome->calls[0];
  EXPECT_EQ(c.outcome, "ok");
  EXPECT_EQ(c.why, "first choice");
  EXPECT_EQ(c.provider_model, "large-model");
  EXPECT_TRUE(c.winner && c.priced);
  EXPECT_FALSE(c.usage_estimated);
}

TEST_F(Calls, AWholeAnswerNeedsNoSink) {
  f.Add("large");
  f.Start();
  auto r = f.Ask(false);
  ExpectClean(*r);
  ASSERT_TRUE(r->outcome->response);
  EXPECT_EQ(chat::TextOf(r->outcome->response->choices[0].message), "hello");
  EXPECT_EQ(r->observer.times, 0);
  EXPECT_FALSE(r->outcome->delivered);
}

TEST_F(Calls, AFailingWorkerFallsBackToTheNext) {
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

TEST_F(Calls, AnErrorRightAfterTheOpeningEventStillFallsBackUnseen) {
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

TEST_F(Calls, AfterTheFirstPieceThereIsNoSecondAnswer) {
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

TEST_F(Calls, TheClientsOwnFaultIsReturnedAsItIs) {
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

TEST_F(Calls, ContentRefusedByOneProviderIsNotShoppedAround) {
  f.Add("large");
  f.Add("smol");
  f.Always("large", Fails(Fault::kContentRefused, Code::kUpstreamRejected, "content_filter", 400));
  f.Start();
  auto r = f.Ask();
  EXPECT_EQ(r->outcome->response.error().reason, "content_filter");
  EXPECT_EQ(f.Stage("smol").asked, 0);
}

TEST_F(Calls, AnOverflowGoesToALargerContextOnly) {
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

TEST_F(Calls, AnOverflowWithoutALargerContextIsTheAnswer) {
  f.Add("small").context = 4096;
  f.Add("same").context = 4096;
  f.Always("small", Fails(Fault::kContextOverflow, Code::kTooLarge, "context_length_exceeded", 400));
  f.Start();
  auto r = f.Ask();
  EXPECT_EQ(r->outcome->response.error().reason, "context_length_exceeded");
  EXPECT_EQ(f.Stage("same").asked, 0);
}

TEST_F(Calls, TheLastWorkerIsAskedAgainOnlyWhenNothingWasSent) {
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

TEST_F(Calls, AShortRetryAfterIsWaitedForAndALongOneIsNot) {
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

TEST_F(Calls, TheRetryBudgetHoldsEndToEnd) {
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

TEST_F(Calls, AWorkerThatCannotHonourTheRequestCostsNoTry) {
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

TEST_F(Calls, AnOpenBreakerIsSkippedAndSaysSoWhenNobodyIsLeft) {
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

TEST_F(Calls, AWrongKeyOpensAtOnceAndTheNextAnswers) {
  f.Add("large");
  f.Add("smol");
  f.Always("large", Fails(Fault::kAuth, Code::kUnavailable, "worker_auth", 401));
  f.Start();
  EXPECT_THAT(Outcomes(*f.Ask()), ElementsAre("large:worker_auth", "smol:ok"));
  EXPECT_THAT(Outcomes(*f.Ask()), ElementsAre("smol:ok"));
  EXPECT_THAT(f.pool->Status()[0].last_error, HasSubstr("worker_auth"));
}

TEST_F(Calls, CallsBeyondTheConcurrencyWaitInOrderAndTheRestIsRefused) {
  Worker& large = f.Add("large");
  large.max_concurrency = 1;
  large.max_queue = 1;
  FakeScript slow;
  slow.before_first = seconds(1);
  f.Always("large", slow);
  f.Start();
  auto a = f.Begin(true), b = f.Begin(true), c = f.Begin(true);
  f.Go(*a);
  f.Go(*b);
  f.Go(*c);
  f.loop.RunReady();
  ASSERT_TRUE(c->outcome) << "no place in the queue: refused at once";
  EXPECT_EQ(c->outcome->response.error().code, Code::kOverloaded);
  EXPECT_EQ(c->outcome->response.error().reason, "no_worker_available");
  f.loop.Run();
  ExpectClean(*a);
  ExpectClean(*b);
  EXPECT_TRUE(a->outcome->response && b->outcome->response);
  EXPECT_EQ(b->outcome->calls[0].queued, seconds(1));
  EXPECT_EQ(f.Stage("large").most_running, 1);
}

TEST_F(Calls, WhoLeavesTheQueueIsNeverAsked) {
  Worker& large = f.Add("large");
  large.max_concurrency = 1;
  FakeScript slow;
  slow.before_first = seconds(1);
  f.Always("large", slow);
  f.Start();
  auto a = f.Begin(true), b = f.Begin(true);
  f.Go(*a);
  f.Go(*b);
  f.loop.Advance(milliseconds(100));
  b->cancel.Fire(Cancel::Why::kClientGone);
  f.loop.RunReady();
  ASSERT_TRUE(b->outcome);
  EXPECT_EQ(b->outcome->response.error().code, Code::kCancelled);
  EXPECT_TRUE(b->outcome->calls.empty());
  f.loop.Run();
  EXPECT_EQ(f.Stage("large").asked, 1);
  ExpectClean(*a);
}

TEST_F(Calls, AClientThatLeavesCancelsTheWorkerAndIsChargedOnce) {
  f.Add("large");
  FakeScript slow;
  slow.pieces = {"abcd", "efgh"};
  slow.between = seconds(1);
  f.Always("large", slow);
  f.Start();
  auto r = f.Begin(true);
  f.Go(*r);
  f.loop.Advance(milliseconds(1500));
  r->cancel.Fire(Cancel::Why::kClientGone);
  f.loop.Run();
  ExpectClean(*r);
  EXPECT_EQ(r->outcome->response.error().code, Code::kCancelled);
  EXPECT_EQ(r->outcome->response.error().reason, "client_gone");
  EXPECT_TRUE(r->outcome->calls[0].usage_estimated);
  EXPECT_EQ(r->outcome->calls[0].usage.output, 1);
  EXPECT_EQ(f.pool->Status()[0].failures, 0u) << "nobody's fault";
}

TEST_F(Calls, TheThreeKindsOfTooLateStayApart) {
  Worker& large = f.Add("large");
  large.timeouts.whole = seconds(5);
  FakeScript slow;
  slow.before_first = seconds(60);
  f.Always("large", slow);
  f.Start();
  auto ours = f.Begin(true, budget::Ceiling{{}, {}, Deadline(f.loop.Now() + seconds(2))});
  f.Go(*ours);
  f.loop.Run();
  EXPECT_EQ(ours->outcome->response.error().code, Code::kDeadline);
  EXPECT_EQ(f.pool->Status()[0].failures, 0u);

  auto theirs = f.Ask();
  EXPECT_EQ(theirs->outcome->response.error().code, Code::kUnavailable);
  EXPECT_EQ(theirs->outcome->response.error().reason, "whole_timeout");
  EXPECT_EQ(theirs->outcome->calls[0].fault, "timeout");
  EXPECT_EQ(f.pool->Status()[0].failures, 1u);

  auto left = f.Begin(true);
  f.Go(*left);
  f.loop.Advance(seconds(1));
  left->cancel.Fire(Cancel::Why::kClientGone);
  f.loop.Run();
  EXPECT_EQ(left->outcome->response.error().code, Code::kCancelled);
  EXPECT_EQ(f.pool->Status()[0].failures, 1u);
}

TEST_F(Calls, AnAnswerWithoutContentIsAnAnswer) {
  f.Add("large");
  f.Add("smol");
  FakeScript empty;
  empty.pieces.clear();
  f.Always("large", empty);
  f.Start();
  auto r = f.Ask();
  ExpectClean(*r);
  ASSERT_TRUE(r->outcome->response);
  EXPECT_EQ(r->outcome->worker->name, "large");
  EXPECT_EQ(r->observer.times, 1);
}

TEST_F(Calls, WhatDoesNotFitTheBudgetIsNotAskedButACheaperOneIs) {
  f.Add("dear");
  Worker& free = f.Add("free");
  free.prices = budget::PriceTable({budget::PriceRow{}});
  f.Start();
  budget::Ceiling tight;
  tight.usd = budget::Nanos{100'000};  // the worst case is 10 x 1000 + 100 x 2000
  auto r = f.Ask(true, tight);
  ExpectClean(*r);
  ASSERT_TRUE(r->outcome->response);
  EXPECT_EQ(r->outcome->worker->name, "free");
  EXPECT_EQ(f.Stage("dear").asked, 0);
}

TEST_F(Calls, NothingFittingTheBudgetIsOverBudget) {
  f.Add("dear");
  f.Start();
  budget::Ceiling tight;
  tight.usd = budget::Nanos{100'000};
  auto r = f.Ask(true, tight);
  EXPECT_EQ(r->outcome->response.error().code, Code::kOverBudget);
  EXPECT_EQ(r->outcome->response.error().reason, "request_cost_ceiling");
  EXPECT_EQ(f.Stage("dear").asked, 0);
}

TEST_F(Calls, AnUnpricedWorkerReservesNothingAndItsRowSaysSo) {
  f.Add("wild").prices = budget::PriceTable();
  f.Start();
  budget::Ceiling tight;
  tight.usd = budget::Nanos{1};
  auto r = f.Ask(true, tight);
  ExpectClean(*r);
  ASSERT_TRUE(r->outcome->response);
  EXPECT_FALSE(r->outcome->calls[0].priced);
}

TEST_F(Calls, AnswersWithoutReportedUsageAreEstimatedAndFlagged) {
  f.Add("mute");
  FakeScript mute;
  mute.pieces = {"twelve chars"};
  mute.usage = {};
  f.Always("mute", mute);
  f.Start();
  auto r = f.Ask(false);
  EXPECT_TRUE(r->outcome->calls[0].usage_estimated);
  EXPECT_EQ(r->outcome->calls[0].usage.output, 3);
  EXPECT_EQ(r->outcome->calls[0].usage.input, 10);
  EXPECT_FALSE(r->outcome->response->usage.known);
}

TEST_F(Calls, AllAttemptsOfACallCarryOneIdempotencyKey) {
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

TEST_F(Calls, EmbeddingsFallBackAndAreChargedLikeChats) {
  Worker& a = f.Add("a");
  Worker& b = f.Add("b");
  f.Always("a", ServerError());
  f.Start();
  struct Asked {
    static Task<void> Run(Pool* pool, chat::EmbedRequest* request, std::vector<const Worker*> candidates,
                          budget::Lease* lease, std::optional<Pool::EmbedOutcome>* out) {
      Pool::EmbedOutcome got = co_await pool->Embed(*request, std::move(candidates), lease, 10, nullptr);
      out->emplace(std::move(got));
    }
  };
  chat::EmbedRequest request;
  budget::Lease lease{budget::Ceiling{}};
  std::optional<Pool::EmbedOutcome> out;
  Spawn(Asked::Run(f.pool.get(), &request, {&a, &b}, &lease, &out));
  f.loop.Run();
  ASSERT_TRUE(out && out->response);
  EXPECT_EQ(out->response->vectors.size(), 1u);
  EXPECT_EQ(out->calls.size(), 2u);
  EXPECT_EQ(out->worker, &b);
  EXPECT_EQ(lease.spent().v, 10 * 1000 + 5 * 2000);
  EXPECT_EQ(lease.outstanding(), 0);
}

TEST_F(Calls, DecisionsAndOutcomesAreCounted) {
  Metrics metrics;
  f.Add("a");
  f.Add("b");
  f.Always("a", ServerError());
  f.Start(&metrics);
  (void)f.Ask();
  const std::string text = metrics.Text();
  EXPECT_THAT(text, HasSubstr("baton_pool_decisions_total{decision=\"fell_back\"} 1"));
  EXPECT_THAT(text, HasSubstr("baton_pool_decisions_total{decision=\"answered\"} 1"));
  EXPECT_THAT(text, HasSubstr("baton_worker_calls_total{outcome=\"server\",worker=\"a\"} 1"));
  EXPECT_THAT(text, HasSubstr("baton_worker_calls_total{outcome=\"ok\",worker=\"b\"} 1"));
  EXPECT_THAT(text, HasSubstr("baton_worker_in_flight{worker=\"b\"} 0"));
}

TEST_F(Calls, ExplainAsksTheBackendAndKnowsItsWorkers) {
  const Worker& a = f.Add("a");
  f.Start();
  EXPECT_EQ(f.pool->Explain(a, f.request)->size(), 1u);
  Worker stranger;
  stranger.name = "nobody";
  EXPECT_EQ(f.pool->Explain(stranger, f.request).error().code, Code::kNotFound);
  EXPECT_EQ(f.pool->Find("a"), &a);
  EXPECT_EQ(f.pool->Find("nobody"), nullptr);
}

}  // namespace
}  // namespace baton::pool
