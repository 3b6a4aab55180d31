#include "workflow/describe.h"

#include <algorithm>

#include "workflow/plan_check.h"

namespace baton::workflow {
namespace {

constexpr std::size_t kShown = 200;

std::string Beginning(const std::string& text) {
  if (text.size() <= kShown) return text;
  std::size_t end = kShown;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return text.substr(0, end) + "...";
}

}  // namespace

Outline Describe(const Plan& plan, const chat::Request& client, std::int64_t client_tokens,
                 std::int64_t unix_seconds) {
  const auto name = [&](StepId id) { return plan.steps[static_cast<std::size_t>(id)].name; };
  const std::vector<StepState> none(plan.steps.size());
  Outline out;
  out.workflow = plan.workflow;
  out.notes = plan.notes;
  for (const StepId a : plan.answers) out.answers.push_back(name(a));
  for (StepId id = 0; id < static_cast<StepId>(plan.steps.size()); ++id) {
    const Step& step = plan.steps[static_cast<std::size_t>(id)];
    StepOutline& o = out.steps.emplace_back();
    o.name = step.name;
    o.role = RoleName(step.role);
    for (const auto* w : step.workers) o.workers.push_back(w->name);
    for (const StepId s : Sees(plan, id)) o.sees.push_back(name(s));
    for (const auto& c : step.checks) o.checks.emplace_back(c->name());
    o.when = Describe(step.when, plan);
    o.instruction = Beginning(step.instruction);
    o.optional = step.optional;
    o.answer = std::find(plan.answers.begin(), plan.answers.end(), id) != plan.answers.end();
    o.worst = WorstOf(plan, none, id, client, client_tokens, unix_seconds);
  }
  out.worst = WorstOfAll(plan, client, client_tokens, unix_seconds);
  return out;
}

}  // namespace baton::workflow
