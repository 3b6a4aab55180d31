// A request that no worker may see, laid before a person.
#include <gtest/gtest.h>

#include "base/sim_loop.h"
#include "exchange/exchange.h"

namespace baton::exchange {
namespace {

using namespace std::chrono_literals;

// Nobody is to be asked here.
class UntouchedPool : public pool::Pool {
 public:
  explicit UntouchedPool(Loop& loop) : loop_(loop) {}
  Task<pool::CallOutcome> Chat(const pool::CallSpec&, pool::CallObserver*) override {
    ADD_FAILURE() << "a worker was asked";
    co_return pool::CallOutcome();
  }
  Task<EmbedOutcome> Embed(const chat::EmbedRequest&, std::vector<const pool::Worker*>, budget::Lease*,
                           std::int64_t, Cancel*) override {
    co_return EmbedOutcome();
  }
  Loop& loop() override { return loop_; }
  const std::vector<std::shared_ptr<const pool::Worker>>& workers() const override { return none_; }
  const pool::Worker* Find(std::string_view) const override { return nullptr; }
  bool Available(const pool::Worker&) const override { return true; }
  std::vector<pool::WorkerStatus> Status() const override { return {}; }
  Result<std::vector<provider::Loss>> Explain(const pool::Worker&, const chat::Request&) const override {
    return std::vector<provider::Loss>{};
  }

 private:
  Loop& loop_;
  std::vector<std::shared_ptr<const pool::Worker>> none_;
};

class Kept : public Reader {
 public:
  void OnHeading(const Heading& h) override { worker = h.worker; }
  void Put(chat::Event e) override { text += e.kind == chat::Event::Kind::kText ? e.text : ""; }
  Task<Status> Flush() override { co_return Status(); }
  std::string worker, text;
};

struct ReviewTest : testing::Test {
  ReviewTest() {
    auto worker = std::make_shared<pool::Worker>();
    worker->name = "cloud";
    worker->dialect = "openai";
    worker->data.classes = {"public"};
    route::RulesOptions rules;
    rules.fallback.on_policy_violation = "human_review";
    house.policies.reset(new Policies{rails::Rails({}, *rails::Classifier::Build({})), route::Rules(rules),
                                      rails::Catalogue{{worker}}, workflow::Runner(workflow::RunnerDeps{})});
    house.pool = std::make_unique<UntouchedPool>(loop);
    human::DeskOptions options;
    options.path = ":memory:";
    options.own_thread = false;
    options.rules.wait = 60s;
    desk = std::move(*human::Desk::Open(options, loop.clock(), nullptr, Log::Null()));
    house.desk = desk.get();
    request.model = "baton";
    chat::Message m;
    m.parts.emplace_back(chat::Text{"something internal", {}});
    request.messages = {m};
  }
  ~ReviewTest() override {
    desk->Stop();
    loop.RunReady();
  }
  static Task<void> Drive(ReviewTest* t, Envelope envelope, Reader* reader) {
    auto outcome = co_await t->conductor.Chat(t->house, std::move(envelope), t->request, reader, &t->cancel);
    outcome.Close(0);
    t->outcome.emplace(std::move(outcome));
  }
  void Start(Reader* reader = nullptr, rails::Controls controls = {}) {
    Envelope envelope;
    envelope.received = loop.Now();
    envelope.controls = std::move(controls);
    Spawn(Drive(this, std::move(envelope), reader));
    loop.RunReady();
  }
  static Task<void> EndIt(ReviewTest* t, bool answer, std::string text) {
    auto list = co_await t->desk->List(t->loop, {});
    EXPECT_EQ(list->size(), 1u);
    t->seen = list->front();
    std::string id = t->seen.id, by = "ann";
    auto done = answer ? t->desk->Answer(t->loop, id, by, text) : t->desk->Reject(t->loop, id, by, text);
    auto result = co_await done;
    EXPECT_TRUE(result);
  }
  void End(bool answer, std::string text) {
    Spawn(EndIt(this, answer, std::move(text)));
    loop.RunReady();
  }

  SimLoop loop;
  Metrics metrics;
  IdSource ids{loop.clock(), 7};
  Conductor conductor{loop.clock(), ids, nullptr, metrics};
  House house;
  std::unique_ptr<human::Desk> desk;
  chat::Request request;
  Cancel cancel;
  human::Case seen;
  std::optional<ChatOutcome> outcome;
};

TEST_F(ReviewTest, APersonsAnswerIsTheAnswer) {
  Start();
  EXPECT_FALSE(outcome);
  End(true, "by hand");
  ASSERT_TRUE(outcome && outcome->response);
  EXPECT_EQ(std::get<chat::Text>(outcome->response->choices.at(0).message.parts.at(0)).text, "by hand");
  EXPECT_EQ(outcome->heading.worker, "human");
  EXPECT_EQ(outcome->heading.route, "human_review");
  EXPECT_EQ(seen.exchange, outcome->heading.id);
  EXPECT_EQ(seen.data_classes, std::vector<std::string>{"internal"});
  EXPECT_EQ(outcome->cost.v, 0);
}

TEST_F(ReviewTest, AStreamGetsItInOnePiece) {
  Kept reader;
  request.stream = true;
  Start(&reader);
  End(true, "in one piece");
  EXPECT_EQ(reader.text, "in one piece");
  EXPECT_EQ(reader.worker, "human");
}

TEST_F(ReviewTest, ARejectionIsARefusalWithItsReason) {
  Start();
  End(false, "not ours");
  ASSERT_TRUE(outcome && !outcome->response);
  EXPECT_EQ(outcome->response.error().code, Code::kPermissionDenied);
  EXPECT_EQ(outcome->response.error().reason, "human_rejected");
  EXPECT_NE(outcome->response.error().message.find("not ours"), std::string::npos);
}

TEST_F(ReviewTest, WhenTheWaitIsOverTheCaseIsTheOutcome) {
  Start();
  loop.Advance(61s);
  ASSERT_TRUE(outcome && !outcome->response);
  EXPECT_EQ(outcome->pending_case.substr(0, 5), "case_");
  EXPECT_EQ(outcome->response.error().reason, "human_pending");
}

TEST_F(ReviewTest, TheCallersOwnDeadlineShortensTheWait) {
  rails::Controls controls;
  controls.deadline = 5s;
  Start(nullptr, controls);
  loop.Advance(6s);
  ASSERT_TRUE(outcome);
  EXPECT_FALSE(outcome->pending_case.empty());
}

TEST_F(ReviewTest, AClientThatLeavesIsNobodysError) {
  Start();
  cancel.Fire(Cancel::Why::kClientGone);
  loop.RunReady();
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->response.error().code, Code::kCancelled);
  EXPECT_TRUE(outcome->pending_case.empty());
}

TEST_F(ReviewTest, AToolWorkerThatMaySeeTheDataIsNobodyToAnswer) {
  auto tools = std::make_shared<pool::Worker>();
  tools->name = "tools";
  tools->dialect = "tool";
  tools->data.classes = {"public", "internal"};
  auto policies = std::make_shared<Policies>(*house.policies);
  policies->catalogue.workers.push_back(tools);
  house.policies = policies;
  Start();
  EXPECT_FALSE(outcome) << "it waits for a person";
  End(true, "by hand");
  EXPECT_TRUE(outcome->response);
}

TEST_F(ReviewTest, WithoutADeskOrTheRuleARefusalStaysOne) {
  house.desk = nullptr;
  Start();
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->response.error().reason, "policy_violation");
}

}  // namespace
}  // namespace baton::exchange
