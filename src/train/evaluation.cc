#include "train/evaluation.h"

#include <fmt/format.h>

#include <algorithm>

#include "train/maths.h"

namespace baton::train {
namespace {

using conduct::Measured;

workflow::Plan Alone(const pool::Worker* worker) {
  workflow::Plan plan;
  plan.workflow = "single";
  workflow::Step step;
  step.name = "s1";
  step.workers = {worker};
  step.answers_client = true;
  plan.steps.push_back(std::move(step));
  plan.answers = {0};
  return plan;
}

// Each item answered by one of its team.
Task<Entrant> PlaySingle(Stage* stage, std::string name, const std::vector<Item>* items,
                         std::function<const pool::Worker*(const Item&)> who) {
  std::vector<arena::Episode> episodes;
  for (const Item& item : *items) {
    arena::Episode e;
    e.problem = item.problem;
    e.plan = Alone(who(item));
    episodes.push_back(std::move(e));
  }
  Entrant out;
  out.measured.name = std::move(name);
  out.measured.tries = co_await stage->Play(*items, std::move(episodes));
  co_return out;
}

Task<Entrant> PlayWorkflow(Stage* stage, std::string name, std::string workflow,
                           std::vector<std::string> workers, double temperature,
                           const std::vector<Item>* items) {
  std::vector<arena::Episode> episodes;
  for (const Item& item : *items) {
    arena::Episode e;
    e.problem = item.problem;
    e.workflow = workflow;
    e.workers = workers;
    e.temperature = temperature;
    episodes.push_back(std::move(e));
  }
  Entrant out;
  out.measured.name = std::move(name);
  out.measured.tries = co_await stage->Play(*items, std::move(episodes));
  co_return out;
}

struct Desk {
  Stage* stage;
  lm::TokenSampler* sampler;
  const std::vector<arena::Problem>* train;
  const std::vector<arena::Problem>* test;
  EvaluationOptions o;
  std::map<std::string, double> train_accuracy{};  // of every worker alone
  std::vector<Contest> contests{};

  void Say(const std::string& line) const {
    if (o.say) o.say(line);
  }
  void Add(Contest* c, Entrant e) const {
    Say(fmt::format("{:<10} {:<26} right {:.3f}, ${:.7f}, {:.0f} tokens, {:.2f} calls{}", c->name,
                    e.measured.name, e.measured.accuracy(), e.measured.usd(), e.measured.tokens(),
                    e.measured.calls(), e.valid < 0 ? "" : fmt::format(", valid {:.3f}", e.valid)));
    c->entrants.push_back(std::move(e));
  }
  bool Wants(const char* contest) const {
    return std::find(o.contests.begin(), o.contests.end(), contest) != o.contests.end();
  }
  const pool::Worker* BestOf(const Team& team) const {
    return *std::max_element(team.begin(), team.end(), [&](const pool::Worker* a, const pool::Worker* b) {
      return train_accuracy.at(a->name) < train_accuracy.at(b->name);
    });
  }
};

Task<void> RankWorkers(Desk* d) {
  std::vector<Item> items;
  const std::size_t n = std::min<std::size_t>(d->train->size(), 140);
  for (std::size_t i = 0; i < n; ++i) items.push_back({&(*d->train)[i], 0, d->stage->All(0, true)});
  for (std::size_t w = 0; w < items[0].team.size(); ++w) {
    const Entrant e =
        co_await PlaySingle(d->stage, "", &items, [w](const Item& item) { return item.team[w]; });
    d->train_accuracy[items[0].team[w]->name] = e.measured.accuracy();
  }
}

Task<Status> Conductors(Desk* d, Contest* c) {
  const auto play = [&](std::string name, workflow::PlannerForm form, int rounds) {
    return PlayConductor(d->stage, d->sampler, std::move(name), &c->items, form, rounds, d->o);
  };
  const auto shorter = workflow::PlannerForm::kShort, full = workflow::PlannerForm::kFull;
  if (c->name == "templates" && d->o.baselines) {
    CO_TRY_VOID(d->sampler->SetAdapter(""));
    CO_TRY(Entrant a, co_await play("prompted_planner", full, 1));
    d->Add(c, std::move(a));
    CO_TRY(Entrant b, co_await play("prompted_planner_short", shorter, 1));
    d->Add(c, std::move(b));
  }
  if (!d->o.warm_start.empty()) {
    CO_TRY_VOID(d->sampler->SetAdapter(d->o.warm_start));
    CO_TRY(Entrant e, co_await play("conductor_warm_start", shorter, 1));
    d->Add(c, std::move(e));
  }
  CO_TRY_VOID(d->sampler->SetAdapter(d->o.conductor));
  CO_TRY(Entrant one, co_await play("conductor", shorter, 1));
  d->Add(c, std::move(one));
  if (d->o.recursion) {
    CO_TRY(Entrant two, co_await play("conductor_recursive", shorter, 2));
    d->Add(c, std::move(two));
  }
  co_return Status();
}

Task<void> Workflows(Desk* d, Contest* c) {
  std::vector<std::string> names;
  for (const auto* w : c->items[0].team) names.push_back(w->name);
  const std::vector<std::string> smol(1, "smol");
  Entrant same = co_await PlayWorkflow(d->stage, "self_consistency", "consistency_5", smol, 0.7, &c->items);
  same.measured.note = "5 samples of smol";
  d->Add(c, std::move(same));
  Entrant vote = co_await PlayWorkflow(d->stage, "majority", "majority", names, 0, &c->items);
  d->Add(c, std::move(vote));
  Entrant layers = co_await PlayWorkflow(d->stage, "mixture_of_agents", "mixture", names, 0, &c->items);
  layers.measured.note = "one layer of all workers, smol aggregates";
  d->Add(c, std::move(layers));
}

Task<Status> SecondPlanner(Desk* d, Contest* c) {
  if (d->o.second_planner.empty() || !d->o.baselines) co_return Status();
  CO_TRY(const auto sampler,
         lm::TokenSampler::Load(
             {.path = d->o.second_planner, .threads = d->o.threads, .sequences = 8, .context = 1024}));
  CO_TRY(Entrant e, co_await PlayConductor(d->stage, sampler.get(), "prompted_planner_gemma", &c->items,
                                           workflow::PlannerForm::kFull, 1, d->o));
  d->Add(c, std::move(e));
  co_return Status();
}

Task<void> Singles(Desk* d, Contest* c, bool each) {
  Entrant best = co_await PlaySingle(d->stage, "best_single", &c->items,
                                     [d](const Item& item) { return d->BestOf(item.team); });
  d->Add(c, std::move(best));
  if (!each) co_return;
  c->best_single = d->BestOf(c->items[0].team)->name;
  std::vector<Measured> singles;
  for (std::size_t w = 0; w < c->items[0].team.size(); ++w) {
    Entrant one = co_await PlaySingle(d->stage, "worker:" + c->items[0].team[w]->name, &c->items,
                                      [w](const Item& item) { return item.team[w]; });
    singles.push_back(one.measured);
    d->Add(c, std::move(one));
  }
  // The cheapest right worker of each problem: what no plan of one step can beat.
  Entrant oracle;
  oracle.measured.name = "oracle";
  for (std::size_t i = 0; i < c->items.size(); ++i) {
    const arena::Rollout* pick = &singles[0].tries[i];
    for (const auto& s : singles) {
      const auto& r = s.tries[i];
      if (r.score > pick->score || (r.score == pick->score && r.cost < pick->cost)) pick = &r;
    }
    oracle.measured.tries.push_back(*pick);
  }
  d->Add(c, std::move(oracle));
}

std::vector<Item> ItemsOf(const Desk& d, bool added) {
  std::vector<Item> out;
  for (const auto& p : *d.test) out.push_back({&p, 0, d.stage->All(0, added)});
  return out;
}

Task<Status> Templates(Desk* d) {
  Contest c{"templates",
            "the workers of training, problems of templates that training has not seen",
            ItemsOf(*d, false),
            {},
            {}};
  co_await Singles(d, &c, true);
  CO_TRY_VOID(co_await Conductors(d, &c));
  if (d->o.baselines) co_await Workflows(d, &c);
  CO_TRY_VOID(co_await SecondPlanner(d, &c));
  d->contests.push_back(std::move(c));
  co_return Status();
}

Task<Status> Teams(Desk* d) {
  Contest c{
      "teams", "teams of three, in sets that training never drew, at price lists of training", {}, {}, {}};
  Random random(SeedOf(d->o.seed, "held back", 0));
  for (const auto& p : *d->test) {
    const auto prices = static_cast<int>(random.Below(static_cast<std::uint64_t>(d->stage->price_lists())));
    c.items.push_back({&p, prices, d->stage->DrawHeldBack(prices, random)});
  }
  co_await Singles(d, &c, false);
  CO_TRY_VOID(co_await Conductors(d, &c));
  d->contests.push_back(std::move(c));
  co_return Status();
}

Task<Status> Added(Desk* d) {
  Contest c{
      "added", "the same problems, with a worker that joined after training", ItemsOf(*d, true), {}, {}};
  co_await Singles(d, &c, false);
  CO_TRY_VOID(co_await Conductors(d, &c));
  d->contests.push_back(std::move(c));
  co_return Status();
}

}  // namespace

Task<Result<Entrant>> PlayConductor(Stage* stage, lm::TokenSampler* sampler, std::string name,
                                    const std::vector<Item>* items, workflow::PlannerForm form, int rounds,
                                    EvaluationOptions o) {
  Drawing drawing;
  drawing.form = form;
  drawing.most_tokens = o.most_tokens;
  drawing.seed = o.seed;
  std::vector<Try> tries(items->size());
  for (std::size_t i = 0; i < tries.size(); ++i) tries[i].item = (*items)[i];
  Entrant out;
  out.measured.name = std::move(name);
  double valid = 0, written = 0, texts = 0;
  for (int round = 1; round <= rounds; ++round) {
    if (round > 1) {
      for (Try& t : tries) {
        Try next;
        next.item = t.item;
        next.first = std::move(t.rollout);
        next.shown = next.first.answer;
        t = std::move(next);
      }
    }
    CO_TRY_VOID(WriteTries(*sampler, drawing, &tries, nullptr, nullptr));
    co_await ScoreTries(stage, o.reward, true, &tries);
    for (Try& t : tries) {
      // The most that writing the plan could have cost; what it could have cost to run is there.
      const std::int64_t most = o.reward.input.v * t.prompt_tokens + o.reward.output.v * o.most_tokens;
      t.rollout.worst_case += budget::Nanos{(most + 999'999) / 1'000'000};
      valid += t.valid ? 1 : 0;
      written += static_cast<double>(t.written_tokens);
      ++texts;
      if (t.valid && round == rounds)
        ++out.plan_lengths[t.kept ? 0 : static_cast<int>(t.rollout.steps.size())];
    }
  }
  out.valid = valid / texts;
  out.written = written / texts;
  for (Try& t : tries) out.measured.tries.push_back(std::move(t.rollout));
  co_return out;
}

Task<Result<std::vector<Contest>>> Evaluate(Stage* stage, lm::TokenSampler* sampler,
                                            const std::vector<arena::Problem>* train,
                                            const std::vector<arena::Problem>* test,
                                            EvaluationOptions options) {
  Desk d{stage, sampler, train, test, std::move(options)};
  co_await RankWorkers(&d);
  if (d.Wants("templates")) CO_TRY_VOID(co_await Templates(&d));
  if (d.Wants("teams")) CO_TRY_VOID(co_await Teams(&d));
  if (d.Wants("added") && !stage->options().added.empty()) CO_TRY_VOID(co_await Added(&d));
  co_return std::move(d.contests);
}

}  // namespace baton::train
