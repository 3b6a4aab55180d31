#include "human/desk.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "human/desk_fixture.h"

namespace baton::human {
namespace {

using namespace std::chrono_literals;
using Kind = Resolution::Kind;

using HumanDesk = DeskFixture;

TEST_F(HumanDesk, AnAnswerReachesTheOneWhoWaits) {
  Open();
  auto asked = Ask(30s);
  EXPECT_FALSE(*asked);
  const std::string id = OnlyId();
  ASSERT_TRUE(Run(desk_->Claim(loop_, id, "ann")));
  EXPECT_FALSE(*asked);
  ASSERT_TRUE(Run(desk_->Answer(loop_, id, "ann", "forty-two")));
  ASSERT_TRUE(*asked);
  ASSERT_TRUE(**asked);
  EXPECT_EQ((**asked)->kind, Kind::kAnswered);
  EXPECT_EQ((**asked)->text, "forty-two");
  EXPECT_EQ((**asked)->by, "ann");
  EXPECT_EQ((**asked)->case_id, id);
  EXPECT_EQ(Metric("baton_human_waiting"), 0);
  EXPECT_EQ(Metric("baton_human_resolved_total{end=\"answered\"}"), 1);
}

TEST_F(HumanDesk, ARejectionReachesTheOneWhoWaits) {
  Open();
  auto asked = Ask(30s);
  ASSERT_TRUE(Run(desk_->Reject(loop_, OnlyId(), "bob", "not ours to answer")));
  ASSERT_TRUE(*asked && **asked);
  EXPECT_EQ((**asked)->kind, Kind::kRejected);
  EXPECT_EQ((**asked)->text, "not ours to answer");
}

TEST_F(HumanDesk, WhenTheWaitRunsOutTheCaseLivesOnAndCanStillBeAnswered) {
  Open();
  auto asked = Ask(30s);
  loop_.Advance(29s);
  EXPECT_FALSE(*asked);
  loop_.Advance(2s);
  ASSERT_TRUE(*asked && **asked);
  EXPECT_EQ((**asked)->kind, Kind::kPending);
  const std::string id = (**asked)->case_id;
  ASSERT_TRUE(Run(desk_->Answer(loop_, id, "ann", "late but here")));
  auto found = Run(desk_->Find(loop_, id));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->state, State::kAnswered);
  EXPECT_EQ(found->resolution, "late but here");
}

TEST_F(HumanDesk, AWaitOfNoTimeStoresTheCaseAndGivesItsLink) {
  Open();
  auto asked = Ask(0s);
  ASSERT_TRUE(*asked && **asked);
  EXPECT_EQ((**asked)->kind, Kind::kPending);
  EXPECT_EQ(OnlyId(), (**asked)->case_id);
}

TEST_F(HumanDesk, EverythingThePersonNeedsIsKept) {
  Open();
  (void)Ask(30s);
  auto found = Run(desk_->Find(loop_, OnlyId()));
  ASSERT_TRUE(found);
  const Case want = SampleCase();
  EXPECT_EQ(found->exchange, want.exchange);
  EXPECT_EQ(found->tenant, want.tenant);
  EXPECT_EQ(found->model, want.model);
  EXPECT_EQ(found->reason, want.reason);
  EXPECT_EQ(found->route, want.route);
  EXPECT_EQ(found->data_classes, want.data_classes);
  EXPECT_EQ(found->transcript, want.transcript);
  EXPECT_EQ(found->draft, want.draft);
  EXPECT_EQ(found->created_unix_ns, loop_.clock().UnixNanos());
  EXPECT_EQ(found->expires_unix_ns, loop_.clock().UnixNanos() + Duration(24h).count());
}

TEST_F(HumanDesk, AListHoldsNoContent) {
  Open();
  (void)Ask(30s);
  EXPECT_TRUE(Listed()[0].transcript.empty());
  EXPECT_TRUE(Listed()[0].draft.empty());
}

TEST_F(HumanDesk, IdsAreLongUrlSafeAndNeverTheSame) {
  Open();
  std::set<std::string> ids;
  for (int i = 0; i < 50; ++i) (void)Ask(1h);
  for (const Case& c : Listed()) {
    ids.insert(c.id);
    EXPECT_EQ(c.id.size(), 5u + 22u);
    EXPECT_EQ(c.id.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
              std::string::npos);
  }
  EXPECT_EQ(ids.size(), 50u);
}

TEST_F(HumanDesk, AFullQueueRefusesAndStoresNothing) {
  options_.rules.max_waiting = 2;
  Open();
  (void)Ask(1h);
  (void)Ask(1h);
  auto third = Ask(1h);
  ASSERT_TRUE(*third);
  ASSERT_FALSE(**third);
  EXPECT_EQ((**third).error().code, Code::kOverloaded);
  EXPECT_EQ((**third).error().reason, "human_queue_full");
  EXPECT_EQ(Listed().size(), 2u);
  EXPECT_EQ(Metric("baton_human_refused_total{reason=\"queue_full\"}"), 1);
  // An end makes room.
  ASSERT_TRUE(Run(desk_->Reject(loop_, Listed()[0].id, "ann", "no")));
  auto fourth = Ask(1h);
  EXPECT_FALSE(*fourth);
}

TEST_F(HumanDesk, AConversationTooLongForAPersonIsRefused) {
  options_.max_transcript = 100;
  Open();
  Case big = SampleCase();
  big.transcript.assign(101, 'x');
  auto asked = Ask(1h, nullptr, big);
  ASSERT_TRUE(*asked);
  ASSERT_FALSE(**asked);
  EXPECT_EQ((**asked).error().reason, "human_case_too_large");
  EXPECT_TRUE(Listed().empty());
}

TEST_F(HumanDesk, AClientThatLeavesCancelsItsCase) {
  Open();
  Cancel cancel;
  auto asked = Ask(1h, &cancel);
  const std::string id = OnlyId();
  cancel.Fire(Cancel::Why::kClientGone);
  loop_.RunReady();
  ASSERT_TRUE(*asked);
  ASSERT_FALSE(**asked);
  EXPECT_EQ((**asked).error().code, Code::kCancelled);
  EXPECT_EQ(Run(desk_->Find(loop_, id))->state, State::kCancelled);
  EXPECT_EQ(Metric("baton_human_waiting"), 0);
}

TEST_F(HumanDesk, ByRuleACaseIsKeptWhenItsClientLeaves) {
  options_.rules.on_client_gone = OnClientGone::kKeep;
  Open();
  Cancel cancel;
  auto asked = Ask(1h, &cancel);
  cancel.Fire(Cancel::Why::kClientGone);
  loop_.RunReady();
  ASSERT_TRUE(*asked);
  EXPECT_FALSE(**asked);
  EXPECT_EQ(Listed()[0].state, State::kWaiting);
}

TEST_F(HumanDesk, ARequestOutOfTimeKeepsItsCaseAndGetsTheLink) {
  Open();
  Cancel cancel;
  auto asked = Ask(1h, &cancel);
  cancel.Fire(Cancel::Why::kDeadline);
  loop_.RunReady();
  ASSERT_TRUE(*asked && **asked);
  EXPECT_EQ((**asked)->kind, Kind::kPending);
  EXPECT_EQ(Listed().size(), 1u);
}

// The client goes at every moment of an Ask: nobody keeps waiting, and no case stays that nobody may ever
// end.
TEST_F(HumanDesk, AClientMayLeaveAtAnyMoment) {
  Open();
  Cancel before;
  before.Fire(Cancel::Why::kClientGone);
  auto asked = Ask(1h, &before);
  ASSERT_TRUE(*asked);
  EXPECT_FALSE(**asked);
  EXPECT_TRUE(Listed().empty());
  EXPECT_EQ(Metric("baton_human_waiting"), 0);
}

TEST_F(HumanDesk, ACaseClaimedByOneIsNobodyElsesToEnd) {
  Open();
  (void)Ask(1h);
  const std::string id = OnlyId();
  ASSERT_TRUE(Run(desk_->Claim(loop_, id, "ann")));
  ASSERT_TRUE(Run(desk_->Claim(loop_, id, "ann"))) << "claiming twice is no conflict";
  for (auto result :
       {Run(desk_->Claim(loop_, id, "bob")), Run(desk_->Answer(loop_, id, "bob", "x")),
        Run(desk_->Reject(loop_, id, "bob", "x")), Run(desk_->Release(loop_, id, "bob", false))}) {
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, Code::kConflict);
    EXPECT_EQ(result.error().reason, "case_claimed");
    EXPECT_NE(result.error().message.find("ann"), std::string::npos);
  }
  ASSERT_TRUE(Run(desk_->Release(loop_, id, "bob", true)));
  EXPECT_EQ(Listed()[0].state, State::kWaiting);
  EXPECT_EQ(Listed()[0].claimed_by, "");
  EXPECT_TRUE(Run(desk_->Claim(loop_, id, "bob")));
}

TEST_F(HumanDesk, WhatHasEndedStaysSo) {
  Open();
  (void)Ask(1h);
  const std::string id = OnlyId();
  ASSERT_TRUE(Run(desk_->Answer(loop_, id, "ann", "yes")));
  ASSERT_TRUE(Run(desk_->Answer(loop_, id, "ann", "yes"))) << "saying the same again is no conflict";
  for (auto result : {Run(desk_->Answer(loop_, id, "ann", "no")), Run(desk_->Reject(loop_, id, "ann", "yes")),
                      Run(desk_->Claim(loop_, id, "ann")), Run(desk_->Release(loop_, id, "ann", true))}) {
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().reason, "case_ended");
  }
  EXPECT_EQ(Run(desk_->Find(loop_, id))->resolution, "yes");
  EXPECT_EQ(Metric("baton_human_waiting"), 0);
}

TEST_F(HumanDesk, AReviewerHasANameAndSaysSomething) {
  Open();
  (void)Ask(1h);
  const std::string id = OnlyId();
  EXPECT_EQ(Run(desk_->Claim(loop_, id, "")).error().param, "by");
  EXPECT_EQ(Run(desk_->Answer(loop_, id, "ann", "")).error().param, "text");
  EXPECT_EQ(Run(desk_->Reject(loop_, id, "ann", "")).error().param, "reason");
  EXPECT_EQ(Run(desk_->Answer(loop_, "case_unknown", "ann", "x")).error().code, Code::kNotFound);
  EXPECT_EQ(Run(desk_->Answer(loop_, id, "ann", std::string(300'000, 'x'))).error().code, Code::kTooLarge);
}

TEST_F(HumanDesk, ACaseNobodyEndsExpires) {
  options_.rules.expire = 1h;
  Open();
  auto asked = Ask(2h);
  loop_.Advance(59min);
  desk_->Sweep();
  loop_.RunReady();
  EXPECT_FALSE(*asked);
  loop_.Advance(2min);
  desk_->Sweep();
  loop_.RunReady();
  ASSERT_TRUE(*asked && **asked);
  EXPECT_EQ((**asked)->kind, Kind::kExpired);
  EXPECT_TRUE(Listed().empty());
  EXPECT_EQ(Metric("baton_human_resolved_total{end=\"expired\"}"), 1);
}

TEST_F(HumanDesk, ContentOfEndedCasesIsDeletedAfterTheRetention) {
  options_.rules.retention = 24h;
  Open();
  (void)Ask(0s);
  (void)Ask(0s);
  const auto cases = Listed();
  ASSERT_TRUE(Run(desk_->Answer(loop_, cases[0].id, "ann", "personal words")));
  loop_.Advance(23h);
  desk_->Sweep();
  EXPECT_FALSE(Run(desk_->Find(loop_, cases[0].id))->content_deleted);
  loop_.Advance(30min);
  loop_.Advance(40min);
  // The second one is open still: 24 h 10 min old would be past its expiry, so it is answered now.
  ASSERT_TRUE(Run(desk_->Answer(loop_, cases[1].id, "ann", "newer")));
  desk_->Sweep();
  auto old = Run(desk_->Find(loop_, cases[0].id));
  ASSERT_TRUE(old);
  EXPECT_TRUE(old->content_deleted);
  EXPECT_EQ(old->transcript + old->draft + old->resolution, "");
  EXPECT_EQ(old->state, State::kAnswered);
  EXPECT_EQ(Run(desk_->Find(loop_, cases[1].id))->resolution, "newer");
}

TEST_F(HumanDesk, RowsOfEndedCasesHaveALimit) {
  options_.max_ended = 3;
  Open();
  for (int i = 0; i < 8; ++i) {
    (void)Ask(0s);
    ASSERT_TRUE(Run(desk_->Reject(loop_, OnlyId(), "ann", "no")));
  }
  (void)Ask(0s);
  desk_->Sweep();
  const auto left = Listed({std::nullopt, true, 0, 100});
  ASSERT_EQ(left.size(), 4u);
  EXPECT_EQ(left.back().state, State::kWaiting) << "an open case is never dropped";
}

TEST_F(HumanDesk, PagesGoOnWhereTheLastEnded) {
  Open();
  for (int i = 0; i < 5; ++i) (void)Ask(0s);
  const auto first = Listed({std::nullopt, false, 0, 2});
  ASSERT_EQ(first.size(), 2u);
  const auto second = Listed({std::nullopt, false, first.back().seq, 10});
  ASSERT_EQ(second.size(), 3u);
  EXPECT_GT(second.front().seq, first.back().seq);
  EXPECT_TRUE(Listed({State::kAnswered, false, 0, 10}).empty());
}

TEST_F(HumanDesk, WaitingCasesSurviveARestartAndCanBeAnswered) {
  const auto folder = std::filesystem::temp_directory_path() / ("baton-desk-" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  options_.path = (folder / "store.db").string();
  Open();
  auto asked = Ask(0s);
  const std::string id = (**asked)->case_id;
  Open();
  EXPECT_EQ(Metric("baton_human_waiting"), 1);
  EXPECT_EQ(OnlyId(), id);
  ASSERT_TRUE(Run(desk_->Answer(loop_, id, "ann", "after the restart")));
  Open();
  EXPECT_EQ(Run(desk_->Find(loop_, id))->resolution, "after the restart");
  desk_.reset();
  std::filesystem::remove_all(folder);
}

TEST_F(HumanDesk, ADrainingServerLetsEveryoneGoWithTheirLink) {
  Open();
  auto asked = Ask(1h);
  desk_->LetGo();
  loop_.RunReady();
  ASSERT_TRUE(*asked && **asked);
  EXPECT_EQ((**asked)->kind, Kind::kPending);
  auto later = Ask(1h);
  ASSERT_TRUE(*later && **later);
  EXPECT_EQ((**later)->kind, Kind::kPending);
  EXPECT_EQ(Listed().size(), 2u);
}

TEST_F(HumanDesk, AStoppedDeskRefusesInOneSentence) {
  Open();
  desk_->Stop();
  auto asked = Ask(1h);
  ASSERT_TRUE(*asked);
  ASSERT_FALSE(**asked);
  EXPECT_EQ((**asked).error().reason, "shutting_down");
}

// Fails the operation with the given number, once.
class FailOnce : public store::Faults {
 public:
  explicit FailOnce(int at) : left_(at) {}
  Status Before(Op, std::string_view) override {
    return left_-- == 0 ? Fail(Code::kUnavailable, "injected: the disk is full", "disk_full") : Status();
  }
  Status After(Op, std::string_view) override { return {}; }
  bool spent() const { return left_ < 0; }
  void Disarm() { left_ = -1; }

 private:
  int left_;
};

// The store fails at operation 0, 1, 2, ... of an Ask and an answer: each gives an error or works, the count
// of open cases stays that of the rows, and the next attempt succeeds.
TEST_F(HumanDesk, AFailingStoreIsAnErrorAndNothingIsHalfDone) {
  int runs = 0;
  for (bool hit = true; hit; ++runs) {
    ASSERT_LT(runs, 200);
    FailOnce faults(runs);
    options_.faults = &faults;
    auto opened = Desk::Open(options_, loop_.clock(), &metrics_, Log::Null());
    hit = faults.spent();
    if (!opened) {
      EXPECT_EQ(opened.error().reason, "disk_full");
      continue;
    }
    desk_ = std::move(*opened);
    auto asked = Ask(1h);
    const bool stored = !*asked;
    EXPECT_TRUE(stored || !**asked) << "an Ask that ended at once has failed";
    for (int tries = 0; stored && !*asked && tries < 3; ++tries) {
      auto all = Run(desk_->List(loop_, {}));
      if (all && !all->empty()) (void)Run(desk_->Answer(loop_, (*all)[0].id, "ann", "yes"));
    }
    if (stored) {
      ASSERT_TRUE(*asked && **asked) << "operation " << runs;
      EXPECT_EQ((**asked)->kind, Kind::kAnswered);
    }
    hit = faults.spent();
    faults.Disarm();
    EXPECT_EQ(Metric("baton_human_waiting"), static_cast<double>(Listed().size())) << "operation " << runs;
    Close();
  }
  EXPECT_GT(runs, 10) << "the faults hit something";
}

}  // namespace
}  // namespace baton::human
