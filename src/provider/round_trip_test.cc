// Sends conversations around: client dialect -> neutral -> worker dialect -> neutral -> back. What comes back
// must be what was sent, except where a loss was declared.
#include <gtest/gtest.h>

#include <random>

#include "provider/json_reader.h"
#include "provider/test_conversation.h"
#include "provider/test_support.h"

namespace baton::provider {
namespace {

using chat::Dialect;
using chat::Message;
using chat::Part;
using chat::Reasoning;
using chat::Request;
using chat::Role;
using chat::ToolCall;
using chat::ToolResult;

// What the dialects agree on: form (plain or parts) and how results are grouped are not compared.
std::vector<Message> Comparable(const std::vector<Message>& messages, bool with_reasoning) {
  std::vector<Message> out;
  for (Message m : messages) {
    m.plain = false;
    for (auto& part : m.parts) {
      if (auto* result = std::get_if<ToolResult>(&part)) result->name.clear();
      if (auto* call = std::get_if<ToolCall>(&part); call && !with_reasoning) {
        call->signature.clear();
        call->signature_origin = Dialect::kNone;
      }
    }
    if (!with_reasoning)
      std::erase_if(m.parts, [](const Part& p) { return std::holds_alternative<Reasoning>(p); });
    if (m.role == Role::kTool && !out.empty() && out.back().role == Role::kTool) {
      for (auto& part : m.parts) out.back().parts.push_back(std::move(part));
    } else {
      out.push_back(std::move(m));
    }
  }
  return out;
}

Request Through(const Request& r, std::string_view name, std::vector<Loss>* losses) {
  auto e = FindWorkerCodec(name)->EncodeChat(r, test::Able("m"));
  EXPECT_TRUE(e) << name << ": " << (e ? "" : e.error().message);
  if (!e) return r;
  EXPECT_TRUE(IsJsonObject(e->body)) << e->body;
  *losses = e->losses;
  auto back = FindClientCodec(name)->DecodeChat(e->body, "m", false);
  EXPECT_TRUE(back) << name << ": " << (back ? "" : back.error().message) << "\n" << e->body;
  return back ? std::move(*back) : r;
}

bool Lost(const std::vector<Loss>& losses, std::string_view param) {
  for (const auto& loss : losses) {
    if (loss.param == param && loss.how == Loss::How::kDropped) return true;
  }
  return false;
}

TEST(RoundTrip, ConversationsSurviveEveryDialectButForDeclaredLosses) {
  for (unsigned seed = 0; seed < 300; ++seed) {
    for (const Dialect origin : {Dialect::kOpenAi, Dialect::kAnthropic, Dialect::kGemini}) {
      test::ConversationMaker make{std::mt19937(seed), origin};
      const Request sent = make.Conversation();
      for (const auto name : DialectNames()) {
        std::vector<Loss> losses;
        const Request back = Through(sent, name, &losses);
        const bool own = FindWorkerCodec(name)->dialect() == origin;
        const bool kept =
            !Lost(losses, "messages.reasoning") && !Lost(losses, "messages.tool_calls.signature");
        if (own) {
          EXPECT_TRUE(kept) << name << " lost its own signatures, seed " << seed;
        }
        EXPECT_EQ(Comparable(back.messages, kept), Comparable(sent.messages, kept))
            << name << " seed " << seed;
        ASSERT_EQ(back.tools.size(), sent.tools.size());
        EXPECT_EQ(back.tools[0].parameters, sent.tools[0].parameters);
        EXPECT_EQ(back.response_format.schema, sent.response_format.schema) << name;
        if (::testing::Test::HasFailure()) return;
      }
    }
  }
}

TEST(RoundTrip, AToTheOtherAndBackAgain) {
  const auto names = DialectNames();
  for (unsigned seed = 0; seed < 150; ++seed) {
    test::ConversationMaker make{std::mt19937(1000 + seed), Dialect::kNone};
    Request sent = make.Conversation();
    for (auto& m : sent.messages) {
      std::erase_if(m.parts, [](const Part& p) { return std::holds_alternative<Reasoning>(p); });
    }
    for (const auto a : names) {
      for (const auto b : names) {
        std::vector<Loss> losses;
        Request at_b = Through(Through(sent, a, &losses), b, &losses);
        const Request again = Through(at_b, a, &losses);
        EXPECT_EQ(Comparable(again.messages, false), Comparable(sent.messages, false))
            << a << b << " seed " << seed;
        if (::testing::Test::HasFailure()) return;
      }
    }
  }
}

// An answer with everything in it, as a worker of `origin` would give it.
chat::Response Answer(Dialect origin) {
  chat::Response r;
  r.id = "id1";
  r.model = "m";
  r.raw_dialect = origin;
  r.usage.known = true;
  r.usage.input = 100;
  r.usage.cached_input = 40;
  r.usage.output = 30;
  r.usage.reasoning = 10;
  auto& c = r.choices.emplace_back();
  c.finish = chat::Finish::kToolCalls;
  c.message.role = Role::kAssistant;
  c.message.parts.emplace_back(Reasoning{"thinking hard", "c2ln", {}, origin, {}});
  if (origin == Dialect::kAnthropic)
    c.message.parts.emplace_back(Reasoning{{}, {}, "cmVkYWN0ZWQ=", origin, {}});
  c.message.parts.emplace_back(chat::Text{"I will look", {}});
  for (const char* id : {"call_1", "call_2"}) {
    ToolCall call;
    call.id = id;
    call.name = "f";
    call.arguments = "{ \"a\" : \"\\u00e9\" }";
    if (origin == Dialect::kGemini && call.id == "call_1") {
      call.signature = "Z2Vt";
      call.signature_origin = origin;
    }
    c.message.parts.emplace_back(call);
  }
  return r;
}

std::vector<Part> Parts(const chat::Response& r) {
  return r.choices.at(0).message.parts;
}

TEST(RoundTrip, WorkersAnswersAreReadBackFromTheirMirror) {
  for (const auto name : DialectNames()) {
    const auto& worker = *FindWorkerCodec(name);
    const auto answer = Answer(worker.dialect());
    auto back = worker.DecodeChat(FindClientCodec(name)->EncodeChat(answer, {}));
    ASSERT_TRUE(back) << name << back.error().message;
    EXPECT_EQ(Parts(*back), Parts(answer)) << name;
    EXPECT_EQ(back->usage.input, 100) << name;
    EXPECT_EQ(back->usage.cached_input, 40) << name;
    EXPECT_EQ(back->usage.output, 30) << name;
    EXPECT_EQ(back->usage.reasoning, 10) << name;
    EXPECT_EQ(back->choices[0].finish, chat::Finish::kToolCalls) << name;
  }
}

// The answer as a stream of its mirror, decoded.
test::Streamed AsStream(std::string_view name, const chat::Response& answer, std::size_t slice) {
  std::vector<chat::Event> events;
  const auto add = [&](chat::Event::Kind kind) -> chat::Event& {
    auto& e = events.emplace_back();
    e.kind = kind;
    e.dialect = answer.raw_dialect;
    return e;
  };
  using Kind = chat::Event::Kind;
  auto& start = add(Kind::kStart);
  start.id = answer.id;
  start.model = answer.model;
  std::int64_t block = 0, calls = 0;
  for (const auto& part : Parts(answer)) {
    if (const auto* r = std::get_if<Reasoning>(&part)) {
      if (!r->text.empty()) {
        auto& e = add(Kind::kReasoning);
        e.text = r->text;
        e.index = block;
      }
      auto& s = add(Kind::kReasoningSignature);
      s.text = r->signature;
      s.encrypted = r->encrypted;
      s.index = block++;
    } else if (const auto* t = std::get_if<chat::Text>(&part)) {
      add(Kind::kText).text = t->text.substr(0, 3);
      add(Kind::kText).text = t->text.substr(3);
    } else if (const auto* call = std::get_if<ToolCall>(&part)) {
      auto& e = add(Kind::kToolCall);
      e.index = calls;
      e.tool = *call;
      e.tool.arguments.clear();
      for (const std::size_t at : {0u, 5u}) {
        auto& a = add(Kind::kToolArguments);
        a.index = calls;
        a.text = at == 0 ? call->arguments.substr(0, 5) : call->arguments.substr(5);
      }
      ++calls;
    }
  }
  add(Kind::kFinish).finish = answer.choices[0].finish;
  add(Kind::kUsage).usage = answer.usage;
  ReplyShape shape;
  shape.include_usage = true;
  return test::DecodeStream(*FindWorkerCodec(name), test::EncodeStream(*FindClientCodec(name), events, shape),
                            slice);
}

TEST(RoundTrip, StreamsGiveWhatTheWholeAnswerGives) {
  for (const auto name : DialectNames()) {
    const auto answer = Answer(FindWorkerCodec(name)->dialect());
    for (const std::size_t slice : {0u, 1u, 3u, 17u}) {
      const auto s = AsStream(name, answer, slice);
      ASSERT_TRUE(s.fed && s.finished) << name;
      EXPECT_EQ(Parts(s.whole), Parts(answer)) << name << " slice " << slice;
      EXPECT_EQ(s.whole.usage.input, 100) << name;
      EXPECT_EQ(s.whole.usage.reasoning, 10) << name;
      EXPECT_EQ(s.whole.choices[0].finish, chat::Finish::kToolCalls) << name;
    }
  }
}

// The next turn of an OpenAI client that sends back what it got.
Request NextTurn(const std::string& message, Dialect) {
  const std::string body =
      R"({"model":"m","messages":[{"role":"user","content":"hi"},)" + message +
      R"(,{"role":"tool","tool_call_id":"call_1","content":"1"},{"role":"tool","tool_call_id":"call_2","content":"2"}]})";
  auto r = FindClientCodec("openai")->DecodeChat(body, "", false);
  EXPECT_TRUE(r) << (r ? "" : r.error().message) << body;
  return r ? std::move(*r) : Request{};
}

TEST(RoundTrip, SignedReasoningGoesThroughAnOpenAiClientUnchanged) {
  for (const std::string name : {"anthropic", "gemini"}) {
    const Dialect origin = FindWorkerCodec(name)->dialect();
    const auto answer = Answer(origin);
    const std::string shown = FindClientCodec("openai")->EncodeChat(answer, {});
    const auto doc = JsonDoc::Parse(shown);
    const auto message = (*doc->root()["choices"].items().begin())["message"];
    const Request next = NextTurn(std::string(message.raw()), origin);
    EXPECT_EQ(next.messages.at(1).parts, Parts(answer)) << name << shown;
    auto sent = FindWorkerCodec(name)->EncodeChat(next, test::Able("m"));
    ASSERT_TRUE(sent);
    EXPECT_FALSE(Lost(sent->losses, "messages.reasoning")) << LossHeader(sent->losses);
    EXPECT_NE(sent->body.find("c2ln"), std::string::npos);
    // Towards anybody else the signature is declared lost and does not leave.
    for (const auto other : DialectNames()) {
      if (other == name) continue;
      auto elsewhere = FindWorkerCodec(other)->EncodeChat(next, test::Able("m"));
      ASSERT_TRUE(elsewhere) << elsewhere.error().message;
      EXPECT_TRUE(Lost(elsewhere->losses, "messages.reasoning")) << other;
      EXPECT_EQ(elsewhere->body.find("c2ln"), std::string::npos) << other;
      EXPECT_FALSE(elsewhere->passthrough);
    }
  }
}

TEST(RoundTrip, SignedReasoningStreamsToAnOpenAiClientUnchanged) {
  for (const std::string name : {"anthropic", "gemini"}) {
    const auto answer = Answer(FindWorkerCodec(name)->dialect());
    const auto upstream = AsStream(name, answer, 5);
    const std::string shown = test::EncodeStream(*FindClientCodec("openai"), upstream.events, {});
    const auto client = test::DecodeStream(*FindWorkerCodec("openai"), shown);  // what a client would collect
    const std::string message_of = FindClientCodec("openai")->EncodeChat(client.whole, {});
    ASSERT_TRUE(client.finished);
    EXPECT_NE(message_of.find("c2ln"), std::string::npos) << shown;
    EXPECT_NE(shown.find("\"format\":\"" + name + "\""), std::string::npos) << shown;
  }
}

TEST(RoundTrip, TakesThinkingBlocksInTheFormLiteLlmSends) {
  auto r = FindClientCodec("openai")->DecodeChat(
      R"({"model":"m","messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b","thinking_blocks":[
      {"type":"thinking","thinking":"t","signature":"s"},{"type":"redacted_thinking","data":"d"}]},{"role":"user","content":"c"}]})",
      "", false);
  ASSERT_TRUE(r) << r.error().message;
  auto e = FindWorkerCodec("anthropic")->EncodeChat(*r, test::Able("m"));
  ASSERT_TRUE(e);
  EXPECT_NE(
      e->body.find(
          R"({"type":"thinking","thinking":"t","signature":"s"},{"type":"redacted_thinking","data":"d"})"),
      std::string::npos)
      << e->body;
}

}  // namespace
}  // namespace baton::provider
