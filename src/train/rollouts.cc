#include "train/rollouts.h"

#include <fmt/format.h>

#include "train/maths.h"
#include "workflow/flow_tools.h"
#include "workflow/plan_text.h"
#include "workflow/step_request.h"

namespace baton::train {
namespace {

constexpr std::uint64_t kMarkSeed = 1;

chat::Request Asked(const arena::Problem& problem) {
  chat::Request r;
  chat::Message m;
  m.parts.emplace_back(chat::Text{problem.prompt, {}});
  r.messages.push_back(std::move(m));
  return r;
}

void Bill(const RewardOptions& o, Try* t) {
  const std::int64_t nanos = o.input.v * t->prompt_tokens + o.output.v * t->written_tokens;
  t->rollout.cost += budget::Nanos{(nanos + 999'999) / 1'000'000};
  t->rollout.tokens += t->prompt_tokens + t->written_tokens;
  ++t->rollout.calls;
  t->rollout.cost += t->first.cost;
  t->rollout.worst_case += t->first.worst_case;
  t->rollout.tokens += t->first.tokens;
  t->rollout.calls += t->first.calls;
}

double Worth(const RewardOptions& o, const Try& t) {
  // What was spent is taken off whatever came of it: were a plan that cannot run free of charge, writing one
  // would pay where money is dear.
  double reward = t.valid ? 0.5 + 0.5 * t.rollout.score : 0;
  if (o.usd_per_right > 0) reward -= static_cast<double>(t.rollout.cost.v) * 1e-9 / o.usd_per_right;
  if (o.tokens_per_right > 0) reward -= static_cast<double>(t.rollout.tokens) / o.tokens_per_right;
  return reward;
}

// Nullopt: nothing to run. Notes in the try whether it was a plan.
std::optional<workflow::Plan> Read(Try* t, bool fall_back) {
  auto written = workflow::ParseLists(t->text, kMostSteps);
  if (written && written->empty() && t->shown) {
    t->valid = t->kept = true;
    t->rollout = t->first;
    // Bill() adds the first plan's part, which must not stand there twice.
    t->rollout.cost = t->rollout.worst_case = {};
    t->rollout.tokens = t->rollout.calls = 0;
    return std::nullopt;
  }
  Result<workflow::Plan> plan = Error{};
  if (written) plan = PlanOf(*written, t->item.team);
  if (written && plan) {
    t->valid = true;
    return std::move(*plan);
  }
  t->error = written ? plan.error().Name() : written.error().Name();
  if (t->shown) {  // a second look that cannot be read changes nothing
    t->rollout = t->first;
    t->rollout.cost = t->rollout.worst_case = {};
    t->rollout.tokens = t->rollout.calls = 0;
    return std::nullopt;
  }
  if (!fall_back) return std::nullopt;
  workflow::Plan direct;
  direct.workflow = "direct";
  workflow::Step step;
  step.name = "direct";
  step.workers = {workflow::Strongest(t->item.team, 0)};
  step.answers_client = true;
  direct.steps.push_back(std::move(step));
  direct.answers = {0};
  return direct;
}

}  // namespace

chat::Request PlannerRequest(const arena::Problem& problem, const Team& team,
                             const std::optional<std::string>& shown, workflow::PlannerForm form) {
  workflow::Plan plan;
  std::vector<workflow::StepState> states;
  if (shown) {
    plan.steps.emplace_back().name = "s1";
    plan.answers = {0};
    states.emplace_back().status = workflow::StepStatus::kDone;
    states.back().text = *shown;
  }
  workflow::Step& step = plan.steps.emplace_back();
  step.name = "plan";
  step.role = workflow::Role::kPlanner;
  step.instruction = workflow::PlannerTask(team, kMostSteps, 0, shown.has_value(), form);
  step.sees_result = shown.has_value();
  states.emplace_back();
  const chat::Request client = Asked(problem);
  const std::string mark = workflow::DrawMark(kMarkSeed, states);
  return workflow::MakeRequest(
      {client, plan, states, static_cast<workflow::StepId>(plan.steps.size()) - 1, mark});
}

Task<void> ScoreTries(Stage* stage, RewardOptions options, bool fall_back, std::vector<Try>* tries) {
  std::vector<Item> items;
  std::vector<arena::Episode> episodes;
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < tries->size(); ++i) {
    Try& t = (*tries)[i];
    auto plan = Read(&t, fall_back);
    if (!plan) continue;
    arena::Episode e;
    e.problem = t.item.problem;
    e.plan = std::move(*plan);
    episodes.push_back(std::move(e));
    items.push_back(t.item);
    places.push_back(i);
  }
  auto played = co_await stage->Play(std::move(items), std::move(episodes));
  for (std::size_t i = 0; i < places.size(); ++i) {
    Try& t = (*tries)[places[i]];
    t.rollout = std::move(played[i]);
    // Written well, refused all the same: as good as none. A worker that failed was the plan's own choice.
    if (t.rollout.error == "invalid_plan" || t.rollout.error == "policy_violation") {
      t.valid = false;
      t.error = t.rollout.error;
    }
  }
  for (Try& t : *tries) {
    Bill(options, &t);
    t.reward = Worth(options, t);
  }
}

Status WriteTries(lm::TokenSampler& sampler, const Drawing& drawing, std::vector<Try>* tries,
                  std::vector<std::vector<int>>* prompts, std::vector<lm::TokenSampler::Drawn>* drawn) {
  std::vector<lm::TokenSampler::Wish> wishes;
  for (std::size_t i = 0; i < tries->size(); ++i) {
    const Try& t = (*tries)[i];
    TRY(auto tokens, sampler.Tokens(PlannerRequest(*t.item.problem, t.item.team, t.shown, drawing.form)));
    wishes.push_back({std::move(tokens), SeedOf(drawing.seed, "write", i), drawing.temperature});
  }
  TRY(auto out, sampler.Draw(wishes, drawing.most_tokens));
  for (std::size_t i = 0; i < tries->size(); ++i) {
    Try& t = (*tries)[i];
    t.text = sampler.Text(out[i].tokens);
    t.prompt_tokens = static_cast<std::int64_t>(wishes[i].prompt.size());
    t.written_tokens = static_cast<std::int64_t>(out[i].tokens.size());
    if (prompts) prompts->push_back(std::move(wishes[i].prompt));
  }
  if (drawn) *drawn = std::move(out);
  return {};
}

}  // namespace baton::train
