#include "mcp/reply.h"

#include <gtest/gtest.h>

#include "mcp/message.h"

namespace baton::mcp {
namespace {

TEST(McpMessage, KindsAreToldApart) {
  EXPECT_EQ(ReadMessage(R"({"jsonrpc":"2.0","id":1,"result":{"a":1}})")->kind, Message::Kind::kReply);
  EXPECT_EQ(ReadMessage(R"({"jsonrpc":"2.0","id":1,"result":{"a":1}})")->payload, R"({"a":1})");
  EXPECT_EQ(ReadMessage(R"({"jsonrpc":"2.0","id":1,"error":{"code":1}})")->kind, Message::Kind::kErrorReply);
  const auto request = ReadMessage(R"({"jsonrpc":"2.0","id":"x\"1","method":"ping"})");
  EXPECT_EQ(request->kind, Message::Kind::kRequest);
  EXPECT_EQ(MakeReply(request->request_id, "{}"), R"({"jsonrpc":"2.0","id":"x\"1","result":{}})");
  EXPECT_EQ(ReadMessage(R"({"jsonrpc":"2.0","method":"m","params":{}})")->kind, Message::Kind::kNotification);
}

TEST(McpMessage, WhatIsNoMessageIsRefused) {
  for (const char* text : {"", "null", "7", "[]", "{}", "{", R"({"jsonrpc":"1.0","id":1,"result":{}})",
                           R"({"jsonrpc":"2.0","id":1})", R"({"jsonrpc":"2.0","method":7})",
                           R"({"jsonrpc":"2.0","id":1,"result":{},"error":{}})", "\xff\xfe"}) {
    EXPECT_FALSE(ReadMessage(text)) << text;
  }
  // Deep nesting must not end us.
  EXPECT_FALSE(ReadMessage(std::string(8'000'000, '[')));
  const auto nested = [](int levels) {
    return R"({"jsonrpc":"2.0","id":1,"result":)" + std::string(levels, '[') + R"("]\"[[")" +
           std::string(levels, ']') + "}";
  };
  EXPECT_TRUE(ReadMessage(nested(99)));
  EXPECT_FALSE(ReadMessage(nested(100)));
  EXPECT_FALSE(CallParams("t", std::string(1'000'000, '[')));
}

TEST(McpMessage, RequestsHaveNoLineBreakWhateverTheyCarry) {
  const auto params = CallParams("a\nb", "{\"x\":\"1\\n2\"\n}");
  ASSERT_TRUE(params);
  EXPECT_EQ(MakeRequest(3, "tools/call", *params).find('\n'), std::string::npos);
  EXPECT_EQ(*CallParams("t", "  "), R"({"name":"t","arguments":{}})");
  for (const char* bad : {"[]", "7", "{", "null", "\"x\""}) EXPECT_FALSE(CallParams("t", bad)) << bad;
}

TEST(McpReply, EveryKindOfContentFindsItsPlace) {
  auto r = ReadToolResult(R"({"content":[
    {"type":"text","text":"words"},
    {"type":"image","data":"QUJD","mimeType":"image/png"},
    {"type":"audio","data":"QUJD","mimeType":"audio/wav"},
    {"type":"resource","resource":{"uri":"file:///a/b.txt","text":"inside"}},
    {"type":"resource","resource":{"uri":"file:///a/c.bin","blob":"QUJD","mimeType":"application/pdf"}},
    {"type":"resource_link","uri":"file:///d","name":"d"},
    {"type":"smell","x":1}, 7],
    "structuredContent":{"t":22.5,"ok":true}})");
  ASSERT_TRUE(r);
  EXPECT_FALSE(r->is_error);
  ASSERT_EQ(r->content.size(), 8u);
  EXPECT_EQ(std::get<chat::Text>(r->content[0]).text, "words");
  EXPECT_EQ(std::get<chat::Media>(r->content[1]).kind, chat::Media::Kind::kImage);
  EXPECT_EQ(std::get<chat::Media>(r->content[1]).data, "QUJD");
  EXPECT_EQ(std::get<chat::Media>(r->content[2]).format, "wav");
  EXPECT_EQ(std::get<chat::Text>(r->content[3]).text, "inside");
  EXPECT_EQ(std::get<chat::Media>(r->content[4]).filename, "c.bin");
  EXPECT_EQ(std::get<chat::Text>(r->content[5]).text, "d: file:///d");
  ASSERT_EQ(r->extra.size(), 1u);
  EXPECT_EQ(r->extra[0].first, "structuredContent");
  EXPECT_EQ(r->extra[0].second.text, R"({"t":22.5,"ok":true})");
}

TEST(McpReply, StructuredContentAloneIsTextToo) {
  auto r = ReadToolResult(R"({"structuredContent":{"a":1}})");
  ASSERT_TRUE(r);
  EXPECT_EQ(std::get<chat::Text>(r->content.at(0)).text, R"({"a":1})");
}

TEST(McpReply, WhatIsNoResultIsRefused) {
  for (const char* text : {"7", "{}", R"({"content":7})", R"({"content":"x"})", "{"})
    EXPECT_FALSE(ReadToolResult(text)) << text;
}

TEST(McpReply, AServersWordsAreBoundedAndHarmless) {
  const Error e = ReadError(R"({"code":-32000,"message":"a\nb\u001b[31m)" + std::string(5000, 'x') + R"("})");
  EXPECT_LT(e.message.size(), 700u);
  EXPECT_EQ(e.message.find_first_of("\n\x1b"), std::string::npos);
  EXPECT_EQ(e.code, Code::kBadUpstream);
  EXPECT_EQ(ReadError("garbage").reason, "tool_error");
}

TEST(McpReply, ALongDescriptionIsCutBetweenCharacters) {
  Limits limits;
  limits.max_description = 5;
  auto page = ReadToolPage(
      R"({"tools":[{"name":"a","description":"abcd\u00e9f","inputSchema":{"type":"object"}}]})", limits);
  ASSERT_TRUE(page);
  EXPECT_EQ(page->tools.at(0).description, "abcd");
}

TEST(McpReply, ASchemaTooLongOrANameWithoutUseLeavesTheToolOut) {
  Limits limits;
  limits.max_schema = 40;
  auto page = ReadToolPage(
      R"({"tools":[{"name":"a","inputSchema":{"type":"object","x":"0123456789012345678901234567890"}},
    {"name":"","inputSchema":{"type":"object"}}, {"name":"b c","inputSchema":{}}, {"name":"ok","inputSchema":{}}]})",
      limits);
  ASSERT_TRUE(page);
  ASSERT_EQ(page->tools.size(), 1u);
  EXPECT_EQ(page->tools[0].name, "ok");
  EXPECT_EQ(page->left_out.size(), 3u);
}

}  // namespace
}  // namespace baton::mcp
