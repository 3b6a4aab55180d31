// Tool workers: calls through the pool, and the backend over a real pipe.
#include <gtest/gtest.h>

#include "base/sim_loop.h"
#include "mcp/fake_server.h"
#include "net/client.h"
#include "net/loop.h"
#include "pool/create.h"
#include "pool/tool_answer.h"
#include "pool/tool_calls.h"

namespace baton::pool {
namespace {

using namespace std::chrono_literals;

chat::ToolCall CallOf(std::string id, std::string name, std::string arguments = "{}") {
  chat::ToolCall call;
  call.id = std::move(id);
  call.name = std::move(name);
  call.arguments = std::move(arguments);
  return call;
}

chat::Message Says(chat::Role role, chat::Part part) {
  chat::Message m;
  m.role = role;
  m.parts.push_back(std::move(part));
  return m;
}

chat::ToolResult ResultOf(std::string id) {
  chat::ToolResult r;
  r.call_id = std::move(id);
  return r;
}

TEST(ToolCalls, AreThoseOfTheLastAssistantMessageThatNobodyAnswered) {
  chat::Request request;
  EXPECT_TRUE(ToolCallsOf(request).empty());
  request.messages.push_back(Says(chat::Role::kUser, chat::Text{"hi", {}}));
  EXPECT_TRUE(ToolCallsOf(request).empty());
  chat::Message assistant = Says(chat::Role::kAssistant, CallOf("1", "a"));
  assistant.parts.emplace_back(CallOf("2", "b"));
  request.messages.push_back(assistant);
  EXPECT_EQ(ToolCallsOf(request).size(), 2u);
  request.messages.push_back(Says(chat::Role::kTool, ResultOf("1")));
  ASSERT_EQ(ToolCallsOf(request).size(), 1u);
  EXPECT_EQ(ToolCallsOf(request)[0].name, "b");
  request.messages.push_back(Says(chat::Role::kUser, chat::Text{"and now?", {}}));
  EXPECT_TRUE(ToolCallsOf(request).empty()) << "what the user spoke after is history";
}

TEST(ToolCalls, AForcedToolTakesTheUsersMessageForItsArguments) {
  chat::Request request;
  request.messages.push_back(Says(chat::Role::kUser, chat::Text{"{\"x\":1}", {}}));
  request.tool_choice.kind = chat::ToolChoice::Kind::kNamed;
  request.tool_choice.name = "sum";
  ASSERT_EQ(ToolCallsOf(request).size(), 1u);
  EXPECT_EQ(ToolCallsOf(request)[0].name, "sum");
  EXPECT_EQ(ToolCallsOf(request)[0].arguments, "{\"x\":1}");
  request.tool_choice.kind = chat::ToolChoice::Kind::kRequired;
  EXPECT_TRUE(ToolCallsOf(request).empty()) << "which one?";
  request.tools.emplace_back().name = "only";
  EXPECT_EQ(ToolCallsOf(request)[0].name, "only");
}

// Does what the test says, and counts.
class ScriptedTools : public Backend {
 public:
  struct Stage {
    int asked = 0;
    std::optional<provider::Failure> failure;
    bool sent = true;
    Duration takes{};
  };
  ScriptedTools(Loop& loop, Stage& stage) : loop_(loop), stage_(stage) {}
  Task<AttemptResult> Chat(const Attempt&) override {
    ++stage_.asked;
    AttemptResult out;
    out.sent = out.acted = stage_.sent;
    out.failure = stage_.failure;
    co_return out;
  }
  Task<EmbedResult> Embed(const chat::EmbedRequest&, Deadline, Cancel*) override { co_return EmbedResult(); }
  Result<std::vector<provider::Loss>> Explain(const chat::Request&) const override {
    return std::vector<provider::Loss>();
  }
  Task<Result<std::vector<chat::Tool>>> Tools(Deadline, Cancel*) override {
    std::vector<chat::Tool> tools(1);
    tools[0].name = "look";
    co_return tools;
  }
  Task<ToolCallResult> CallTool(const chat::ToolCall& call, Deadline deadline, Cancel* cancel) override {
    ++stage_.asked;
    ToolCallResult out;
    out.sent = stage_.sent;
    const bool in_time = loop_.Now() + stage_.takes <= deadline.at();
    const bool whole = co_await loop_.Sleep(in_time ? stage_.takes : deadline.Left(loop_.Now()), cancel);
    if (!whole) {
      out.failure =
          provider::Failure{provider::Fault::kTransport, Fail(Code::kCancelled, "left", "cancelled")};
    } else if (!in_time) {
      out.failure =
          provider::Failure{provider::Fault::kTimeout, Fail(Code::kDeadline, "slow", "tool_timeout")};
    } else {
      out.failure = stage_.failure;
    }
    out.result.call_id = call.id;
    out.result.content.emplace_back(chat::Text{"seen", {}});
    co_return out;
  }

 private:
  Loop& loop_;
  Stage& stage_;
};

struct ToolPool : testing::Test {
  void SetUp() override {
    budget::PriceRow row;
    row.call = budget::Nanos{1'000'000};
    worker->name = "tools";
    worker->dialect = "tool";
    worker->prices = budget::PriceTable({row});
    worker->priced = true;
    worker->breaker.failures = 3;
    PoolDeps deps;
    deps.loop = &loop;
    deps.workers = {worker};
    deps.backend = [this](std::shared_ptr<const Worker>) {
      return std::make_unique<ScriptedTools>(loop, stage);
    };
    pool = CreatePool(std::move(deps));
  }
  static Task<void> Into(ToolPool* t, Deadline deadline, Cancel* cancel,
                         std::optional<Result<chat::ToolResult>>* out) {
    auto result = co_await t->pool->CallTool(*t->worker, t->call, &t->lease, deadline, cancel, &t->record);
    *out = std::move(result);
  }
  Result<chat::ToolResult> Call(Duration deadline = 1h, Cancel* cancel = nullptr) {
    std::optional<Result<chat::ToolResult>> out;
    record = {};
    Spawn(Into(this, Deadline(loop.Now() + deadline), cancel, &out));
    loop.Run();
    return std::move(*out);
  }

  SimLoop loop;
  ScriptedTools::Stage stage;
  std::shared_ptr<Worker> worker = std::make_shared<Worker>();
  std::unique_ptr<Pool> pool;
  chat::ToolCall call = CallOf("c1", "look");
  budget::Lease lease{budget::Ceiling{budget::Nanos{2'500'000}, std::nullopt, {}}};
  CallRecord record;
};

TEST_F(ToolPool, ACallCostsItsPriceAndLeavesARow) {
  auto result = Call();
  ASSERT_TRUE(result);
  EXPECT_EQ(result->call_id, "c1");
  EXPECT_EQ(lease.spent().v, 1'000'000);
  EXPECT_EQ(lease.outstanding(), 0);
  EXPECT_EQ(record.worker, "tools");
  EXPECT_EQ(record.outcome, "ok");
  EXPECT_EQ(record.why, "tool look");
  EXPECT_EQ(record.cost.v, 1'000'000);
  EXPECT_TRUE(record.priced);
}

TEST_F(ToolPool, ACallThatDoesNotFitTheLeaseIsNotMade) {
  ASSERT_TRUE(Call());
  ASSERT_TRUE(Call());
  auto third = Call();
  ASSERT_FALSE(third);
  EXPECT_EQ(third.error().code, Code::kOverBudget);
  EXPECT_EQ(stage.asked, 2);
  EXPECT_EQ(lease.spent().v, 2'000'000);
}

TEST_F(ToolPool, ACallIsNeverRepeatedAndCostsWhenItMayHaveRun) {
  stage.failure =
      provider::Failure{provider::Fault::kTransport, Fail(Code::kUnavailable, "died", "tool_server_died")};
  EXPECT_EQ(Call().error().reason, "tool_server_died");
  EXPECT_EQ(stage.asked, 1);
  EXPECT_EQ(lease.spent().v, 1'000'000);
  stage.sent = false;
  EXPECT_EQ(Call().error().reason, "tool_server_died");
  EXPECT_EQ(stage.asked, 2) << "not even one that never left";
  EXPECT_EQ(lease.spent().v, 1'000'000) << "which costs nothing";
}

TEST_F(ToolPool, AFailingServerOpensItsBreakerAndACallersMistakeDoesNot) {
  stage.sent = false;
  stage.failure =
      provider::Failure{provider::Fault::kClientRequest, Fail(Code::kInvalidRequest, "bad", "tool_refused")};
  for (int i = 0; i < 10; ++i) EXPECT_EQ(Call().error().reason, "tool_refused");
  EXPECT_EQ(pool->Status()[0].breaker, BreakerState::kClosed);
  stage.failure =
      provider::Failure{provider::Fault::kServer, Fail(Code::kUnavailable, "died", "tool_server_died")};
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(Call());
  EXPECT_EQ(pool->Status()[0].breaker, BreakerState::kOpen);
  const int asked = stage.asked;
  EXPECT_FALSE(Call());
  EXPECT_EQ(stage.asked, asked) << "an open breaker asks nobody";
}

TEST_F(ToolPool, ADeadlineAndALeavingCallerEndTheCall) {
  stage.takes = 10s;
  EXPECT_EQ(Call(1s).error().code, Code::kDeadline);
  Cancel cancel;
  loop.CallAt(loop.Now() + 1s, [&cancel] { cancel.Fire(Cancel::Why::kClientGone); });
  EXPECT_EQ(Call(1h, &cancel).error().code, Code::kCancelled);
  EXPECT_EQ(lease.outstanding(), 0);
  EXPECT_EQ(pool->Status()[0].breaker, BreakerState::kClosed);
}

Task<void> ListInto(Pool* pool, const Worker* worker, std::optional<Result<std::vector<chat::Tool>>>* out) {
  auto listed = co_await pool->Tools(*worker, nullptr);
  *out = std::move(listed);
}
TEST_F(ToolPool, ToolsAreListedThroughThePool) {
  std::optional<Result<std::vector<chat::Tool>>> out;
  Spawn(ListInto(pool.get(), worker.get(), &out));
  loop.Run();
  ASSERT_TRUE(out && *out);
  EXPECT_EQ((*out)->at(0).name, "look");
  const Worker stranger;
  out.reset();
  Spawn(ListInto(pool.get(), &stranger, &out));
  loop.Run();
  EXPECT_EQ(out->error().code, Code::kNotFound);
}

Task<void> ChatInto(Pool* pool, const CallSpec* spec, std::optional<CallOutcome>* out) {
  auto outcome = co_await pool->Chat(*spec, nullptr);
  out->emplace(std::move(outcome));
}
TEST_F(ToolPool, AChatWhoseToolMayHaveRunIsNotTriedAgain) {
  chat::Request request;
  request.messages.push_back(Says(chat::Role::kAssistant, call));
  stage.failure =
      provider::Failure{provider::Fault::kOverloaded, Fail(Code::kOverloaded, "busy", "tool_overloaded")};
  CallSpec spec;
  spec.request = &request;
  spec.candidates = {worker.get()};
  spec.retry.budget = 3;
  std::optional<CallOutcome> out;
  Spawn(ChatInto(pool.get(), &spec, &out));
  loop.Run();
  EXPECT_EQ(stage.asked, 1);
  stage.sent = false;
  Spawn(ChatInto(pool.get(), &spec, &out));
  loop.Run();
  EXPECT_GT(stage.asked, 2) << "one that surely did not run may be";
}

TEST(ToolAnswer, WhatCannotBeCarriedIsSaidAndNothingForeignGetsIntoTheJson) {
  ToolAnswer answer("m", 1, false);
  chat::ToolResult result;
  chat::Media image;
  image.data = "QUJD\"}";
  image.media_type = "image/png";
  result.content.emplace_back(image);
  chat::Media audio;
  audio.kind = chat::Media::Kind::kAudio;
  audio.data = "QUJDQUJD";
  audio.media_type = "audio/wav\n";
  result.content.emplace_back(audio);
  result.extra.emplace_back("structuredContent", chat::Json{"{\"a\":1}"});
  answer.Add(result);
  chat::ToolResult second;
  second.extra.emplace_back("structuredContent", chat::Json{"{\"b\":2}"});
  answer.Add(second);
  const chat::Response response = answer.Take();
  const chat::Message& message = response.choices.at(0).message;
  EXPECT_EQ(std::get<chat::Text>(message.parts.at(0)).text,
            "[image/png, about 3 bytes, which this form of answer cannot carry]\n\n"
            "[content of an unknown type, about 6 bytes, which this form of answer cannot carry]");
  ASSERT_EQ(message.extra.size(), 1u);
  EXPECT_EQ(message.extra[0].second.text, R"([{"a":1},{"b":2}])");
}

// The backend itself, with a server of ours behind a pipe.
struct Asked {
  std::string script;
  chat::Request request;
  std::optional<AttemptResult> result;
  int starts = 0;
  std::string streamed;
};

struct Keep : chat::Sink {
  explicit Keep(Asked* a) : asked(a) {}
  void Put(chat::Event e) override {
    asked->starts += e.kind == chat::Event::Kind::kStart;
    if (e.kind == chat::Event::Kind::kText) asked->streamed += e.text;
  }
  Task<Status> Flush() override { co_return Status(); }
  Asked* asked;
};

Task<void> AskBackend(net::IoLoop* loop, Asked* asked) {
  auto worker = std::make_shared<Worker>();
  worker->name = "tools";
  worker->dialect = "tool";
  worker->target.model = "tools";
  worker->command = {"/bin/sh", "-c", std::string(mcp::kPrelude) + asked->script};
  worker->environment.emplace_back("PATH", Secret("/usr/bin:/bin"));
  auto client = net::Client::Create(*loop, {});
  const auto backend = CreateToolBackend(worker, *loop, *client);
  Attempt attempt;
  attempt.request = &asked->request;
  attempt.deadline = Deadline(loop->Now() + 30s);
  Keep sink(asked);
  if (asked->request.stream) attempt.sink = &sink;
  auto result = co_await backend->Chat(attempt);
  asked->result.emplace(std::move(result));
}
AttemptResult Ask(Asked& asked) {
  net::RunBlocking([&asked](net::IoLoop& loop) { return AskBackend(&loop, &asked); });
  return std::move(*asked.result);
}

constexpr const char* kTwo =
    "hello 2025-06-18; read -r a; text 2 first; read -r b; "
    R"(echo '{"jsonrpc":"2.0","id":3,"result":{"content":[{"type":"text","text":"second"},{"type":"image","data":"QUJD","mimeType":"image/png"}],"structuredContent":{"n":2},"isError":true}}'; sleep 60)";

TEST(ToolBackend, AnswersWithTheResultsOfAllCallsInOrder) {
  Asked asked;
  asked.script = kTwo;
  chat::Message m = Says(chat::Role::kAssistant, CallOf("1", "a"));
  m.parts.emplace_back(CallOf("2", "b"));
  asked.request.messages.push_back(m);
  const AttemptResult r = Ask(asked);
  ASSERT_FALSE(r.failure) << r.failure->error.message;
  ASSERT_EQ(r.response.choices.size(), 1u);
  const chat::Message& answer = r.response.choices[0].message;
  EXPECT_EQ(std::get<chat::Text>(answer.parts.at(0)).text, "first\n\nerror: second");
  EXPECT_EQ(std::get<chat::Media>(answer.parts.at(1)).data, "QUJD");
  ASSERT_EQ(answer.extra.size(), 2u);
  EXPECT_EQ(answer.extra[0].first, "images");
  EXPECT_EQ(answer.extra[0].second.text,
            R"([{"type":"image_url","image_url":{"url":"data:image/png;base64,QUJD"}}])");
  EXPECT_EQ(answer.extra[1].second.text, R"({"n":2})");
  EXPECT_EQ(r.billable, 2);
  EXPECT_TRUE(r.response.usage.known);
}

TEST(ToolBackend, AStreamGetsTheSameAtOnce) {
  Asked asked;
  asked.script = "hello 2025-06-18; read -r a; text 2 streamed; sleep 60";
  asked.request.stream = true;
  asked.request.messages.push_back(Says(chat::Role::kAssistant, CallOf("1", "a")));
  const AttemptResult r = Ask(asked);
  EXPECT_FALSE(r.failure);
  EXPECT_EQ(asked.starts, 1);
  EXPECT_EQ(asked.streamed, "streamed");
}

TEST(ToolBackend, ARequestWithoutAToolCallIsRefusedInWordsAndStartsNothing) {
  Asked asked;
  asked.script = "exit 1";
  asked.request.messages.push_back(Says(chat::Role::kUser, chat::Text{"hello", {}}));
  const AttemptResult r = Ask(asked);
  ASSERT_TRUE(r.failure);
  EXPECT_EQ(r.failure->error.code, Code::kInvalidRequest);
  EXPECT_EQ(r.failure->error.reason, "no_tool_call");
  EXPECT_EQ(r.failure->fault, provider::Fault::kClientRequest);
  EXPECT_FALSE(r.sent);
}

TEST(ToolBackend, AServerThatDiesIsItsOwnFault) {
  Asked asked;
  asked.script = "hello 2025-06-18; read -r a; exit 1";
  asked.request.messages.push_back(Says(chat::Role::kAssistant, CallOf("1", "a")));
  const AttemptResult r = Ask(asked);
  ASSERT_TRUE(r.failure);
  EXPECT_EQ(r.failure->fault, provider::Fault::kServer);
  EXPECT_TRUE(r.acted);
}

}  // namespace
}  // namespace baton::pool
