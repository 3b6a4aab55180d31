// Thousands of random days in the life of a pool, and every operation of one busy day made to fail in turn.
// What must hold afterwards is stated once, in Check().
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "base/random.h"
#include "pool/pool_fixture.h"

namespace baton::pool {
namespace {

using provider::Fault;
using std::chrono::milliseconds;
using std::chrono::seconds;

// Every attempt says its own words: "<worker><attempt>." over and over.
std::vector<std::string> Words(const std::string& worker, int attempt, std::size_t pieces) {
  return std::vector<std::string>(pieces, worker + std::to_string(attempt) + ".");
}

// Which attempts' words are in `text`; malformed text gives "?".
std::set<std::string> Speakers(const std::string& text) {
  std::set<std::string> out;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t dot = text.find('.', at);
    if (dot == std::string::npos) return {"?"};
    out.insert(text.substr(at, dot - at));
    at = dot + 1;
  }
  return out;
}

struct Day {
  PoolFixture f;
  std::vector<std::string> names;
  std::vector<std::unique_ptr<PoolFixture::Running>> calls;
};

int CandidateIndex(const PoolFixture::Running& r, const std::string& worker) {
  for (std::size_t i = 0; i < r.spec.candidates.size(); ++i) {
    if (r.spec.candidates[i]->name == worker) return static_cast<int>(i);
  }
  return -1;
}

void CheckOrder(const PoolFixture::Running& r) {
  int last = -1;
  std::string before;
  for (const CallRecord& c : r.outcome->calls) {
    const int at = CandidateIndex(r, c.worker);
    ASSERT_GE(at, 0) << "asked a worker that was no candidate";
    if (c.why.starts_with("hedge")) continue;
    if (c.why.starts_with("retry")) continue;
    EXPECT_GT(at, last) << "candidates out of order: " << c.worker << " after " << before;
    last = at;
    before = c.worker;
  }
}

void CheckStream(const PoolFixture::Running& r) {
  const std::set<std::string> speakers = Speakers(r.sink.text);
  EXPECT_LE(speakers.size(), 1u) << "two answers in one stream: " << r.sink.text;
  EXPECT_FALSE(speakers.contains("?")) << r.sink.text;
  EXPECT_LE(r.sink.starts, 1);
  EXPECT_LE(r.observer.times, 1);
  EXPECT_EQ(r.observer.times == 1, r.outcome->delivered);
  EXPECT_EQ(r.sink.events > 0, r.outcome->delivered);
  if (!r.outcome->response) return;
  std::string text;
  for (const auto& c : r.outcome->response->choices) text += chat::TextOf(c.message);
  EXPECT_EQ(text, r.sink.text) << "the answer kept is not the answer given";
}

void Check(Day& day) {
  int recorded = 0, asked = 0;
  for (auto& r : day.calls) {
    ASSERT_TRUE(r->outcome) << "a call never ended";
    const CallOutcome& o = *r->outcome;
    EXPECT_EQ(r->lease.outstanding(), 0);
    budget::Nanos cost;
    std::int64_t tokens = 0;
    int winners = 0, sent = 0;
    for (const CallRecord& c : o.calls) {
      cost += c.cost;
      tokens += c.usage.input + c.usage.output;
      winners += c.winner ? 1 : 0;
      sent += c.outcome == "unsupported_here" ? 0 : 1;
      EXPECT_FALSE(c.outcome.empty());
    }
    EXPECT_EQ(cost, r->lease.spent());
    EXPECT_EQ(tokens, r->lease.tokens_spent());
    EXPECT_LE(sent, 1 + r->spec.retry.budget) << "retry budget exceeded";
    EXPECT_LE(winners, 1);
    if (o.response) {
      EXPECT_EQ(winners, 1);
      ASSERT_TRUE(o.worker);
    }
    EXPECT_TRUE(!o.delivered || r->spec.sink);
    CheckOrder(*r);
    if (r->spec.sink) CheckStream(*r);
    recorded += static_cast<int>(o.calls.size());
  }
  for (const auto& name : day.names) {
    asked += day.f.Stage(name).asked;
    EXPECT_EQ(day.f.Stage(name).running, 0);
  }
  EXPECT_EQ(asked, recorded) << "an attempt without a row";
  for (const WorkerStatus& s : day.f.pool->Status()) EXPECT_EQ(s.running + s.waiting, 0) << s.name;
}

provider::Failure RandomFailure(Random& random) {
  struct Kind {
    Fault fault;
    Code code;
    const char* reason;
    int status;
  };
  constexpr Kind kKinds[] = {
      {Fault::kServer, Code::kUnavailable, "worker_server", 500},
      {Fault::kOverloaded, Code::kUnavailable, "worker_overloaded", 503},
      {Fault::kRateLimited, Code::kRateLimited, "worker_rate_limited", 429},
      {Fault::kTransport, Code::kUnavailable, "connect_refused", 0},
      {Fault::kTransport, Code::kUnavailable, "closed_in_body", 0},
      {Fault::kTimeout, Code::kUnavailable, "first_byte_timeout", 0},
      {Fault::kMalformed, Code::kBadUpstream, "malformed_stream", 0},
      {Fault::kClientRequest, Code::kUpstreamRejected, "bad_request", 400},
      {Fault::kClientRequest, Code::kUnsupported, "unsupported_here", 0},
      {Fault::kContextOverflow, Code::kTooLarge, "context_length_exceeded", 400},
      {Fault::kContentRefused, Code::kUpstreamRejected, "content_filter", 400},
      {Fault::kAuth, Code::kUnavailable, "worker_auth", 401},
  };
  const Kind k = kKinds[random.Below(std::size(kKinds))];
  provider::Failure f = FakeFailure(k.fault, k.code, k.reason, k.status);
  if (random.Below(2)) f.error.retry_after = milliseconds(random.Below(3000));
  return f;
}

FakeScript RandomScript(Random& random, const std::string& worker, int attempt) {
  FakeScript s;
  s.before_first = milliseconds(random.Below(3) ? random.Below(50) : random.Below(5000));
  s.starts = random.Below(4) != 0;
  s.pieces = Words(worker, attempt, random.Below(4));
  s.between = milliseconds(random.Below(2) ? 0 : random.Below(800));
  if (random.Below(3) == 0) {
    s.failure = RandomFailure(random);
    if (s.failure->error.code == Code::kUnsupported || s.failure->error.reason == "connect_refused")
      s.sent = false;
    if (!s.sent || s.failure->error.upstream_status >= 400) {
      s.pieces.clear();
      s.starts = false;
    }
  }
  if (random.Below(4) == 0) s.usage = {};
  if (random.Below(5) == 0) s.drain = milliseconds(random.Below(2000));
  return s;
}

void AddWorkers(Day& day, Random& random) {
  const std::size_t n = 1 + random.Below(4);
  for (std::size_t i = 0; i < n; ++i) {
    const std::string name(1, static_cast<char>('a' + i));
    Worker& w = day.f.Add(name);
    day.names.push_back(name);
    w.max_concurrency = 1 + static_cast<int>(random.Below(3));
    w.max_queue = static_cast<int>(random.Below(3));
    w.context = static_cast<std::int64_t>(random.Below(4)) * 1000;
    w.timeouts.whole = milliseconds(500 + random.Below(20'000));
    w.breaker.failures = 1 + static_cast<int>(random.Below(6));
    if (random.Below(2)) w.hedge_after = milliseconds(random.Below(1500));
    if (random.Below(4) == 0) w.prices = budget::PriceTable();
    day.f.Stage(name).play = [&random, name](int attempt) { return RandomScript(random, name, attempt); };
  }
}

void BeginCall(Day& day, Random& random) {
  budget::Ceiling ceiling;
  if (random.Below(3) == 0) ceiling.usd = budget::Nanos{static_cast<std::int64_t>(random.Below(800'000))};
  if (random.Below(3) == 0) ceiling.deadline = Deadline(day.f.loop.Now() + milliseconds(random.Below(6000)));
  day.f.retry.budget = static_cast<int>(random.Below(4));
  const bool stream = random.Below(3) != 0;
  auto r = day.f.Begin(stream, ceiling);
  // One request object serves all calls of the fixture; who streams is told by the sink.
  day.f.Go(*r);
  day.calls.push_back(std::move(r));
}

void Disturb(Day& day, Random& random) {
  auto& r = *day.calls[random.Below(day.calls.size())];
  switch (random.Below(3)) {
    case 0:
      r.cancel.Fire(Cancel::Why::kClientGone);
      break;
    case 1:
      r.cancel.Fire(Cancel::Why::kShutdown);
      break;
    default:
      r.sink.gone = true;
  }
}

TEST(PoolRandom, WhateverHappensMoneySlotsRowsAndStreamsStayInOrder) {
  for (std::uint64_t seed = 1; seed <= 4000; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    Day day{PoolFixture(seed), {}, {}};
    AddWorkers(day, random);
    day.f.Start();
    const std::size_t calls = 1 + random.Below(6);
    for (std::size_t i = 0; i < calls; ++i) {
      BeginCall(day, random);
      day.f.loop.Advance(milliseconds(random.Below(3) ? random.Below(20) : random.Below(3000)));
      if (random.Below(4) == 0) Disturb(day, random);
    }
    day.f.loop.Run();
    Check(day);
    if (::testing::Test::HasFailure()) return;
  }
}

// One busy day: a slow first worker with a hedge, a queue, streams and whole answers, three calls at once.
int RunBusyDay(int fail_at, const provider::Failure& how, int leave_at) {
  Day day;
  int operations = 0, steps = 0;
  for (const char* name : {"a", "b", "c"}) {
    Worker& w = day.f.Add(name);
    day.names.push_back(name);
    w.max_concurrency = 1;
    if (w.name == "a") w.hedge_after = milliseconds(300);
    auto& stage = day.f.Stage(name);
    stage.play = [name](int attempt) {
      FakeScript s;
      s.before_first = milliseconds(name[0] == 'a' ? 400 : 150);
      s.pieces = Words(name, attempt, 2);
      s.between = milliseconds(100);
      return s;
    };
    stage.fault = [&operations, fail_at, &how]() -> std::optional<provider::Failure> {
      if (operations++ != fail_at) return std::nullopt;
      return how;
    };
  }
  day.f.Start();
  for (bool stream : {true, false, true}) {
    day.calls.push_back(day.f.Begin(stream));
    day.f.Go(*day.calls.back());
  }
  for (; steps < 200; ++steps) {
    if (steps == leave_at) day.calls[0]->cancel.Fire(Cancel::Why::kClientGone);
    if (steps == leave_at + 3) day.calls[2]->sink.gone = true;
    day.f.loop.Advance(milliseconds(25));
  }
  day.f.loop.Run();
  Check(day);
  return operations;
}

TEST(PoolFailAt, EveryOperationMayFailAndNothingLeaks) {
  const provider::Failure kinds[] = {
      FakeFailure(Fault::kTransport, Code::kUnavailable, "closed_in_body"),
      FakeFailure(Fault::kOverloaded, Code::kUnavailable, "worker_overloaded", 503),
      FakeFailure(Fault::kClientRequest, Code::kUpstreamRejected, "bad_request", 400),
      FakeFailure(Fault::kAuth, Code::kUnavailable, "worker_auth", 401),
  };
  for (const provider::Failure& how : kinds) {
    for (int at = 0;; ++at) {
      SCOPED_TRACE(how.error.reason + " at operation " + std::to_string(at));
      if (RunBusyDay(at, how, -1) <= at) break;
      ASSERT_FALSE(HasFailure());
      ASSERT_LT(at, 1000);
    }
  }
}

TEST(PoolFailAt, TheClientMayLeaveAtAnyMoment) {
  for (int at = 0; at < 60; ++at) {
    SCOPED_TRACE("step " + std::to_string(at));
    (void)RunBusyDay(-1, {}, at);
    ASSERT_FALSE(HasFailure());
  }
}

}  // namespace
}  // namespace baton::pool
