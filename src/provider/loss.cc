#include "provider/loss.h"

#include <algorithm>

namespace baton::provider {
namespace {

using chat::Dialect;
using chat::Request;

constexpr Fate H = Fate::kHonoured, A = Fate::kApproximated, D = Fate::kDropped, R = Fate::kRefused;

Fate FateIn(const Rule& r, Dialect d) {
  return d == Dialect::kAnthropic ? r.anthropic : d == Dialect::kGemini ? r.gemini : r.openai;
}
std::string_view NoteIn(const Rule& r, Dialect d) {
  return d == Dialect::kAnthropic ? r.anthropic_note
         : d == Dialect::kGemini  ? r.gemini_note
                                  : std::string_view();
}

bool Rejected(const Target& target, std::string_view name) {
  return std::find(target.rejects.begin(), target.rejects.end(), name) != target.rejects.end();
}

Error Refusal(std::string_view param, std::string message) {
  return Fail(Code::kUnsupported, std::move(message), "unsupported_parameter", std::string(param));
}

Loss::How HowOf(Fate fate) {
  return fate == Fate::kEmulated       ? Loss::How::kEmulated
         : fate == Fate::kApproximated ? Loss::How::kApproximated
                                       : Loss::How::kDropped;
}

// The first media part of the kind, or null.
bool HasMedia(const Request& r, chat::Media::Kind kind) {
  const auto is = [kind](const chat::Media* m) { return m && m->kind == kind; };
  for (const auto& message : r.messages) {
    for (const auto& part : message.parts) {
      if (is(std::get_if<chat::Media>(&part))) return true;
      if (const auto* result = std::get_if<chat::ToolResult>(&part)) {
        for (const auto& c : result->content) {
          if (is(std::get_if<chat::Media>(&c))) return true;
        }
      }
    }
  }
  return false;
}

}  // namespace

std::string_view FateName(Fate fate) {
  switch (fate) {
    case Fate::kHonoured:
      return "honoured";
    case Fate::kEmulated:
      return "emulated";
    case Fate::kApproximated:
      return "approximated";
    case Fate::kDropped:
      return "dropped";
    case Fate::kRefused:
      return "refused";
  }
  return "dropped";
}

std::string_view LossName(Loss::How how) {
  switch (how) {
    case Loss::How::kDropped:
      return "dropped";
    case Loss::How::kEmulated:
      return "emulated";
    case Loss::How::kApproximated:
      return "approximated";
  }
  return "dropped";
}

std::string LossHeader(const std::vector<Loss>& losses) {
  std::string out;
  for (const auto& loss : losses) {
    if (!out.empty()) out += ", ";
    // Parameter names may come from the client: only what is safe in a header and cannot fake another entry.
    for (const char c : std::string_view(loss.param).substr(0, 64)) {
      const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                         c == '_' || c == '-' || c == '.' || c == '[' || c == ']';
      out += plain ? c : '_';
    }
    out += '=';
    out += LossName(loss.how);
  }
  return out;
}

std::string_view DialectName(Dialect dialect) {
  switch (dialect) {
    case Dialect::kOpenAi:
      return "openai";
    case Dialect::kAnthropic:
      return "anthropic";
    case Dialect::kGemini:
      return "gemini";
    case Dialect::kLocal:
      return "local";
    case Dialect::kNone:
      break;
  }
  return "none";
}

const std::vector<Rule>& Rules() {
  static const std::vector<Rule> kRules = {
      {Param::kTools, "tools", [](const Request& r) { return !r.tools.empty(); }, H, H, H, "", ""},
      {Param::kToolChoice, "tool_choice",
       [](const Request& r) { return r.tool_choice.kind != chat::ToolChoice::Kind::kUnset; }, H, H, H, "",
       ""},
      {Param::kParallelToolCalls, "parallel_tool_calls",
       [](const Request& r) { return r.parallel_tool_calls == false; }, H, H, D,
       "sent as disable_parallel_tool_use", "the API has no switch for it"},  // true is what they do anyway
      {Param::kResponseFormat, "response_format",
       [](const Request& r) {
         return r.response_format.kind != chat::ResponseFormat::Kind::kUnset &&
                r.response_format.kind != chat::ResponseFormat::Kind::kText;
       },
       H, H, H, "", ""},
      {Param::kReasoningEffort, "reasoning_effort",
       [](const Request& r) { return !r.reasoning.effort.empty(); }, H, H, H,
       "sent as output_config.effort; approximated as a thinking budget for models before 4.6",
       "sent as thinkingLevel; approximated as a thinking budget for models before 3"},
      {Param::kReasoningBudget, "reasoning_budget",
       [](const Request& r) { return r.reasoning.budget.has_value() && r.reasoning.effort.empty(); }, A, H, H,
       "", ""},
      {Param::kThinking, "thinking",
       [](const Request& r) {
         return !r.reasoning.opaque.empty() && r.reasoning.effort.empty() && !r.reasoning.budget;
       },
       A, A, A, "the client's own form is sent as it is; another dialect's is left to the model's default",
       "the client's own form is sent as it is; another dialect's is left to the model's default"},
      {Param::kTemperature, "temperature", [](const Request& r) { return r.temperature.has_value(); }, H, H,
       H, "above 1 it is sent as 1, the API's highest; left out while the model thinks", ""},
      {Param::kTopP, "top_p", [](const Request& r) { return r.top_p.has_value(); }, H, H, H, "", ""},
      {Param::kTopK, "top_k", [](const Request& r) { return r.top_k.has_value(); }, H, H, H, "", ""},
      {Param::kFrequencyPenalty, "frequency_penalty",
       [](const Request& r) { return r.frequency_penalty.has_value(); }, H, D, H,
       "the API has no such parameter", ""},
      {Param::kPresencePenalty, "presence_penalty",
       [](const Request& r) { return r.presence_penalty.has_value(); }, H, D, H,
       "the API has no such parameter", ""},
      {Param::kMaxTokens, "max_tokens", [](const Request& r) { return r.max_tokens.has_value(); }, H, H, H,
       "", ""},
      {Param::kSeed, "seed", [](const Request& r) { return r.seed.has_value(); }, H, D, H,
       "the API has no such parameter", ""},
      {Param::kN, "n", [](const Request& r) { return r.n.value_or(1) != 1; }, H, R, H,
       "the API gives one answer per call; send `n` calls", ""},
      {Param::kLogprobs, "logprobs", [](const Request& r) { return r.logprobs.value_or(false); }, H, D, H,
       "the API gives no log-probabilities", ""},
      {Param::kTopLogprobs, "top_logprobs", [](const Request& r) { return r.top_logprobs.value_or(0) > 0; },
       H, D, H, "the API gives no log-probabilities", ""},
      {Param::kStop, "stop", [](const Request& r) { return !r.stop.empty(); }, H, H, H, "", ""},
      {Param::kUser, "user", [](const Request& r) { return !r.user.empty(); }, H, H, D,
       "sent as metadata.user_id", "the API has no such parameter"},
      {Param::kMetadata, "metadata", [](const Request& r) { return !r.metadata.empty(); }, H, D, D,
       "the API stores no key-value pairs", "the API stores no key-value pairs"},
      {Param::kStreamOptions, "stream_options", [](const Request& r) { return !r.stream_options.empty(); }, H,
       D, D, "the API has no such options", "the API has no such options"},
  };
  return kRules;
}

const std::vector<ExtraRule>& ExtraRules() {
  static const std::vector<ExtraRule> kRules = {
      {"audio", R, R, "the API gives no spoken answers", "spoken answers have another form there"},
      {"modalities", D, D, "answers are text",
       "answers are text unless the client speaks Gemini's own dialect"},
      {"functions", R, R, "`functions` is deprecated; send `tools`",
       "`functions` is deprecated; send `tools`"},
      {"function_call", R, R, "`function_call` is deprecated; send `tool_choice`",
       "`function_call` is deprecated; send `tool_choice`"},
      {"logit_bias", D, D, "token ids mean nothing to another tokenizer",
       "token ids mean nothing to another tokenizer"},
      {"moderation", D, D, "the API has no such parameter", "the API has no such parameter"},
      {"prediction", D, D, "only speeds up the answer; the API has no such parameter",
       "only speeds up the answer; the API has no such parameter"},
      {"prompt_cache_key", D, D, "caching is steered by cache_control there", "caching is implicit there"},
      {"prompt_cache_options", D, D, "caching is steered by cache_control there",
       "caching is implicit there"},
      {"prompt_cache_retention", D, D, "caching is steered by cache_control there",
       "caching is implicit there"},
      {"safety_identifier", H, D, "sent as metadata.user_id when `user` is absent",
       "the API has no such parameter"},
      {"service_tier", D, D, "tiers have other names there", "the API has no such parameter"},
      {"store", D, D, "the API stores nothing", "the API stores nothing"},
      {"verbosity", D, D, "the API has no such parameter", "the API has no such parameter"},
      {"web_search_options", R, R, "ask for the search tool in the worker's own dialect",
       "ask for the search tool in the worker's own dialect"},
  };
  return kRules;
}

bool Plan::SendsExtra(std::string_view name) const {
  return all_extra_ && std::find(omitted_extra_.begin(), omitted_extra_.end(), name) == omitted_extra_.end();
}

void Plan::Lose(std::string_view param, Loss::How how, std::string_view note) {
  for (const auto& loss : losses_) {
    if (loss.param == param) return;
  }
  losses_.push_back({std::string(param), how, std::string(note)});
}

Result<std::vector<Loss>> Plan::Finish() {
  if (refusal_) return *refusal_;
  if (strict_) {
    for (const auto& loss : losses_) {
      if (loss.how != Loss::How::kDropped) continue;
      return Refusal(loss.param, "No worker here honours '" + loss.param +
                                     "' and this route forbids to leave it out: " + loss.note + ".");
    }
  }
  return std::move(losses_);
}

Status Plan::Apply(const Rule& rule, Fate fate, std::string_view note, const Target& target) {
  switch (fate) {
    case Fate::kHonoured:
      return {};
    case Fate::kEmulated:
    case Fate::kApproximated:
      Lose(rule.name, HowOf(fate), note);
      return {};
    case Fate::kDropped:
      Omit(rule.param);
      Lose(rule.name, Loss::How::kDropped, note);
      return {};
    case Fate::kRefused:
      break;
  }
  return Refusal(rule.name, "The worker '" + target.model + "' cannot honour '" + std::string(rule.name) +
                                "': " + std::string(note) + ".");
}

Status Plan::CheckAbilities(const Request& request, const Target& target) {
  const auto cannot = [&](std::string_view param, std::string_view what) {
    return Refusal(param, "The worker '" + target.model + "' cannot take " + std::string(what) +
                              "; choose a model that can, or leave it out.");
  };
  const Abilities& can = target.can;
  if (!can.tools && !request.tools.empty()) return cannot("tools", "tools");
  if (!can.vision && HasMedia(request, chat::Media::Kind::kImage)) return cannot("messages", "images");
  if (!can.audio && HasMedia(request, chat::Media::Kind::kAudio)) return cannot("messages", "audio");
  if (!can.files && HasMedia(request, chat::Media::Kind::kFile)) return cannot("messages", "files");
  if (!can.reasoning && (!request.reasoning.effort.empty() || request.reasoning.budget)) {
    Omit(Param::kReasoningEffort);
    Omit(Param::kReasoningBudget);
    // "none" asks for what such a model does anyway.
    if (request.reasoning.effort != "none") {
      Lose("reasoning_effort", Loss::How::kDropped, "the worker does not reason");
    }
  }
  if (!can.logprobs && request.logprobs.value_or(false)) {
    Omit(Param::kLogprobs);
    Omit(Param::kTopLogprobs);
    Lose("logprobs", Loss::How::kDropped, "the worker gives no log-probabilities");
  }
  using Kind = chat::ResponseFormat::Kind;
  const auto format = request.response_format.kind;
  if (!can.json_schema && (format == Kind::kJsonSchema || format == Kind::kJsonObject)) {
    EmulateFormat(request.response_format);
  }
  return {};
}

void Plan::EmulateFormat(const chat::ResponseFormat& format) {
  Omit(Param::kResponseFormat);
  instruction_ = FormatInstruction(format);
  Lose("response_format", instruction_.empty() ? Loss::How::kDropped : Loss::How::kEmulated,
       "asked for by an instruction in the system prompt");
}

void Plan::Refuse(std::string_view param, std::string_view why) {
  if (refusal_) return;
  refusal_ = Refusal(param, "The worker '" + model_ + "' cannot honour '" + std::string(param) +
                                "': " + std::string(why) + ".");
}

Status Plan::CheckExtra(const Request& request, Dialect dialect, const Target& target) {
  const Dialect written_in = request.raw_dialect == Dialect::kNone ? Dialect::kOpenAi : request.raw_dialect;
  all_extra_ = written_in == dialect;
  for (const auto& [name, value] : request.extra) {
    if (Rejected(target, name)) {
      omitted_extra_.push_back(name);
      Lose(name, Loss::How::kDropped, "the worker is configured to reject it");
      continue;
    }
    if (all_extra_) continue;
    const ExtraRule* rule = nullptr;
    for (const auto& r : ExtraRules()) {
      if (r.name == name && written_in == Dialect::kOpenAi) rule = &r;
    }
    const bool anthropic = dialect == Dialect::kAnthropic;
    const Fate fate = !rule || dialect == Dialect::kOpenAi ? D : anthropic ? rule->anthropic : rule->gemini;
    const std::string_view note = rule ? (anthropic ? rule->anthropic_note : rule->gemini_note)
                                       : "it has no counterpart in the worker's dialect";
    if (fate == Fate::kRefused) {
      return Refusal(
          name, "The worker '" + target.model + "' cannot honour '" + name + "': " + std::string(note) + ".");
    }
    if (fate == Fate::kDropped) Lose(name, Loss::How::kDropped, note);
  }
  return {};
}

Result<Plan> Plan::Make(const Request& request, Dialect dialect, const Target& target) {
  Plan plan;
  plan.strict_ = target.strict;
  plan.model_ = target.model;
  TRY_VOID(plan.CheckAbilities(request, target));
  for (const auto& rule : Rules()) {
    if (!rule.given(request) || !plan.Sends(rule.param)) continue;
    if (Rejected(target, rule.name) && rule.param != Param::kMaxTokens) {
      if (rule.param == Param::kResponseFormat) {
        plan.EmulateFormat(request.response_format);
        continue;
      }
      plan.Omit(rule.param);
      plan.Lose(rule.name, Loss::How::kDropped, "the worker is configured to reject it");
      continue;
    }
    // Said in the worker's own terms: these two exist there in a form only it knows.
    const bool own_form = rule.param == Param::kMetadata || rule.param == Param::kThinking;
    if (own_form && request.raw_dialect == dialect) continue;
    TRY_VOID(plan.Apply(rule, FateIn(rule, dialect), NoteIn(rule, dialect), target));
  }
  if (!plan.Sends(Param::kLogprobs)) plan.Omit(Param::kTopLogprobs);  // makes no sense alone
  TRY_VOID(plan.CheckExtra(request, dialect, target));
  return plan;
}

std::int64_t BudgetOfEffort(std::string_view effort) {
  if (effort == "none") return 0;
  if (effort == "minimal" || effort == "low") return 1024;
  if (effort == "medium") return 8192;
  if (effort == "high") return 24576;
  return 32768;
}

std::string_view EffortOfBudget(std::int64_t budget) {
  if (budget == 0) return "none";
  if (budget < 0) return "medium";  // "as much as you like"
  if (budget <= 2048) return "low";
  return budget <= 12288 ? "medium" : "high";
}

std::string FormatInstruction(const chat::ResponseFormat& format) {
  using Kind = chat::ResponseFormat::Kind;
  if (format.kind == Kind::kJsonObject)
    return "Answer with one JSON object and nothing else: no prose, no code fence.";
  if (format.kind != Kind::kJsonSchema) return {};
  std::string out = "Answer with one JSON value and nothing else: no prose, no code fence.";
  if (!format.description.empty()) out += " It is: " + format.description + ".";
  if (!format.schema.empty()) out += " It must satisfy this JSON Schema:\n" + format.schema.text;
  return out;
}

}  // namespace baton::provider
