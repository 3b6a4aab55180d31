#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "store/database.h"

namespace baton::store {
namespace {

class Sqlite : public ::testing::Test {
 protected:
  Sqlite() {
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    dir_ =
        std::filesystem::temp_directory_path() / fmt::format("baton-store-{}-{}", info->name(), ::getpid());
    std::filesystem::remove_all(dir_);
    std::filesystem::create_directories(dir_);
    options_.path = (dir_ / "a ? b # 100%.db").string();  // what a URI would trip over
    options_.busy = std::chrono::milliseconds(1);
    options_.mark = 7;
  }
  ~Sqlite() override { std::filesystem::remove_all(dir_); }
  std::unique_ptr<Database> Open(Mode mode = Mode::kCreate) {
    OpenOptions o = options_;
    o.mode = mode;
    auto db = OpenSqlite(o);
    EXPECT_TRUE(db) << (db ? "" : db.error().message);
    return db ? std::move(*db) : nullptr;
  }
  static std::int64_t Count(Database& db) {
    auto s = db.Prepare("SELECT COUNT(*) FROM t");
    EXPECT_TRUE(s && *(*s)->Step());
    return (*s)->Int(0);
  }
  std::filesystem::path dir_;
  OpenOptions options_;
};

TEST_F(Sqlite, ValuesComeBackAsTheyWere) {
  auto db = Open();
  ASSERT_TRUE(db->Exec("CREATE TABLE t(i, r, s, n)"));
  auto insert = db->Prepare("INSERT INTO t VALUES($1, $2, $3, $4)");
  ASSERT_TRUE(insert);
  const std::string text("a\0b\xff", 4);
  (*insert)->BindInt(1, std::numeric_limits<std::int64_t>::min());
  (*insert)->BindReal(2, 0.1);
  (*insert)->BindText(3, text);
  ASSERT_TRUE((*insert)->Run());
  EXPECT_EQ(db->Changes(), 1);
  (*insert)->BindText(3, {});
  ASSERT_TRUE((*insert)->Run());
  auto select = db->Prepare("SELECT i, r, s, n FROM t ORDER BY rowid");
  ASSERT_TRUE(*(*select)->Step());
  EXPECT_EQ((*select)->Int(0), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ((*select)->Real(1), 0.1);
  EXPECT_EQ((*select)->Text(2), text);
  EXPECT_TRUE((*select)->IsText(2));
  EXPECT_FALSE((*select)->IsText(3));
  EXPECT_EQ((*select)->Int(3), 0);
  ASSERT_TRUE(*(*select)->Step());
  EXPECT_TRUE((*select)->IsText(2)) << "an empty text is no NULL";
  EXPECT_FALSE(*(*select)->Step());
}

TEST_F(Sqlite, TransactionWithoutCommitLeavesNothing) {
  auto db = Open();
  ASSERT_TRUE(db->Exec("CREATE TABLE t(a)"));
  {
    auto tx = Transaction::Begin(*db);
    ASSERT_TRUE(tx);
    ASSERT_TRUE(db->Exec("INSERT INTO t VALUES(1)"));
  }
  EXPECT_EQ(Count(*db), 0);
  auto tx = Transaction::Begin(*db);
  ASSERT_TRUE(tx);
  ASSERT_TRUE(db->Exec("INSERT INTO t VALUES(1)"));
  ASSERT_TRUE(tx->Commit());
  EXPECT_EQ(Count(*db), 1);
  EXPECT_EQ(Count(*Open(Mode::kReadOnly)), 1);
}

TEST_F(Sqlite, ReaderKeepsItsViewWhileTheWriterCommits) {
  auto writer = Open();
  ASSERT_TRUE(writer->Exec("CREATE TABLE t(a); INSERT INTO t VALUES(1), (2)"));
  auto reader = Open(Mode::kReadOnly);
  auto select = reader->Prepare("SELECT a FROM t");
  ASSERT_TRUE(*(*select)->Step());
  ASSERT_TRUE(writer->Exec("DELETE FROM t"));
  EXPECT_TRUE(*(*select)->Step());  // the second row, deleted meanwhile
  EXPECT_FALSE(*(*select)->Step());
  EXPECT_EQ(Count(*reader), 0);
}

TEST_F(Sqlite, LockOfAnotherConnectionIsBusy) {
  auto one = Open(), two = Open();
  auto tx = Transaction::Begin(*one);
  ASSERT_TRUE(tx);
  auto refused = Transaction::Begin(*two);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason, "store_busy");
  EXPECT_EQ(refused.error().code, Code::kUnavailable);
}

TEST_F(Sqlite, RowThatCannotBeStoredIsToldFromABrokenStore) {
  auto db = Open();
  ASSERT_TRUE(db->Exec("CREATE TABLE t(a NOT NULL UNIQUE)"));
  auto insert = db->Prepare("INSERT INTO t VALUES($1)");
  auto done = (*insert)->Run();
  ASSERT_FALSE(done);
  EXPECT_TRUE(IsRejected(done.error()));
  (*insert)->BindInt(1, 1);
  EXPECT_TRUE((*insert)->Run()) << "usable after a failure";
  (*insert)->BindInt(9, 1);  // no such parameter
  EXPECT_FALSE((*insert)->Run());
  EXPECT_TRUE(db->Prepare("SELECT nonsense FROM nowhere").error().reason == "store_error");
}

TEST_F(Sqlite, FullDatabaseIsDiskFullAndRecovers) {
  auto db = Open();
  ASSERT_TRUE(db->Exec("CREATE TABLE t(a); PRAGMA max_page_count=4"));
  Status filled;
  int rows = 0;
  {
    auto tx = Transaction::Begin(*db);
    for (; filled && rows < 10'000; ++rows) filled = db->Exec("INSERT INTO t VALUES(randomblob(500))");
  }
  ASSERT_FALSE(filled);
  EXPECT_EQ(filled.error().reason, "disk_full");
  EXPECT_EQ(Count(*db), 0);
  ASSERT_TRUE(db->Exec("PRAGMA max_page_count=1000000; INSERT INTO t VALUES(1)"));
  EXPECT_EQ(Count(*db), 1);
}

TEST_F(Sqlite, ReadOnlyCannotWriteNorCreate) {
  OpenOptions o = options_;
  o.mode = Mode::kReadOnly;
  EXPECT_EQ(OpenSqlite(o).error().code, Code::kNotFound);
  Open()->Exec("CREATE TABLE t(a)").value();
  auto db = Open(Mode::kReadOnly);
  EXPECT_EQ(db->Exec("INSERT INTO t VALUES(1)").error().reason, "store_read_only");
}

TEST_F(Sqlite, MarkTellsOursFromOthers) {
  Open()->Exec("CREATE TABLE t(a)").value();
  OpenOptions other = options_;
  other.mark = 8;
  EXPECT_EQ(OpenSqlite(other).error().reason, "store_foreign");
  other.mode = Mode::kReadOnly;
  EXPECT_EQ(OpenSqlite(other).error().reason, "store_foreign");
}

TEST_F(Sqlite, TablesAreListedWithoutViews) {
  auto db = Open();
  EXPECT_TRUE(db->Tables()->empty());
  ASSERT_TRUE(db->Exec("CREATE TABLE t(a UNIQUE); CREATE VIEW v AS SELECT a FROM t"));
  EXPECT_EQ(*db->Tables(), std::vector<std::string>{"t"});
}

TEST_F(Sqlite, NamedMemoryIsSharedAndGoesWithTheLastConnection) {
  options_.path = ":memory:x";
  {
    auto one = Open();
    ASSERT_TRUE(one->Exec("CREATE TABLE t(a); INSERT INTO t VALUES(1)"));
    EXPECT_EQ(Count(*Open(Mode::kReadOnly)), 1);
  }
  EXPECT_TRUE(Open()->Tables()->empty());
}

TEST_F(Sqlite, FileThatIsNoDatabaseIsCorrupt) {
  std::ofstream(options_.path) << std::string(2'000, 'x');
  const Error e = OpenSqlite(options_).error();
  EXPECT_EQ(e.reason, "store_corrupt");
  EXPECT_NE(e.message.find(options_.path), std::string::npos) << e.message;
}

}  // namespace
}  // namespace baton::store
