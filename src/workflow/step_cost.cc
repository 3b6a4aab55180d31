#include "workflow/step_cost.h"

#include <algorithm>

#include "route/tokens.h"
#include "workflow/plan_check.h"

namespace baton::workflow {
namespace {

// What stands around a text in a request: roles, marks, headings.
constexpr std::int64_t kAround = 64;
// A judge's own words around what it judges.
constexpr std::int64_t kJudgeText = 512;
// No model writes more; keeps sums far from overflow whatever a client asks for.
constexpr std::int64_t kMostOutput = 10'000'000;

std::int64_t InputBound(const Plan& plan, const std::vector<StepState>& states, StepId id,
                        const chat::Request& client, std::int64_t client_tokens) {
  const Step& step = plan.steps[static_cast<std::size_t>(id)];
  std::int64_t sum = kAround + route::EstimateTokens(step.instruction);
  if (step.access.conversation) sum += client_tokens;
  std::vector<StepId> seen = Sees(plan, id);
  if (step.item) seen.push_back(step.item->list);
  for (const StepId s : seen) {
    const StepState& state = states[static_cast<std::size_t>(s)];
    if (state.settled() && !state.done()) continue;
    sum += kAround + (state.done() ? route::EstimateTokens(state.text) + route::EstimateTokens(state.evidence)
                                   : OutputCap(plan.steps[static_cast<std::size_t>(s)], client));
  }
  return sum;
}

void AddCall(const pool::Worker& worker, std::int64_t input, std::int64_t output, std::int64_t unix_seconds,
             budget::Nanos* usd, bool* unpriced) {
  const budget::PriceRow* row = worker.prices.At(unix_seconds);
  *unpriced |= row == nullptr;
  if (row) *usd += budget::WorstCase(*row, input, output);
}

}  // namespace

std::int64_t OutputCap(const Step& step, const pool::Worker& worker, const chat::Request& client) {
  if (step.limits.max_output > 0) return step.limits.max_output;
  if (step.answers_client)
    return std::clamp<std::int64_t>(client.max_tokens.value_or(worker.target.max_output), 1, kMostOutput);
  return std::min(kThoughtTokens, worker.target.max_output);
}

std::int64_t OutputCap(const Step& step, const chat::Request& client) {
  if (step.method == Method::kTool || step.method == Method::kHand) return kToolResultTokens;
  std::int64_t most = kThoughtTokens;
  for (const auto* w : step.workers) most = std::max(most, OutputCap(step, *w, client));
  if (!step.workers.empty() && step.limits.max_output > 0) return step.limits.max_output;
  return most;
}

Worst WorstOf(const Plan& plan, const std::vector<StepState>& states, StepId id, const chat::Request& client,
              std::int64_t client_tokens, std::int64_t unix_seconds, std::int64_t cap) {
  const Step& step = plan.steps[static_cast<std::size_t>(id)];
  Worst worst;
  if (step.method != Method::kAsk) return worst;
  const std::int64_t input = InputBound(plan, states, id, client, client_tokens);
  std::int64_t output_most = 0;
  for (const auto* w : step.workers) {
    const std::int64_t output = cap > 0 ? cap : OutputCap(step, *w, client);
    budget::Nanos usd;
    std::int64_t tokens = 0;
    // Each further tool turn reads what the turns before it wrote.
    const int turns = step.tools.empty() ? 1 : step.tool_rounds + 1;
    for (int turn = 0; turn < turns; ++turn) {
      const std::int64_t in = input + turn * (output + kToolResultTokens);
      AddCall(*w, in, output, unix_seconds, &usd, &worst.unpriced);
      tokens += in + output;
    }
    worst.usd = std::max(worst.usd, usd);
    worst.tokens = std::max(worst.tokens, tokens);
    output_most = std::max(output_most, output);
  }
  for (const auto& check : step.checks) {
    const verify::Cost cost = check->cost();
    if (!cost.asks_model || step.judge == nullptr) continue;
    for (int i = 0; i < cost.max_asks; ++i) {
      AddCall(*step.judge, input + output_most + kJudgeText, cost.max_tokens, unix_seconds, &worst.usd,
              &worst.unpriced);
      worst.tokens += input + output_most + kJudgeText + cost.max_tokens;
    }
  }
  return worst;
}

Worst WorstOfAll(const Plan& plan, const chat::Request& client, std::int64_t client_tokens,
                 std::int64_t unix_seconds) {
  const std::vector<StepState> none(plan.steps.size());
  Worst all;
  for (std::size_t i = 0; i < plan.steps.size(); ++i) {
    const Worst one = WorstOf(plan, none, static_cast<StepId>(i), client, client_tokens, unix_seconds);
    all.usd += one.usd;
    all.tokens += one.tokens;
    all.unpriced |= one.unpriced;
    // A planner's steps are not known yet, but how many and by whom is.
    const Step& step = plan.steps[i];
    for (const auto* w : step.planned_workers) {
      if (w->prices.At(unix_seconds) == nullptr) all.unpriced = true;
    }
  }
  return all;
}

}  // namespace baton::workflow
