// The store fails; the server must not notice. Each operation of a scenario fails once, in every position,
// before or after it took effect; then the real SQLite runs out of space, is locked, is damaged.
#include <fstream>
#include <mutex>
#include <thread>

#include "record/recorder_fixture.h"

namespace baton::record {
namespace {

// Fails the n-th operation from when it is armed, and for `times` operations.
class FailAt : public store::Faults {
 public:
  void Arm(int n, int times, bool after) {
    std::lock_guard lock(m_);
    left_ = n;
    times_ = times;
    after_ = after;
    hit_ = false;
  }
  void Disarm() { Arm(-1, 0, false); }
  bool hit() const {
    std::lock_guard lock(m_);
    return hit_;
  }
  Status Before(Op op, std::string_view sql) override { return Decide(false, op, sql); }
  Status After(Op op, std::string_view sql) override { return Decide(true, op, sql); }

 private:
  Status Decide(bool after, Op, std::string_view) {
    std::lock_guard lock(m_);
    if (left_ < 0 || after != after_) return {};
    if (left_-- > 0) return {};
    hit_ = true;
    if (--times_ > 0) left_ = 0;
    return Fail(Code::kUnavailable, "injected: the disk is full", "disk_full");
  }
  mutable std::mutex m_;
  int left_ = -1, times_ = 0;
  bool after_ = false, hit_ = false;
};

class FaultsTest : public RecorderFixture, public ::testing::WithParamInterface<bool> {
 protected:
  FaultsTest() { options_.faults = &faults_; }
  FailAt faults_;
};

TEST_P(FaultsTest, NoRecordIsLostOrDoubledWhicheverOperationFails) {
  const bool after = GetParam();
  options_.max_batch = 4;
  auto r = Open();
  std::vector<Provenance> sent;
  int n = 0;
  for (;; ++n) {
    // The failing operation moves through: begin, statements, words, commit, reopening, preparing, retention
    // ...
    faults_.Arm(n, 1 + n % 3, after);
    for (int i = 0; i < 6; ++i) {
      Provenance p = Sample(SampleId(static_cast<std::int64_t>(sent.size())), random_, i % 3);
      p.model = fmt::format("model-{}", sent.size() / 2);
      ASSERT_TRUE(r->Submit(p));
      sent.push_back(std::move(p));
    }
    FlushAndWait(*r);
    const bool hit = faults_.hit();
    faults_.Disarm();
    ASSERT_EQ(r->Sum({})->exchanges, static_cast<std::int64_t>(sent.size()))
        << "after failing operation " << n;
    if (!hit) break;
    ASSERT_LT(n, 500);
  }
  EXPECT_GT(n, 20);
  for (const auto& p : sent) ASSERT_EQ(ToJson(*r->Find(p.id)), ToJson(p));
  // A commit whose answer got lost had happened: its rows must not come back as duplicates.
  EXPECT_EQ(r->dropped(), 0u);
  EXPECT_GT(Metric("baton_record_commit_failures_total"), 0);
  EXPECT_EQ(Metric("baton_record_store_failing"), 0);
  r.reset();
  EXPECT_EQ(Open()->Sum({})->exchanges, static_cast<std::int64_t>(sent.size()));
}

TEST_P(FaultsTest, RecordsWaitInTheJournalOverARestart) {
  auto r = Open();
  faults_.Arm(0, 1'000'000, GetParam());
  std::vector<Provenance> sent;
  for (int i = 0; i < 20; ++i) {
    sent.push_back(Sample(SampleId(i), random_));
    ASSERT_TRUE(r->Submit(sent.back()));
  }
  for (const auto& p : sent) ASSERT_TRUE(r->Find(p.id)) << "still found while it waits";
  while (Metric("baton_record_commit_failures_total") < 3) std::this_thread::yield();
  EXPECT_EQ(Metric("baton_record_store_failing"), 1);
  r.reset();  // must not hang
  faults_.Disarm();
  EXPECT_EQ(Open()->Sum({})->exchanges, 20);
}

TEST_P(FaultsTest, OpeningFailsCleanlyWhicheverOperationFails) {
  for (int n = 0;; ++n) {
    ScratchDir dir;
    options_.path = dir.File("baton.db");
    faults_.Arm(n, 1, GetParam());
    auto r = Recorder::Open(options_, clock_, &metrics_, Log::Null());
    const bool hit = faults_.hit();
    faults_.Disarm();
    EXPECT_EQ(r.has_value(), !hit) << n;
    if (!hit) break;
    EXPECT_EQ(r.error().reason, "disk_full");
    // And the next attempt succeeds on what the first one left.
    r = Recorder::Open(options_, clock_, &metrics_, Log::Null());
    ASSERT_TRUE(r) << n << ": " << r.error().message;
    ASSERT_TRUE((*r)->Submit(Sample(SampleId(1), random_)));
    FlushAndWait(**r);
    EXPECT_EQ((*r)->Sum({})->exchanges, 1);
  }
}

INSTANTIATE_TEST_SUITE_P(BeforeAndAfter, FaultsTest, ::testing::Bool(),
                         [](const auto& i) { return i.param ? "AnswerLost" : "NotDone"; });

class BrokenStore : public RecorderFixture {
 protected:
  std::unique_ptr<store::Database> Outsider() {
    store::OpenOptions o;
    o.path = options_.path;
    o.mark = 0x42744e31;
    auto db = store::OpenSqlite(o);
    EXPECT_TRUE(db);
    return std::move(*db);
  }
};

TEST_F(BrokenStore, AnotherProgramsLockOnlyDelays) {
  auto r = Open();
  auto outsider = Outsider();
  ASSERT_TRUE(outsider->Exec("BEGIN IMMEDIATE"));
  ASSERT_TRUE(r->Submit(Sample(SampleId(1), random_)));
  while (Metric("baton_record_commit_failures_total") < 1) std::this_thread::yield();
  EXPECT_TRUE(r->Find(SampleId(1)));
  EXPECT_EQ(r->Sum({})->exchanges, 0);
  ASSERT_TRUE(outsider->Exec("COMMIT"));
  FlushAndWait(*r);
  EXPECT_EQ(r->Sum({})->exchanges, 1);
}

// What SQLite itself does on a full disk: it fails in the middle of a transaction and rolls back. The child
// of this test writes under a file size limit, which the kernel enforces.
TEST_F(BrokenStore, ReadOnlyFileKeepsTheServerAliveAndTheRecordsWaiting) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may write read-only files";
  Open().reset();
  std::filesystem::permissions(options_.path, std::filesystem::perms::owner_read);
  auto r = Open();
  ASSERT_TRUE(r->Submit(Sample(SampleId(1), random_)));
  while (Metric("baton_record_commit_failures_total") < 1) std::this_thread::yield();
  EXPECT_TRUE(r->Find(SampleId(1)));
  r.reset();
  std::filesystem::permissions(options_.path, std::filesystem::perms::owner_all);
  EXPECT_EQ(Open()->Sum({})->exchanges, 1);
}

TEST_F(BrokenStore, DamagedPagesAreAnErrorNotACrash) {
  {
    auto r = Open();
    for (int i = 0; i < 300; ++i) ASSERT_TRUE(r->Submit(Sample(SampleId(i), random_)));
  }
  {
    std::fstream f(options_.path, std::ios::in | std::ios::out | std::ios::binary);
    const auto size = std::filesystem::file_size(options_.path);
    for (std::size_t page = 2 * 4096; page < size; page += 4096) {
      f.seekp(static_cast<std::streamoff>(page));
      f << std::string(200, '\x5a');
    }
  }
  auto r = Recorder::Open(options_, clock_, &metrics_, Log::Null());
  if (!r) {
    EXPECT_EQ(r.error().reason, "store_corrupt") << r.error().message;
    return;
  }
  for (int i = 300; i < 310; ++i) EXPECT_TRUE((*r)->Submit(Sample(SampleId(i), random_)));
  (void)(*r)->List({});
}

}  // namespace
}  // namespace baton::record
