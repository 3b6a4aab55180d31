// Opening: other programs' files, other versions' stores, what an earlier process left, reading beside a
// writer.
#include <filesystem>
#include <fstream>

#include "record/recorder_fixture.h"
#include "record/schema.h"
#include "store/database.h"

namespace baton::record {
namespace {

class OpenTest : public RecorderFixture {
 protected:
  static std::string Read(const std::string& path) {
    std::ifstream f(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(f), {}};
  }
  // Runs SQL on a file as some other program would, with that program's mark.
  static void Sql(const std::string& path, const std::string& sql, std::int32_t mark) {
    store::OpenOptions o;
    o.path = path;
    o.mark = mark;
    auto db = store::OpenSqlite(o);
    ASSERT_TRUE(db) << db.error().message;
    auto done = (*db)->Exec(sql);
    ASSERT_TRUE(done) << done.error().message;
  }
  static constexpr std::int32_t kOurMark = 0x42744e31;
};

TEST_F(OpenTest, AnotherProgramsDatabaseIsRefusedAndUntouched) {
  Sql(options_.path, "CREATE TABLE customers(name)", 0);
  const std::string before = Read(options_.path);
  const Error e = OpenError();
  EXPECT_EQ(e.reason, "store_foreign");
  EXPECT_NE(e.message.find(options_.path), std::string::npos) << e.message;
  EXPECT_EQ(Read(options_.path), before);
  EXPECT_FALSE(std::filesystem::exists(options_.path + ".queue"));
}

TEST_F(OpenTest, AFileThatIsNoDatabaseIsRefusedAndUntouched) {
  const std::string text(3'000, 'x');
  std::ofstream(options_.path) << text;
  const Error e = OpenError();
  EXPECT_EQ(e.reason, "store_corrupt");
  EXPECT_EQ(Read(options_.path), text);
}

TEST_F(OpenTest, NewerStoreIsRefusedWithAdvice) {
  Open().reset();
  Sql(options_.path, "UPDATE meta SET value = 99 WHERE key = 'schema'", kOurMark);
  for (const Error& e : {OpenError(), OpenReadOnly(options_.path).error()}) {
    EXPECT_EQ(e.reason, "store_newer");
    EXPECT_NE(e.message.find("schema 99"), std::string::npos) << e.message;
  }
}

TEST_F(OpenTest, MigrationsRunInOrderEachWithItsVersion) {
  Open().reset();
  store::OpenOptions o;
  o.path = options_.path;
  o.mark = kOurMark;
  auto db = store::OpenSqlite(o);
  ASSERT_TRUE(db);
  const Migration steps[] = {
      {1, "ALTER TABLE exchanges ADD COLUMN a"}, {2, "UPDATE exchanges SET a = 1"}, {3, "nonsense"}};
  EXPECT_TRUE(MigrateSchema(**db, 1, 3, steps));
  // A step that fails leaves the store at the version before it; a missing one is refused.
  EXPECT_FALSE(MigrateSchema(**db, 3, 4, steps));
  auto select = (*db)->Prepare("SELECT value FROM meta WHERE key = 'schema'");
  ASSERT_TRUE(select && *(*select)->Step());
  EXPECT_EQ((*select)->Int(0), 3);
  EXPECT_EQ(MigrateSchema(**db, 7, 8, steps).error().reason, "store_older");
}

TEST_F(OpenTest, ASecondRecorderOnTheStoreIsRefused) {
  auto r = Open();
  EXPECT_EQ(OpenError().reason, "store_in_use");
}

TEST_F(OpenTest, AFolderThatIsNotThereIsAnErrorThatNamesThePath) {
  options_.path = dir_.File("no/such/baton.db");
  const Error e = OpenError();
  EXPECT_EQ(e.reason, "store_cannot_open");
  EXPECT_NE(e.message.find(options_.path), std::string::npos) << e.message;
}

TEST_F(OpenTest, ReadOnlyLooksBesideTheRunningServer) {
  EXPECT_EQ(OpenReadOnly(options_.path).error().code, Code::kNotFound);
  EXPECT_FALSE(std::filesystem::exists(options_.path));
  auto r = Open();
  ASSERT_TRUE(r->Submit(Sample(SampleId(1), random_)));
  FlushAndWait(*r);
  auto reader = OpenReadOnly(options_.path);
  ASSERT_TRUE(reader) << reader.error().message;
  EXPECT_EQ((*reader)->List({})->size(), 1u);
  ASSERT_TRUE(r->Submit(Sample(SampleId(2), random_)));
  FlushAndWait(*r);
  EXPECT_EQ((*reader)->List({})->size(), 2u);
  EXPECT_FALSE((*reader)->Submit(Sample(SampleId(3), random_)));
  r.reset();
  EXPECT_TRUE((*reader)->Find(SampleId(2)));
  EXPECT_EQ((*OpenReadOnly(options_.path))->Sum({})->exchanges, 2);
}

// What a killed process leaves: copies of the files while nothing has been committed.
class LeftOver : public OpenTest {
 protected:
  void MakeLeftOver(int records) {
    RecorderOptions o = options_;
    o.path = dir_.File("killed.db");
    o.group = std::chrono::hours(1);
    auto r = Recorder::Open(o, clock_, nullptr, Log::Null());
    ASSERT_TRUE(r);
    for (int i = 0; i < records; ++i) {
      sent_.push_back(Sample(SampleId(i), random_));
      ASSERT_TRUE((*r)->Submit(sent_.back()));
    }
    for (const char* end : {"", "-wal", ".queue"}) {
      if (std::filesystem::exists(o.path + end))
        std::filesystem::copy_file(o.path + end, options_.path + end);
    }
  }
  std::vector<Provenance> sent_;
};

TEST_F(LeftOver, IsInTheStoreWhenOpenReturns) {
  MakeLeftOver(50);
  auto r = Open();
  EXPECT_EQ(r->Sum({})->exchanges, 50);
  for (const auto& p : sent_) EXPECT_TRUE(Same(*r->Find(p.id), p));
  EXPECT_EQ(Metric("baton_record_replayed_total"), 50);
  r.reset();
  r = Open();
  EXPECT_EQ(r->Sum({})->exchanges, 50);
  EXPECT_EQ(Metric("baton_record_replayed_total"), 50);  // once
  EXPECT_EQ(r->dropped(), 0u);
}

TEST_F(LeftOver, SurvivesTheLossOfTheStoreItself) {
  MakeLeftOver(20);
  std::filesystem::remove(options_.path);
  std::filesystem::remove(options_.path + "-wal");
  EXPECT_EQ(Open()->Sum({})->exchanges, 20);
}

TEST_F(LeftOver, DamagedRecordIsReportedAndCounted) {
  MakeLeftOver(20);
  std::fstream f(options_.path + ".queue", std::ios::in | std::ios::out | std::ios::binary);
  f.seekp(4096 + 8 + 24 + 3'000);
  f << "????";
  f.close();
  auto r = Open();
  EXPECT_LT(r->Sum({})->exchanges, 20);
  EXPECT_GT(r->Sum({})->exchanges, 2);
  EXPECT_GE(r->dropped(), 1u);
  EXPECT_EQ(Metric("baton_record_dropped_total{reason=\"journal_damaged\"}"), 1);
}

}  // namespace
}  // namespace baton::record
