// An assistant's message in OpenAI's dialect: reasoning, tool calls, and the order they were given in. The
// same reading serves requests (every mistake is the client's and is named) and replies of compatible servers
// (odd things are tolerated).
//
// OpenAI keeps reasoning, text and tool calls of an answer in separate members and so loses their order.
// Entries of reasoning_details carry an `index`: how many visible units (reasoning block, first text, tool
// call) stood before them. From that the order is restored, which Anthropic's and Gemini's signatures insist
// on.
#include <algorithm>

#include "provider/fields.h"
#include "provider/openai.h"

namespace baton::provider::openai {
namespace {

using chat::Message;
using chat::Part;

void ReadSignature(JsonView extra_content, chat::ToolCall* call) {
  const JsonView signature = extra_content["google"]["thought_signature"];
  if (!signature.is_string()) return;
  call->signature = signature.str();
  call->signature_origin =
      extra_content["origin"].str() == kGeminiMark ? chat::Dialect::kGemini : chat::Dialect::kOpenAi;
}

Status CallBody(JsonView v, const Place& at, bool custom, bool worker, chat::ToolCall* call) {
  if (!worker) TRY_VOID(ExpectObject(v, at));
  const std::string_view arguments = custom ? "input" : "arguments";
  for (const auto m : v.members()) {
    const Place member = at.Member(m.key);
    if (m.key == "name") {
      TRY_VOID(ReadString(m.value, member, &call->name));
    } else if (m.key == arguments) {
      // Some servers send the arguments as an object; its text is what the model wrote.
      if (m.value.is_object()) {
        call->arguments = m.value.raw();
      } else {
        TRY_VOID(ReadString(m.value, member, &call->arguments));
      }
    } else {
      Keep(&call->extra, (custom ? "custom." : "function.") + std::string(m.key), m.value);
    }
  }
  if (call->name.empty() && !worker) return Missing(at.Member("name"));
  return {};
}

Status ReadCall(JsonView v, const Place& at, bool worker, chat::ToolCall* call) {
  TRY_VOID(ExpectObject(v, at));
  const JsonView type = v["type"];
  call->custom = type.str() == "custom";
  const std::string_view body = call->custom ? "custom" : "function";
  for (const auto m : v.members()) {
    const Place member = at.Member(m.key);
    if (m.key == "id") {
      TRY_VOID(ReadString(m.value, member, &call->id));
    } else if (m.key == body) {
      TRY_VOID(CallBody(m.value, member, call->custom, worker, call));
    } else if (m.key == "extra_content") {
      ReadSignature(m.value, call);
      if (call->signature.empty()) Keep(&call->extra, m.key, m.value);
    } else if (m.key != "type" && m.key != "index") {
      Keep(&call->extra, m.key, m.value);
    }
  }
  if (worker) return {};
  if (call->id.empty()) return Missing(at.Member("id"));
  if (v[body].missing()) return Missing(at.Member(body));
  return {};
}

Status ReadCalls(JsonView calls, const Place& at, bool worker, std::vector<Part>* out) {
  if (calls.missing() || calls.is_null()) return {};
  if (!calls.is_array()) return WrongType(at, "an array", calls);
  std::int64_t i = 0;
  for (const auto call : calls.items()) {
    auto& part = out->emplace_back(chat::ToolCall{});
    TRY_VOID(ReadCall(call, at.Element(i++), worker, &std::get<chat::ToolCall>(part)));
  }
  return {};
}

struct Thought {
  std::int64_t index;
  chat::Reasoning block;
};

void ReadDetail(JsonView v, std::int64_t position, bool worker, std::vector<Thought>* out) {
  Thought t{v["index"].integer().value_or(position), {}};
  auto& r = t.block;
  for (const auto m : v.members()) {
    if (m.key == "text" || m.key == "summary") {
      r.text += m.value.str();
    } else if (m.key == "signature") {
      r.signature = m.value.str();
    } else if (m.key == "data") {
      r.encrypted = m.value.str();
    } else if (m.key == "format" && !worker && OriginOf(m.value.str()) != chat::Dialect::kOpenAi) {
      r.origin = OriginOf(m.value.str());
    } else if (m.key != "index") {
      Keep(&r.extra, m.key, m.value);
    }
  }
  if (r.origin == chat::Dialect::kNone) {
    r.origin = chat::Dialect::kOpenAi;
  }
  // The type that follows from what is set need not be kept.
  const std::string_view usual = r.encrypted.empty() ? "\"reasoning.text\"" : "\"reasoning.encrypted\"";
  std::erase_if(r.extra, [&](const auto& e) { return e.first == "type" && e.second.text == usual; });
  out->push_back(std::move(t));
}

// LiteLLM's form of Anthropic's blocks.
void ReadThinkingBlock(JsonView v, std::int64_t position, std::vector<Thought>* out) {
  Thought t{position, {}};
  t.block.origin = chat::Dialect::kAnthropic;
  t.block.text = v["thinking"].str();
  t.block.signature = v["signature"].str();
  t.block.encrypted = v["data"].str();
  out->push_back(std::move(t));
}

// The reasoning of a message, from the richest of the forms in use.
std::vector<Thought> ReadThoughts(JsonView message, bool worker) {
  std::vector<Thought> out;
  std::int64_t i = 0;
  for (const auto v : message["reasoning_details"].items()) ReadDetail(v, i++, worker, &out);
  if (!out.empty()) return out;
  for (const auto v : message["thinking_blocks"].items()) ReadThinkingBlock(v, i++, &out);
  if (!out.empty()) return out;
  for (const auto name : {"reasoning_content", "reasoning"}) {
    const JsonView text = message[name];
    if (!text.is_string() || text.str().empty()) continue;
    Thought t{0, {}};
    t.block.text = text.str();
    t.block.origin = chat::Dialect::kOpenAi;
    out.push_back(std::move(t));
    return out;
  }
  return out;
}

// Puts the thoughts where they stood. `parts` holds text and tool calls; consecutive texts count as one unit.
void Weave(std::vector<Thought> thoughts, std::vector<Part>* parts) {
  if (thoughts.empty()) return;
  std::stable_sort(thoughts.begin(), thoughts.end(),
                   [](const auto& a, const auto& b) { return a.index < b.index; });
  std::vector<Part> out;
  std::int64_t units = 0;
  bool text_counted = false;
  std::size_t next = 0;
  const auto take = [&] {
    while (next < thoughts.size() && thoughts[next].index <= units) {
      out.emplace_back(std::move(thoughts[next++].block));
      ++units;
    }
  };
  for (auto& part : *parts) {
    take();
    const bool call = std::holds_alternative<chat::ToolCall>(part);
    if (call || !text_counted) ++units;
    text_counted |= !call;
    out.push_back(std::move(part));
  }
  while (next < thoughts.size()) out.emplace_back(std::move(thoughts[next++].block));
  *parts = std::move(out);
}

bool ReasoningName(std::string_view key) {
  return key == "reasoning_content" || key == "reasoning" || key == "reasoning_details" ||
         key == "thinking_blocks";
}

Status CheckReasoning(JsonView v, const Place& at, bool worker) {
  if (worker || v.is_null()) return {};
  const bool list = at.key == "reasoning_details" || at.key == "thinking_blocks";
  if (list && !v.is_array()) return WrongType(at, "an array", v);
  if (!list && !v.is_string() && !v.is_object()) return WrongType(at, "a string", v);
  return {};
}

}  // namespace

chat::Dialect OriginOf(std::string_view format) {
  if (format == kAnthropicMark) return chat::Dialect::kAnthropic;
  if (format == kGeminiMark) return chat::Dialect::kGemini;
  return chat::Dialect::kOpenAi;
}

Status DecodeAssistant(JsonView v, const Place& at, bool worker, Message* out) {
  out->role = chat::Role::kAssistant;
  bool has_content = false, has_other = false;
  JsonView calls;
  for (const auto m : v.members()) {
    const Place member = at.Member(m.key);
    if (m.key == "role") continue;
    if (m.key == "content") {
      if (m.value.is_null()) continue;
      has_content = true;
      TRY_VOID(ReadContent(m.value, member, &out->plain, &out->parts));
    } else if (m.key == "refusal") {
      std::string refusal;
      TRY_VOID(ReadString(m.value, member, &refusal));
      if (m.value.is_null()) continue;
      out->parts.emplace_back(chat::Refusal{std::move(refusal)});
      has_other = true;
    } else if (m.key == "name") {
      TRY_VOID(ReadString(m.value, member, &out->name));
    } else if (m.key == "tool_calls") {
      calls = m.value;
    } else if (ReasoningName(m.key)) {
      TRY_VOID(CheckReasoning(m.value, member, worker));
      has_other = true;
    } else {
      has_other |= (m.key == "function_call" || m.key == "audio") && !m.value.is_null();
      if (!m.value.is_null()) Keep(&out->extra, m.key, m.value);
    }
  }
  TRY_VOID(ReadCalls(calls, at.Member("tool_calls"), worker, &out->parts));
  has_other |= !calls.empty();
  if (!worker && !has_content && !has_other) {
    return Missing(at.Member("content"),
                   "Only an assistant message with 'tool_calls' or 'refusal' may omit it.");
  }
  Weave(ReadThoughts(v, worker), &out->parts);
  return {};
}

}  // namespace baton::provider::openai
