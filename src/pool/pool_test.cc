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
