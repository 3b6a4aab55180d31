#include "record/recorder.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <future>
#include <map>
#include <thread>

#include "record/sample.h"

namespace baton::record {
namespace {

// A folder of its own per test, gone afterwards.
class RecorderTest : public ::testing::Test {
 protected:
  RecorderTest() {
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    dir_ =
        std::filesystem::temp_directory_path() / fmt::format("baton-record-{}-{}", info->name(), ::getpid());
    std::filesystem::remove_all(dir_);
    std::filesystem::create_directories(dir_);
    options_.path = (dir_ / "baton.db").string();
    options_.queue_bytes = 1 << 20;
    options_.group = std::chrono::milliseconds(1);
    options_.retention = Duration::zero();
  }
  ~RecorderTest() override { std::filesystem::remove_all(dir_); }

  std::unique_ptr<Recorder> Open() {
    auto r = Recorder::Open(options_, clock_, &metrics_, Log::Null());
    EXPECT_TRUE(r) << (r ? "" : r.error().message);
    return r ? std::move(*r) : nullptr;
  }
  static void FlushAndWait(Recorder& r) {
    std::promise<void> done;
    r.Flush([&] { done.set_value(); });
    done.get_future().wait();
  }

  std::filesystem::path dir_;
  RecorderOptions options_;
  TestClock clock_;
  Metrics metrics_;
  Random random_{20261105};
};

TEST_F(RecorderTest, KeepsEveryFieldOfARecord) {
  auto r = Open();
  Provenance p = Sample(SampleId(1), random_, 3);
  p.rails_reasons = "data: found e-mail in message 1\nlimit: 3 of 60 requests this minute";
  p.losses = "seed=dropped, response_format=emulated";
  p.reason = "zeile mit ümlaut";
  p.propensity = 0.125;
  p.prompt_digest = "abc";
  p.unpriced = true;
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

TEST_F(RecorderTest, FindSeesARecordThatIsStillQueued) {
  options_.group = std::chrono::hours(1);  // no commit happens in this test
  auto r = Open();
  ASSERT_TRUE(r->Submit(Sample(SampleId(1), random_)));  // wakes the writer
  const Provenance p = Sample(SampleId(2), random_, 2);
  ASSERT_TRUE(r->Submit(p));
  auto found = r->Find(p.id);
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_TRUE(Same(*found, p));
  EXPECT_EQ(r->Find(SampleId(3)).error().code, Code::kNotFound);
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

}  // namespace
}  // namespace baton::record
