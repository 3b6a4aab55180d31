// Conversations that the tests of this folder send around.
#pragma once

#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "chat/types.h"

namespace baton::provider::test {

inline const std::string kArguments[] = {
    "{}",
    "{ \"a\" : 1 }",
    "{\"s\":\"\\u00e9\\n\\ud83c\\udf0d\"}",
    "{\"big\":123456789012345678901234567890.50e-3}",
    "{\n\t\"deep\": {\"x\": [1,  2, {}]}}",
    "{\"dup\":1,\"dup\":2}",
    "{broken",
    "[1,2]",
    "plain words",
    "\"text\"",
    "{\"_arguments_text\":\"not ours\",\"b\":1}",
    "{\"emoji\":\"🌍\"}",
};

// Conversations of every shape, the same for the same seed.
struct ConversationMaker {
  std::mt19937 rng;
  chat::Dialect origin;
  int calls = 0;

  int Pick(int n) { return static_cast<int>(rng() % static_cast<unsigned>(n)); }
  std::string Words() {
    static const char* kWords[] = {"hello",       "wörld", "🌍",          "\"quoted\"",
                                   "line\nbreak", "tab\t", "back\\slash", "</s>"};
    std::string out = kWords[Pick(8)];
    for (int i = Pick(4); i > 0; --i) out += std::string(" ") + kWords[Pick(8)];
    return out;
  }
  chat::Message User() {
    chat::Message m;
    m.role = chat::Role::kUser;
    m.parts.emplace_back(chat::Text{Words(), {}});
    if (Pick(3) == 0) {
      m.plain = false;
      chat::Media image;
      image.data = "iVBORw0KGgo=";
      image.media_type = "image/png";
      m.parts.emplace_back(image);
    }
    return m;
  }
  chat::Message Assistant(bool with_calls) {
    chat::Message m;
    m.role = chat::Role::kAssistant;
    if (Pick(2) == 0) {
      chat::Reasoning r;
      r.text = Words();
      r.signature = "c2lnbmF0dXJl";
      r.origin = origin;
      m.parts.emplace_back(r);
    }
    if (!with_calls || Pick(2) == 0) m.parts.emplace_back(chat::Text{Words(), {}});
    for (int i = with_calls ? 1 + Pick(3) : 0; i > 0; --i) {
      chat::ToolCall call;
      call.id = "call_" + std::to_string(++calls);
      call.name = Pick(2) ? "get_weather" : "search";
      call.arguments = kArguments[Pick(std::size(kArguments))];
      if (origin == chat::Dialect::kGemini && Pick(2)) {
        call.signature = "Z2VtaW5p";
        call.signature_origin = chat::Dialect::kGemini;
      }
      m.parts.emplace_back(call);
    }
    return m;
  }
  std::vector<chat::Message> Results(const chat::Message& asked) {
    std::vector<chat::Message> out;
    for (const auto& part : asked.parts) {
      const auto* call = std::get_if<chat::ToolCall>(&part);
      if (!call) continue;
      chat::Message m;
      m.role = chat::Role::kTool;
      chat::ToolResult result;
      result.call_id = call->id;
      const char* kTexts[] = {"plain result", "{\"t\": 1.0}", "{\"output\":\"x\"}", "[1,2]", "line\nbreak"};
      result.content.emplace_back(chat::Text{kTexts[Pick(5)], {}});
      m.parts.emplace_back(result);
      out.push_back(m);
    }
    return out;
  }
  chat::Request Conversation() {
    chat::Request r;
    r.model = "m";
    r.max_tokens = 1000;
    chat::Message system;
    system.role = chat::Role::kSystem;
    system.parts.emplace_back(chat::Text{Words(), {}});
    if (Pick(2)) r.messages.push_back(system);
    for (int turns = 1 + Pick(3); turns > 0; --turns) {
      r.messages.push_back(User());
      if (Pick(2)) {
        r.messages.push_back(Assistant(true));
        for (auto& m : Results(r.messages.back())) r.messages.push_back(std::move(m));
      }
      r.messages.push_back(Assistant(false));
    }
    r.messages.push_back(User());
    for (const char* name : {"get_weather", "search"}) {
      chat::Tool tool;
      tool.name = name;
      tool.description = Words();
      tool.parameters.text = "{\"type\":\"object\", \"properties\":{\"a\":{\"type\":\"integer\"}}}";
      r.tools.push_back(tool);
    }
    if (Pick(2)) {
      r.response_format.kind = chat::ResponseFormat::Kind::kJsonSchema;
      r.response_format.name = "answer";
      r.response_format.schema.text = "{\"type\":\"object\",\"additionalProperties\":false}";
    }
    return r;
  }
};

}  // namespace baton::provider::test
