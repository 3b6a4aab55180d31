// conducted: a language model writes the plan, and may look at the result and plan again.
//
// The planner (any worker, prompted or trained for it: docs/conductor.md) is shown the conversation and a
// numbered list of workers as facts, without names, and writes three lists (plan_text.h). What it writes is
// checked like any plan and runs under the same lease. When its text cannot be read or its plan is refused,
// the strongest worker answers directly: that answer's money is set aside before the planner is asked, so a
// bad planner costs at most its own tokens. With rounds > 1 the planner sees the answer and returns three
// empty lists to keep it or another plan.
#include <fmt/format.h>

#include <algorithm>

#include "workflow/flow_rows.h"
#include "workflow/flow_tools.h"
#include "workflow/plan_prompt.h"

namespace baton::workflow {
namespace {

constexpr int kMostRounds = 3;
// A plan of the short form is a few lines; a model that was badly trained writes on until it is stopped.
constexpr std::int64_t kShortPlanTokens = 256;
}  // namespace

Result<Plan> BuildConducted(const Materials& m) {
  Plan plan;
  TRY(const pool::Worker* planner, Named(m, m.settings.planner));
  const int rounds = std::clamp(Or(m.settings.rounds, 1), 1, kMostRounds);
  const int steps = std::clamp(Or(m.settings.max_steps, 5), 1, 16);
  auto team = m.workers;
  if (team.size() > 16) team.resize(16);

  const PlannerForm form = ParsePlannerForm(m.settings.prompt).value_or(PlannerForm::kFull);

  Step direct = Ask("direct", Role::kWorker, First(Strongest(m.workers, m.unix_seconds), m.workers));
  direct.answers_client = true;
  direct.client_tools = true;
  direct.reserved = true;
  StepId before = -1;
  std::vector<StepId> planners;
  for (int round = 1; round <= rounds; ++round) {
    Step p = Ask(round == 1 ? "plan" : fmt::format("replan{}", round - 1), Role::kPlanner, {planner},
                 PlannerTask(team, steps, m.unix_seconds, round > 1, form));
    if (form == PlannerForm::kShort) p.limits.max_output = kShortPlanTokens;
    p.max_planned = steps;
    p.planned_workers = team;
    p.optional = round > 1;
    p.client_tools = false;
    if (before >= 0) {
      p.sees_result = true;
      p.when = AllOf({Is(Clause::What::kAccepted, before)});
    }
    before = Add(&plan, std::move(p));
    planners.push_back(before);
  }
  direct.when = {{Not(Is(Clause::What::kAccepted, planners.front()))}};
  plan.answers = {Add(&plan, std::move(direct))};
  return plan;
}

}  // namespace baton::workflow
