// Feedback, events and the chain as the recorder keeps them.
#include <gmock/gmock.h>

#include <filesystem>

#include "audit/head.h"
#include "record/chain_source.h"
#include "record/encode.h"
#include "record/recorder_fixture.h"

namespace baton::record {
namespace {

class AuditTest : public RecorderFixture {
 protected:
  Feedback Word(std::int64_t exchange, std::string name, std::int64_t score = 1'000'000) {
    Feedback f;
    f.exchange = SampleId(exchange);
    f.name = std::move(name);
    f.tenant = "local";
    f.label = "helpful";
    f.score_millionths = score;
    f.at_unix_ns = clock_.UnixNanos();
    return f;
  }
  void Fill(Recorder& r, int from, int count) {
    for (int i = from; i < from + count; ++i) ASSERT_TRUE(r.Submit(Sample(SampleId(i), random_, i % 3)));
    FlushAndWait(r);
  }
  audit::Report Verify(audit::VerifyOptions options = {}) {
    auto source = OpenChainSource(options_.path);
    EXPECT_TRUE(source) << source.error().message;
    if (auto head = audit::ReadHead(audit::HeadPath(options_.path)); head && *head)
      options.anchors.push_back(**head);
    auto report = audit::Verify(**source, options);
    EXPECT_TRUE(report) << report.error().message;
    for (const auto& f : report->findings)
      ADD_FAILURE() << f.name << " at " << f.seq << " " << f.row << ": " << f.what;
    return *report;
  }
};

TEST_F(AuditTest, FeedbackIsJoinedToItsExchangeAndARepeatChangesNothing) {
  auto r = Open();
  Fill(*r, 0, 3);
  ASSERT_TRUE(r->AddFeedback(Word(1, "a", 250'000)));
  ASSERT_TRUE(r->AddFeedback(Word(1, "b")));
  ASSERT_TRUE(r->AddFeedback(Word(1, "a", 900'000)));
  FlushAndWait(*r);
  const auto found = r->Find(SampleId(1));
  ASSERT_TRUE(found);
  ASSERT_EQ(found->feedback.size(), 2u);
  EXPECT_EQ(found->feedback[0], Word(1, "a", 250'000));
  EXPECT_EQ(found->feedback[1].score(), 1.0);
  EXPECT_EQ((*r->List({}))[1].feedback.size(), 2u);
  EXPECT_TRUE(r->Find(SampleId(0))->feedback.empty());
  EXPECT_EQ(Metric("baton_feedback_stored_total"), 2);
  EXPECT_EQ(Metric("baton_feedback_ignored_total"), 1);
  Verify();
}

TEST_F(AuditTest, AnExchangeTakesOnlySoMuchFeedback) {
  auto r = Open();
  Fill(*r, 0, 2);
  for (int i = 0; i < 3 * kMaxFeedback; ++i) ASSERT_TRUE(r->AddFeedback(Word(0, fmt::format("n{}", i))));
  ASSERT_TRUE(r->AddFeedback(Word(1, "n0")));
  FlushAndWait(*r);
  EXPECT_EQ(r->Find(SampleId(0))->feedback.size(), static_cast<std::size_t>(kMaxFeedback));
  EXPECT_EQ(r->Find(SampleId(1))->feedback.size(), 1u);
  Verify();
}

TEST_F(AuditTest, FeedbackLeftInTheJournalIsWrittenAtTheNextStart) {
  Open().reset();
  {
    options_.group = std::chrono::hours(1);
    auto r = Open();
    ASSERT_TRUE(r->Submit(Sample(SampleId(1), random_)));
    ASSERT_TRUE(r->AddFeedback(Word(1, "late")));
    ASSERT_TRUE(r->Append({0, "ann", "case_claim", "case_1", ""}));
    // As a killed process leaves them: the journal and the store, not what its destructor would write.
    for (const char* end : {"", "-wal", ".queue", ".audit.key", ".audit.head"}) {
      if (std::filesystem::exists(options_.path + end))
        std::filesystem::copy_file(options_.path + end, dir_.File("killed.db") + end);
    }
  }
  options_.path = dir_.File("killed.db");
  auto r = Open();
  EXPECT_EQ(r->Find(SampleId(1))->feedback.size(), 1u);
  const auto report = Verify();
  EXPECT_EQ(report.exchanges, 1);
  EXPECT_EQ(report.feedback, 1);
  EXPECT_EQ(report.events, 3);  // chain_begin, audit_key, case_claim
}

TEST_F(AuditTest, ChainCoversEveryRowAndSurvivesRestartsWithOneKey) {
  for (int start = 0; start < 4; ++start) {
    auto r = Open();
    Fill(*r, start * 700, 700);
    ASSERT_TRUE(r->Append({0, "ann", "reload", "", ""}));
  }
  const auto report = Verify();
  EXPECT_EQ(report.exchanges, 2'800);
  EXPECT_EQ(report.events, 6);
  EXPECT_EQ(report.unsigned_tail, 0);
  EXPECT_GE(report.checkpoints, 4);
  EXPECT_EQ(report.keys.size(), 1u);
}

TEST_F(AuditTest, WhatWasReadBackHasTheBytesThatWereDigested) {
  auto r = Open();
  Provenance p = Sample(SampleId(1), random_, 70);  // more calls than are kept
  p.propensity = -0.0;
  p.contract = "refund";
  p.config = "0123456789ab";
  p.reason = std::string(5'000, 'x');
  p.model = std::string("nul\0byte and \xff", 14);
  ASSERT_TRUE(r->Submit(p));
  FlushAndWait(*r);
  const auto report = Verify();
  EXPECT_EQ(report.exchanges, 1);
  EXPECT_EQ(r->Find(p.id)->contract, "refund");
}

TEST_F(AuditTest, RetentionCutsTheChainAtACheckpointAndItStaysVerifiable) {
  options_.retention = std::chrono::hours(24);
  options_.checkpoint = Duration::zero();
  auto r = Open();
  const auto now = [&](int n) { return FirstIdAt(clock_.UnixNanos()) + n + 1; };
  for (int day = 0; day < 4; ++day) {
    for (int i = 0; i < 1'500; ++i) {
      ASSERT_TRUE(r->Submit(Sample(now(i), random_)));
      if (i % 500 == 0) FlushAndWait(*r);
    }
    Feedback f = Word(0, "x");
    f.exchange = now(0);
    ASSERT_TRUE(r->AddFeedback(f));
    for (int round = 0; round < 20; ++round) FlushAndWait(*r);
    // Not behind the last day: what expires then would go while the chain is read.
    if (day < 3) clock_.Advance(std::chrono::hours(20));
  }
  const auto report = Verify();
  EXPECT_GT(report.first, 1);
  EXPECT_LT(report.last - report.first, 4'500);
  EXPECT_EQ(report.exchanges, r->Sum({})->exchanges);
}

TEST_F(AuditTest, StoreOfAnEarlierVersionSaysWhatItsChainDoesNotCover) {
  namespace fs = std::filesystem;
  fs::copy_file("test/golden/format/provenance-1.db", options_.path);
  fs::copy_file("test/golden/format/provenance-1.db.queue", options_.path + ".queue");
  Open().reset();
  const auto report = Verify();
  EXPECT_EQ(report.uncovered, 3);
  EXPECT_EQ(report.exchanges, 2);  // from the journal: chained as they were written
}

TEST_F(AuditTest, KeyFileIsForItsOwnerAlone) {
  namespace fs = std::filesystem;
  Open().reset();
  const std::string key = audit::KeyPath(options_.path);
  EXPECT_EQ(fs::status(key).permissions(), fs::perms::owner_read | fs::perms::owner_write);
  fs::permissions(key, fs::perms::others_read, fs::perm_options::add);
  EXPECT_EQ(OpenError().reason, "audit_key_exposed");
}

TEST_F(AuditTest, ALostKeyIsReplacedAndTheChangeIsInTheChain) {
  Open().reset();
  std::filesystem::remove(audit::KeyPath(options_.path));
  auto r = Open();
  Fill(*r, 0, 1);
  r.reset();
  EXPECT_EQ(Verify().keys.size(), 2u);
}

}  // namespace
}  // namespace baton::record
