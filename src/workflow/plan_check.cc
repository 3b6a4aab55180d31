#include "workflow/plan_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace baton::workflow {
namespace {

struct RoleRow {
  Role role;
  std::string_view name;
};
constexpr RoleRow kRoles[] = {
    {Role::kThinker, "thinker"},   {Role::kWorker, "worker"},
    {Role::kVerifier, "verifier"}, {Role::kSynthesizer, "synthesizer"},
    {Role::kPlanner, "planner"},   {Role::kTool, "tool"},
    {Role::kHuman, "human"},
};

Error Invalid(std::string message) {
  return Fail(Code::kInvalidRequest, std::move(message), "invalid_plan");
}

// Every step that `step` names anywhere.
std::vector<StepId> References(const Step& step) {
  std::vector<StepId> out = step.access.steps;
  if (step.item) out.push_back(step.item->list);
  for (const auto& group : step.when) {
    for (const Clause& t : group) {
      if (t.what != Clause::What::kUsdLeft && t.what != Clause::What::kMsLeft) out.push_back(t.step);
    }
  }
  return out;
}

Status CheckReferences(const Plan& plan, StepId id) {
  const Step& step = plan.steps[static_cast<std::size_t>(id)];
  for (const StepId to : References(step)) {
    if (to >= 0 && to < id) continue;
    if (to == id) return Invalid(fmt::format("step '{}' waits for itself", step.name));
    if (to < 0 || to >= static_cast<StepId>(plan.steps.size()))
      return Invalid(fmt::format("step '{}' refers to step {}, which there is not", step.name, to));
    return Invalid(fmt::format("step '{}' refers forward to '{}': a step sees earlier steps only", step.name,
                               plan.steps[static_cast<std::size_t>(to)].name));
  }
  return {};
}

Status CheckWorkers(const Step& step, const rails::Permit& permit) {
  const bool asks = step.method == Method::kAsk || step.method == Method::kTool;
  if (asks && step.workers.empty()) return Invalid(fmt::format("step '{}' has no worker to ask", step.name));
  if (step.workers.size() > kMaxCandidates)
    return Invalid(fmt::format("step '{}' names {} workers; at most {} are allowed", step.name,
                               step.workers.size(), kMaxCandidates));
  const auto outside = [&](const pool::Worker* w) { return w == nullptr || !permit.Allows(*w); };
  std::vector<const pool::Worker*> all = step.workers;
  all.insert(all.end(), step.tools.begin(), step.tools.end());
  all.insert(all.end(), step.planned_workers.begin(), step.planned_workers.end());
  if (step.judge) all.push_back(step.judge);
  for (const auto* w : all) {
    if (!outside(w)) continue;
    return Fail(Code::kPermissionDenied,
                fmt::format("step '{}' names the worker '{}', which may not see this request", step.name,
                            w ? w->name : "?"),
                "policy_violation");
  }
  return {};
}

Status CheckStep(const Plan& plan, StepId id, const rails::Permit& permit) {
  const Step& step = plan.steps[static_cast<std::size_t>(id)];
  if (step.name.empty() || step.name.size() > 64)
    return Invalid(fmt::format("step {} needs a name of 1 to 64 characters", id));
  if (step.instruction.size() > kMaxInstruction)
    return Invalid(fmt::format("the instruction of step '{}' has {} bytes; at most {} are allowed", step.name,
                               step.instruction.size(), kMaxInstruction));
  if (step.method == Method::kTool && step.tool.empty())
    return Invalid(fmt::format("step '{}' calls a tool: say which", step.name));
  if (step.method == Method::kVote && step.access.steps.empty())
    return Invalid(fmt::format("step '{}' votes: name the steps it counts", step.name));
  if (step.max_planned > 0 && step.planned_workers.empty())
    return Invalid(fmt::format("step '{}' plans: name the workers it may use", step.name));
  if (auto ok = CheckReferences(plan, id); !ok) return ok;
  return CheckWorkers(step, permit);
}

void Once(std::vector<StepId>* ids) {
  std::sort(ids->begin(), ids->end());
  ids->erase(std::unique(ids->begin(), ids->end()), ids->end());
}

}  // namespace

std::string_view RoleName(Role role) {
  for (const auto& row : kRoles) {
    if (row.role == role) return row.name;
  }
  return "worker";
}

std::optional<Role> ParseRole(std::string_view name) {
  for (const auto& row : kRoles) {
    if (row.name == name) return row.role;
  }
  return std::nullopt;
}

std::vector<StepId> Sees(const Plan& plan, StepId id) {
  const Step& step = plan.steps[static_cast<std::size_t>(id)];
  std::vector<StepId> out = step.access.steps;
  if (step.access.all) {
    for (StepId s = 0; s < id; ++s) out.push_back(s);
  }
  Once(&out);
  return out;
}

std::vector<StepId> WaitsFor(const Plan& plan, StepId id) {
  std::vector<StepId> out = Sees(plan, id);
  for (const StepId s : References(plan.steps[static_cast<std::size_t>(id)])) out.push_back(s);
  Once(&out);
  return out;
}

Status Check(const Plan& plan, const rails::Permit& permit, std::size_t from) {
  if (plan.steps.empty()) return Invalid("a plan needs at least one step");
  if (plan.steps.size() > kMaxSteps)
    return Invalid(
        fmt::format("the plan has {} steps; at most {} are allowed", plan.steps.size(), kMaxSteps));
  if (plan.answers.empty()) return Invalid("a plan must say which step's output the client reads");
  for (const StepId a : plan.answers) {
    if (a < 0 || a >= static_cast<StepId>(plan.steps.size()))
      return Invalid(fmt::format("the plan's answer is step {}, which there is not", a));
  }
  std::set<std::string_view> names;
  for (const Step& s : plan.steps) {
    if (!names.insert(s.name).second) return Invalid(fmt::format("two steps are called '{}'", s.name));
  }
  for (std::size_t i = from; i < plan.steps.size(); ++i) {
    if (auto ok = CheckStep(plan, static_cast<StepId>(i), permit); !ok) return ok;
  }
  return {};
}

}  // namespace baton::workflow
