// What Baton shows OpenAI clients, against OpenAI's own description of its API (kept outside of the project).
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "provider/test_support.h"

namespace baton::provider {
namespace {

using J = nlohmann::json;

class OpenAiSpec : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!schemas_.is_null()) return;  // large: read once
    const std::string text = test::Slurp(test::SharedData("spec/openai-openapi.json"));
    if (text.empty()) GTEST_SKIP() << "no API description at " << test::SharedData("spec");
    schemas_ = J::parse(text)["components"]["schemas"];
  }

  const J& Resolve(const J& schema) const {
    if (!schema.contains("$ref")) return schema;
    const std::string ref = schema["$ref"];
    return Resolve(schemas_.at(ref.substr(ref.rfind('/') + 1)));
  }

  static bool TypeFits(const std::string& type, const J& v) {
    if (type == "object") return v.is_object();
    if (type == "array") return v.is_array();
    if (type == "string") return v.is_string();
    if (type == "integer") return v.is_number_integer();
    if (type == "number") return v.is_number();
    if (type == "boolean") return v.is_boolean();
    return type == "null" && v.is_null();
  }

  // Empty when `v` satisfies the schema in required keys, types and enums; else where it does not.
  std::string Check(const J& raw, const J& v, const std::string& at) const {
    if (!raw.is_object()) return {};  // "anything"
    const J& schema = Resolve(raw);
    if (v.is_null() && schema.value("nullable", false)) return {};
    for (const char* any : {"anyOf", "oneOf"}) {
      if (!schema.contains(any)) continue;
      std::string last;
      for (const auto& one : schema[any]) {
        last = Check(one, v, at);
        if (last.empty()) return {};
      }
      return last.empty() ? at + ": no alternative fits" : last;
    }
    if (schema.contains("allOf")) {
      for (const auto& one : schema["allOf"]) {
        if (auto bad = Check(one, v, at); !bad.empty()) return bad;
      }
    }
    if (schema.contains("type") && schema["type"].is_string() && !TypeFits(schema["type"], v)) {
      return at + ": not of type " + schema["type"].get<std::string>();
    }
    if (schema.contains("enum") &&
        std::find(schema["enum"].begin(), schema["enum"].end(), v) == schema["enum"].end()) {
      return at + ": not in the enumeration";
    }
    if (v.is_object()) {
      for (const auto& key : schema.value("required", J::array())) {
        if (!v.contains(key)) return at + ": lacks " + key.get<std::string>();
      }
      for (const auto& [key, inner] : schema.value("properties", J::object()).items()) {
        if (!v.contains(key)) continue;
        if (auto bad = Check(inner, v[key], at + "." + key); !bad.empty()) return bad;
      }
    }
    if (v.is_array() && schema.contains("items")) {
      for (std::size_t i = 0; i < v.size(); ++i) {
        if (auto bad = Check(schema["items"], v[i], at + "[" + std::to_string(i) + "]"); !bad.empty())
          return bad;
      }
    }
    return {};
  }

  std::string Check(const char* schema, const std::string& text) const {
    return Check(schemas_.at(schema), J::parse(text), schema);
  }

  inline static J schemas_;
};

chat::Response Answer() {
  chat::Response r;
  r.id = "chatcmpl-1";
  r.created = 1700000000;
  r.usage.known = true;
  r.usage.input = 3;
  r.usage.output = 4;
  auto& c = r.choices.emplace_back();
  c.message.role = chat::Role::kAssistant;
  c.message.parts.emplace_back(chat::Text{"hi", {}});
  chat::ToolCall call;
  call.id = "call_1";
  call.name = "f";
  call.arguments = "{}";
  c.message.parts.emplace_back(call);
  c.finish = chat::Finish::kToolCalls;
  c.logprobs.text = R"({"content":[],"refusal":null})";
  return r;
}

TEST_F(OpenAiSpec, TheCheckerItselfFindsWhatIsWrong) {
  EXPECT_NE(Check("CreateChatCompletionResponse", R"({"id":"x"})"), "");
  EXPECT_NE(Check("Error", R"({"message":"m","type":"t","param":null})"), "");
}

TEST_F(OpenAiSpec, WholeAnswersFit) {
  ReplyShape shape;
  shape.model = "m";
  for (const auto finish :
       {chat::Finish::kStop, chat::Finish::kLength, chat::Finish::kToolCalls, chat::Finish::kContentFilter,
        chat::Finish::kRefusal, chat::Finish::kError, chat::Finish::kNone}) {
    auto r = Answer();
    r.choices[0].finish = finish;
    EXPECT_EQ(Check("CreateChatCompletionResponse", FindClientCodec("openai")->EncodeChat(r, shape)), "");
    r.choices[0].message.parts.clear();
    EXPECT_EQ(Check("CreateChatCompletionResponse", FindClientCodec("openai")->EncodeChat(r, shape)), "");
  }
}

TEST_F(OpenAiSpec, EveryChunkOfAStreamFits) {
  const auto& client = *FindClientCodec("openai");
  const auto r = Answer();
  ReplyShape shape;
  shape.id = "chatcmpl-1";
  shape.model = "m";
  shape.created = 5;
  shape.include_usage = true;
  std::vector<chat::Event> events(6);
  events[0].kind = chat::Event::Kind::kText;
  events[0].text = "hi";
  events[1].kind = chat::Event::Kind::kToolCall;
  events[1].tool = std::get<chat::ToolCall>(r.choices[0].message.parts[1]);
  events[2].kind = chat::Event::Kind::kToolArguments;
  events[2].text = "{}";
  events[3].kind = chat::Event::Kind::kRefusal;
  events[3].text = "no";
  events[4].kind = chat::Event::Kind::kFinish;
  events[4].finish = chat::Finish::kToolCalls;
  events[5].kind = chat::Event::Kind::kUsage;
  events[5].usage = r.usage;
  const std::string out = test::EncodeStream(client, events, shape);
  int chunks = 0;
  for (std::size_t at = 0; (at = out.find("data: {", at)) != std::string::npos; ++chunks) {
    const auto end = out.find("\n\n", at);
    J chunk = J::parse(out.substr(at + 6, end - at - 6));
    // "usage": null is what OpenAI sends, though its own description lacks the null.
    if (chunk.contains("usage") && chunk["usage"].is_null()) chunk.erase("usage");
    EXPECT_EQ(Check(schemas_.at("CreateChatCompletionStreamResponse"), chunk, "chunk"), "") << chunk;
    at = end;
  }
  EXPECT_GE(chunks, 6);
}

TEST_F(OpenAiSpec, ErrorsFit) {
  for (const auto code : {Code::kInvalidRequest, Code::kUnauthenticated, Code::kRateLimited, Code::kInternal,
                          Code::kOverBudget}) {
    const auto j = J::parse(FindClientCodec("openai")->EncodeError(Fail(code, "what to do"), 400));
    EXPECT_EQ(Check(schemas_.at("Error"), j["error"], "error"), "");
  }
}

TEST_F(OpenAiSpec, EmbeddingsFit) {
  chat::EmbedResponse r;
  r.vectors = {{0.5f, 1.5f}};
  ReplyShape shape;
  shape.model = "m";
  EXPECT_EQ(Check("CreateEmbeddingResponse", FindClientCodec("openai")->EncodeEmbed(r, {}, shape)), "");
}

}  // namespace
}  // namespace baton::provider
