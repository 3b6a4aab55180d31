#include "pool/decide.h"

#include <gtest/gtest.h>

namespace baton::pool {
namespace {

using provider::Fault;
using std::chrono::milliseconds;
using std::chrono::seconds;

struct Case {
  provider::Failure failure;
  Facts facts;
  explicit Case(Fault fault, Code code = Code::kUnavailable) {
    failure.fault = fault;
    failure.error.code = code;
    facts.failure = &failure;
    facts.tries_left = 2;
    facts.short_wait = seconds(1);
    facts.sent = true;
  }
  Case(const Case&) = delete;
  Next next() const { return Decide(facts).next; }
};

constexpr Fault kAll[] = {Fault::kClientRequest, Fault::kContextOverflow, Fault::kContentRefused,
                          Fault::kAuth,          Fault::kQuota,           Fault::kRateLimited,
                          Fault::kOverloaded,    Fault::kServer,          Fault::kMalformed,
                          Fault::kTransport,     Fault::kTimeout};

TEST(Decide, AnAnswerIsTheEnd) {
  EXPECT_EQ(Decide(Facts{}).next, Next::kDone);
}

TEST(Decide, NothingIsTriedAfterTheClientSawAPartOrLeftOrTimeIsUp) {
  for (Fault f : kAll) {
    for (int which = 0; which < 3; ++which) {
      Case c(f);
      c.facts.another = true;
      c.facts.sent = false;
      (which == 0 ? c.facts.delivered : which == 1 ? c.facts.cancelled : c.facts.out_of_time) = true;
      EXPECT_EQ(c.next(), Next::kGiveUp) << provider::FaultName(f) << " " << which;
    }
  }
}

TEST(Decide, WithoutBudgetNothingIsSentAgain) {
  for (Fault f : kAll) {
    Case c(f);
    c.facts.tries_left = 0;
    c.facts.another = true;
    EXPECT_EQ(c.next(), Next::kGiveUp) << provider::FaultName(f);
  }
}

TEST(Decide, TheWorkersFaultGoesToTheNextCandidate) {
  for (Fault f : {Fault::kAuth, Fault::kQuota, Fault::kRateLimited, Fault::kOverloaded, Fault::kServer,
                  Fault::kMalformed, Fault::kTransport, Fault::kTimeout, Fault::kContextOverflow}) {
    Case c(f);
    c.facts.another = true;
    EXPECT_EQ(c.next(), Next::kFallBack) << provider::FaultName(f);
  }
}

TEST(Decide, TheClientsFaultGoesNowhere) {
  for (Fault f : {Fault::kClientRequest, Fault::kContentRefused}) {
    Case c(f, Code::kUpstreamRejected);
    c.facts.another = true;
    EXPECT_EQ(c.next(), Next::kGiveUp);
  }
}

TEST(Decide, WhatOneWorkerCannotHonourAnotherMayEvenWithoutBudget) {
  Case c(Fault::kClientRequest, Code::kUnsupported);
  c.facts.another = true;
  c.facts.tries_left = 0;
  EXPECT_EQ(c.next(), Next::kFallBack);
  c.facts.another = false;
  EXPECT_EQ(c.next(), Next::kGiveUp);
}

TEST(Decide, TheLastWorkerIsAskedAgainOnlyWhereItCannotHaveWorked) {
  for (Fault f : kAll) {
    Case c(f);
    const bool again = f == Fault::kRateLimited || f == Fault::kOverloaded;
    EXPECT_EQ(c.next(), again ? Next::kRetrySame : Next::kGiveUp) << provider::FaultName(f);
  }
  Case unsent(Fault::kTransport);
  unsent.facts.sent = false;
  EXPECT_EQ(unsent.next(), Next::kRetrySame);
}

TEST(Decide, AShortRetryAfterIsPreferredToALesserCandidateALongOneIsNot) {
  Case c(Fault::kRateLimited);
  c.facts.another = true;
  c.failure.error.retry_after = milliseconds(1000);
  EXPECT_EQ(c.next(), Next::kRetrySame);
  c.failure.error.retry_after = milliseconds(1001);
  EXPECT_EQ(c.next(), Next::kFallBack);
  c.facts.another = false;
  EXPECT_EQ(c.next(), Next::kGiveUp);
}

TEST(Decide, TheLastTryIsKeptForAnotherCandidate) {
  Case c(Fault::kOverloaded);
  c.facts.another = true;
  c.failure.error.retry_after = milliseconds(1000);
  c.facts.tries_left = 2;
  EXPECT_EQ(c.next(), Next::kRetrySame);
  c.facts.tries_left = 1;
  EXPECT_EQ(c.next(), Next::kFallBack);
  c.facts.another = false;
  EXPECT_EQ(c.next(), Next::kRetrySame);
}

TEST(BackOff, GrowsWithJitterUpToItsMostAndNeverBelowTheProvidersWish) {
  RetryPolicy policy;
  Random random(5);
  for (int again = 0; again < 70; ++again) {
    Duration full = policy.first_backoff;
    for (int i = 0; i < again && full < policy.max_backoff; ++i) full *= 2;
    full = std::min(full, policy.max_backoff);
    for (int i = 0; i < 100; ++i) {
      const Duration d = BackOff(policy, again, Error{}, random);
      ASSERT_GE(d, full / 2);
      ASSERT_LE(d, full);
    }
  }
  Error wish;
  wish.retry_after = seconds(9);
  EXPECT_EQ(BackOff(policy, 0, wish, random), seconds(9));
}

}  // namespace
}  // namespace baton::pool
