// conducted: a language model writes the plan, and may look at the result and plan again.
//
// The planner (any worker; later a trained one) is shown the conversation and a numbered list of workers as
// facts, without names, and writes three lists (plan_text.h). What it writes is checked like any plan and
// runs under the same lease. When its text cannot be read or its plan is refused, the strongest worker
// answers directly: that answer's money is set aside before the planner is asked, so a bad planner costs at
// most its own tokens. With rounds > 1 the planner sees the answer and returns three empty lists to keep it
// or another plan.
#include <fmt/format.h>

#include <algorithm>

#include "workflow/flow_rows.h"
#include "workflow/flow_tools.h"

namespace baton::workflow {
namespace {

constexpr int kMostRounds = 3;

std::string Facts(const pool::Worker& w, std::int64_t unix_seconds) {
  std::string out;
  const budget::PriceRow* row = w.prices.At(unix_seconds);
  out += row ? fmt::format("price per million tokens ${} in, ${} out", budget::FormatUsd(row->input),
                           budget::FormatUsd(row->output))
             : std::string("price unknown");
  if (w.context > 0) out += fmt::format(", context {} tokens", w.context);
  const auto& can = w.target.can;
  if (can.reasoning) out += ", reasons";
  if (can.vision) out += ", sees images";
  if (can.tools) out += ", uses tools";
  return out;
}

std::string PlannerTask(const std::vector<const pool::Worker*>& workers, int steps, std::int64_t unix_seconds,
                        bool again) {
  std::string out =
      again
          ? "The answer that your last plan gave stands above. If it is right and complete, keep it: reply "
            "with three "
            "empty lists. Otherwise write a new plan; its steps cannot see the old ones unless you repeat "
            "what matters.\n\n"
          : "Do not answer the conversation above yourself. Write a plan for a team of language models.\n\n";
  out += fmt::format(
      "A plan has at most {} steps. Each step names a model by its number, says in plain language what it is "
      "to do, and "
      "which earlier steps it may read. A step sees the conversation, what you let it read, and its task. A "
      "step may solve "
      "everything, check or improve an earlier result, or prepare something for a later one; steps that do "
      "not read each "
      "other run at the same time. The last step's output goes to the user as it is. One step is enough for "
      "an easy "
      "question.\n\nModels:\n",
      steps);
  for (std::size_t i = 0; i < workers.size(); ++i)
    out += fmt::format("Model {}: {}\n", i, Facts(*workers[i], unix_seconds));
  out +=
      "\nThink first if you must, then end your reply with three lists of equal length, for example:\n"
      "model_id = [1, 0]\n"
      "subtasks = [\"Solve the problem step by step\", \"Check the solution, correct it and state the final "
      "answer\"]\n"
      "access_list = [[], [\"all\"]]\n"
      "An element of access_list is [] (nothing earlier), [\"all\"], or a list of step numbers counted from "
      "0.";
  return out;
}

}  // namespace

Result<Plan> BuildConducted(const Materials& m) {
  Plan plan;
  TRY(const pool::Worker* planner, Named(m, m.settings.planner));
  const int rounds = std::clamp(Or(m.settings.rounds, 1), 1, kMostRounds);
  const int steps = std::clamp(Or(m.settings.max_steps, 5), 1, 16);
  auto team = m.workers;
  if (team.size() > 16) team.resize(16);

  Step direct = Ask("direct", Role::kWorker, First(Strongest(m.workers, m.unix_seconds), m.workers));
  direct.answers_client = true;
  direct.client_tools = true;
  direct.reserved = true;
  StepId before = -1;
  std::vector<StepId> planners;
  for (int round = 1; round <= rounds; ++round) {
    Step p = Ask(round == 1 ? "plan" : fmt::format("replan{}", round - 1), Role::kPlanner, {planner},
                 PlannerTask(team, steps, m.unix_seconds, round > 1));
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
