#include "conduct/rollouts.h"

#include <algorithm>
#include <functional>
#include <numeric>

#include "base/signal.h"

namespace baton::conduct {
namespace {

struct Reading {
  StateReader& reader;
  std::vector<std::string> texts;
  SingleTurns* out;
  std::size_t next = 0, done = 0;
  Signal all;
};

Task<void> ReadSome(Reading* r) {
  while (r->next < r->texts.size()) {
    const std::size_t i = r->next++;
    auto state = co_await r->reader.Read(std::move(r->texts[i]));
    if (state) {
      r->out->states[i] = std::move(state->state);
      r->out->tokens[i] = state->tokens;
    }
    if (++r->done == r->texts.size()) r->all.Set();
  }
}

}  // namespace

Rollouts::Rollouts(arena::Environment& environment, StateReader& reader, std::vector<std::string> workers,
                   RolloutOptions options)
    : environment_(environment), reader_(reader), names_(std::move(workers)), options_(options) {
  for (const auto& name : names_) workers_.push_back(environment_.Find(name));
}

Coordinator Rollouts::Blank(int turns, bool roles) const {
  Coordinator c;
  c.base = reader_.base();
  c.workers = names_;
  c.turns = turns;
  c.roles = roles;
  c.head.assign(c.parameters(), 0);
  return c;
}

double Rollouts::Utility(const arena::Rollout& r) const {
  return r.score - static_cast<double>(r.cost.v) * 1e-9 / options_.usd_per_right;
}

budget::Nanos Rollouts::ReadCost(std::int64_t tokens) const {
  return budget::Nanos{(options_.read_price.v * tokens + 999'999) / 1'000'000};
}

workflow::Plan Rollouts::OneTurnPlan(std::size_t worker) const {
  workflow::Plan plan;
  plan.workflow = "one-turn";
  plan.steps.push_back(TurnStep(1, workers_[worker], workflow::Role::kWorker, options_.max_answer));
  plan.answers = {0};
  return plan;
}

budget::Nanos Rollouts::WorstCase(const arena::Problem& problem, int turns) const {
  // Bytes bound tokens; a turn sees the question, what it is asked to do, and every output before it.
  constexpr std::int64_t kAround = 160;
  budget::Nanos sum;
  for (int t = 0; t < turns; ++t) {
    const std::int64_t input =
        static_cast<std::int64_t>(problem.prompt.size()) + kAround + t * (options_.max_answer + 40);
    budget::Nanos most;
    for (const auto* w : workers_) {
      const budget::PriceRow* row = w->prices.At(0);
      if (!row) continue;
      const budget::Nanos call =
          budget::WorstCase(*row, input, options_.max_answer) + budget::PerCall(*row, 1);
      most = std::max(most, call);
    }
    sum += most + budget::Nanos{options_.read_price.v * input / 1'000'000};
  }
  return sum;
}

Task<std::vector<Run>> Rollouts::Play(std::vector<Trial> trials) {
  // Tries at the same problem one after the other: their transcripts begin alike, and the reader need not
  // read a beginning twice while it still has it.
  std::vector<std::size_t> order(trials.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return std::less<>()(trials[a].problem, trials[b].problem);
  });
  std::vector<std::unique_ptr<CoordinatorChooser>> choosers;
  std::vector<arena::Episode> episodes;
  for (const std::size_t at : order) {
    const Trial& t = trials[at];
    CoordinatorChooser::Options o;
    o.coordinator = t.coordinator;
    o.reader = &reader_;
    o.workers = workers_;
    o.question = t.problem->prompt;
    o.max_answer = options_.max_answer;
    if (t.seed != 0) o.random = std::make_unique<Random>(t.seed);
    choosers.push_back(std::make_unique<CoordinatorChooser>(std::move(o)));
    arena::Episode e;
    e.problem = t.problem;
    e.chooser = choosers.back().get();
    episodes.push_back(std::move(e));
  }
  auto rollouts = co_await arena::PlayAll(environment_, std::move(episodes), options_.parallel);
  std::vector<Run> out(rollouts.size());
  for (std::size_t k = 0; k < out.size(); ++k) {
    const std::size_t i = order[k];
    out[i].rollout = std::move(rollouts[k]);
    const std::int64_t read = choosers[k]->read_tokens();
    out[i].rollout.tokens += read;
    out[i].rollout.cost += ReadCost(read);
    out[i].rollout.worst_case = WorstCase(*trials[i].problem, trials[i].coordinator->turns);
    out[i].utility = Utility(out[i].rollout);
    out[i].choices = choosers[k]->choices();
  }
  played_ += static_cast<std::int64_t>(out.size());
  co_return out;
}

Task<SingleTurns> Rollouts::PlaySingleTurns(const std::vector<arena::Problem>& problems) {
  SingleTurns out;
  out.workers = workers_.size();
  std::vector<arena::Episode> episodes;
  Reading reading{reader_, {}, &out, 0, 0, Signal(environment_.loop())};
  for (const auto& p : problems) {
    for (std::size_t w = 0; w < workers_.size(); ++w) {
      arena::Episode e;
      e.problem = &p;
      e.plan = OneTurnPlan(w);
      episodes.push_back(std::move(e));
    }
    const workflow::Plan none;
    const std::vector<workflow::StepState> nothing;
    reading.texts.push_back(Transcript(p.prompt, {none, nothing, std::nullopt}));
  }
  played_ += static_cast<std::int64_t>(episodes.size());
  out.cells = co_await arena::PlayAll(environment_, std::move(episodes), options_.parallel);
  out.states.resize(problems.size());
  out.tokens.resize(problems.size());
  for (std::size_t i = 0; i < 16; ++i) Spawn(ReadSome(&reading));
  while (reading.done < reading.texts.size()) (void)co_await reading.all.Wait();
  co_return out;
}

}  // namespace baton::conduct
