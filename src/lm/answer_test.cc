#include "lm/answer.h"

#include <gtest/gtest.h>

#include "chat/assemble.h"
#include "lm/tool_tags.h"

namespace baton::lm {
namespace {

chat::Message Read(std::string_view text, std::size_t step) {
  auto answer = NewTaggedAnswer(CallIds{"call_x_"});
  std::vector<chat::Event> events;
  for (std::size_t i = 0; i < text.size(); i += step) answer->Text(text.substr(i, step), &events);
  answer->End(&events);
  chat::Assembler a;
  for (const auto& e : events) a.Add(e);
  chat::Response r = a.Take();
  return r.choices.empty() ? chat::Message{} : r.choices[0].message;
}

TEST(TaggedAnswer, CallsComeOutByteForByteHoweverTheTextIsCut) {
  const std::string arguments = R"({"a": "}</tool_call>\"{", "b": [1, {"c": null}]})";
  const std::string text =
      "Let me see. <tool_call>{\"name\": \"f\\u0031\", \"arguments\": " + arguments + "}</tool_call>";
  for (std::size_t step = 1; step <= text.size(); ++step) {
    chat::Message m = Read(text, step);
    ASSERT_EQ(m.parts.size(), 2u) << step;
    EXPECT_EQ(std::get<chat::Text>(m.parts[0]).text, "Let me see. ");
    const auto& call = std::get<chat::ToolCall>(m.parts[1]);
    EXPECT_EQ(call.name, "f1");
    EXPECT_EQ(call.arguments, arguments);
    EXPECT_EQ(call.id, "call_x_0");
  }
}

TEST(TaggedAnswer, SeveralCallsKeepTheirOrder) {
  chat::Message m = Read(
      "<tool_call>{\"name\":\"a\",\"arguments\":{}}</"
      "tool_call>\n<tool_call>{\"name\":\"b\",\"arguments\":[1]}"
      "</tool_call>\n",
      4);
  ASSERT_EQ(m.parts.size(), 2u);
  EXPECT_EQ(std::get<chat::ToolCall>(m.parts[0]).name, "a");
  EXPECT_EQ(std::get<chat::ToolCall>(m.parts[1]).arguments, "[1]");
  EXPECT_NE(std::get<chat::ToolCall>(m.parts[0]).id, std::get<chat::ToolCall>(m.parts[1]).id);
}

TEST(TaggedAnswer, TextThatOnlyLooksLikeATagIsText) {
  for (const char* text :
       {"a < b and <tool", "<tool_calls>no</tool_calls>", "<tool_call>never finished", "plain"}) {
    chat::Message m = Read(text, 2);
    ASSERT_EQ(m.parts.size(), 1u) << text;
    EXPECT_EQ(std::get<chat::Text>(m.parts[0]).text, text);
  }
}

TEST(ToolTags, TheGrammarOfAToolThatIsNotThereIsRefused) {
  chat::Request r;
  chat::Tool tool;
  tool.name = "f";
  r.tools = {tool};
  r.tool_choice.kind = chat::ToolChoice::Kind::kNamed;
  r.tool_choice.name = "g";
  EXPECT_EQ(ToolGrammar(r).error().param, "tool_choice");
  r.tool_choice.name = "f";
  auto spec = ToolGrammar(r);
  ASSERT_TRUE(spec) << spec.error().message;
  EXPECT_FALSE(spec->lazy);
  r.tool_choice = {};
  EXPECT_TRUE(ToolGrammar(r)->lazy);
}

}  // namespace
}  // namespace baton::lm
