#include "record/recorder.h"

#include <algorithm>
#include <map>
#include <thread>

#include "record/recorder_fixture.h"

namespace baton::record {
namespace {

class RecorderTest : public RecorderFixture {};

TEST_F(RecorderTest, KeepsEveryFieldOfARecord) {
  auto r = Open();
  Provenance p = Sample(SampleId(1), random_, 3);
  p.rails_reasons = "data: found e-mail in message 1\nlimit: 3 of 60 requests this minute";
  p.losses = "seed=dropped, response_format=emulated";
  p.reason = "zeile mit ümlaut";
  p.propensity = 0.125;
  p.prompt_digest = "abc";
  p.unpriced = true;
  p.reasoning_tokens = 12;
  p.steps = {{"draft", "thinker", 2}, {"answer", "worker", 1}};
  p.calls[1].usage.cache_write = 7;
  p.calls[1].usage.cache_write_1h = 8;
  p.calls[1].usage.audio_input = 9;
  p.calls[1].usage.audio_output = 10;
  p.calls[1].usage.reasoning = 11;
  p.calls[1].usage_estimated = true;
  p.calls[1].priced = false;
  ASSERT_TRUE(r->Submit(p));
  FlushAndWait(*r);
  auto found = r->Find(p.id);
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(ToJson(*found), ToJson(p));
  EXPECT_EQ(found->calls[2].start_unix_ns, p.calls[2].start_unix_ns);
  EXPECT_EQ(found->steps, p.steps);
}

// A client may name its model anything: SQL, numbers that look like dictionary entries, control characters,
// bytes that are no text.
TEST_F(RecorderTest, HostileTextsComeBackAsTheyWere) {
  auto r = Open();
  std::vector<Provenance> sent;
  const std::string texts[] = {
      "'; DROP TABLE exchanges; --", "1",        "0",        "-1",    "1.5",          "NULL",
      std::string("a\0b", 3),        "\x1b[31m", "\xff\xfe", "x'00'", "\xe2\x80\xae", std::string(600, 'w')};
  for (int round = 0; round < 3; ++round) {  // three times, so that they earn their dictionary numbers
    for (const auto& text : texts) {
      Provenance p = Sample(SampleId(static_cast<std::int64_t>(sent.size())), random_);
      p.model = p.reason = p.request_id = p.calls[0].why = text;
      sent.push_back(p);
      ASSERT_TRUE(r->Submit(p));
    }
  }
  FlushAndWait(*r);
  for (const auto& p : sent) {
    auto found = r->Find(p.id);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->model, p.model);
    EXPECT_EQ(found->reason, p.reason);
    EXPECT_EQ(found->request_id, p.request_id);
    EXPECT_EQ(found->calls[0].why, p.calls[0].why.substr(0, 256).size() < p.calls[0].why.size()
                                       ? p.calls[0].why.substr(0, 253) + "…"
                                       : p.calls[0].why);
    LogFilter filter;
    filter.model = p.model;
    EXPECT_EQ(r->List(filter)->size(), 3u) << p.model;
  }
}

TEST_F(RecorderTest, FindSeesARecordThatIsStillQueued) {
  options_.group = std::chrono::hours(1);  // no commit happens in this test
  auto r = Open();
  ASSERT_TRUE(r->Submit(Sample(SampleId(1), random_)));  // wakes the writer
  const Provenance p = Sample(SampleId(2), random_, 2);
  ASSERT_TRUE(r->Submit(p));
  auto found = r->Find(p.id);
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_TRUE(Same(*found, p));
  EXPECT_EQ(r->List({})->size(), 0u);
  EXPECT_EQ(r->Find(SampleId(3)).error().code, Code::kNotFound);
}

// Nobody flushes a server: the writer must wake up by itself, also after a pause in which it went to sleep.
TEST_F(RecorderTest, RecordsAreCommittedWithoutAFlush) {
  auto r = Open();
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(r->Submit(Sample(SampleId(i), random_)));
    while (Metric("baton_record_rows_total") < i + 1)
      std::this_thread::sleep_for(std::chrono::milliseconds(8));
  }
}

TEST_F(RecorderTest, FindNeverMissesARecordOnItsWayIntoTheStore) {
  auto r = Open();
  for (int i = 0; i < 500; ++i) {
    ASSERT_TRUE(r->Submit(Sample(SampleId(i), random_)));
    ASSERT_TRUE(r->Find(SampleId(i))) << i;
    ASSERT_TRUE(r->Find(SampleId(i / 2))) << i;
  }
}

TEST_F(RecorderTest, MemoryStoreWorksLikeAFile) {
  options_.path = ":memory:";
  auto r = Open(), other = Open();
  const Provenance p = Sample(SampleId(1), random_, 2);
  ASSERT_TRUE(r->Submit(p));
  FlushAndWait(*r);
  FlushAndWait(*other);
  ASSERT_TRUE(r->Find(p.id));
  EXPECT_EQ(r->List({})->size(), 1u);
  EXPECT_EQ(other->List({})->size(), 0u);
}

TEST_F(RecorderTest, SecondRecordOfOneIdIsCountedNotStored) {
  auto r = Open();
  Provenance p = Sample(SampleId(1), random_, 2);
  ASSERT_TRUE(r->Submit(p));
  Provenance other = p;
  other.model = "another";
  other.calls.resize(1);
  ASSERT_TRUE(r->Submit(other));
  FlushAndWait(*r);
  EXPECT_TRUE(Same(*r->Find(p.id), p));
  EXPECT_EQ(r->dropped(), 1u);
  EXPECT_EQ(Metric("baton_record_dropped_total{reason=\"duplicate_id\"}"), 1);
  EXPECT_EQ(Metric("baton_record_rows_total"), 1);
}

TEST_F(RecorderTest, FullQueueDropsAndCounts) {
  options_.group = std::chrono::hours(1);
  options_.max_queue = 10;
  auto r = Open();
  int kept = 0;
  for (int i = 0; i < 25; ++i) kept += r->Submit(Sample(SampleId(i), random_));
  EXPECT_EQ(kept, 10);
  EXPECT_EQ(r->dropped(), 15u);
  EXPECT_EQ(Metric("baton_record_dropped_total{reason=\"queue_full\"}"), 15);
  FlushAndWait(*r);
  EXPECT_EQ(r->List({})->size(), 10u);
  EXPECT_TRUE(r->Submit(Sample(SampleId(100), random_)));
}

TEST_F(RecorderTest, FiltersAndPages) {
  auto r = Open();
  std::vector<Provenance> all;
  for (int i = 0; i < 100; ++i) {
    Provenance p = Sample(SampleId(i * 1000), random_);
    p.model = i % 2 ? "baton" : "baton-mini";
    p.route = i % 3 ? "quick" : "deep";
    p.tenant = i % 5 ? "default" : "acme";
    p.outcome = i % 10 == 0 ? "connect_timeout" : i % 10 == 1 ? "client_gone" : "ok";
    p.worker = i % 4 ? "large" : "smol";
    all.push_back(p);
    ASSERT_TRUE(r->Submit(p));
  }
  FlushAndWait(*r);
  std::reverse(all.begin(), all.end());
  const auto expect = [&](const LogFilter& f, auto keep) {
    LogFilter filter = f;
    filter.limit = 1000;
    auto list = r->List(filter);
    ASSERT_TRUE(list) << list.error().message;
    std::vector<ExchangeId> want, got;
    Recorder::Totals totals;
    for (const auto& p : all) {
      if (!keep(p)) continue;
      want.push_back(p.id);
      ++totals.exchanges;
      totals.failures += p.outcome == "connect_timeout";
      totals.cost += p.cost;
      totals.input_tokens += p.input_tokens;
      totals.output_tokens += p.output_tokens;
    }
    for (const auto& p : *list) got.push_back(p.id);
    EXPECT_EQ(got, want);
    EXPECT_FALSE(want.empty());
    auto sum = r->Sum(filter);
    ASSERT_TRUE(sum) << sum.error().message;
    EXPECT_EQ(sum->exchanges, totals.exchanges);
    EXPECT_EQ(sum->failures, totals.failures);
    EXPECT_EQ(sum->cost, totals.cost);
    EXPECT_EQ(sum->input_tokens, totals.input_tokens);
    EXPECT_EQ(sum->output_tokens, totals.output_tokens);
  };
  LogFilter f;
  expect(f, [](auto&) { return true; });
  f.model = "baton";
  expect(f, [](auto& p) { return p.model == "baton"; });
  f.route = "deep";
  f.tenant = "default";
  expect(f, [](auto& p) { return p.model == "baton" && p.route == "deep" && p.tenant == "default"; });
  f = {};
  f.worker = "smol";
  f.since_unix_ns = ExchangeUnixNanos(SampleId(20'000));
  f.until_unix_ns = ExchangeUnixNanos(SampleId(60'000));
  expect(f,
         [](auto& p) { return p.worker == "smol" && p.id >= SampleId(20'000) && p.id < SampleId(60'000); });
  f = {};
  f.errors_only = true;
  expect(f, [](auto& p) { return p.outcome == "connect_timeout"; });
  f = {};
  f.outcome = "client_gone";
  f.before = SampleId(50'000);
  expect(f, [](auto& p) { return p.outcome == "client_gone" && p.id < SampleId(50'000); });

  // Pages put together are the list.
  LogFilter page;
  page.limit = 7;
  std::vector<ExchangeId> pages;
  for (;;) {
    auto list = r->List(page);
    if (list->empty()) break;
    for (const auto& p : *list) pages.push_back(p.id);
    page.before = pages.back();
  }
  ASSERT_EQ(pages.size(), all.size());
  for (std::size_t i = 0; i < all.size(); ++i) EXPECT_EQ(pages[i], all[i].id);
  f = {};
  f.model = "never heard of";
  EXPECT_TRUE(r->List(f)->empty());
  EXPECT_EQ(r->Sum(f)->exchanges, 0);
}

// A thousand random operations against a std::map, with the store closed and opened in between.
TEST_F(RecorderTest, BehavesLikeAMap) {
  std::map<ExchangeId, Provenance> model;
  auto r = Open();
  std::int64_t next = 0;
  for (int op = 0; op < 1'000; ++op) {
    const auto what = random_.Below(100);
    if (what < 70) {
      next += static_cast<std::int64_t>(random_.Below(3));
      Provenance p =
          Sample(SampleId(next) + static_cast<ExchangeId>(op), random_, static_cast<int>(random_.Below(4)));
      // Words of all degrees of repetition.
      p.model = fmt::format("model-{}", random_.Below(2) ? random_.Below(5) : random_.Below(1'000'000));
      if (random_.Below(4) == 0)
        p.steps = {{"plan", "planner", 0}, {"answer", "worker", static_cast<int>(p.calls.size())}};
      ASSERT_TRUE(r->Submit(p));
      model.emplace(p.id, std::move(p));
    } else if (what < 85 && !model.empty()) {
      auto it = model.lower_bound(
          SampleId(static_cast<std::int64_t>(random_.Below(static_cast<std::uint64_t>(next) + 1))));
      if (it == model.end()) continue;
      auto found = r->Find(it->first);
      ASSERT_TRUE(found) << found.error().message;
      ASSERT_EQ(ToJson(*found), ToJson(it->second));
    } else if (what < 90) {
      EXPECT_EQ(r->Find(SampleId(next) + 5'000).error().code, Code::kNotFound);
    } else if (what < 97) {
      FlushAndWait(*r);
      LogFilter f;
      f.limit = static_cast<int>(1 + random_.Below(30));
      auto list = r->List(f);
      ASSERT_TRUE(list) << list.error().message;
      ASSERT_EQ(list->size(), std::min(model.size(), static_cast<std::size_t>(f.limit)));
      auto it = model.rbegin();
      for (const auto& p : *list) ASSERT_EQ(ToJson(p), ToJson((it++)->second));
    } else {
      r.reset();
      r = Open();
      EXPECT_EQ(r->Sum({})->exchanges, static_cast<std::int64_t>(model.size()));
    }
  }
  EXPECT_EQ(r->dropped(), 0u);
}

// Under TSan this is the test of the whole path's locking.
TEST_F(RecorderTest, ManyThreadsSubmitAndRead) {
  options_.queue_bytes = 8 << 20;
  auto r = Open();
  constexpr int kThreads = 4, kEach = 500;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      Random random(static_cast<std::uint64_t>(t));
      for (int i = 0; i < kEach; ++i) {
        const ExchangeId id = SampleId(i) + 10 + t;
        EXPECT_TRUE(r->Submit(Sample(id, random)));
        if (i % 50 == 0) {
          EXPECT_TRUE(r->Find(id));
          EXPECT_TRUE(r->List({}));
        }
        if (i % 100 == 50) r->Flush([] {});
      }
    });
  }
  for (auto& t : threads) t.join();
  FlushAndWait(*r);
  EXPECT_EQ(r->Sum({})->exchanges, kThreads * kEach);
  EXPECT_EQ(r->dropped(), 0u);
  EXPECT_EQ(Metric("baton_record_rows_total"), kThreads * kEach);
}

TEST_F(RecorderTest, EveryFlushIsAnsweredAlsoAtTheEnd) {
  int answered = 0;
  {
    auto r = Open();
    FlushAndWait(*r);  // with nothing ever submitted
    ASSERT_TRUE(r->Submit(Sample(SampleId(1), random_)));
    for (int i = 0; i < 5; ++i) r->Flush([&] { ++answered; });
  }
  EXPECT_EQ(answered, 5);
  auto r = Open();
  FlushAndWait(*r);  // with everything in the store already
  EXPECT_EQ(r->Sum({})->exchanges, 1);
}

}  // namespace
}  // namespace baton::record
