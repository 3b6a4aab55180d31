// A scripted pool for tests: workers that say what a function says, on a real loop.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "arena/environment.h"
#include "chat/assemble.h"
#include "verify/test_loop.h"

namespace baton::arena {

class Scripted : public pool::Backend {
 public:
  // An Error is a worker that died.
  using Script = std::function<Result<std::string>(const std::string& worker, const std::string& text)>;
  Scripted(std::string worker, const Script* script, int* asked)
      : worker_(std::move(worker)), script_(script), asked_(asked) {}
  Task<pool::AttemptResult> Chat(const pool::Attempt& a) override {
    ++*asked_;
    pool::AttemptResult out;
    out.sent = true;
    auto said = (*script_)(worker_, chat::TextOf(a.request->messages.back()));
    if (!said) {
      out.failure = provider::Failure{provider::Fault::kServer, std::move(said).error()};
      co_return out;
    }
    out.first_byte_seen = true;
    chat::Choice& c = out.response.choices.emplace_back();
    c.message.role = chat::Role::kAssistant;
    c.message.parts.emplace_back(chat::Text{std::move(*said), {}});
    c.finish = chat::Finish::kStop;
    out.response.usage.input = 20;
    out.response.usage.output = 10;
    out.response.usage.known = true;
    co_return out;
  }
  Task<EmbedResult> Embed(const chat::EmbedRequest&, Deadline, Cancel*) override { co_return EmbedResult{}; }
  Result<std::vector<provider::Loss>> Explain(const chat::Request&) const override {
    return std::vector<provider::Loss>{};
  }

 private:
  const std::string worker_;
  const Script* script_;
  int* asked_;
};

class ArenaTest : public testing::Test {
 public:
  static std::shared_ptr<const pool::Worker> MakeWorker(const std::string& name,
                                                        std::int64_t usd_per_million) {
    auto w = std::make_shared<pool::Worker>();
    w->name = name;
    w->dialect = "scripted";
    w->target.model = name;
    w->target.max_output = 64;
    w->data.classes = {"public", "internal", "personal", "secret"};
    budget::PriceRow row;
    row.input = row.output = {usd_per_million * 1'000'000'000};
    w->prices = budget::PriceTable({row});
    w->priced = true;
    w->breaker.failures = 1'000'000;
    return w;
  }
  Environment& Make(Memo* memo = nullptr, std::vector<workflow::FlowSettings> flows = {}) {
    Environment::Options o;
    o.workers = {MakeWorker("cheap", 1), MakeWorker("dear", 10)};
    o.memo = memo;
    o.flows = std::move(flows);
    o.backend = [this](std::shared_ptr<const pool::Worker> w) -> std::unique_ptr<pool::Backend> {
      return std::make_unique<Scripted>(w->name, &script_, &asked_);
    };
    auto made = Environment::Create(loop_, std::move(o));
    EXPECT_TRUE(made) << (made ? "" : made.error().message);
    environment_ = std::move(*made);
    return *environment_;
  }
  Rollout Play(Episode e) {
    std::vector<Episode> one;
    one.push_back(std::move(e));
    return std::move(PlayMany(std::move(one)).front());
  }
  std::vector<Rollout> PlayMany(std::vector<Episode> episodes, std::size_t parallel = 8) {
    std::vector<Rollout> out;
    Do(Collect(environment_.get(), std::move(episodes), parallel, &out));
    return out;
  }
  // Runs a task to its end.
  void Do(Task<void> task) {
    bool done = false;
    Spawn(Then(std::move(task), &done));
    loop_.RunUntil([&] { return done; });
  }
  static Task<void> Then(Task<void> task, bool* done) {
    co_await std::move(task);
    *done = true;
  }
  static Task<void> Collect(Environment* e, std::vector<Episode> episodes, std::size_t parallel,
                            std::vector<Rollout>* out) {
    *out = co_await PlayAll(*e, std::move(episodes), parallel);
  }
  static Problem Six() {
    Problem p;
    p.id = "six";
    p.prompt = "What is 6 times 7?";
    p.reference = "42";
    p.check = Check::kNumber;
    return p;
  }
  workflow::Step StepOf(const std::string& name, const std::string& worker,
                        workflow::Role role = workflow::Role::kWorker) {
    workflow::Step s;
    s.name = name;
    s.role = role;
    s.workers = {environment_->Find(worker)};
    s.answers_client = role == workflow::Role::kWorker;
    s.access.all = true;
    return s;
  }

  verify::PumpLoop loop_;
  Scripted::Script script_ = [](const std::string&, const std::string&) { return std::string("42"); };
  int asked_ = 0;
  std::unique_ptr<Environment> environment_;
};

}  // namespace baton::arena
