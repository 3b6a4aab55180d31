#include "train/lessons.h"

#include <algorithm>
#include <tuple>

#include "train/maths.h"
#include "workflow/plan_prompt.h"

namespace baton::train {
namespace {

struct Known {
  std::vector<Draft> drafts;
  std::vector<arena::Rollout> played;  // at the pool's own prices
};

using Idea = std::tuple<std::string, int, std::string>;  // family, form, name
struct Record {
  int right = 0, tried = 0;
  double rate() const { return tried > 0 ? static_cast<double>(right) / tried : 0; }
};

// How a plan costs at another list of prices: by the workers it asks.
double UsdAt(const Draft& draft, const arena::Rollout& played, const Team& own, const Team& team) {
  double usd = 0;
  for (const auto& step : draft.steps) {
    const auto find = [&](const Team& in) {
      return *std::find_if(in.begin(), in.end(), [&](const pool::Worker* w) {
        return w->dialect == "exact" ? w->target.model == step.worker : step.worker == "language";
      });
    };
    const budget::PriceRow *before = find(own)->prices.At(0), *now = find(team)->prices.At(0);
    const auto weight = [](const budget::PriceRow* r) {
      return static_cast<double>(r->call ? r->call->v : r->output.v);
    };
    usd += static_cast<double>(played.cost.v) * 1e-9 / static_cast<double>(draft.steps.size()) * weight(now) /
           weight(before);
  }
  return usd;
}

struct Choice {
  std::string plan, idea;
};

std::optional<Choice> Best(const Known& known, const arena::Problem& p, const std::map<Idea, Record>& records,
                           const Team& own, const Team& team, double usd_per_right) {
  std::optional<Choice> best;
  double most = 0;
  for (std::size_t i = 0; i < known.drafts.size(); ++i) {
    if (known.played[i].score < 1) continue;
    const auto steps = Bind(known.drafts[i], team);
    if (!steps) continue;
    const double rate = records.at({p.family, p.form, known.drafts[i].name}).rate();
    const double worth = rate - UsdAt(known.drafts[i], known.played[i], own, team) / usd_per_right;
    if (best && worth <= most) continue;
    best = Choice{workflow::WritePlan(*steps, team), known.drafts[i].name};
    most = worth;
  }
  return best;
}

}  // namespace

Task<Lessons> MakeLessons(Stage* stage, const std::vector<arena::Problem>* problems, LessonOptions o) {
  Lessons out;
  const Team own = stage->All(0, false);
  const Shapes shapes = ShapesOf(*problems);
  std::vector<Known> known;
  std::vector<Item> items;
  std::vector<arena::Episode> episodes;
  for (const auto& p : *problems) {
    const auto at = shapes.find({p.family, p.form});
    Known& k = known.emplace_back();
    for (auto& d : DraftsFor(p, at == shapes.end() ? std::vector<std::string>() : at->second)) {
      const auto steps = Bind(d, own);
      auto plan = steps ? PlanOf(*steps, own) : Result<workflow::Plan>(Error{});
      if (!plan) continue;
      arena::Episode e;
      e.problem = &p;
      e.plan = std::move(*plan);
      episodes.push_back(std::move(e));
      items.push_back({&p, 0, own});
      k.drafts.push_back(std::move(d));
    }
  }
  out.played = static_cast<std::int64_t>(items.size());
  auto played = co_await stage->Play(std::move(items), std::move(episodes));
  std::map<Idea, Record> records;
  std::size_t next = 0;
  for (std::size_t i = 0; i < problems->size(); ++i) {
    for (const auto& d : known[i].drafts) {
      Record& r = records[{(*problems)[i].family, (*problems)[i].form, d.name}];
      ++r.tried;
      r.right += played[next].score >= 1 ? 1 : 0;
      known[i].played.push_back(std::move(played[next++]));
    }
  }
  Random random(SeedOf(o.seed, "lessons", 0));
  const auto most = static_cast<std::size_t>(o.count);
  for (std::size_t tries = 0; out.list.size() < most && tries < 4 * most; ++tries) {
    const std::size_t i = random.Below(problems->size());
    Lesson lesson;
    lesson.item.problem = &(*problems)[i];
    lesson.item.prices = static_cast<int>(random.Below(static_cast<std::uint64_t>(stage->price_lists())));
    lesson.item.team = stage->DrawTeam(lesson.item.prices, random);
    auto best = Best(known[i], (*problems)[i], records, own, lesson.item.team, o.usd_per_right);
    if (!best) {
      ++out.passed_over;
      continue;
    }
    if (random.Unit() < o.second_looks && !known[i].played.empty()) {
      const auto& before = known[i].played[random.Below(known[i].played.size())];
      lesson.shown = before.answer;
      if (before.score >= 1) best = Choice{workflow::WriteLists({}), "keep"};
    }
    lesson.plan = std::move(best->plan);
    lesson.idea = std::move(best->idea);
    out.list.push_back(std::move(lesson));
  }
  co_return out;
}

}  // namespace baton::train
