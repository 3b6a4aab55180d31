#include "train/training.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "conduct/file.h"
#include "train/maths.h"
#include "workflow/plan_text.h"

namespace baton::train {
namespace {

constexpr const char* kPhases[] = {"warm_start", "grpo", "recursion"};

struct Run {
  TrainingParts p;
  TrainingOptions o;
  Checkpoint at;  // where it stands
  std::int64_t skipped = 0, rollouts = 0;
  int skipped_in_a_row = 0;
  std::string vocabulary{};

  std::string File(const char* name) const { return o.folder + "/" + name; }
  const PhaseOptions& Phase(const std::string& name) const {
    return name == "warm_start" ? o.warm_start : name == "grpo" ? o.grpo : o.recursion;
  }
};

Status Begin(Run* r) {
  r->vocabulary = r->p.sampler->vocabulary_digest();
  std::error_code ec;
  std::filesystem::create_directories(r->o.folder, ec);
  r->at.settings = r->o.settings;
  r->at.phase = kPhases[0];
  if (!r->o.resume || !std::filesystem::exists(r->File("checkpoint"))) return {};
  TRY(r->at, LoadCheckpoint(r->File("checkpoint"), r->o.settings));
  if (!r->at.curve.empty()) {
    r->skipped = r->at.curve.back().skipped;
    r->rollouts = r->at.curve.back().rollouts;
  }
  return r->p.learner->Restore(r->at.learner);
}

Status Keep(Run* r) {
  r->at.learner = r->p.learner->Save();
  TRY_VOID(SaveCheckpoint(r->at, r->File("checkpoint")));
  return conduct::WriteWhole(r->File("curve.csv"), CurveCsv(r->at.curve));
}

Status WriteAdapterTo(const Run& r, const std::string& path) {
  lm::Adapter adapter = r.p.learner->ToAdapter(r.vocabulary);
  adapter.notes = {{"baton.trained.phase", r.at.phase},
                   {"baton.trained.step", std::to_string(r.at.next)},
                   {"baton.trained.settings", r.o.settings}};
  return lm::WriteAdapter(adapter, path);
}

// The optimiser's step, and what it says of the gradient.
Status Step(Run* r, double rate, CurveRow* row) {
  const StepResult step = r->p.learner->Step(rate);
  row->norm = step.norm;
  row->rate = rate;
  if (!step.skipped) {
    r->skipped_in_a_row = 0;
    return {};
  }
  ++r->skipped;
  if (++r->skipped_in_a_row < r->o.give_up_after) return {};
  return Fail(
      Code::kInternal,
      fmt::format("the gradient was no number {} times in a row: the learning rate is too high, or the "
                  "model is broken",
                  r->skipped_in_a_row),
      "diverged");
}

Result<Example> ExampleOf(const Run& r, const Lesson& lesson) {
  Example e;
  TRY(e.prompt, r.p.sampler->Tokens(PlannerRequest(*lesson.item.problem, lesson.item.team, lesson.shown,
                                                   workflow::PlannerForm::kShort)));
  Continuation c;
  TRY(c.tokens, r.p.sampler->TokensOf(lesson.plan));
  c.tokens.push_back(r.p.sampler->end());
  e.continuations.push_back(std::move(c));
  return e;
}

// Lessons in an order of their own for every round through them.
std::vector<std::size_t> LessonsOf(const Run& r, int step) {
  const std::size_t n = r.p.lessons->size();
  std::vector<std::size_t> out;
  for (int i = 0; i < r.o.batch && n > 0; ++i) {
    const auto place = static_cast<std::size_t>(step * r.o.batch + i);
    Random random(SeedOf(r.o.seed, "order", place / n));
    std::vector<std::size_t> order(n);
    for (std::size_t k = 0; k < n; ++k) order[k] = k;
    for (std::size_t k = n; k > 1; --k) std::swap(order[k - 1], order[random.Below(k)]);
    out.push_back(order[place % n]);
  }
  return out;
}

Status WarmStep(Run* r, CurveRow* row) {
  std::vector<Example> batch;
  for (const std::size_t i : LessonsOf(*r, r->at.next)) {
    TRY(Example e, ExampleOf(*r, (*r->p.lessons)[i]));
    batch.push_back(std::move(e));
  }
  TRY(const BatchResult result, r->p.learner->Accumulate(batch, Loss::kSupervised));
  row->loss = result.loss;
  row->tokens = result.tokens;
  const auto& phase = r->o.warm_start;
  return Step(r, CosineRate(r->at.next, phase.steps, phase.warm_up, phase.rate), row);
}

Item DrawItem(const Run& r, Random& random) {
  Item item;
  item.problem = &(*r.p.problems)[random.Below(r.p.problems->size())];
  item.prices = static_cast<int>(random.Below(static_cast<std::uint64_t>(r.p.stage->price_lists())));
  item.team = r.p.stage->DrawTeam(item.prices, random);
  return item;
}

// The first plans of questions that get a second look: one text each, at the training temperature.
Task<Status> FirstLooks(Run* r, const std::vector<bool>* second, std::vector<Try>* questions) {
  std::vector<Try> first;
  for (std::size_t q = 0; q < questions->size(); ++q) {
    if ((*second)[q]) first.push_back((*questions)[q]);
  }
  if (first.empty()) co_return Status();
  Drawing drawing;
  drawing.temperature = r->o.temperature;
  drawing.most_tokens = r->o.most_tokens;
  drawing.seed = SeedOf(r->o.seed, "first look", static_cast<std::uint64_t>(r->at.next));
  CO_TRY_VOID(WriteTries(*r->p.sampler, drawing, &first, nullptr, nullptr));
  co_await ScoreTries(r->p.stage, r->o.reward, true, &first);
  r->rollouts += static_cast<std::int64_t>(first.size());
  std::size_t next = 0;
  for (std::size_t q = 0; q < questions->size(); ++q) {
    if (!(*second)[q]) continue;
    Try& t = (*questions)[q];
    t.first = first[next++].rollout;
    t.shown = t.first.answer;
  }
  co_return Status();
}

void Describe(const std::vector<Try>& tries, CurveRow* row) {
  const auto n = static_cast<double>(tries.size());
  for (const auto& t : tries) {
    row->reward += t.reward / n;
    row->right += t.rollout.score / n;
    row->valid += t.valid ? 1 / n : 0;
    row->usd += static_cast<double>(t.rollout.cost.v) * 1e-9 / n;
    row->steps += static_cast<double>(t.rollout.steps.size()) / n;
  }
}

// Tries of one question stand together; so do their continuations in an Example.
std::vector<Example> ExamplesOf(const Run& r, const std::vector<Try>& tries,
                                std::vector<std::vector<int>> prompts,
                                const std::vector<lm::TokenSampler::Drawn>& drawn, CurveRow* row) {
  std::vector<Example> out;
  const auto per = static_cast<std::size_t>(r.o.rollouts);
  for (std::size_t q = 0; q < tries.size(); q += per) {
    std::vector<double> rewards;
    for (std::size_t i = q; i < q + per; ++i) rewards.push_back(tries[i].reward);
    const auto advantages = Advantages(rewards, r.o.spread_floor);
    Example e;
    e.prompt = std::move(prompts[q]);
    bool differs = false;
    for (std::size_t i = 0; i < per; ++i) {
      e.continuations.push_back({drawn[q + i].tokens, advantages[i], {}});
      differs = differs || advantages[i] != 0;
    }
    row->spread += differs ? static_cast<double>(per) / static_cast<double>(tries.size()) : 0;
    out.push_back(std::move(e));
  }
  return out;
}

Status Improve(Run* r, const PhaseOptions& phase, std::vector<Example> batch,
               const std::vector<lm::TokenSampler::Drawn>& drawn, CurveRow* row) {
  std::vector<std::vector<float>> sampled;
  for (const auto& d : drawn) sampled.push_back(d.logprobs);
  const double rate = CosineRate(r->at.next, phase.steps, phase.warm_up, phase.rate);
  for (int update = 0; update < r->o.updates; ++update) {
    TRY(BatchResult result, r->p.learner->Accumulate(batch, Loss::kPolicy));
    row->tokens += result.tokens;
    row->clipped = result.clipped;
    if (update == 0) {
      row->loss = result.loss;
      const Gap gap = GapOf(sampled, result.logprobs);
      row->gap_mean = gap.mean;
      row->gap_most = gap.most;
      row->divergence = gap.divergence;
      std::size_t next = 0;
      for (auto& e : batch) {
        for (auto& c : e.continuations) c.before = std::move(result.logprobs[next++]);
      }
    }
    TRY_VOID(Step(r, rate, row));
  }
  return {};
}

Task<Status> RewardStep(Run* r, CurveRow* row) {
  const PhaseOptions& phase = r->Phase(r->at.phase);
  Random random(SeedOf(r->o.seed, r->at.phase, static_cast<std::uint64_t>(r->at.next)));
  const std::string adapter = r->File("rollout.gguf");
  CO_TRY_VOID(WriteAdapterTo(*r, adapter));
  CO_TRY_VOID(r->p.sampler->SetAdapter(adapter));
  std::vector<Try> questions(static_cast<std::size_t>(r->o.questions));
  std::vector<bool> second;
  for (Try& t : questions) {
    t.item = DrawItem(*r, random);
    second.push_back(r->at.phase == "recursion" && random.Unit() < r->o.second_looks);
  }
  CO_TRY_VOID(co_await FirstLooks(r, &second, &questions));
  std::vector<Try> tries;
  for (const Try& t : questions) tries.insert(tries.end(), static_cast<std::size_t>(r->o.rollouts), t);
  Drawing drawing;
  drawing.temperature = r->o.temperature;
  drawing.most_tokens = r->o.most_tokens;
  drawing.seed = SeedOf(r->o.seed, r->at.phase + " texts", static_cast<std::uint64_t>(r->at.next));
  std::vector<std::vector<int>> prompts;
  std::vector<lm::TokenSampler::Drawn> drawn;
  CO_TRY_VOID(WriteTries(*r->p.sampler, drawing, &tries, &prompts, &drawn));
  co_await ScoreTries(r->p.stage, r->o.reward, false, &tries);
  r->rollouts += static_cast<std::int64_t>(tries.size());
  Describe(tries, row);
  std::vector<Example> batch = ExamplesOf(*r, tries, std::move(prompts), drawn, row);
  co_return Improve(r, phase, std::move(batch), drawn, row);
}

Task<Status> RunPhase(Run* r, bool* stopped) {
  const PhaseOptions& phase = r->Phase(r->at.phase);
  while (r->at.next < phase.steps) {
    if (r->o.stop && r->o.stop()) {
      *stopped = true;
      co_return Keep(r);
    }
    CurveRow row;
    row.phase = r->at.phase;
    row.step = r->at.next + 1;
    Status done;
    if (r->at.phase == "warm_start")
      done = WarmStep(r, &row);
    else
      done = co_await RewardStep(r, &row);
    if (!done) co_return done;
    row.skipped = r->skipped;
    row.rollouts = r->rollouts;
    r->at.curve.push_back(row);
    ++r->at.next;
    if (r->o.on_row) r->o.on_row(row);
    if (r->at.next % r->o.checkpoint_every == 0) CO_TRY_VOID(Keep(r));
  }
  co_return Status();
}

}  // namespace

Task<Result<Trained>> RunTraining(TrainingParts parts, TrainingOptions options) {
  Run r{parts, std::move(options), {}};
  CO_TRY_VOID(Begin(&r));
  Trained out;
  out.warm_start = r.File("warm_start.gguf");
  out.last = r.File("conductor.gguf");
  const auto* phase = std::find(std::begin(kPhases), std::end(kPhases), r.at.phase);
  if (phase == std::end(kPhases))
    co_return Fail(Code::kInvalidRequest, "the checkpoint names no phase", "bad_checkpoint");
  bool stopped = false;
  for (; phase != std::end(kPhases) && !stopped; ++phase) {
    if (r.at.phase != *phase) {
      r.at.phase = *phase;
      r.at.next = 0;
    }
    CO_TRY_VOID(co_await RunPhase(&r, &stopped));
    if (!stopped && *phase == std::string_view("warm_start") && r.o.warm_start.steps > 0)
      CO_TRY_VOID(WriteAdapterTo(r, out.warm_start));
  }
  if (!stopped) CO_TRY_VOID(Keep(&r));
  CO_TRY_VOID(WriteAdapterTo(r, out.last));
  out.curve = r.at.curve;
  out.finished = !stopped;
  co_return out;
}

}  // namespace baton::train
