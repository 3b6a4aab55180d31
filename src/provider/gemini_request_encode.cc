// A request for Gemini's generateContent.
#include <algorithm>
#include <limits>

#include "provider/gemini.h"
#include "provider/wire_pass.h"

namespace baton::provider::gemini {
namespace {

using chat::Request;
using chat::Role;

bool IsSystem(const chat::Message& m) {
  return m.role == Role::kSystem || m.role == Role::kDeveloper;
}

void LoseMessageFields(const chat::Message& m, Plan* plan) {
  if (!m.name.empty()) plan->Lose("messages.name", Loss::How::kDropped, "the API knows no participant names");
  for (const auto& [name, value] : m.extra) {
    if (!plan->own_extra()) {
      plan->Lose("messages." + name, Loss::How::kDropped, "it has no counterpart in the worker's dialect");
    }
  }
}

void WriteSystem(const Request& r, Plan* plan, JsonWriter* w) {
  std::string instruction = plan->instruction();
  bool open = false, leading = true;
  const chat::Message* first = nullptr;
  const auto begin = [&] {
    if (!open) w->Key("systemInstruction").BeginObject().Key("parts").BeginArray();
    open = true;
  };
  for (const auto& m : r.messages) {
    if (!IsSystem(m)) {
      leading = false;
      continue;
    }
    if (!leading) {
      plan->Lose("messages.role", Loss::How::kApproximated,
                 "a system message inside the conversation moves to its head");
    }
    LoseMessageFields(m, plan);
    if (!first) first = &m;
    begin();
    PartWriter(&r, plan, false, w).WriteParts(m);
  }
  if (!instruction.empty()) {
    begin();
    w->BeginObject().Field("text", instruction).EndObject();
  }
  if (!open) return;
  w->EndArray();
  if (first && plan->own_extra()) {
    for (const auto& [name, value] : first->extra) w->RawField(name, value.text);
  }
  w->EndObject();
}

// All results of one turn, and the user's words after them, are one content there.
void WriteContents(const Request& r, const Target& target, Plan* plan, JsonWriter* w) {
  const bool fake = Generation(target.model) >= 3;
  w->Key("contents").BeginArray();
  const auto end = r.messages.end();
  for (auto m = r.messages.begin(); m != end; ++m) {
    if (IsSystem(*m) || m->parts.empty()) continue;
    LoseMessageFields(*m, plan);
    w->BeginObject().Field("role", m->role == Role::kAssistant ? "model" : "user").Key("parts").BeginArray();
    PartWriter parts(&r, plan, fake, w);
    parts.WriteParts(*m);
    const auto head = m;
    while (m->role == Role::kTool && m + 1 != end && (m + 1)->role == Role::kTool) {
      ++m;
      LoseMessageFields(*m, plan);
      parts.WriteParts(*m);
    }
    w->EndArray();
    if (plan->own_extra()) {
      for (const auto& [name, value] : head->extra) w->RawField(name, value.text);
    }
    w->EndObject();
  }
  w->EndArray();
}

void WriteFunction(const chat::Tool& tool, Plan* plan, JsonWriter* w) {
  w->BeginObject().Field("name", tool.name);
  if (!tool.description.empty()) w->Field("description", tool.description);
  if (!tool.parameters.empty()) w->RawField("parametersJsonSchema", tool.parameters.text);
  if (tool.strict.value_or(false)) {
    plan->Lose("tools.strict", Loss::How::kDropped, "the API has no strict mode for single tools");
  }
  for (const auto& [name, value] : tool.extra) {
    if (plan->own_extra()) {
      w->RawField(name, value.text);
    } else {
      plan->Lose("tools." + name, Loss::How::kDropped, "it has no counterpart in the worker's dialect");
    }
  }
  w->EndObject();
}

void WriteTools(const Request& r, Plan* plan, JsonWriter* w) {
  if (r.tools.empty()) return;
  w->Key("tools").BeginArray();
  bool open = false;
  for (const auto& tool : r.tools) {
    if (!tool.opaque.empty()) continue;
    if (!open) w->BeginObject().Key("functionDeclarations").BeginArray();
    open = true;
    WriteFunction(tool, plan, w);
  }
  if (open) w->EndArray().EndObject();
  for (const auto& tool : r.tools) {
    if (tool.opaque.empty()) continue;
    if (tool.dialect == chat::Dialect::kGemini) {
      w->Raw(tool.opaque.text);
    } else {
      plan->Refuse("tools", "the tool '" + tool.name + "' exists only in the " +
                                std::string(DialectName(tool.dialect)) + " dialect");
    }
  }
  w->EndArray();
}

void WriteToolChoice(const Request& r, Plan* plan, JsonWriter* w) {
  using Kind = chat::ToolChoice::Kind;
  const auto& choice = r.tool_choice;
  if (choice.kind == Kind::kUnset || r.tools.empty() || !plan->Sends(Param::kToolChoice)) return;
  if (choice.kind == Kind::kOpaque) {
    if (plan->own_extra()) {
      w->RawField("toolConfig", choice.opaque.text);
    } else {
      plan->Refuse("tool_choice", "this choice exists only in the client's dialect");
    }
    return;
  }
  w->Key("toolConfig").BeginObject().Key("functionCallingConfig").BeginObject();
  w->Field("mode", choice.kind == Kind::kAuto ? "AUTO" : choice.kind == Kind::kNone ? "NONE" : "ANY");
  if (choice.kind == Kind::kNamed) w->Key("allowedFunctionNames").BeginArray().String(choice.name).EndArray();
  w->EndObject().EndObject();
}

// Generation 3 thinks by level, before that by budget; a Pro model cannot stop thinking.
void WriteThinking(const Request& r, const Target& target, Plan* plan, JsonWriter* w) {
  const auto& t = r.reasoning;
  if (!t.opaque.empty() && plan->own_extra() && plan->Sends(Param::kThinking)) {
    w->RawField("thinkingConfig", t.opaque.text);
    return;
  }
  const bool by_effort = !t.effort.empty() && plan->Sends(Param::kReasoningEffort);
  const bool by_budget = t.budget && plan->Sends(Param::kReasoningBudget) && !by_effort;
  if (!by_effort && !by_budget && !t.include_thoughts) return;
  w->Key("thinkingConfig").BeginObject();
  const bool off = by_effort ? t.effort == "none" : by_budget && *t.budget == 0;
  if (!off || t.include_thoughts) w->BoolField("includeThoughts", t.include_thoughts.value_or(!off));
  const bool pro = target.model.find("pro") != std::string::npos;
  if (by_effort && Generation(target.model) >= 3) {
    const bool exact =
        t.effort == "low" || t.effort == "medium" || t.effort == "high" || t.effort == "minimal";
    if (!exact)
      plan->Lose("reasoning_effort", Loss::How::kApproximated, "sent as the nearest thinking level");
    w->Field("thinkingLevel", exact ? std::string_view(t.effort) : off ? (pro ? "low" : "minimal") : "high");
  } else if (by_effort || by_budget) {
    const std::int64_t most = pro ? 32768 : 24576, least = pro && off ? 128 : 0;
    const std::int64_t want = by_effort ? BudgetOfEffort(t.effort) : *t.budget;
    const std::int64_t sent = std::clamp(want, want < 0 ? std::int64_t{-1} : least, most);
    if (by_effort && t.effort != "none")
      plan->Lose("reasoning_effort", Loss::How::kApproximated, "sent as a thinking budget");
    if (sent != want)
      plan->Lose(by_effort ? "reasoning_effort" : "reasoning_budget", Loss::How::kApproximated,
                 "the nearest budget the model takes");
    w->IntField("thinkingBudget", sent);
  }
  w->EndObject();
}

void WriteFormat(const Request& r, Plan* plan, JsonWriter* w) {
  using Kind = chat::ResponseFormat::Kind;
  const auto& f = r.response_format;
  if (!plan->Sends(Param::kResponseFormat)) return;
  if (f.kind == Kind::kOpaque) {
    if (plan->own_extra()) {
      w->RawField("responseMimeType", f.opaque.text);
    } else {
      plan->Refuse("response_format", "this format exists only in the client's dialect");
    }
  }
  if (f.kind != Kind::kJsonObject && f.kind != Kind::kJsonSchema) return;
  w->Field("responseMimeType", "application/json");
  if (!f.schema.empty()) w->RawField("responseJsonSchema", f.schema.text);
}

void WriteConfig(const Request& r, const Target& target, Plan* plan, JsonWriter* w) {
  const auto number = [&](Param p, std::string_view name, const std::optional<double>& v) {
    if (v && plan->Sends(p)) w->Key(name).Double(*v);
  };
  const auto integer = [&](Param p, std::string_view name, const std::optional<std::int64_t>& v) {
    if (v && plan->Sends(p)) w->IntField(name, *v);
  };
  w->Key("generationConfig").BeginObject();
  number(Param::kTemperature, "temperature", r.temperature);
  number(Param::kTopP, "topP", r.top_p);
  if (r.top_k && *r.top_k > 0 && plan->Sends(Param::kTopK)) w->IntField("topK", *r.top_k);
  number(Param::kFrequencyPenalty, "frequencyPenalty", r.frequency_penalty);
  number(Param::kPresencePenalty, "presencePenalty", r.presence_penalty);
  integer(Param::kMaxTokens, "maxOutputTokens", r.max_tokens);
  integer(Param::kN, "candidateCount", r.n);
  if (r.seed && plan->Sends(Param::kSeed)) {
    const auto small = static_cast<std::int32_t>(*r.seed);
    if (small != *r.seed) plan->Lose("seed", Loss::How::kApproximated, "cut to the 32 bits the API takes");
    w->IntField("seed", small);
  }
  if (r.logprobs && plan->Sends(Param::kLogprobs)) w->BoolField("responseLogprobs", *r.logprobs);
  integer(Param::kTopLogprobs, "logprobs", r.top_logprobs);
  if (!r.stop.empty() && plan->Sends(Param::kStop)) {
    w->Key("stopSequences").BeginArray();
    for (const auto& s : r.stop) w->String(s);
    w->EndArray();
  }
  WriteFormat(r, plan, w);
  WriteThinking(r, target, plan, w);
  if (const chat::Json* rest = plan->own_extra() ? FindExtra(r.extra, "generationConfig") : nullptr) {
    if (const auto doc = JsonDoc::Parse(rest->text)) {
      for (const auto m : doc->root().members()) w->RawField(m.key, m.value.raw());
    }
  }
  w->EndObject();
}

}  // namespace

std::string MethodPath(std::string_view model, std::string_view method) {
  std::string out = "/";
  if (model.find('/') == std::string_view::npos) out += "models/";
  constexpr char kHex[] = "0123456789ABCDEF";
  for (const char c : model) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.' || c == '~' || c == '/';
    if (plain) {
      out += c;
    } else {
      out += {'%', kHex[static_cast<unsigned char>(c) >> 4], kHex[static_cast<unsigned char>(c) & 15]};
    }
  }
  return out.append(":").append(method);
}

int Generation(std::string_view model) {
  const auto at = model.find("gemini-");
  if (at == std::string_view::npos || at + 7 >= model.size()) return 0;
  const char c = model[at + 7];
  return c >= '0' && c <= '9' ? c - '0' : 0;
}

Result<Encoded> EncodeRequest(const Request& r, const Target& target) {
  TRY(Plan plan, Plan::Make(r, chat::Dialect::kGemini, target));
  Encoded out;
  const std::string& model = target.model.empty() ? r.model : target.model;
  out.target = MethodPath(model, r.stream ? "streamGenerateContent" : "generateContent");
  if (r.stream) out.target += "?alt=sse";
  out.headers = JsonHeaders(r.stream);
  if (r.raw_model_len == 0 && CanPass(r, chat::Dialect::kGemini, plan, target)) {
    out.body = r.raw;
    out.passthrough = true;
    return out;
  }
  Target named = target;
  named.model = model;
  JsonWriter w(&out.body);
  w.BeginObject();
  WriteSystem(r, &plan, &w);
  WriteContents(r, named, &plan, &w);
  WriteTools(r, &plan, &w);
  WriteToolChoice(r, &plan, &w);
  WriteConfig(r, named, &plan, &w);
  for (const auto& [name, value] : r.extra) {
    if (plan.SendsExtra(name) && name != "generationConfig") w.RawField(name, value.text);
  }
  w.EndObject();
  TRY(out.losses, plan.Finish());
  return out;
}

}  // namespace baton::provider::gemini
