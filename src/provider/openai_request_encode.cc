// A request for an OpenAI-compatible worker: the client's own bytes with another model name where that is
// possible, else written from the neutral types.
#include "provider/fields.h"
#include "provider/openai.h"
#include "provider/wire_pass.h"

namespace baton::provider::openai {
namespace {

using chat::Request;

void WriteStreamOptions(const Request& r, JsonWriter* w) {
  w->BeginObject();
  w->BoolField("include_usage", true);
  for (const auto& [name, value] : r.stream_options) w->RawField(name, value.text);
  w->EndObject();
}

// Where stream usage is to be asked for in the raw body: the range to replace and what to put there.
struct Splice {
  std::size_t pos, len;
  std::string text;
};

Splice UsageSplice(const Request& r) {
  if (r.raw.find("\"stream_options\"") != std::string::npos) {
    if (const auto doc = JsonDoc::Parse(r.raw)) {
      if (const JsonView options = doc->root()["stream_options"]; !options.missing()) {
        Splice s{options.offset(), options.raw().size(), {}};
        JsonWriter w(&s.text);
        WriteStreamOptions(r, &w);
        return s;
      }
    }
  }
  // Before the closing brace; there is at least one member, "model".
  return {r.raw.rfind('}'), 0, ",\"stream_options\":{\"include_usage\":true}"};
}

void Pass(const Request& r, const Target& target, Encoded* out) {
  const bool inject = r.stream && !r.include_usage;
  out->passthrough = true;
  out->injected_usage = inject;
  const std::string_view name = target.model.empty() ? r.model : target.model;
  if (!inject) {
    out->body = WithModel(r, name);
    return;
  }
  const std::string model = JsonString(name);
  Splice usage = UsageSplice(r);
  Splice first{r.raw_model_pos, r.raw_model_len, model}, second = std::move(usage);
  if (second.pos < first.pos) std::swap(first, second);
  auto& body = out->body;
  body.reserve(r.raw.size() + model.size() + second.text.size() + 16);
  body.append(r.raw, 0, first.pos);
  body.append(first.text);
  body.append(r.raw, first.pos + first.len, second.pos - first.pos - first.len);
  body.append(second.text);
  body.append(r.raw, second.pos + second.len);
}

void WriteTool(const chat::Tool& tool, Plan* plan, JsonWriter* w) {
  if (!tool.opaque.empty()) {
    if (tool.dialect == chat::Dialect::kOpenAi) {
      w->Raw(tool.opaque.text);
    } else {
      plan->Refuse("tools", "the tool '" + tool.name + "' exists only in the " +
                                std::string(DialectName(tool.dialect)) + " dialect");
    }
    return;
  }
  w->BeginObject();
  w->Field("type", "function");
  w->Key("function").BeginObject();
  w->Field("name", tool.name);
  if (!tool.description.empty()) w->Field("description", tool.description);
  if (!tool.parameters.empty()) w->RawField("parameters", tool.parameters.text);
  if (tool.strict) w->BoolField("strict", *tool.strict);
  constexpr std::string_view kInner = "function.";
  for (const auto& [name, value] : tool.extra) {
    if (!plan->own_extra()) {
      plan->Lose("tools." + name, Loss::How::kDropped, "it has no counterpart in the worker's dialect");
    } else if (name.starts_with(kInner)) {
      w->RawField(std::string_view(name).substr(kInner.size()), value.text);
    }
  }
  w->EndObject();
  for (const auto& [name, value] : tool.extra) {
    if (plan->own_extra() && !name.starts_with(kInner)) w->RawField(name, value.text);
  }
  w->EndObject();
}

void WriteToolChoice(const chat::ToolChoice& choice, Plan* plan, JsonWriter* w) {
  using Kind = chat::ToolChoice::Kind;
  switch (choice.kind) {
    case Kind::kUnset:
      return;
    case Kind::kAuto:
      w->Field("tool_choice", "auto");
      return;
    case Kind::kNone:
      w->Field("tool_choice", "none");
      return;
    case Kind::kRequired:
      w->Field("tool_choice", "required");
      return;
    case Kind::kNamed:
      w->Key("tool_choice").BeginObject().Field("type", "function");
      w->Key("function").BeginObject().Field("name", choice.name).EndObject().EndObject();
      return;
    case Kind::kOpaque:
      if (plan->own_extra()) {
        w->RawField("tool_choice", choice.opaque.text);
      } else {
        plan->Refuse("tool_choice", "this choice exists only in the client's dialect");
      }
  }
}

void WriteFormat(const chat::ResponseFormat& f, Plan* plan, JsonWriter* w) {
  using Kind = chat::ResponseFormat::Kind;
  if (f.kind == Kind::kUnset) return;
  if (f.kind == Kind::kOpaque) {
    if (plan->own_extra()) {
      w->RawField("response_format", f.opaque.text);
    } else {
      plan->Refuse("response_format", "this format exists only in the client's dialect");
    }
    return;
  }
  w->Key("response_format").BeginObject();
  if (f.kind == Kind::kText) w->Field("type", "text");
  if (f.kind == Kind::kJsonObject) w->Field("type", "json_object");
  if (f.kind == Kind::kJsonSchema) {
    w->Field("type", "json_schema").Key("json_schema").BeginObject();
    w->Field("name", f.name.empty() ? "answer" : std::string_view(f.name));
    if (!f.description.empty()) w->Field("description", f.description);
    if (!f.schema.empty()) w->RawField("schema", f.schema.text);
    if (f.strict) w->BoolField("strict", *f.strict);
    w->EndObject();
  }
  w->EndObject();
}

void WriteMessages(const Request& r, Plan* plan, JsonWriter* w) {
  w->Key("messages").BeginArray();
  auto first = r.messages.begin();
  if (!plan->instruction().empty()) {
    // Many chat templates take one system message only: join it with the client's own.
    std::string system;
    const bool has = first != r.messages.end() &&
                     (first->role == chat::Role::kSystem || first->role == chat::Role::kDeveloper);
    if (has) {
      for (const auto& part : first->parts) {
        if (const auto* text = std::get_if<chat::Text>(&part)) system += text->text;
      }
      system += "\n\n";
      ++first;
    }
    w->BeginObject().Field("role", "system").Field("content", system + plan->instruction()).EndObject();
  }
  for (; first != r.messages.end(); ++first) WriteMessage(*first, plan, w);
  w->EndArray();
}

void WriteSampling(const Request& r, const Plan& plan, const Target& target, JsonWriter* w) {
  const auto number = [&](Param p, std::string_view name, const std::optional<double>& v) {
    if (v && plan.Sends(p)) w->Key(name).Double(*v);
  };
  const auto integer = [&](Param p, std::string_view name, const std::optional<std::int64_t>& v) {
    if (v && plan.Sends(p)) w->IntField(name, *v);
  };
  number(Param::kTemperature, "temperature", r.temperature);
  number(Param::kTopP, "top_p", r.top_p);
  integer(Param::kTopK, "top_k", r.top_k);
  number(Param::kFrequencyPenalty, "frequency_penalty", r.frequency_penalty);
  number(Param::kPresencePenalty, "presence_penalty", r.presence_penalty);
  const bool old_name =
      Rejects(target, "max_completion_tokens") || (r.max_tokens_legacy && !Rejects(target, "max_tokens"));
  integer(Param::kMaxTokens, old_name ? "max_tokens" : "max_completion_tokens", r.max_tokens);
  integer(Param::kSeed, "seed", r.seed);
  integer(Param::kN, "n", r.n);
  if (r.logprobs && plan.Sends(Param::kLogprobs)) w->BoolField("logprobs", *r.logprobs);
  integer(Param::kTopLogprobs, "top_logprobs", r.top_logprobs);
  if (!r.stop.empty() && plan.Sends(Param::kStop)) {
    w->Key("stop").BeginArray();
    for (const auto& s : r.stop) w->String(s);
    w->EndArray();
  }
  if (!r.reasoning.effort.empty() && plan.Sends(Param::kReasoningEffort)) {
    w->Field("reasoning_effort", r.reasoning.effort);
  } else if (r.reasoning.budget && plan.Sends(Param::kReasoningBudget)) {
    w->Field("reasoning_effort", EffortOfBudget(*r.reasoning.budget));
  }
}

void WriteRest(const Request& r, Plan* plan, JsonWriter* w) {
  if (!r.tools.empty()) {
    w->Key("tools").BeginArray();
    for (const auto& tool : r.tools) WriteTool(tool, plan, w);
    w->EndArray();
  }
  if (plan->Sends(Param::kToolChoice)) WriteToolChoice(r.tool_choice, plan, w);
  if (r.parallel_tool_calls && !r.tools.empty() && plan->Sends(Param::kParallelToolCalls)) {
    w->BoolField("parallel_tool_calls", *r.parallel_tool_calls);
  }
  if (plan->Sends(Param::kResponseFormat)) WriteFormat(r.response_format, plan, w);
  if (!r.user.empty() && plan->Sends(Param::kUser)) w->Field("user", r.user);
  if (!r.metadata.empty() && plan->Sends(Param::kMetadata)) {
    w->Key("metadata").BeginObject();
    for (const auto& [name, value] : r.metadata) w->Field(name, value);
    w->EndObject();
  }
  for (const auto& [name, value] : r.extra) {
    if (plan->SendsExtra(name)) w->RawField(name, value.text);
  }
}

}  // namespace

Result<Encoded> EncodeRequest(const Request& r, const Target& target) {
  TRY(Plan plan, Plan::Make(r, chat::Dialect::kOpenAi, target));
  Encoded out;
  out.target = "/chat/completions";
  out.headers = JsonHeaders(r.stream);
  if (r.raw_model_len > 0 && CanPass(r, chat::Dialect::kOpenAi, plan, target)) {
    Pass(r, target, &out);
    return out;
  }
  JsonWriter w(&out.body);
  w.BeginObject();
  w.Field("model", target.model.empty() ? r.model : target.model);
  WriteMessages(r, &plan, &w);
  WriteSampling(r, plan, target, &w);
  WriteRest(r, &plan, &w);
  if (r.stream) {
    w.BoolField("stream", true);
    if (!Rejects(target, "stream_options")) {
      w.Key("stream_options");
      WriteStreamOptions(r, &w);
    }
  }
  w.EndObject();
  TRY(out.losses, plan.Finish());
  out.injected_usage = r.stream && !r.include_usage;
  return out;
}

}  // namespace baton::provider::openai
