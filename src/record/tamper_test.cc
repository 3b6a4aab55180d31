// Every case of record/tamper.h is found, with its first bad row, by the name it should have; an untouched
// store is found to be in order. What no checker can see is said as plainly: those cases pass unnoticed
// without what the table says they need.
#include "record/tamper.h"

#include <filesystem>

#include "record/recorder_fixture.h"

namespace baton::record {
namespace {

namespace fs = std::filesystem;

class TamperTest : public RecorderFixture {
 protected:
  static constexpr int kExchanges = 1'600;  // three checkpoints and more

  void Make() {
    ASSERT_TRUE(MakeAuditedStore(options_, kExchanges, clock_));
    anchor_ = **audit::ReadHead(audit::HeadPath(options_.path));
  }
  // A copy that somebody may change.
  std::string Copy(int n) {
    const std::string path = dir_.File(fmt::format("copy-{}.db", n));
    for (const char* end : {"", ".audit.head"}) fs::copy_file(options_.path + end, path + end);
    return path;
  }
  audit::Report Check(const std::string& path, Needs has) {
    audit::VerifyOptions o;
    if (has == Needs::kHead || has == Needs::kKey || has == Needs::kSealed)
      o.anchors.push_back(**audit::ReadHead(audit::HeadPath(path)));
    if (has == Needs::kAnchor) o.anchors.push_back(anchor_);
    if (has == Needs::kKey) o.keys.push_back(anchor_.key);
    o.sealed = has == Needs::kSealed;
    auto source = OpenChainSource(path);
    EXPECT_TRUE(source) << source.error().message;
    auto report = audit::Verify(**source, o);
    EXPECT_TRUE(report) << report.error().message;
    return *report;
  }
  audit::Checkpoint anchor_;
};

TEST_F(TamperTest, UntouchedStoreIsInOrderWhateverTheCheckerHas) {
  Make();
  for (const Needs has : {Needs::kNothing, Needs::kHead, Needs::kAnchor, Needs::kKey, Needs::kSealed}) {
    const auto report = Check(options_.path, has);
    EXPECT_TRUE(report.ok()) << report.findings.front().name << ": " << report.findings.front().what;
    EXPECT_EQ(report.exchanges, kExchanges);
    EXPECT_EQ(report.unsigned_tail, 0);
  }
}

TEST_F(TamperTest, EachCaseIsFoundAtItsFirstBadRow) {
  Make();
  int n = 0;
  for (const Tamper& t : TamperCases()) {
    SCOPED_TRACE(t.kind + ": " + t.what);
    const std::string path = Copy(++n);
    std::int64_t first = 0;
    {
      auto db = store::OpenSqlite(StoreAt(path, store::Mode::kCreate));
      ASSERT_TRUE(db) << db.error().message;
      Hands hands(**db, path);
      first = t.act(hands);
    }
    // Something was done, and what is needed is needed.
    if (t.needs != Needs::kNothing) {
      EXPECT_TRUE(Check(path, Needs::kNothing).ok());
    }
    const auto report = Check(path, t.needs);
    ASSERT_FALSE(report.ok());
    EXPECT_EQ(report.findings.front().name, t.finding) << report.findings.front().what;
    EXPECT_EQ(report.findings.front().seq, first);
    if (first == 0) {
      EXPECT_FALSE(report.findings.front().row.empty());
    }
  }
  EXPECT_GE(n, 20);
}

TEST_F(TamperTest, RemovedHeadOrStoreOfAnotherServerIsToldAtTheNextStartAndStaysInTheChain) {
  Make();
  fs::remove(audit::HeadPath(options_.path));
  Open().reset();
  EXPECT_EQ(Check(options_.path, Needs::kHead).findings.front().name, "chain_gap");
}

TEST_F(TamperTest, ErasedContentLeavesTheChainInOrder) {
  Make();
  {
    auto r = Open();
    ASSERT_TRUE(r->EraseContent({"default", 0, "ann", clock_.UnixNanos()}));
    FlushAndWait(*r);
  }
  const auto report = Check(options_.path, Needs::kHead);
  EXPECT_TRUE(report.ok()) << report.findings.front().what;
  EXPECT_EQ(report.erased, kExchanges / 10);
}

}  // namespace
}  // namespace baton::record
