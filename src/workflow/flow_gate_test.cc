// Gates: a trained workflow gets no traffic where it was found to be no better than a worker alone.
#include "workflow/flow_gate.h"

#include "workflow/team_fixture.h"

namespace baton::workflow {
namespace {

using ::testing::ElementsAre;

Task<LeftTo> Say(LeftTo left) {
  co_return left;
}

class FlowGateTest : public Team {
 protected:
  std::unique_ptr<Ran> Ask(LeftTo left) {
    gates_["poll"] = [left](const chat::Request&, pool::Pool&) { return Say(left); };
    return Run("poll");
  }
};

TEST_F(FlowGateTest, ARefusedRequestIsAnsweredByTheGatesWorkerOnceAndTheTraceSaysWhy) {
  auto r = Ask({"mid", "left to mid: no better on slice 'sums'"});
  ASSERT_TRUE(r->trace->answer());
  EXPECT_THAT(AskedWorkers(), ElementsAre("mid"));
  EXPECT_EQ(r->text(), "answer of mid");
  EXPECT_EQ(r->trace->workflow(), "poll");
  EXPECT_THAT(r->trace->notes(), ElementsAre("left to mid: no better on slice 'sums'"));
}

TEST_F(FlowGateTest, WhoIsLetInRunsTheWorkflow) {
  auto r = Ask({});
  ASSERT_TRUE(r->trace->answer());
  EXPECT_GT(AskedWorkers().size(), 2U);
}

TEST_F(FlowGateTest, WhenItsWorkerMayNotBeAskedTheWorkflowDecidesAfterAll) {
  auto r = Ask({"nobody", "left to nobody"});
  ASSERT_TRUE(r->trace->answer());
  EXPECT_GT(AskedWorkers().size(), 2U);
}

TEST_F(FlowGateTest, WhereItsWorkerFailsAnotherOfTheRouteAnswers) {
  script_ = [](const std::string& w, const chat::Request&) {
    Reply reply;
    reply.text = "answer of " + w;
    if (w == "mid") reply.error = Fail(Code::kUnavailable, "down");
    return reply;
  };
  retry_.budget = 1;
  auto r = Ask({"mid", "left to mid"});
  ASSERT_TRUE(r->trace->answer()) << r->trace->answer().error().message;
  EXPECT_NE(r->text(), "answer of mid");
}

}  // namespace
}  // namespace baton::workflow
