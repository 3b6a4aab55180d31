#include "pool/local_plan.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace baton::pool {
namespace {

using provider::Loss;
using How = provider::Loss::How;

// Extra fields that the engine reads (lm/sampling_options.cc).
constexpr std::array<std::string_view, 5> kHonoured = {"logit_bias", "min_p", "repetition_penalty",
                                                       "repeat_penalty", "top_k"};
// Extra fields without which the answer would be wrong.
struct Refused {
  std::string_view name, why;
};
constexpr std::array<Refused, 4> kRefused = {{
    {"audio", "a local model gives no spoken answers"},
    {"functions", "it is deprecated: send 'tools'"},
    {"function_call", "it is deprecated: send 'tool_choice'"},
    {"web_search_options", "a local model cannot search the web"},
}};

Error Cannot(std::string_view param, std::string_view why) {
  return Fail(Code::kUnsupported,
              "this local worker cannot honour '" + std::string(param) + "': " + std::string(why), "",
              std::string(param));
}

class Planner {
 public:
  Planner(const chat::Request& request, const provider::Target& target, const lm::ModelInfo& model)
      : target_(target), model_(model) {
    plan_.request = request;
    plan_.request.raw.clear();  // its fields may change below; nobody here reads it
  }

  Result<LocalPlan> Make() {
    TRY_VOID(CheckAbilities());
    TRY_VOID(CheckExtra());
    Reject();
    Declare();
    if (target_.strict) {
      for (const Loss& loss : plan_.losses) {
        if (loss.how == How::kDropped) return Cannot(loss.param, loss.note + " (and the worker is strict)");
      }
    }
    return std::move(plan_);
  }

 private:
  void Lose(std::string_view param, How how, std::string_view note) {
    for (const Loss& l : plan_.losses) {
      if (l.param == param) return;
    }
    plan_.losses.push_back({std::string(param), how, std::string(note)});
  }

  Status CheckAbilities() {
    const chat::Request& r = plan_.request;
    const bool wants_tools = !r.tools.empty() && r.tool_choice.kind != chat::ToolChoice::Kind::kNone;
    if (wants_tools && !target_.can.tools) return Cannot("tools", "its 'can' list does not name tools");
    const bool format = r.response_format.kind == chat::ResponseFormat::Kind::kJsonSchema ||
                        r.response_format.kind == chat::ResponseFormat::Kind::kJsonObject;
    if (format && !target_.can.json_schema) {
      return Cannot("response_format", "its 'can' list does not name json_schema");
    }
    if (wants_tools && format) {
      return Cannot("response_format",
                    "a local model follows either a response format or tools, not both at once");
    }
    if (r.logprobs.value_or(false) && !target_.can.logprobs) {
      return Cannot("logprobs", "its 'can' list does not name logprobs");
    }
    return {};
  }

  Status CheckExtra() {
    for (const auto& [name, value] : plan_.request.extra) {
      if (value.text == "null") continue;
      for (const Refused& r : kRefused) {
        if (r.name == name) return Cannot(name, r.why);
      }
      if (std::find(kHonoured.begin(), kHonoured.end(), name) != kHonoured.end()) continue;
      Lose(name, How::kDropped, "a local model has no such parameter");
    }
    return {};
  }

  bool Rejects(std::string_view name) {
    if (std::find(target_.rejects.begin(), target_.rejects.end(), name) == target_.rejects.end())
      return false;
    return true;
  }

  template <class T>
  void RejectOne(std::string_view name, std::optional<T>* field) {
    if (!field->has_value() || !Rejects(name)) return;
    field->reset();
    Lose(name, How::kDropped, "the worker's configuration rejects it");
  }

  // What the operator switched off.
  void Reject() {
    chat::Request& r = plan_.request;
    RejectOne("temperature", &r.temperature);
    RejectOne("top_p", &r.top_p);
    RejectOne("top_k", &r.top_k);
    RejectOne("frequency_penalty", &r.frequency_penalty);
    RejectOne("presence_penalty", &r.presence_penalty);
    RejectOne("max_tokens", &r.max_tokens);
    RejectOne("seed", &r.seed);
    RejectOne("n", &r.n);
    RejectOne("logprobs", &r.logprobs);
    RejectOne("top_logprobs", &r.top_logprobs);
    if (!r.stop.empty() && Rejects("stop")) {
      r.stop.clear();
      Lose("stop", How::kDropped, "the worker's configuration rejects it");
    }
  }

  void Declare() {
    const chat::Request& r = plan_.request;
    if (!r.tools.empty() && r.tool_choice.kind != chat::ToolChoice::Kind::kNone && !model_.native_tools) {
      Lose("tools", How::kEmulated,
           "the model's template knows no tools: they are described in the system message, one call per "
           "answer "
           "unless parallel_tool_calls is true");
    }
    if (!r.reasoning.effort.empty() || r.reasoning.budget || !r.reasoning.opaque.empty()) {
      if (!model_.native_reasoning) {
        Lose("reasoning_effort", How::kDropped, "the model does not reason before it answers");
      } else if (r.reasoning.effort != "none") {
        Lose("reasoning_effort", How::kApproximated, "a local model reasons or does not; there is no amount");
      }
    }
    if (!r.user.empty()) Lose("user", How::kDropped, "nobody but this server would see it");
    if (!r.metadata.empty()) Lose("metadata", How::kDropped, "nobody but this server would see it");
    for (const chat::Message& m : r.messages) DeclareMessage(m);
  }

  void DeclareMessage(const chat::Message& m) {
    if (!m.name.empty() && m.role != chat::Role::kTool) {
      Lose("messages.name", How::kDropped, "the model's template has no place for it");
    }
    for (const chat::Part& part : m.parts) {
      if (std::holds_alternative<chat::Opaque>(part)) {
        Lose("messages.content", How::kDropped, "a part in another vendor's own form");
      }
      const auto* reasoning = std::get_if<chat::Reasoning>(&part);
      if (reasoning && reasoning->origin != chat::Dialect::kLocal &&
          (!reasoning->signature.empty() || !reasoning->encrypted.empty())) {
        Lose("messages.reasoning", How::kDropped, "another vendor's signed reasoning");
      }
    }
  }

  const provider::Target& target_;
  const lm::ModelInfo& model_;
  LocalPlan plan_;
};

}  // namespace

Result<LocalPlan> PlanLocal(const chat::Request& request, const provider::Target& target,
                            const lm::ModelInfo& model) {
  return Planner(request, target, model).Make();
}

}  // namespace baton::pool
