// Three ways to a prompt, by what the model's own chat template can do.
//
// Plain: the template is rendered with the messages and nothing else; the cheap way, taken whenever it will
// do. Native: the template knows tools (or marks reasoning), so llama.cpp's template analysis renders them
// its way and gives a grammar and a parser for the answer. Tagged: tools are asked of a template that knows
// none; they go into the system message and come back in tags (tool_tags.cc). A file without any template (a
// base model) is given a plain transcript of questions and answers.
#include "lm/prompt.h"

#include <chat.h>
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "lm/tool_tags.h"

namespace baton::lm {
namespace {

using chat::Role;

constexpr const char* kTranscript =
    "{%- for m in messages -%}"
    "{%- if m.role == 'user' -%}{{ 'Question: ' + m.content + '\n' }}"
    "{%- elif m.role == 'assistant' -%}{{ 'Answer: ' + m.content + '\n\n' }}"
    "{%- else -%}{{ m.content + '\n\n' }}{%- endif -%}"
    "{%- endfor -%}"
    "{%- if add_generation_prompt -%}{{ 'Answer:' }}{%- endif -%}";
constexpr const char* kTranscriptStop = "\nQuestion:";

const char* RoleName(Role role) {
  switch (role) {
    case Role::kSystem:
    case Role::kDeveloper:
      return "system";
    case Role::kUser:
      return "user";
    case Role::kAssistant:
      return "assistant";
    case Role::kTool:
      return "tool";
  }
  return "user";
}

Error NoMedia(std::size_t message) {
  return Fail(Code::kUnsupported,
              "this worker is a text model in process and cannot read images, audio or files: send text, or "
              "route the "
              "request to a worker that can",
              "media_unsupported", fmt::format("messages[{}].content", message));
}

void Append(std::string* to, std::string_view text) {
  if (!to->empty() && !text.empty()) *to += '\n';
  *to += text;
}

Status AppendResult(const chat::ToolResult& result, std::size_t message, std::string* to) {
  for (const auto& part : result.content) {
    if (std::holds_alternative<chat::Media>(part)) return NoMedia(message);
    Append(to, std::get<chat::Text>(part).text);
  }
  return {};
}

// `tagged`: calls become text, because the template has no place for them.
Status AppendPart(const chat::Part& part, std::size_t message, bool tagged, common_chat_msg* to) {
  if (const auto* text = std::get_if<chat::Text>(&part)) {
    Append(&to->content, text->text);
  } else if (std::holds_alternative<chat::Media>(part)) {
    return NoMedia(message);
  } else if (const auto* refusal = std::get_if<chat::Refusal>(&part)) {
    Append(&to->content, refusal->text);
  } else if (const auto* reasoning = std::get_if<chat::Reasoning>(&part)) {
    Append(&to->reasoning_content, reasoning->text);
  } else if (const auto* call = std::get_if<chat::ToolCall>(&part)) {
    if (tagged) {
      Append(&to->content, TaggedCall(*call));
    } else {
      to->tool_calls.push_back({call->name, call->arguments, call->id});
    }
  } else if (const auto* result = std::get_if<chat::ToolResult>(&part)) {
    to->tool_call_id = result->call_id;
    to->tool_name = result->name;
    return AppendResult(*result, message, &to->content);
  }
  return {};  // Opaque pieces belong to another vendor; pool/local_backend.cc declares them lost.
}

Result<std::vector<common_chat_msg>> Messages(const chat::Request& request, bool tagged) {
  std::vector<common_chat_msg> out;
  for (std::size_t i = 0; i < request.messages.size(); ++i) {
    const chat::Message& m = request.messages[i];
    common_chat_msg msg;
    msg.role = RoleName(m.role);
    for (const chat::Part& part : m.parts) TRY_VOID(AppendPart(part, i, tagged, &msg));
    if (tagged && m.role == Role::kTool) {
      msg.role = "user";
      msg.content = fmt::format("Result of {}: {}", msg.tool_name.empty() ? "the function" : msg.tool_name,
                                msg.content);
      msg.tool_call_id.clear();
      msg.tool_name.clear();
    }
    out.push_back(std::move(msg));
  }
  return out;
}

void AddToSystem(std::vector<common_chat_msg>* messages, const std::string& text) {
  if (messages->empty() || messages->front().role != "system") {
    common_chat_msg system;
    system.role = "system";
    messages->insert(messages->begin(), std::move(system));
  }
  Append(&messages->front().content, text);
}

std::vector<common_chat_tool> Tools(const chat::Request& request) {
  std::vector<common_chat_tool> tools;
  const bool named = request.tool_choice.kind == chat::ToolChoice::Kind::kNamed;
  for (const chat::Tool& t : request.tools) {
    if (named && t.name != request.tool_choice.name) continue;
    tools.push_back({t.name, t.description, t.parameters.empty() ? "{}" : t.parameters.text});
  }
  return tools;
}

common_chat_tool_choice Choice(const chat::ToolChoice& choice) {
  switch (choice.kind) {
    case chat::ToolChoice::Kind::kRequired:
    case chat::ToolChoice::Kind::kNamed:
      return COMMON_CHAT_TOOL_CHOICE_REQUIRED;
    case chat::ToolChoice::Kind::kNone:
      return COMMON_CHAT_TOOL_CHOICE_NONE;
    default:
      return COMMON_CHAT_TOOL_CHOICE_AUTO;
  }
}

bool WantsTools(const chat::Request& r) {
  return !r.tools.empty() && r.tool_choice.kind != chat::ToolChoice::Kind::kNone;
}

bool HasCalls(const chat::Request& request) {
  for (const chat::Message& m : request.messages) {
    if (m.role == Role::kTool) return true;
    for (const chat::Part& p : m.parts) {
      if (std::holds_alternative<chat::ToolCall>(p)) return true;
    }
  }
  return false;
}

Status CheckTools(const chat::Request& request) {
  for (std::size_t i = 0; i < request.tools.size(); ++i) {
    const chat::Tool& tool = request.tools[i];
    if (tool.opaque.empty() && !tool.name.empty()) continue;
    return Fail(Code::kUnsupported, "a local model can call functions only, not a vendor's own tools", "",
                fmt::format("tools[{}]", i));
  }
  if (request.tool_choice.kind == chat::ToolChoice::Kind::kOpaque) {
    return Fail(Code::kUnsupported,
                "a local model knows tool_choice none, auto, required and one named function", "",
                "tool_choice");
  }
  if (request.tool_choice.kind == chat::ToolChoice::Kind::kNamed && Tools(request).empty()) {
    return Fail(Code::kInvalidRequest,
                fmt::format("tool_choice names '{}', which is not among 'tools'", request.tool_choice.name),
                "", "tool_choice");
  }
  return {};
}

Result<GrammarSpec> FormatGrammar(const chat::ResponseFormat& format) {
  using Kind = chat::ResponseFormat::Kind;
  GrammarSpec spec;
  if (format.kind == Kind::kJsonObject) {
    TRY(spec.gbnf, GrammarOfSchema(R"({"type":"object"})", "response_format"));
  } else if (format.kind == Kind::kJsonSchema) {
    const std::string schema = format.schema.empty() ? R"({"type":"object"})" : format.schema.text;
    TRY(spec.gbnf, GrammarOfSchema(schema, "response_format.json_schema.schema"));
  } else if (format.kind == Kind::kOpaque) {
    return Fail(Code::kUnsupported, "a local model knows response_format text, json_object and json_schema",
                "", "response_format");
  }
  return spec;
}

// As a regular expression that matches the word itself.
std::string Escaped(const std::string& word) {
  std::string out;
  for (char c : word) {
    if (std::string_view(".^$|()*+?[]{}\\").find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

std::string Anchored(const std::string& pattern) {
  if (pattern.empty()) return "^$";
  return (pattern.front() == '^' ? "" : "^") + pattern + (pattern.back() == '$' ? "" : "$");
}

}  // namespace

struct PromptBuilder::Templates {
  common_chat_templates_ptr chat;
};

std::unique_ptr<Answer> Prompt::NewAnswer(CallIds ids) const {
  switch (form) {
    case Form::kTagged:
      return NewTaggedAnswer(std::move(ids));
    case Form::kNative:
      return NewNativeAnswer(std::move(ids), parser, format, generation_prompt);
    case Form::kPlain:
      break;
  }
  return NewPlainAnswer();
}

PromptBuilder::PromptBuilder(const LoadedModel& model, std::unique_ptr<Templates> templates)
    : model_(model), templates_(std::move(templates)), special_(model) {
  const auto caps = common_chat_templates_get_caps(templates_->chat.get());
  auto can = [&](const char* what) { return caps.contains(what) && caps.at(what); };
  const std::string& source = model.info().chat_template;
  plain_transcript_ = source.empty();
  native_tools_ = !plain_transcript_ && can("supports_tools") && can("supports_tool_calls");
  native_reasoning_ = source.find("<think>") != std::string::npos ||
                      source.find("reasoning_content") != std::string::npos ||
                      source.find("<|channel|>") != std::string::npos;
}

PromptBuilder::~PromptBuilder() = default;

Result<std::unique_ptr<PromptBuilder>> PromptBuilder::Make(const LoadedModel& model) {
  try {
    auto templates = std::make_unique<Templates>();
    templates->chat =
        common_chat_templates_init(model.get(), model.info().chat_template.empty() ? kTranscript : "");
    return std::unique_ptr<PromptBuilder>(new PromptBuilder(model, std::move(templates)));
  } catch (const std::exception& e) {
    return Fail(Code::kInvalidRequest, fmt::format("the model's chat template cannot be read: {}", e.what()),
                "bad_template");
  }
}

namespace {

// Copies what llama.cpp's template analysis says about the answer.
Status TakeNative(const common_chat_params& params, const LoadedModel& model, Prompt* prompt) {
  prompt->form = Prompt::Form::kNative;
  prompt->parser = params.parser;
  prompt->format = params.format;
  prompt->generation_prompt = params.generation_prompt;
  for (const std::string& s : params.additional_stops) prompt->stops.push_back(s);
  for (const std::string& s : params.preserved_tokens) {
    TRY(auto tokens, model.Tokenize(s, false, true));
    if (tokens.size() == 1) prompt->shown.insert(tokens[0]);
  }
  prompt->grammar.gbnf = params.grammar;
  prompt->grammar.lazy = params.grammar_lazy;
  if (!params.grammar_lazy && !params.grammar.empty()) {
    TRY(prompt->grammar.prefill, model.Tokenize(params.generation_prompt, false, true));
  }
  for (const common_grammar_trigger& t : params.grammar_triggers) {
    TRY(auto tokens, model.Tokenize(t.value, false, true));
    const bool one = tokens.size() == 1 && prompt->shown.contains(tokens[0]);
    switch (t.type) {
      case COMMON_GRAMMAR_TRIGGER_TYPE_TOKEN:
        prompt->grammar.trigger_tokens.push_back(t.token);
        break;
      case COMMON_GRAMMAR_TRIGGER_TYPE_WORD:
        if (one) {
          prompt->grammar.trigger_tokens.push_back(tokens[0]);
        } else {
          prompt->grammar.trigger_patterns.push_back(Escaped(t.value));
        }
        break;
      case COMMON_GRAMMAR_TRIGGER_TYPE_PATTERN:
        prompt->grammar.trigger_patterns.push_back(t.value);
        break;
      case COMMON_GRAMMAR_TRIGGER_TYPE_PATTERN_FULL:
        prompt->grammar.trigger_patterns.push_back(Anchored(t.value));
        break;
    }
  }
  return {};
}

}  // namespace

Result<Prompt> PromptBuilder::Render(const chat::Request& request) const {
  const bool tools = WantsTools(request);
  const bool tagged = !native_tools_ && (tools || HasCalls(request));
  TRY(GrammarSpec format, FormatGrammar(request.response_format));
  const bool native = format.empty() && ((tools && native_tools_) || native_reasoning_);

  common_chat_templates_inputs inputs;
  TRY(inputs.messages, Messages(request, tagged));
  if (tools && tagged) AddToSystem(&inputs.messages, ToolInstructions(request));
  for (common_chat_msg& m : inputs.messages) {
    special_.Mark(&m.content);
    special_.Mark(&m.reasoning_content);
  }
  if (native_tools_) inputs.tools = Tools(request);
  inputs.tool_choice = Choice(request.tool_choice);
  inputs.parallel_tool_calls = request.parallel_tool_calls.value_or(true);
  inputs.reasoning_format = COMMON_REASONING_FORMAT_DEEPSEEK;
  inputs.enable_thinking = format.empty() && request.reasoning.effort != "none";
  inputs.add_bos = llama_vocab_get_add_bos(model_.vocab());
  inputs.force_pure_content = !native;

  Prompt prompt;
  common_chat_params params;
  {
    std::scoped_lock lock(m_);
    params = common_chat_templates_apply(templates_->chat.get(), inputs);
  }
  prompt.text = std::move(params.prompt);
  if (native) TRY_VOID(TakeNative(params, model_, &prompt));
  if (tools && tagged && format.empty()) {
    prompt.form = Prompt::Form::kTagged;
    TRY(prompt.grammar, ToolGrammar(request));
  }
  if (!format.empty()) prompt.grammar = std::move(format);
  if (plain_transcript_) prompt.stops.push_back(kTranscriptStop);
  return prompt;
}

Result<Prompt> PromptBuilder::Build(const chat::Request& request) const {
  if (WantsTools(request)) TRY_VOID(CheckTools(request));
  try {
    TRY(Prompt prompt, Render(request));
    prompt.stops.insert(prompt.stops.end(), request.stop.begin(), request.stop.end());
    // The template may or may not write the start token itself; apply() has taken it off when it did.
    TRY(prompt.tokens, special_.Tokenize(model_, prompt.text, true));
    prompt.text = special_.Unmark(prompt.text);
    if (prompt.tokens.empty())
      return Fail(Code::kInvalidRequest, "the conversation is empty", "", "messages");
    return prompt;
  } catch (const std::exception& e) {
    return Fail(Code::kInvalidRequest,
                fmt::format("this model's chat template cannot render the conversation: {}",
                            std::string(e.what()).substr(0, 300)),
                "template", "messages");
  }
}

}  // namespace baton::lm
