#include "pool/hedge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pool/pool_fixture.h"

namespace baton::pool {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class Hedge : public Calls {
 protected:
  Hedge() {
    f.Add("slow").hedge_after = milliseconds(800);
    f.Add("quick");
    slow.before_first = seconds(10);
    slow.pieces = {"slow answer"};
    quick.before_first = milliseconds(200);
    quick.pieces = {"quick answer"};
  }
  void Start() {
    f.Always("slow", slow);
    f.Always("quick", quick);
    f.Start();
  }
  FakeScript slow, quick;
};

TEST_F(Hedge, ASlowWorkerIsOvertakenAndBothAreOnTheBill) {
  Start();
  const TimePoint before = f.loop.Now();
  auto r = f.Ask();
  ExpectClean(*r);
  ASSERT_TRUE(r->outcome->response);
  EXPECT_EQ(r->sink.text, "quick answer");
  EXPECT_EQ(r->sink.starts, 1);
  EXPECT_EQ(r->observer.name, "quick");
  EXPECT_EQ(f.loop.Now() - before, seconds(1));
  ASSERT_EQ(r->outcome->calls.size(), 2u);
  const CallRecord &lost = r->outcome->calls[0], &won = r->outcome->calls[1];
  EXPECT_EQ(lost.outcome, "lost_race");
  EXPECT_TRUE(lost.usage_estimated);
  EXPECT_EQ(lost.usage.input, 10);
  EXPECT_EQ(won.why, "hedge after 800 ms");
  EXPECT_TRUE(won.winner);
  EXPECT_FALSE(lost.winner);
  EXPECT_EQ(f.pool->Status()[0].failures, 0u) << "being slower is no failure";
}

TEST_F(Hedge, AWholeAnswerIsHedgedToo) {
  Start();
  auto r = f.Ask(false);
  ExpectClean(*r);
  EXPECT_EQ(chat::TextOf(r->outcome->response->choices[0].message), "quick answer");
  EXPECT_EQ(r->outcome->calls.size(), 2u);
}

TEST_F(Hedge, WhoAnswersInTimeIsNotHedged) {
  slow.before_first = milliseconds(799);
  slow.between = seconds(5);  // slow in the middle is no reason
  Start();
  auto r = f.Ask();
  ExpectClean(*r);
  EXPECT_EQ(r->sink.text, "slow answer");
  EXPECT_EQ(f.Stage("quick").asked, 0);
}

TEST_F(Hedge, TheFirstMayStillWin) {
  slow.before_first = milliseconds(900);
  quick.before_first = seconds(3);
  Start();
  auto r = f.Ask();
  ExpectClean(*r);
  EXPECT_EQ(r->sink.text, "slow answer");
  EXPECT_EQ(r->outcome->calls[1].outcome, "lost_race");
}

TEST_F(Hedge, ThereIsNoneWhenItsWorstCaseDoesNotFitBesideTheFirst) {
  Start();
  budget::Ceiling enough_for_one;
  enough_for_one.usd = budget::Nanos{300'000};  // each may cost 210,000
  auto r = f.Ask(true, enough_for_one);
  ExpectClean(*r);
  EXPECT_EQ(r->sink.text, "slow answer");
  EXPECT_EQ(f.Stage("quick").asked, 0);
}

TEST_F(Hedge, ThereIsNoneWithoutRetryBudget) {
  f.retry.budget = 0;
  Start();
  EXPECT_EQ(f.Ask()->sink.text, "slow answer");
  EXPECT_EQ(f.Stage("quick").asked, 0);
}

TEST_F(Hedge, AFailedHedgeLeavesTheFirstToAnswer) {
  quick.pieces.clear();
  quick.starts = false;
  quick.failure = FakeFailure(provider::Fault::kServer, Code::kUnavailable, "worker_server", 500);
  Start();
  auto r = f.Ask();
  ExpectClean(*r);
  EXPECT_EQ(r->sink.text, "slow answer");
}

TEST_F(Hedge, WhenBothFailTheThirdCandidateIsAsked) {
  f.Add("third");
  slow.before_first = seconds(2);
  slow.pieces.clear();
  slow.starts = false;
  slow.failure = FakeFailure(provider::Fault::kServer, Code::kUnavailable, "worker_server", 500);
  quick = slow;
  Start();
  auto r = f.Ask();
  ExpectClean(*r);
  ASSERT_TRUE(r->outcome->response);
  EXPECT_EQ(r->outcome->worker->name, "third");
  EXPECT_EQ(r->outcome->calls.size(), 3u) << "the hedge took one of two further tries";
}

TEST_F(Hedge, TheClientLeavingEndsBoth) {
  quick.before_first = seconds(5);
  Start();
  auto r = f.Begin(true);
  f.Go(*r);
  f.loop.Advance(seconds(2));
  r->cancel.Fire(Cancel::Why::kClientGone);
  f.loop.RunReady();
  ExpectClean(*r);
  ASSERT_EQ(r->outcome->calls.size(), 2u);
  EXPECT_EQ(r->outcome->calls[0].outcome, "client_gone");
  EXPECT_EQ(r->outcome->calls[1].outcome, "client_gone");
}

TEST_F(Hedge, TheLoserNeverWritesIntoTheClientsStream) {
  // Both begin within the same millisecond; only one text may arrive.
  slow.before_first = milliseconds(1000);
  quick.before_first = milliseconds(200);
  slow.pieces = {"A", "A", "A"};
  quick.pieces = {"B", "B", "B"};
  Start();
  auto r = f.Ask();
  ExpectClean(*r);
  EXPECT_TRUE(r->sink.text == "AAA" || r->sink.text == "BBB") << r->sink.text;
  EXPECT_EQ(r->sink.starts, 1);
  EXPECT_EQ(r->observer.times, 1);
}

}  // namespace
}  // namespace baton::pool
