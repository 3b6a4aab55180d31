#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "chat/assemble.h"
#include "provider/dialect.h"

namespace baton::provider {
namespace {

using chat::Event;
using Kind = Event::Kind;
using J = nlohmann::json;

const WorkerCodec& Worker() {
  return *FindWorkerCodec("openai");
}
const ClientCodec& Client() {
  return *FindClientCodec("openai");
}

struct Decoded {
  std::vector<Event> events;
  Status fed, finished;
  bool complete = false;
  chat::Response whole;
};

Decoded Decode(std::string_view body, std::size_t slice = 0) {
  Decoded d;
  auto decoder = Worker().NewStreamDecoder();
  if (slice == 0) slice = body.size() + 1;
  for (std::size_t i = 0; i < body.size() && d.fed; i += slice)
    d.fed = decoder->Feed(body.substr(i, slice), &d.events);
  d.finished = decoder->Finish(&d.events);
  d.complete = decoder->complete();
  chat::Assembler assembler;
  for (const auto& e : d.events) assembler.Add(e);
  d.whole = assembler.Take();
  return d;
}

std::string Encode(const std::vector<Event>& events, ReplyShape shape) {
  auto encoder = Client().NewStreamEncoder(std::move(shape));
  std::string out;
  for (const auto& e : events) encoder->Event(e, &out);
  encoder->Finish(&out);
  return out;
}

std::string Chunk(const std::string& delta, const std::string& finish = "null",
                  const std::string& more = "") {
  return "data: "
         "{\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":5,\"model\":\"g\",\"choices\":[{"
         "\"index\":0,"
         "\"delta\":" +
         delta + ",\"logprobs\":null,\"finish_reason\":" + finish + "}]" + more + "}\n\n";
}

const std::string kDone = "data: [DONE]\n\n";

std::string TextStream() {
  return Chunk(R"({"role":"assistant","content":"","refusal":null})", "null", ",\"usage\":null") +
         Chunk(R"({"content":"Grüße "})", "null", ",\"usage\":null") + ": keep-alive\n\n" +
         Chunk(R"({"content":"🌍"})", "null", ",\"usage\":null") +
         Chunk("{}", "\"stop\"", ",\"usage\":null") +
         "data: "
         "{\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":5,\"model\":\"g\",\"choices\":[],"
         "\"usage\":"
         "{\"prompt_tokens\":3,\"completion_tokens\":4,\"total_tokens\":7}}\n\n" +
         kDone;
}

TEST(OpenAiStream, AnySlicingGivesTheSameEventsAndBytes) {
  const std::string body = TextStream();
  for (std::size_t slice = 1; slice < 40; ++slice) {
    auto d = Decode(body, slice);
    ASSERT_TRUE(d.fed && d.finished) << slice;
    EXPECT_EQ(chat::TextOf(d.whole.choices.at(0).message), "Grüße 🌍");
    EXPECT_EQ(d.whole.usage.output, 4);
    std::string raw;
    for (const auto& e : d.events) raw += e.raw;
    EXPECT_EQ(raw, body);
  }
}

TEST(OpenAiStream, PassThroughIsByteExact) {
  const std::string body = TextStream();
  ReplyShape shape;
  shape.passthrough = true;
  EXPECT_EQ(Encode(Decode(body, 7).events, shape), body);
}

TEST(OpenAiStream, PassThroughTakesOutTheUsageWeAskedFor) {
  ReplyShape shape;
  shape.passthrough = shape.injected_usage = true;
  const std::string want = Chunk(R"({"role":"assistant","content":"","refusal":null})") +
                           Chunk(R"({"content":"Grüße "})") + ": keep-alive\n\n" +
                           Chunk(R"({"content":"🌍"})") + Chunk("{}", "\"stop\"") + kDone;
  EXPECT_EQ(Encode(Decode(TextStream(), 5).events, shape), want);
}

TEST(OpenAiStream, PassThroughKeepsTheWordUsageInTheText) {
  ReplyShape shape;
  shape.passthrough = shape.injected_usage = true;
  const std::string body =
      Chunk(R"({"content":"\"usage\":null, {\"usage\":null}"})", "null", " , \"usage\" : null ") + kDone;
  auto decoder = Worker().NewStreamDecoder();
  std::vector<Event> events;
  ASSERT_TRUE(decoder->Feed(body, &events));
  EXPECT_EQ(Encode(events, shape),
            Chunk(R"({"content":"\"usage\":null, {\"usage\":null}"})", "null", "  ") + kDone);
}

TEST(OpenAiStream, EncodesFromEventsAsOpenAiDoes) {
  ReplyShape shape;
  shape.id = "fallback";
  shape.include_usage = true;
  const std::string out = Encode(Decode(TextStream()).events, shape);
  auto again = Decode(out);
  ASSERT_TRUE(again.finished);
  EXPECT_EQ(chat::TextOf(again.whole.choices.at(0).message), "Grüße 🌍");
  EXPECT_EQ(again.whole.id, "c");
  EXPECT_EQ(again.whole.usage.input, 3);
  // role first and alone, finish_reason in its own chunk, usage null but in the last, [DONE] at the end
  std::vector<J> chunks;
  std::size_t at = 0;
  while ((at = out.find("data: {", at)) != std::string::npos) {
    const auto end = out.find("\n\n", at);
    chunks.push_back(J::parse(out.substr(at + 6, end - at - 6)));
    at = end;
  }
  ASSERT_EQ(chunks.size(), 5u);
  EXPECT_EQ(chunks[0]["choices"][0]["delta"]["role"], "assistant");
  EXPECT_FALSE(chunks[1]["choices"][0]["delta"].contains("role"));
  EXPECT_EQ(chunks[3]["choices"][0]["delta"], J::object());
  EXPECT_EQ(chunks[3]["choices"][0]["finish_reason"], "stop");
  EXPECT_TRUE(chunks[0]["usage"].is_null());
  EXPECT_EQ(chunks[4]["choices"], J::array());
  EXPECT_EQ(chunks[4]["usage"]["total_tokens"], 7);
  EXPECT_TRUE(out.ends_with(kDone));
}

const chat::ToolCall& CallAt(const chat::Response& r, std::size_t i) {
  return std::get<chat::ToolCall>(r.choices.at(0).message.parts.at(i));
}

TEST(OpenAiStream, ParallelToolCallsKeepTheirArgumentsByteForByte) {
  const std::string body =
      Chunk(
          R"({"role":"assistant","content":null,"tool_calls":[{"index":0,"id":"a","type":"function","function":{"name":"f","arguments":""}}]})") +
      Chunk(R"({"tool_calls":[{"index":0,"function":{"arguments":"{ \"x\""}}]})") +
      Chunk(
          R"({"tool_calls":[{"index":1,"id":"b","type":"function","function":{"name":"g","arguments":""}}]})") +
      Chunk(
          R"({"tool_calls":[{"index":1,"function":{"arguments":"{}"}},{"index":0,"function":{"arguments":": \"\\u00e9\" }"}}]})") +
      Chunk("{}", "\"tool_calls\"") + kDone;
  auto d = Decode(body, 3);
  ASSERT_TRUE(d.finished);
  EXPECT_EQ(CallAt(d.whole, 0).arguments, "{ \"x\": \"\\u00e9\" }");
  EXPECT_EQ(CallAt(d.whole, 1).id, "b");
  EXPECT_EQ(CallAt(d.whole, 1).arguments, "{}");
  auto again = Decode(Encode(d.events, {}));
  EXPECT_EQ(again.whole.choices[0].message, d.whole.choices[0].message);
}

TEST(OpenAiStream, SortsOutWhatServersMakeOfToolCalls) {
  // index missing; index 0 for all, whole calls; id repeated on each fragment; no id at all
  auto missing =
      Decode(Chunk(R"({"tool_calls":[{"id":"a","function":{"name":"f","arguments":"{"}}]})") +
             Chunk(R"({"tool_calls":[{"function":{"arguments":"}"}}]})") +
             Chunk(R"({"tool_calls":[{"id":"b","function":{"name":"f","arguments":"{}"}}]})") + kDone);
  EXPECT_EQ(CallAt(missing.whole, 0).arguments, "{}");
  EXPECT_EQ(CallAt(missing.whole, 1).id, "b");
  auto zeros = Decode(
      Chunk(R"({"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}}]})") +
      Chunk(R"({"tool_calls":[{"index":0,"id":"b","function":{"name":"g","arguments":"{\"k\":1}"}}]})") +
      kDone);
  EXPECT_EQ(CallAt(zeros.whole, 0).arguments, "{}");
  EXPECT_EQ(CallAt(zeros.whole, 1).name, "g");
  auto repeated = Decode(
      Chunk(
          R"({"tool_calls":[{"index":0,"id":"a","type":"function","function":{"name":"f","arguments":"{"}}]})") +
      Chunk(
          R"({"tool_calls":[{"index":0,"id":"a","type":"function","function":{"name":"f","arguments":"}"}}]})") +
      kDone);
  EXPECT_EQ(repeated.whole.choices[0].message.parts.size(), 1u);
  EXPECT_EQ(CallAt(repeated.whole, 0).arguments, "{}");
  auto anonymous =
      Decode(Chunk(R"({"tool_calls":[{"index":0,"function":{"name":"f","arguments":"{}"}}]})") + kDone);
  EXPECT_TRUE(CallAt(anonymous.whole, 0).id.starts_with("call_"));
  EXPECT_EQ(
      CallAt(anonymous.whole, 0).id,
      CallAt(Decode(Chunk(R"({"tool_calls":[{"index":0,"function":{"name":"f","arguments":"{}"}}]})") + kDone)
                 .whole,
             0)
          .id);
}

TEST(OpenAiStream, AStreamWithoutItsEndIsTruncated) {
  auto d = Decode(Chunk(R"({"content":"half"})"));
  ASSERT_FALSE(d.finished);
  EXPECT_EQ(d.finished.error().reason, "stream_truncated");
  EXPECT_EQ(d.finished.error().code, Code::kBadUpstream);
  auto cut = Decode(Chunk("{\"content\":\"x\"}") + "data: {\"id\":\"c\",\"cho");
  EXPECT_FALSE(cut.finished);
}

TEST(OpenAiStream, AMissingDoneAfterTheFinishReasonIsFine) {
  auto d = Decode(Chunk(R"({"content":"all"})") + Chunk("{}", "\"stop\""));
  EXPECT_TRUE(d.complete);
  EXPECT_TRUE(d.finished);
  ReplyShape shape;
  shape.passthrough = true;
  EXPECT_TRUE(Encode(d.events, shape).ends_with(kDone)) << "the client still gets its terminator";
}

TEST(OpenAiStream, InBandErrorsComeBackAsErrors) {
  auto d = Decode(Chunk(R"({"content":"a"})") +
                  "data: {\"error\":{\"message\":\"Overloaded\",\"type\":\"overloaded_error\"}}\n\n");
  ASSERT_FALSE(d.fed);
  EXPECT_EQ(d.fed.error().code, Code::kUnavailable);
  EXPECT_EQ(chat::TextOf(d.whole.choices[0].message), "a") << "what came before is kept";
}

TEST(OpenAiStream, GarbageIsMalformed) {
  auto d = Decode("data: <html>\n\n");
  ASSERT_FALSE(d.fed);
  EXPECT_EQ(d.fed.error().reason, "malformed_stream");
}

TEST(OpenAiStream, CrLfNoSpaceAndAzuresFirstChunk) {
  const std::string body =
      "data:{\"choices\":[],\"created\":0,\"id\":\"\",\"model\":\"\",\"object\":\"\",\"prompt_filter_"
      "results\":[]}\r\n\r\n"
      "data:{\"id\":\"z\",\"model\":\"g\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"ok\"},\"finish_"
      "reason\":\"stop\"}],"
      "\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":1}}\r\n\r\n";
  auto d = Decode(body, 2);
  ASSERT_TRUE(d.finished);
  EXPECT_EQ(d.whole.id, "z");
  EXPECT_EQ(d.whole.usage.input, 1);
  EXPECT_EQ(chat::TextOf(d.whole.choices[0].message), "ok");
}

TEST(OpenAiStream, ReasoningUnderItsThreeNames) {
  for (
      const char* delta :
      {R"({"reasoning_content":"think"})", R"({"reasoning":"think"})",
       R"({"reasoning":"think","reasoning_details":[{"type":"reasoning.text","text":"think","signature":"sig","format":"f","index":0}]})"}) {
    auto d = Decode(Chunk(delta) + Chunk(R"({"content":"answer"})", "\"stop\"") + kDone);
    const auto& r = std::get<chat::Reasoning>(d.whole.choices[0].message.parts.at(0));
    EXPECT_EQ(r.text, "think") << delta;
  }
}

// A chunk like the last one is not parsed; white space in front of each chunk keeps the decoder from
// noticing.
TEST(OpenAiStream, ChunksThatDifferInTextOnlyReadAsIfParsed) {
  const std::vector<std::string> pieces = {
      "Hello",   " world",    "",      "é",     "世界",
      R"(a\"b)", R"(\u0041)", R"(\n)", "plain", R"(","finish_reason":"stop)",
      "x",       "\x01",      "\xff",  "{",     "\\"};
  for (std::size_t last = 1; last <= pieces.size(); ++last) {
    std::string alike = Chunk(R"({"role":"assistant","content":""})"), parsed = alike;
    // The last piece is also the end of a stream that was fine up to there: some break it.
    for (std::size_t i = 0; i < last; ++i) {
      if (i + 1 < last && i >= 11) continue;
      const std::string chunk = Chunk("{\"content\":\"" + pieces[i] + "\"}");
      alike += chunk;
      parsed += "data:  " + chunk.substr(6);
    }
    alike += Chunk("{}", "\"stop\"") + kDone;
    parsed += Chunk("{}", "\"stop\"") + kDone;
    const Decoded a = Decode(alike), b = Decode(parsed);
    EXPECT_EQ(a.fed.has_value(), b.fed.has_value()) << pieces[last - 1];
    ASSERT_EQ(a.events.size(), b.events.size()) << pieces[last - 1];
    for (std::size_t i = 0; i < a.events.size(); ++i) {
      EXPECT_EQ(a.events[i].kind, b.events[i].kind) << i << " of " << last;
      EXPECT_EQ(a.events[i].text, b.events[i].text) << i << " of " << last;
      EXPECT_EQ(a.events[i].choice, b.events[i].choice);
    }
  }
}

// Two texts in one chunk, or a call beside it, are more than a piece of text.
TEST(OpenAiStream, ChunkThatSaysMoreThanTextIsNoPattern) {
  const std::string both =
      R"({"content":"A","tool_calls":[{"index":0,"id":"t","function":{"name":"f","arguments":""}}]})";
  const std::string stream = Chunk(R"({"role":"assistant","content":""})") + Chunk(both) +
                             Chunk(R"({"content":"B"})") + Chunk(R"({"content":"C","refusal":"no"})") +
                             Chunk("{}", "\"stop\"") + kDone;
  const Decoded d = Decode(stream);
  ASSERT_TRUE(d.finished);
  EXPECT_EQ(chat::TextOf(d.whole.choices.at(0).message), "ABC");
}

TEST(OpenAiStream, NullUsageIsTakenOutWhereverItStands) {
  ReplyShape shape;
  shape.passthrough = shape.injected_usage = true;
  const auto pass = [&](std::string body) {
    Event e;
    e.raw = "data: " + body + "\n\n";
    auto encoder = Client().NewStreamEncoder(shape);
    std::string out;
    encoder->Event(e, &out);
    return out;
  };
  EXPECT_EQ(pass(R"({"a":1,"usage":null})"), "data: {\"a\":1}\n\n");
  EXPECT_EQ(pass(R"({"usage":null,"a":1})"), "data: {\"a\":1}\n\n");
  EXPECT_EQ(pass(R"({"a":1, "usage" : null })"), "data: {\"a\":1 }\n\n");
  EXPECT_EQ(pass(R"({"a":{"b":1,"usage":null}})"), "data: {\"a\":{\"b\":1,\"usage\":null}}\n\n");
  EXPECT_EQ(pass(R"({"a":"\",\"usage\":null}","usage":{}})"),
            "data: {\"a\":\"\\\",\\\"usage\\\":null}\",\"usage\":{}}\n\n");
}

}  // namespace
}  // namespace baton::provider
