#include "pool/local_backend.h"

#include <gtest/gtest.h>

#include <thread>

#include "base/sim_loop.h"
#include "pool/local_plan.h"

namespace baton::pool {
namespace {

using std::chrono::seconds;

// An engine that the test plays: what it was asked, and the two callbacks.
class PlayedEngine : public lm::Engine {
 public:
  struct PlayedJob : public lm::Job {
    void Cancel() override { ++cancelled; }
    int cancelled = 0;
  };
  const lm::ModelInfo& info() const override { return info_; }
  Result<std::shared_ptr<lm::Job>> Generate(lm::GenerateRequest request, lm::OnEvent on_event,
                                            lm::OnDone on_done) override {
    asked.push_back(std::move(request.chat));
    if (refuse) return *refuse;
    event = std::move(on_event);
    done = std::move(on_done);
    job = std::make_shared<PlayedJob>();
    return std::shared_ptr<lm::Job>(job);
  }
  Result<Rendered> Render(const chat::Request&) const override { return Rendered{"prompt", 3}; }
  Result<std::int64_t> CountTokens(std::string_view text) const override {
    return static_cast<std::int64_t>(text.size());
  }
  void Embed(std::vector<std::string> texts, std::function<void(Result<Embedded>)> finished) override {
    Embedded e;
    for (const auto& t : texts) e.vectors.push_back({static_cast<float>(t.size())});
    e.tokens = 7;
    finished(std::move(e));
  }
  void States(std::vector<std::string>, int, std::function<void(Result<Embedded>)>) override {}
  Status SetAdapter(const std::string&) override { return {}; }
  std::string adapter() const override { return {}; }

  void Text(std::string text) {
    chat::Event e;
    e.kind = chat::Event::Kind::kText;
    e.text = std::move(text);
    event(e);
  }
  void Begin() {
    chat::Event e;
    e.kind = chat::Event::Kind::kStart;
    event(e);
  }
  void Usage(std::int64_t input, std::int64_t output) {
    chat::Event e;
    e.kind = chat::Event::Kind::kUsage;
    e.usage.input = input;
    e.usage.output = output;
    e.usage.known = true;
    event(e);
  }

  lm::ModelInfo info_;
  std::vector<chat::Request> asked;
  std::optional<Error> refuse;
  lm::OnEvent event;
  lm::OnDone done;
  std::shared_ptr<PlayedJob> job;
};

class Collecting : public chat::Sink {
 public:
  void Put(chat::Event e) override {
    if (e.kind == chat::Event::Kind::kText) text += e.text;
  }
  Task<Status> Flush() override {
    ++flushes;
    if (reader_gone) co_return Fail(Code::kCancelled, "gone");
    co_return Status{};
  }
  std::string text;
  int flushes = 0;
  bool reader_gone = false;
};

class LocalBackends : public testing::Test {
 protected:
  LocalBackends() {
    auto w = std::make_shared<Worker>();
    w->name = "small";
    w->dialect = "local";
    w->target.model = "tiny";
    worker_ = w;
    engine_->info_.name = "Engine Name";
    engine_->info_.embedding_width = 1;
    backend_ = CreateLocalBackend(worker_, loop_, engine_);
    request_.messages.emplace_back();
  }

  static Task<void> Call(Backend* backend, const Attempt* attempt, std::optional<AttemptResult>* out) {
    AttemptResult r = co_await backend->Chat(*attempt);
    *out = std::move(r);
  }
  void Start() {
    attempt_.request = &request_;
    Spawn(Call(backend_.get(), &attempt_, &result_));
    loop_.RunReady();
  }

  SimLoop loop_;
  std::shared_ptr<PlayedEngine> engine_ = std::make_shared<PlayedEngine>();
  std::shared_ptr<const Worker> worker_;
  std::unique_ptr<Backend> backend_;
  chat::Request request_;
  Attempt attempt_;
  std::optional<AttemptResult> result_;
};

TEST_F(LocalBackends, StreamsWhatTheEngineSaysFromAnotherThread) {
  Collecting sink;
  attempt_.sink = &sink;
  Start();
  std::thread compute([&] {
    engine_->Begin();
    for (int i = 0; i < 100; ++i) engine_->Text("x");
    engine_->Usage(5, 100);
    engine_->done(lm::Generated{});
  });
  compute.join();
  loop_.RunReady();
  ASSERT_TRUE(result_);
  EXPECT_FALSE(result_->failure);
  EXPECT_EQ(sink.text, std::string(100, 'x'));
  EXPECT_EQ(sink.flushes, 1);  // one wake-up for the whole burst
  EXPECT_TRUE(result_->delivered);
  EXPECT_TRUE(result_->sent);
  EXPECT_EQ(result_->response.usage.output, 100);
  EXPECT_TRUE(result_->response.usage.known);
  EXPECT_EQ(result_->response.model, "tiny");
  EXPECT_FALSE(result_->response.id.empty());
  EXPECT_GT(result_->response.created, 0);
}

TEST_F(LocalBackends, AClientThatLeavesCancelsAndTheUsageIsKept) {
  Cancel cancel;
  attempt_.cancel = &cancel;
  Start();
  engine_->Begin();
  engine_->Text("half");
  loop_.RunReady();
  cancel.Fire(Cancel::Why::kClientGone);
  EXPECT_EQ(engine_->job->cancelled, 1);
  loop_.RunReady();
  EXPECT_FALSE(result_) << "the engine has not said its last word";
  engine_->Usage(5, 2);
  engine_->done(Fail(Code::kCancelled, "cancelled"));
  loop_.RunReady();
  ASSERT_TRUE(result_);
  EXPECT_EQ(result_->failure->error.code, Code::kCancelled);
  EXPECT_EQ(result_->response.usage.output, 2);
}

TEST_F(LocalBackends, ADeadlineCancelsAndIsATimeout) {
  attempt_.deadline = Deadline(loop_.Now() + seconds(2));
  Start();
  loop_.Advance(seconds(1));
  EXPECT_EQ(engine_->job->cancelled, 0);
  loop_.Advance(seconds(2));
  EXPECT_EQ(engine_->job->cancelled, 1);
  engine_->done(Fail(Code::kCancelled, "cancelled"));
  loop_.RunReady();
  ASSERT_TRUE(result_);
  EXPECT_EQ(result_->failure->fault, provider::Fault::kTimeout);
  EXPECT_EQ(result_->failure->error.code, Code::kDeadline);
}

TEST_F(LocalBackends, AReaderThatIsGoneStopsTheEngine) {
  Collecting sink;
  sink.reader_gone = true;
  attempt_.sink = &sink;
  Start();
  engine_->Text("x");
  loop_.RunReady();
  EXPECT_EQ(engine_->job->cancelled, 1);
  engine_->done(lm::Generated{});
  loop_.RunReady();
  EXPECT_TRUE(result_);
}

TEST_F(LocalBackends, RefusalsCarryTheFaultTheBreakerNeeds) {
  struct Row {
    Code code;
    const char* reason;
    provider::Fault fault;
  };
  for (const Row& row : {Row{Code::kTooLarge, "context_length_exceeded", provider::Fault::kContextOverflow},
                         Row{Code::kInvalidRequest, "", provider::Fault::kClientRequest},
                         Row{Code::kUnsupported, "", provider::Fault::kClientRequest},
                         Row{Code::kOverloaded, "local_queue_full", provider::Fault::kOverloaded},
                         Row{Code::kInternal, "", provider::Fault::kServer}}) {
    engine_->refuse = Fail(row.code, "no", row.reason);
    result_.reset();
    Start();
    ASSERT_TRUE(result_);
    EXPECT_EQ(result_->failure->fault, row.fault) << CodeName(row.code);
    EXPECT_FALSE(result_->sent);
  }
}

TEST_F(LocalBackends, WithoutItsModelEveryCallSaysSo) {
  backend_ = CreateLocalBackend(worker_, loop_, nullptr);
  Start();
  ASSERT_TRUE(result_);
  EXPECT_EQ(result_->failure->error.reason, "model_not_loaded");
  EXPECT_FALSE(backend_->Explain(request_));
}

TEST_F(LocalBackends, EmbeddingsComeBackOnTheLoop) {
  chat::EmbedRequest request;
  request.texts = {"ab", "abcd"};
  std::optional<Backend::EmbedResult> got;
  auto call = [](Backend* b, const chat::EmbedRequest* r,
                 std::optional<Backend::EmbedResult>* out) -> Task<void> {
    Backend::EmbedResult e = co_await b->Embed(*r, Deadline{}, nullptr);
    *out = std::move(e);
  };
  Spawn(call(backend_.get(), &request, &got));
  loop_.RunReady();
  ASSERT_TRUE(got);
  EXPECT_FALSE(got->failure);
  EXPECT_EQ(got->response.vectors.size(), 2u);
  EXPECT_EQ(got->response.usage.input, 7);
  got.reset();
  request.dimensions = 5;
  Spawn(call(backend_.get(), &request, &got));
  loop_.RunReady();
  EXPECT_EQ(got->failure->error.param, "dimensions");
}

TEST(LocalPlans, NothingIsLostInSilence) {
  lm::ModelInfo model;
  provider::Target target;
  chat::Request r;
  r.user = "u";
  r.reasoning.effort = "high";
  r.extra.emplace_back("store", chat::Json{"true"});
  r.extra.emplace_back("logit_bias", chat::Json{"{}"});
  r.extra.emplace_back("verbosity", chat::Json{"null"});
  chat::Tool tool;
  tool.name = "f";
  r.tools = {tool};
  auto plan = PlanLocal(r, target, model);
  ASSERT_TRUE(plan);
  std::string names;
  for (const auto& l : plan->losses) names += l.param + "=" + std::string(provider::LossName(l.how)) + " ";
  EXPECT_EQ(names, "store=dropped tools=emulated reasoning_effort=dropped user=dropped ");
  model.native_tools = true;
  EXPECT_EQ(PlanLocal(r, target, model)->losses.size(), 3u);
  target.strict = true;
  EXPECT_EQ(PlanLocal(r, target, model).error().code, Code::kUnsupported);
}

TEST(LocalPlans, WhatTheWorkerCannotIsRefusedAndWhatItRejectsIsTakenOut) {
  lm::ModelInfo model;
  provider::Target target;
  target.can.tools = false;
  target.rejects = {"temperature"};
  chat::Request r;
  r.temperature = 0.5;
  auto plan = PlanLocal(r, target, model);
  ASSERT_TRUE(plan);
  EXPECT_FALSE(plan->request.temperature);
  ASSERT_EQ(plan->losses.size(), 1u);
  chat::Tool tool;
  tool.name = "f";
  r.tools = {tool};
  EXPECT_EQ(PlanLocal(r, target, model).error().param, "tools");
  r.tools.clear();
  r.extra.emplace_back("web_search_options", chat::Json{"{}"});
  EXPECT_EQ(PlanLocal(r, target, model).error().param, "web_search_options");
}

}  // namespace
}  // namespace baton::pool
