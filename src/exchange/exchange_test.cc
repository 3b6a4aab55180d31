// The path from admit to record, with a pool that answers from a script.

#include "exchange/exchange.h"

#include <gtest/gtest.h>

#include "base/sim_loop.h"
#include "exchange/kept_records.h"

namespace baton::exchange {
namespace {

// Answers with a fixed text and a fixed price, through the lease as a pool must.
class ScriptedPool : public pool::Pool {
 public:
  explicit ScriptedPool(std::vector<std::shared_ptr<const pool::Worker>> workers)
      : workers_(std::move(workers)) {}
  Loop& loop() override { return loop_; }

  Task<pool::CallOutcome> Chat(const pool::CallSpec& spec, pool::CallObserver* observer) override {
    asked = spec.candidates;
    pool::CallOutcome out;
    out.worker = spec.candidates.front();
    pool::CallRecord call;
    call.worker = out.worker->name;
    auto hold = spec.lease->Reserve(budget::Nanos{500}, 10);
    if (!hold) {
      out.response = hold.error();
      co_return out;
    }
    call.usage.input = 7;
    call.usage.output = 3;
    call.cost = budget::Nanos{200};
    call.priced = true;
    call.winner = !fail;
    call.outcome = fail ? "unavailable" : "ok";
    hold->Settle(call.cost, 10);
    out.calls.push_back(call);
    if (fail) {
      out.response = Fail(Code::kUnavailable, "down");
      co_return out;
    }
    if (observer) observer->OnAnswering(*out.worker, {}, false, false, Duration(0));
    if (spec.sink) {
      chat::Event e;
      e.text = "hello";
      spec.sink->Put(e);
      (void)co_await spec.sink->Flush();
      out.delivered = true;
    }
    chat::Response response;
    response.choices.emplace_back().finish = chat::Finish::kStop;
    out.response = std::move(response);
    co_return out;
  }
  Task<EmbedOutcome> Embed(const chat::EmbedRequest&, std::vector<const pool::Worker*> candidates,
                           budget::Lease*, std::int64_t, Cancel*) override {
    EmbedOutcome out;
    out.worker = candidates.front();
    out.response = chat::EmbedResponse{};
    co_return out;
  }
  const std::vector<std::shared_ptr<const pool::Worker>>& workers() const override { return workers_; }
  const pool::Worker* Find(std::string_view) const override { return workers_.front().get(); }
  bool Available(const pool::Worker&) const override { return true; }
  std::vector<pool::WorkerStatus> Status() const override { return {}; }
  Result<std::vector<provider::Loss>> Explain(const pool::Worker&, const chat::Request&) const override {
    return std::vector<provider::Loss>{};
  }

  bool fail = false;
  std::vector<const pool::Worker*> asked;

 private:
  std::vector<std::shared_ptr<const pool::Worker>> workers_;
  SimLoop loop_;
};

class KeptEvents : public Reader {
 public:
  void OnHeading(const Heading& h) override { headings.push_back(h); }
  void Put(chat::Event e) override {
    EXPECT_FALSE(headings.empty()) << "an event before the heading";
    text += e.text;
  }
  Task<Status> Flush() override { co_return Status(); }
  std::vector<Heading> headings;
  std::string text;
};

struct ExchangeTest : testing::Test {
  static std::shared_ptr<pool::Worker> MakeWorker(const char* name, std::set<std::string> classes) {
    auto w = std::make_shared<pool::Worker>();
    w->name = name;
    w->dialect = "openai";
    w->data.classes = std::move(classes);
    w->priced = true;
    w->prices = budget::PriceTable({budget::PriceRow{}});
    return w;
  }

  ExchangeTest() {
    workers = {MakeWorker("cloud", {"public", "internal"}),
               MakeWorker("home", {"public", "internal", "personal", "secret"})};
    house.policies.reset(new Policies{rails::Rails({}, *rails::Classifier::Build({})), route::Rules({}),
                                      rails::Catalogue{workers}, workflow::Runner(workflow::RunnerDeps{})});
    auto p = std::make_unique<ScriptedPool>(workers);
    scripted = p.get();
    house.pool = std::move(p);
    request.model = "baton";
    Say("What is the capital of France?");
  }
  void Say(std::string text) {
    chat::Message m;
    m.parts.emplace_back(chat::Text{std::move(text), {}});
    request.messages = {m};
  }
  ChatOutcome Run(Reader* reader = nullptr) {
    std::optional<ChatOutcome> out;
    Envelope envelope;
    envelope.received = loop.Now();
    Spawn(Drive(this, std::move(envelope), reader, out));
    loop.RunReady();
    return std::move(*out);
  }
  static Task<void> Drive(ExchangeTest* t, Envelope envelope, Reader* reader,
                          std::optional<ChatOutcome>& out) {
    out.emplace(co_await t->conductor.Chat(t->house, std::move(envelope), t->request, reader, &t->cancel));
  }

  SimLoop loop;
  Metrics metrics;
  IdSource ids{loop.clock(), 1};
  KeptRecords store;
  Conductor conductor{loop.clock(), ids, &store, metrics};
  Cancel cancel;
  std::vector<std::shared_ptr<const pool::Worker>> workers;
  House house;
  ScriptedPool* scripted = nullptr;
  chat::Request request;
};

TEST_F(ExchangeTest, AnswerLeavesOneRecordThatExplainsIt) {
  auto out = Run();
  ASSERT_TRUE(out.response);
  EXPECT_TRUE(store.records.empty()) << "recorded before the status was known";
  out.Close(200);
  ASSERT_EQ(store.records.size(), 1u);
  const auto& r = store.records[0];
  EXPECT_EQ(r.outcome, "ok");
  EXPECT_EQ(r.http_status, 200);
  EXPECT_EQ(r.cost.v, 200);
  EXPECT_EQ(r.input_tokens, 7);
  EXPECT_EQ(r.calls.size(), 1u);
  EXPECT_FALSE(r.reason.empty());
  EXPECT_EQ(r.worker, out.heading.worker);
}

TEST_F(ExchangeTest, PersonalDataNeverReachesAWorkerThatMayNotSeeIt) {
  Say("Please write to erika.mustermann@example.com today.");
  auto out = Run();
  ASSERT_TRUE(out.response);
  ASSERT_FALSE(scripted->asked.empty());
  for (const auto* w : scripted->asked) EXPECT_EQ(w->name, "home");
  out.Close(200);
  EXPECT_NE(store.records[0].data_classes.find("personal"), std::string::npos);
}

TEST_F(ExchangeTest, RefusalByRailsCallsNobodyAndIsRecorded) {
  Envelope envelope;
  envelope.controls.max_cost = budget::Nanos{-1};
  std::optional<ChatOutcome> out;
  envelope.received = loop.Now();
  Spawn(Drive(this, std::move(envelope), nullptr, out));
  ASSERT_FALSE(out->response);
  EXPECT_TRUE(scripted->asked.empty());
  out->Close(400);
  ASSERT_EQ(store.records.size(), 1u);
  EXPECT_NE(store.records[0].outcome, "ok");
}

// audit.on_full, both ways.
TEST_F(ExchangeTest, WithoutRoomForItsRecordARequestIsRefusedUnaskedOrServedAsTheRuleSays) {
  store.room = false;
  ASSERT_TRUE(Run().response);
  house.policies.reset(new Policies{rails::Rails({}, *rails::Classifier::Build({})), route::Rules({}),
                                    rails::Catalogue{workers}, workflow::Runner(workflow::RunnerDeps{}), "",
                                    nullptr, nullptr, true});
  scripted->asked.clear();
  store.records.clear();
  auto out = Run();
  ASSERT_FALSE(out.response);
  EXPECT_EQ(out.response.error().reason, "audit_unavailable");
  EXPECT_EQ(out.response.error().code, Code::kUnavailable);
  EXPECT_TRUE(scripted->asked.empty());
  out.Close(503);
  EXPECT_TRUE(store.records.empty()) << "there is no room to record it";
  store.room = true;
  EXPECT_TRUE(Run().response);
}

TEST_F(ExchangeTest, UnknownModelIsNotFoundAndRecorded) {
  request.model = "no-such-model";
  auto out = Run();
  ASSERT_FALSE(out.response);
  EXPECT_EQ(out.response.error().code, Code::kNotFound);
  out.Close(404);
  EXPECT_EQ(store.records.at(0).outcome, "model_not_found");
}

TEST_F(ExchangeTest, StreamGetsItsHeadingBeforeTheFirstEvent) {
  request.stream = true;
  KeptEvents reader;
  auto out = Run(&reader);
  ASSERT_TRUE(out.response);
  ASSERT_EQ(reader.headings.size(), 1u);
  EXPECT_EQ(reader.headings[0].worker, out.heading.worker);
  EXPECT_EQ(reader.headings[0].id, out.heading.id);
  EXPECT_EQ(reader.text, "hello");
}

TEST_F(ExchangeTest, FailedCallIsRecordedWithWhatItCost) {
  scripted->fail = true;
  auto out = Run();
  ASSERT_FALSE(out.response);
  out.Close(503);
  EXPECT_EQ(store.records.at(0).outcome, "unavailable");
  EXPECT_EQ(store.records.at(0).cost.v, 200);
  EXPECT_EQ(store.records.at(0).worker, "");
}

}  // namespace
}  // namespace baton::exchange
