#include "workflow/contract.h"

#include <fmt/format.h>

#include <algorithm>

#include "workflow/flow_tools.h"

namespace baton::workflow {
namespace {

constexpr int kMostRepairs = 3;
constexpr const char* kRepairTask =
    "The output above was refused, for the reason given. Write it again so that the reason no longer holds. "
    "Reply "
    "with the output alone.";

chat::Message Say(chat::Role role, std::string text) {
  chat::Message m;
  m.role = role;
  m.parts.emplace_back(chat::Text{std::move(text), {}});
  return m;
}

Error Bad(const ContractSettings& s, std::string_view what) {
  return Fail(Code::kInvalidRequest, fmt::format("contract '{}': {}", s.name, what), "bad_contract");
}

Status InputsFit(const ContractSettings& s, const chat::Request& request) {
  const auto given = [&](const std::string& name) {
    return std::any_of(request.inputs.begin(), request.inputs.end(),
                       [&](const auto& i) { return i.first == name; });
  };
  for (const auto& name : s.inputs) {
    if (given(name)) continue;
    return Fail(Code::kInvalidRequest,
                fmt::format("'{}' needs the input '{}': give it as `inputs: {{\"{}\": \"...\"}}`", s.name,
                            name, name),
                "missing_input", "inputs");
  }
  for (const auto& [name, value] : request.inputs) {
    if (std::find(s.inputs.begin(), s.inputs.end(), name) != s.inputs.end()) continue;
    return Fail(Code::kInvalidRequest,
                fmt::format("'{}' has no such input; it takes: {}", s.name, fmt::join(s.inputs, ", ")),
                "unknown_input", "inputs");
  }
  return {};
}

// In the conversation itself, so that the rails classify it like everything else a worker will see.
void AddInputs(const chat::Request& from, chat::Request* to) {
  if (from.inputs.empty()) return;
  std::string text;
  for (const auto& [name, value] : from.inputs)
    text += fmt::format("{}{}:\n{}\n", text.empty() ? "" : "\n", name, value);
  // Some templates want turns to alternate.
  const bool join = !to->messages.empty() && to->messages.back().role == chat::Role::kUser &&
                    to->messages.back().parts.size() == 1 &&
                    std::holds_alternative<chat::Text>(to->messages.back().parts[0]);
  if (join) {
    std::get<chat::Text>(to->messages.back().parts[0]).text += "\n\n" + text;
  } else {
    to->messages.push_back(Say(chat::Role::kUser, std::move(text)));
  }
  to->inputs.clear();
}

template <class T>
void Lower(std::optional<T>* to, const T& limit) {
  if (!*to || limit < **to) *to = limit;
}

}  // namespace

Result<chat::Request> Contract::Shape(const chat::Request& request) const {
  TRY_VOID(InputsFit(s_, request));
  if (request.n.value_or(1) != 1)
    return Fail(Code::kInvalidRequest, "an answer under a contract is one answer: leave `n` out",
                "contract_n", "n");
  chat::Request shaped = request;
  shaped.model = s_.policy;
  shaped.raw.clear();
  if (!s_.instruction.empty())
    shaped.messages.insert(shaped.messages.begin(), Say(chat::Role::kSystem, s_.instruction));
  AddInputs(request, &shaped);
  if (!s_.output_schema.empty()) {
    chat::ResponseFormat format;
    format.kind = chat::ResponseFormat::Kind::kJsonSchema;
    format.name = "output";
    format.schema = s_.output_schema;
    format.strict = true;
    shaped.response_format = std::move(format);
  }
  return shaped;
}

void Contract::Bound(rails::Controls* controls) const {
  if (s_.usd) Lower(&controls->max_cost, *s_.usd);
  if (s_.tokens > 0) Lower(&controls->max_tokens, s_.tokens);
  if (s_.time > Duration::zero()) Lower(&controls->deadline, s_.time);
  if (!s_.task.empty()) controls->task = s_.task;
}

Status Contract::MayHold(const std::set<rails::DataClass>& classes) const {
  if (s_.data.empty()) return {};
  for (const auto& c : classes) {
    if (s_.data.contains(c)) continue;
    return Fail(Code::kPermissionDenied,
                fmt::format("contract '{}' may not be given data of class {}; it takes {}", s_.name, c,
                            fmt::join(s_.data, ", ")),
                "contract_data");
  }
  return {};
}

Status Contract::Wrap(const std::vector<const pool::Worker*>& workers, const pool::Worker* judge,
                      Plan* plan) const {
  if (!checks()) return {};
  for (const Step& s : plan->steps) {
    if (s.max_planned > 0)
      return Fail(
          Code::kUnsupported,
          fmt::format(
              "contract '{}' cannot be kept by workflow '{}', whose planner may replace the check; name "
              "another policy",
              s_.name, plan->workflow),
          "contract_policy");
  }
  Step check = Ask("contract", Role::kSynthesizer, {});
  check.method = Method::kPick;
  check.access.steps = plan->answers;
  check.checks = checks_;
  check.judge = judge;
  StepId last = Add(plan, std::move(check));
  plan->answers = {last};
  for (int n = 1; n <= s_.repairs; ++n) {
    Step repair = Ask(fmt::format("repair{}", n), Role::kWorker, First(judge, workers), kRepairTask);
    repair.access.steps = {last};
    repair.when = Wanting(last, s_.confidence);
    repair.answers_client = true;
    repair.checks = checks_;
    repair.judge = judge;
    last = Add(plan, std::move(repair));
    plan->answers.insert(plan->answers.begin(), last);
  }
  return {};
}

std::string Contract::Objection(const StepState& answer) const {
  if (!checks()) return {};
  if (answer.verdict == verify::Verdict::kReject) return answer.why.empty() ? "it was rejected" : answer.why;
  if (s_.confidence > 0 && answer.confidence && *answer.confidence < s_.confidence)
    return fmt::format("its confidence is {:.2f}, the bar {:.2f}", *answer.confidence, s_.confidence);
  return {};
}

Result<std::shared_ptr<const Contracts>> Contracts::Build(std::vector<ContractSettings> all) {
  auto contracts = std::make_shared<Contracts>();
  for (ContractSettings& s : all) {
    if (s.repairs < 0 || s.repairs > kMostRepairs) return Bad(s, "repairs lies between 0 and 3");
    if (s.policy == "baton-ultra") return Bad(s, "baton-ultra plans as it goes: name another policy");
    Contract c;
    std::vector<verify::Spec> specs = s.verify;
    if (!s.output_schema.empty())
      specs.insert(specs.begin(), {"json_schema", {{"schema", s.output_schema.text}}});
    for (const auto& spec : specs) {
      auto check = verify::Make(spec);
      if (!check) return Bad(s, check.error().message);
      c.checks_.push_back(std::move(*check));
    }
    c.s_ = std::move(s);
    const std::string name = c.s_.name;
    if (!contracts->all_.emplace(name, std::move(c)).second)
      return Fail(Code::kInvalidRequest, fmt::format("there are two contracts '{}'", name), "bad_contract");
  }
  return std::shared_ptr<const Contracts>(std::move(contracts));
}

const Contract* Contracts::Find(std::string_view name) const {
  const auto at = all_.find(name);
  return at == all_.end() ? nullptr : &at->second;
}

}  // namespace baton::workflow
