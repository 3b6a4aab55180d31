#include "record/recorder_fixture.h"

namespace baton::record {
namespace {

class Retention : public RecorderFixture {
 protected:
  Retention() { options_.retention = std::chrono::hours(24); }
  // An id of the test clock's present.
  ExchangeId Now(int n) { return FirstIdAt(clock_.UnixNanos()) + n + 1; }
  void SubmitNow(Recorder& r, int count) {
    for (int i = 0; i < count; ++i) {
      ASSERT_TRUE(r.Submit(Sample(Now(i), random_, 2)));
      if (i % 500 == 499) FlushAndWait(r);
    }
    FlushAndWait(r);
  }
  // Deleting goes in steps between commits: give it rounds until it has come to `rows`, or stands still.
  std::int64_t Settle(Recorder& r, std::int64_t rows) {
    for (int round = 0; round < 2'000; ++round) {
      FlushAndWait(r);
      if (r.Sum({})->exchanges == rows) break;
    }
    for (int round = 0; round < 5; ++round) FlushAndWait(r);
    return r.Sum({})->exchanges;
  }
  std::int64_t Rows(const std::string& table) {
    store::OpenOptions o;
    o.path = options_.path;
    o.mark = 0x42744e31;
    o.mode = store::Mode::kReadOnly;
    auto db = store::OpenSqlite(o);
    auto select = (*db)->Prepare("SELECT COUNT(*) FROM " + table);
    EXPECT_TRUE(*(*select)->Step());
    return (*select)->Int(0);
  }
};

TEST_F(Retention, OldExchangesGoWithTheirCallsAndYoungOnesStay) {
  auto r = Open();
  SubmitNow(*r, 1'300);  // more than two steps
  clock_.Advance(std::chrono::hours(20));
  SubmitNow(*r, 50);
  EXPECT_EQ(Settle(*r, 1'350), 1'350);
  clock_.Advance(std::chrono::hours(5));
  SubmitNow(*r, 10);
  EXPECT_EQ(Settle(*r, 60), 60);
  EXPECT_EQ(Rows("calls"), 120);
  EXPECT_EQ(Metric("baton_record_deleted_total"), 1'300);
}

TEST_F(Retention, RowLimitKeepsTheNewest) {
  options_.retention = Duration::zero();
  options_.max_rows = 100;
  auto r = Open();
  SubmitNow(*r, 700);
  clock_.Advance(std::chrono::minutes(1));
  SubmitNow(*r, 30);
  EXPECT_EQ(Settle(*r, 100), 100);
  auto newest = r->List({});
  EXPECT_EQ(newest->front().id, Now(29));
  // The count of rows is kept, not counted: it must be right after a restart as well.
  r.reset();
  r = Open();
  clock_.Advance(std::chrono::minutes(1));
  SubmitNow(*r, 1);
  EXPECT_EQ(Settle(*r, 100), 100);
}

TEST_F(Retention, DeletedSpaceIsGivenBack) {
  auto r = Open();
  SubmitNow(*r, 3'000);
  r.reset();
  const auto full = std::filesystem::file_size(options_.path);
  r = Open();
  clock_.Advance(std::chrono::hours(48));
  SubmitNow(*r, 1);
  EXPECT_EQ(Settle(*r, 1), 1);
  r.reset();
  EXPECT_LT(std::filesystem::file_size(options_.path), full / 2);
}

TEST_F(Retention, ZeroKeepsForEver) {
  options_.retention = Duration::zero();
  auto r = Open();
  SubmitNow(*r, 10);
  clock_.Advance(std::chrono::hours(24 * 3650));
  SubmitNow(*r, 1);
  EXPECT_EQ(Settle(*r, 11), 11);
}

}  // namespace
}  // namespace baton::record
