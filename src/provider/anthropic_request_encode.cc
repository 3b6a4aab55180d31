// A request for Anthropic's Messages API.
//
// What differs most from OpenAI's: the system prompt stands beside the messages; tool results are blocks of a
// user message and must come first in it; max_tokens is demanded; thinking excludes other settings (a
// temperature, a forced tool) and demands that the thinking block of a running tool turn is sent back.
#include <algorithm>
#include <cctype>

#include "provider/anthropic.h"
#include "provider/wire_pass.h"

namespace baton::provider::anthropic {
namespace {

using chat::Request;
using chat::Role;

bool IsSystem(const chat::Message& m) {
  return m.role == Role::kSystem || m.role == Role::kDeveloper;
}

// How this call is to think.
struct Thinking {
  bool on = false;
  bool adaptive = false;
  std::int64_t budget = 0;
  std::string effort;
};

// The last assistant message called tools whose results follow: its thinking block has to be there, signed.
bool TurnLacksItsThinking(const Request& r) {
  for (auto m = r.messages.rbegin(); m != r.messages.rend(); ++m) {
    if (m->role == Role::kTool) continue;
    if (m->role != Role::kAssistant) return false;
    bool calls = false, signed_thought = false;
    for (const auto& part : m->parts) {
      calls |= std::holds_alternative<chat::ToolCall>(part);
      const auto* t = std::get_if<chat::Reasoning>(&part);
      signed_thought |=
          t && t->origin == chat::Dialect::kAnthropic && !(t->signature.empty() && t->encrypted.empty());
    }
    return calls && !signed_thought;
  }
  return false;
}

std::string_view EffortWord(std::string_view effort) {
  return effort == "minimal" ? "low" : effort;
}

Thinking HowToThink(const Request& r, const Target& target, std::int64_t max_tokens, Plan* plan) {
  Thinking t;
  if (plan->own_extra() && !r.reasoning.opaque.empty()) return t;  // sent as the client wrote it
  const bool by_effort = !r.reasoning.effort.empty() && plan->Sends(Param::kReasoningEffort);
  const bool by_budget = r.reasoning.budget && plan->Sends(Param::kReasoningBudget);
  if (!by_effort && !by_budget) return t;
  if (by_effort && r.reasoning.effort == "none") return t;
  if (by_budget && *r.reasoning.budget == 0) return t;
  const auto give_up = [&](std::string_view why) {
    plan->Lose(by_effort ? "reasoning_effort" : "reasoning_budget", Loss::How::kDropped, why);
    return Thinking{};
  };
  using Kind = chat::ToolChoice::Kind;
  if (r.tool_choice.kind == Kind::kRequired || r.tool_choice.kind == Kind::kNamed) {
    return give_up("the model cannot think when it is forced to call a tool");
  }
  if (TurnLacksItsThinking(r))
    return give_up("the thinking block of the running tool turn was not sent back");
  t.on = true;
  t.adaptive = ThinksAdaptively(target.model) || Rejects(target, "reasoning_budget");
  if (t.adaptive) {
    t.effort = by_effort ? EffortWord(r.reasoning.effort) : EffortOfBudget(*r.reasoning.budget);
    if (!by_effort) plan->Lose("reasoning_budget", Loss::How::kApproximated, "sent as an effort");
    return t;
  }
  t.budget = by_budget ? *r.reasoning.budget : BudgetOfEffort(r.reasoning.effort);
  if (by_effort) plan->Lose("reasoning_effort", Loss::How::kApproximated, "sent as a thinking budget");
  // At least 1024, and below max_tokens, which has to hold the answer as well.
  if (t.budget >= max_tokens) t.budget = max_tokens - std::max<std::int64_t>(1, max_tokens / 4);
  if (t.budget < 1024) {
    if (max_tokens <= 1024) return give_up("max_tokens leaves no room to think (1024 is the least)");
    t.budget = 1024;
  }
  return t;
}

void WriteThinking(const Request& r, const Thinking& t, const Plan& plan, JsonWriter* w) {
  if (!r.reasoning.opaque.empty() && plan.own_extra() && plan.Sends(Param::kThinking)) {
    w->RawField("thinking", r.reasoning.opaque.text);
  } else if (t.on) {
    w->Key("thinking").BeginObject().Field("type", t.adaptive ? "adaptive" : "enabled");
    if (!t.adaptive) w->IntField("budget_tokens", t.budget);
    w->EndObject();
  }
}

// {"effort":..., "format":{...}}
void WriteOutputConfig(const Request& r, const Thinking& t, Plan* plan, JsonWriter* w) {
  using Kind = chat::ResponseFormat::Kind;
  const auto& f = r.response_format;
  const bool own_effort =
      plan->own_extra() && !r.reasoning.effort.empty() && plan->Sends(Param::kReasoningEffort);
  const std::string_view effort = own_effort ? EffortWord(r.reasoning.effort) : std::string_view(t.effort);
  const bool schema = f.kind == Kind::kJsonSchema && !f.schema.empty() && plan->Sends(Param::kResponseFormat);
  const chat::Json* rest = plan->own_extra() ? FindExtra(r.extra, "output_config") : nullptr;
  if (f.kind == Kind::kOpaque)
    plan->Refuse("response_format", "this format exists only in the client's dialect");
  if (effort.empty() && !schema && !rest) return;
  w->Key("output_config").BeginObject();
  if (!effort.empty() && effort != "none") w->Field("effort", effort);
  if (schema) {
    w->Key("format").BeginObject().Field("type", "json_schema").RawField("schema", f.schema.text).EndObject();
  }
  if (rest) {
    if (const auto doc = JsonDoc::Parse(rest->text)) {
      for (const auto m : doc->root().members()) w->RawField(m.key, m.value.raw());
    }
  }
  w->EndObject();
}

void WriteSystem(const Request& r, bool in_place, Plan* plan, JsonWriter* w) {
  std::vector<const chat::Part*> parts;
  bool leading = true, plain = true;
  for (const auto& m : r.messages) {
    if (!IsSystem(m)) {
      leading = false;
      if (in_place) break;
      continue;
    }
    if (!leading) {
      plan->Lose("messages.role", Loss::How::kApproximated,
                 "a system message inside the conversation moves to its head");
    }
    if (!m.name.empty())
      plan->Lose("messages.name", Loss::How::kDropped, "the API knows no participant names");
    plain &= m.plain;
    for (const auto& part : m.parts) parts.push_back(&part);
  }
  if (parts.empty() && plan->instruction().empty()) return;
  const auto* only = parts.size() == 1 ? std::get_if<chat::Text>(parts[0]) : nullptr;
  w->Key("system");
  if (only && plain && only->extra.empty() && plan->instruction().empty()) {
    w->String(only->text);
    return;
  }
  w->BeginArray();
  for (const auto* part : parts) {
    if (std::holds_alternative<chat::Text>(*part)) {
      WriteBlock(*part, plan, w);
    } else {
      plan->Refuse("messages", "the system prompt can hold text only");
    }
  }
  if (!plan->instruction().empty()) WriteBlock(chat::Text{plan->instruction(), {}}, plan, w);
  w->EndArray();
}

bool IsPlain(const chat::Message& m) {
  const auto* only = m.parts.size() == 1 ? std::get_if<chat::Text>(&m.parts[0]) : nullptr;
  return only && m.plain && only->extra.empty() && m.role != Role::kTool;
}

bool Says(const chat::Message& m) {
  return std::any_of(m.parts.begin(), m.parts.end(), [](const chat::Part& part) {
    const auto* text = std::get_if<chat::Text>(&part);
    return !text || !text->text.empty();
  });
}

void LoseMessageFields(const chat::Message& m, Plan* plan) {
  if (!m.name.empty()) plan->Lose("messages.name", Loss::How::kDropped, "the API knows no participant names");
  for (const auto& [name, value] : m.extra) {
    if (!plan->own_extra()) {
      plan->Lose("messages." + name, Loss::How::kDropped, "it has no counterpart in the worker's dialect");
    }
  }
}

// Tool results of the same turn and the user's words after them are one user message there.
void WriteMessages(const Request& r, bool in_place, Plan* plan, JsonWriter* w) {
  w->Key("messages").BeginArray();
  bool leading = true;
  const auto end = r.messages.end();
  for (auto m = r.messages.begin(); m != end; ++m) {
    if (IsSystem(*m) && (leading || !in_place)) continue;
    leading = false;
    if (m->role == Role::kAssistant && !Says(*m))
      continue;  // an empty answer is an error there, and says nothing
    LoseMessageFields(*m, plan);
    w->BeginObject().Field("role", m->role == Role::kAssistant ? "assistant"
                                   : IsSystem(*m)              ? "system"
                                                               : "user");
    const auto* only = IsPlain(*m) ? std::get_if<chat::Text>(&m->parts[0]) : nullptr;
    if (only) {
      w->Field("content", only->text);
    } else {
      w->Key("content").BeginArray();
      for (const auto& part : m->parts) WriteBlock(part, plan, w);
      while (m->role == Role::kTool && m + 1 != end &&
             ((m + 1)->role == Role::kTool || (m + 1)->role == Role::kUser)) {
        ++m;
        LoseMessageFields(*m, plan);
        for (const auto& part : m->parts) WriteBlock(part, plan, w);
      }
      w->EndArray();
    }
    if (plan->own_extra()) {
      for (const auto& [name, value] : m->extra) w->RawField(name, value.text);
    }
    w->EndObject();
  }
  w->EndArray();
}

void WriteTool(const chat::Tool& tool, Plan* plan, JsonWriter* w) {
  if (!tool.opaque.empty()) {
    if (tool.dialect == chat::Dialect::kAnthropic) {
      w->Raw(tool.opaque.text);
    } else {
      plan->Refuse("tools", "the tool '" + tool.name + "' exists only in the " +
                                std::string(DialectName(tool.dialect)) + " dialect");
    }
    return;
  }
  w->BeginObject().Field("name", tool.name);
  if (!tool.description.empty()) w->Field("description", tool.description);
  w->RawField("input_schema",
              tool.parameters.empty() ? R"({"type":"object","properties":{}})" : tool.parameters.text);
  if (tool.strict) w->BoolField("strict", *tool.strict);
  for (const auto& [name, value] : tool.extra) {
    if (plan->own_extra() || name == "cache_control") {
      w->RawField(name, value.text);
    } else {
      plan->Lose("tools." + name, Loss::How::kDropped, "it has no counterpart in the worker's dialect");
    }
  }
  w->EndObject();
}

void WriteTools(const Request& r, Plan* plan, JsonWriter* w) {
  if (!r.tools.empty()) {
    w->Key("tools").BeginArray();
    for (const auto& tool : r.tools) WriteTool(tool, plan, w);
    w->EndArray();
  }
  using Kind = chat::ToolChoice::Kind;
  Kind kind = plan->Sends(Param::kToolChoice) ? r.tool_choice.kind : Kind::kUnset;
  const bool one_by_one = r.parallel_tool_calls == false && plan->Sends(Param::kParallelToolCalls);
  if (r.tools.empty()) return;
  if (kind == Kind::kUnset && !one_by_one) return;
  if (kind == Kind::kOpaque) {
    if (plan->own_extra()) {
      w->RawField("tool_choice", r.tool_choice.opaque.text);
    } else {
      plan->Refuse("tool_choice", "this choice exists only in the client's dialect");
    }
    return;
  }
  w->Key("tool_choice").BeginObject();
  w->Field("type", kind == Kind::kNone       ? "none"
                   : kind == Kind::kRequired ? "any"
                   : kind == Kind::kNamed    ? "tool"
                                             : "auto");
  if (kind == Kind::kNamed) w->Field("name", r.tool_choice.name);
  if (one_by_one && kind != Kind::kNone) w->BoolField("disable_parallel_tool_use", true);
  w->EndObject();
}

void WriteSampling(const Request& r, const Thinking& t, Plan* plan, JsonWriter* w) {
  const auto busy = [&](std::string_view name) {
    if (t.on && !t.adaptive) plan->Lose(name, Loss::How::kDropped, "it cannot be set while the model thinks");
    return t.on && !t.adaptive;
  };
  if (r.temperature && plan->Sends(Param::kTemperature) && !busy("temperature")) {
    if (*r.temperature > 1)
      plan->Lose("temperature", Loss::How::kApproximated, "sent as 1, the API's highest");
    w->Key("temperature").Double(std::min(*r.temperature, 1.0));
  }
  if (r.top_p && plan->Sends(Param::kTopP) && !(*r.top_p < 0.95 && busy("top_p")))
    w->Key("top_p").Double(*r.top_p);
  if (r.top_k && plan->Sends(Param::kTopK) && *r.top_k > 0 && !busy("top_k")) w->IntField("top_k", *r.top_k);
  if (!r.stop.empty() && plan->Sends(Param::kStop)) {
    w->Key("stop_sequences").BeginArray();
    for (const auto& s : r.stop) w->String(s);
    w->EndArray();
  }
}

void WriteMetadata(const Request& r, Plan* plan, JsonWriter* w) {
  std::string user = plan->Sends(Param::kUser) ? r.user : std::string();
  const chat::Json* safety = plan->own_extra() ? nullptr : FindExtra(r.extra, "safety_identifier");
  if (user.empty() && safety) {
    if (const auto doc = JsonDoc::Parse(safety->text)) user = doc->root().str();
  } else if (safety) {
    plan->Lose("safety_identifier", Loss::How::kDropped, "`user` takes the one place there is");
  }
  const bool pairs = plan->own_extra() && !r.metadata.empty();
  if (user.empty() && !pairs) return;
  w->Key("metadata").BeginObject();
  if (!user.empty()) w->Field("user_id", user);
  if (pairs) {
    for (const auto& [name, value] : r.metadata) w->Field(name, value);
  }
  w->EndObject();
}

bool UsesFiles(const Request& r) {
  for (const auto& m : r.messages) {
    for (const auto& part : m.parts) {
      const auto* media = std::get_if<chat::Media>(&part);
      if (media && !media->file_id.empty()) return true;
    }
  }
  return false;
}

void WriteBody(const Request& r, const Target& target, Plan* plan, std::string* body) {
  JsonWriter w(body);
  w.BeginObject().Field("model", target.model.empty() ? r.model : target.model);
  const std::int64_t max_tokens = r.max_tokens.value_or(target.max_output);
  w.IntField("max_tokens", max_tokens);
  const Thinking thinking = HowToThink(r, target, max_tokens, plan);
  const bool in_place =
      r.raw_dialect == chat::Dialect::kAnthropic;  // its own newer models take system messages
  using Kind = chat::ResponseFormat::Kind;
  const bool free_form = r.response_format.kind == Kind::kJsonObject ||
                         (r.response_format.kind == Kind::kJsonSchema && r.response_format.schema.empty());
  // There is no JSON mode without a schema.
  if (free_form && plan->Sends(Param::kResponseFormat)) plan->EmulateFormat(r.response_format);
  WriteSystem(r, in_place, plan, &w);
  WriteMessages(r, in_place, plan, &w);
  WriteSampling(r, thinking, plan, &w);
  WriteThinking(r, thinking, *plan, &w);
  WriteOutputConfig(r, thinking, plan, &w);
  WriteTools(r, plan, &w);
  WriteMetadata(r, plan, &w);
  if (r.stream) w.BoolField("stream", true);
  for (const auto& [name, value] : r.extra) {
    if (plan->SendsExtra(name) && name != "output_config") w.RawField(name, value.text);
  }
  w.EndObject();
}

}  // namespace

bool ThinksAdaptively(std::string_view model) {
  // The version is the first run of digits after the family ("claude-opus-4-6", "claude-sonnet-4-20250514"
  // is 4.0).
  const auto family = model.find("claude");
  if (family == std::string_view::npos) return false;
  int numbers[2] = {0, 0};
  int found = 0;
  for (std::size_t i = family; i < model.size() && found < 2;) {
    if (!std::isdigit(static_cast<unsigned char>(model[i]))) {
      ++i;
      continue;
    }
    std::size_t end = i;
    int value = 0;
    while (end < model.size() && std::isdigit(static_cast<unsigned char>(model[end]))) {
      if (value < 100000) value = value * 10 + (model[end] - '0');
      ++end;
    }
    if (end - i > 2) break;  // a date
    numbers[found++] = value;
    i = end;
  }
  return numbers[0] > 4 || (numbers[0] == 4 && numbers[1] >= 6);
}

Result<Encoded> EncodeRequest(const Request& r, const Target& target) {
  TRY(Plan plan, Plan::Make(r, chat::Dialect::kAnthropic, target));
  Encoded out;
  out.target = "/messages";
  out.headers = JsonHeaders(r.stream);
  out.headers.emplace_back("anthropic-version", "2023-06-01");
  if (UsesFiles(r)) out.headers.emplace_back("anthropic-beta", "files-api-2025-04-14");
  if (r.raw_model_len > 0 && CanPass(r, chat::Dialect::kAnthropic, plan, target)) {
    out.body = WithModel(r, target.model.empty() ? r.model : target.model);
    out.passthrough = true;
    return out;
  }
  WriteBody(r, target, &plan, &out.body);
  TRY(out.losses, plan.Finish());
  return out;
}

}  // namespace baton::provider::anthropic
