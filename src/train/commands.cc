// `baton-train conductor`: builds the stage, trains, measures, writes. What decides lives in the other files;
// here are files, words and the clock.
#include "train/commands.h"

#include <fmt/format.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <map>

#include "base/clock.h"
#include "base/machine.h"
#include "cli/revision.h"
#include "conduct/file.h"
#include "lm/models.h"
#include "net/loop.h"
#include "train/maths.h"
#include "train/precision.h"
#include "train/report.h"
#include "train/training.h"

namespace baton::train {
namespace {

volatile std::sig_atomic_t interrupted = 0;

double Seconds(TimePoint since) {
  return std::chrono::duration<double>(SystemClock().Now() - since).count();
}

// Everything of a run, in the order in which it is made.
struct Session {
  ConductorOptions o;
  TimePoint began;
  std::unique_ptr<net::IoLoop> loop{};
  std::unique_ptr<arena::Memo> memo{};
  std::unique_ptr<Stage> stage{};
  std::unique_ptr<lm::TokenSampler> sampler{};
  std::unique_ptr<Learner> learner{};
  std::vector<arena::Problem> train{}, test{};
  Lessons lessons{};
  RunFacts facts{};

  void Say(const std::string& line) const { fmt::print(stderr, "[{:6.0f} s] {}\n", Seconds(began), line); }
  std::string Base() const { return fmt::format("{}/{}.gguf", o.models, o.base); }
};

Status GoOnFrom(const std::string& adapter, Session* s) {
  TRY_VOID(s->sampler->SetAdapter(adapter));  // is it one, and for this base?
  TRY(const auto file, lm::WeightFile::Open(adapter));
  return s->learner->StartFrom(*file);
}

Status Build(Session* s) {
  const ConductorOptions& o = s->o;
  TRY(s->memo, arena::Memo::Open({.path = o.memo}));
  StageOptions stage;
  stage.models = o.models;
  stage.workers = o.workers;
  stage.added = o.added;
  stage.seed = o.seed;
  stage.price_lists = o.price_lists;
  stage.threads = o.threads;
  stage.max_answer = o.max_answer;
  TRY(s->stage, Stage::Create(*s->loop, *s->memo, stage));
  arena::GenerateOptions make;
  make.seed = o.seed;
  make.count = o.train_problems;
  make.families = o.families;
  TRY(s->train, arena::Generate(make, s->stage->train_world()));
  make.split = "test";
  make.count = o.test_problems;
  TRY(s->test, arena::Generate(make, s->stage->test_world()));
  TRY(s->sampler, lm::TokenSampler::Load({.path = s->Base(), .threads = o.threads}));
  LearnerOptions learner;
  learner.base = s->Base();
  learner.rank = o.rank;
  learner.alpha = o.alpha;
  learner.seed = SeedOf(o.seed, "adapter", 0);
  learner.threads = o.threads;
  TRY(learner.precision, ParsePrecision(o.precision));
  learner.device = o.device;
  TRY(s->learner, Learner::Create(learner));
  if (!o.start.empty()) TRY_VOID(GoOnFrom(o.start, s));
  s->facts = {o.command,
              std::string(cli::Revision()),
              Machine(),
              o.base,
              s->learner->precision(),
              o.seed,
              s->learner->parameters(),
              0,
              0,
              0,
              o.usd_per_right,
              o.workers,
              o.added};
  s->Say(fmt::format("{} ({}), {} parameters of adapters; {} problems to train on, {} to test", o.base,
                     s->learner->precision(), s->learner->parameters(), s->train.size(), s->test.size()));
  return {};
}

void SayRow(const Session& s, const CurveRow& r) {
  if (r.phase == "warm_start") {
    if (r.step % 5 == 0 || r.step == 1)
      s.Say(fmt::format("warm start {:>4}: loss {:.4f}, gradient {:.3f}, {} tokens{}", r.step, r.loss, r.norm,
                        r.tokens, r.skipped > 0 ? fmt::format(", {} skipped", r.skipped) : ""));
    return;
  }
  s.Say(fmt::format(
      "{} {:>4}: reward {:.3f}, right {:.3f}, valid {:.3f}, ${:.6f}, {:.2f} steps, {:.0f} % of "
      "groups differ, gradient {:.3f}, log-probabilities apart {:.4f} (at most {:.3f}, "
      "divergence {:.5f}), {} rollouts{}",
      r.phase, r.step, r.reward, r.right, r.valid, r.usd, r.steps, 100 * r.spread, r.norm, r.gap_mean,
      r.gap_most, r.divergence, r.rollouts, r.skipped > 0 ? fmt::format(", {} skipped", r.skipped) : ""));
}

Result<TrainingOptions> OptionsOf(const Session& s) {
  const ConductorOptions& o = s.o;
  TrainingOptions t;
  t.seed = o.seed;
  t.warm_start = {o.warm_steps, o.warm_rate, std::max(1, o.warm_steps / 20)};
  t.grpo = {o.grpo_steps, o.grpo_rate, std::max(1, o.grpo_steps / 20)};
  t.recursion = {o.recursion_steps, o.recursion_rate, std::max(1, o.recursion_steps / 20)};
  t.batch = o.batch;
  t.questions = o.questions;
  t.rollouts = o.rollouts;
  t.updates = o.updates;
  t.most_tokens = o.most_tokens;
  t.reward.usd_per_right = o.usd_per_right;
  t.reward.tokens_per_right = o.tokens_per_right;
  t.folder = o.folder;
  t.resume = o.resume;
  t.checkpoint_every = o.checkpoint_every;
  // Whatever changes a number. Number of steps of later phases too: the rate's curve depends on it.
  t.settings = fmt::format(
      "base {} precision {} rank {} alpha {} seed {} train {} lessons {} workers {} prices {} warm {}x{} "
      "grpo "
      "{}x{}x{} recursion {} rates {} {} {} updates {} value {} tokens {} answer {} plan {} threads {}",
      o.base, s.learner->precision(), o.rank, o.alpha, o.seed, o.train_problems, o.lessons,
      fmt::join(o.workers, "+"), o.price_lists, o.warm_steps, o.batch, o.grpo_steps, o.questions, o.rollouts,
      o.recursion_steps, o.warm_rate, o.grpo_rate, o.recursion_rate, o.updates, o.usd_per_right,
      o.tokens_per_right, o.max_answer, o.most_tokens, o.threads);
  if (!o.start.empty()) {
    TRY(const std::string sha256, lm::FileSha256(o.start));
    t.settings += " start " + sha256;
  }
  t.on_row = [&s](const CurveRow& r) { SayRow(s, r); };
  t.stop = [&s] { return interrupted != 0 || (s.o.minutes > 0 && Seconds(s.began) > s.o.minutes * 60); };
  return t;
}

EvaluationOptions EvaluationOf(const Session& s, const Trained& trained) {
  EvaluationOptions e;
  e.reward.usd_per_right = s.o.usd_per_right;
  e.reward.tokens_per_right = s.o.tokens_per_right;
  e.most_tokens = s.o.most_tokens;
  e.baselines = s.o.baselines;
  e.seed = s.o.seed;
  e.threads = s.o.threads;
  e.warm_start = std::filesystem::exists(trained.warm_start) ? trained.warm_start : s.o.start;
  e.recursion = s.o.recursion_steps > 0;
  e.contests = s.o.contests;
  e.conductor = trained.last;
  const std::string gemma = s.o.models + "/gemma-3-270m.gguf";
  if (std::filesystem::exists(gemma)) e.second_planner = gemma;
  e.say = [&s](const std::string& line) { s.Say(line); };
  return e;
}

Status Write(const Session& s, const std::vector<CurveRow>& curve, const std::vector<Contest>& contests) {
  const std::string json = ResultsJson(s.facts, curve, contests);
  TRY(const std::string tables, ResultsMarkdown(json));
  if (!s.o.results.empty()) TRY_VOID(conduct::WriteWhole(s.o.results, json));
  if (!s.o.markdown.empty()) TRY_VOID(conduct::WriteWhole(s.o.markdown, tables));
  if (!s.o.page.empty()) TRY_VOID(conduct::WriteWhole(s.o.page, TrainingPage(s.facts, curve, tables)));
  fmt::print("{}", tables);
  return {};
}

void ShowCurve(const Session& s, const std::vector<CurveRow>& curve) {
  std::vector<double> loss, reward;
  for (const auto& r : curve)
    (r.phase == "warm_start" ? loss : reward).push_back(r.phase == "warm_start" ? r.loss : r.reward);
  if (!loss.empty())
    s.Say(fmt::format("loss    {} {:.3f} to {:.3f}", Spark(loss, 60), loss.front(), loss.back()));
  if (!reward.empty())
    s.Say(fmt::format("reward  {} {:.3f} to {:.3f}", Spark(reward, 60), reward.front(), reward.back()));
}

Task<Status> RunAll(Session* s) {
  LessonOptions lessons;
  lessons.count = s->o.lessons;
  lessons.seed = s->o.seed;
  if (s->o.usd_per_right > 0) lessons.usd_per_right = s->o.usd_per_right;
  s->lessons = co_await MakeLessons(s->stage.get(), &s->train, lessons);
  s->facts.lessons = static_cast<std::int64_t>(s->lessons.list.size());
  s->facts.lesson_rollouts = s->lessons.played;
  std::map<std::string, int> ideas;
  for (const auto& l : s->lessons.list) ++ideas[l.idea];
  s->Say(fmt::format("{} lessons out of {} drafts that were run ({} draws passed over): {}",
                     s->lessons.list.size(), s->lessons.played, s->lessons.passed_over, [&] {
                       std::string text;
                       for (const auto& [idea, n] : ideas)
                         text += fmt::format("{}{} {}", text.empty() ? "" : ", ", idea, n);
                       return text;
                     }()));
  const TimePoint began = SystemClock().Now();
  const TrainingParts parts{s->stage.get(), s->learner.get(), s->sampler.get(), &s->train, &s->lessons.list};
  CO_TRY(TrainingOptions options, OptionsOf(*s));
  CO_TRY(const Trained trained, co_await RunTraining(parts, std::move(options)));
  s->facts.train_seconds = Seconds(began);
  ShowCurve(*s, trained.curve);
  s->Say(fmt::format("{}: {}", trained.finished ? "trained" : "stopped early", trained.last));
  if (!s->o.measure) co_return Status();
  CO_TRY(const auto contests,
         co_await Evaluate(s->stage.get(), s->sampler.get(), &s->train, &s->test, EvaluationOf(*s, trained)));
  co_return Write(*s, trained.curve, contests);
}

Task<void> ThenStop(Task<Status> task, Status* out, net::IoLoop* loop) {
  *out = co_await std::move(task);
  loop->Stop();
}

void MakeSmall(ConductorOptions* o) {
  o->train_problems = std::min(o->train_problems, 28);
  o->test_problems = std::min(o->test_problems, 14);
  o->lessons = std::min(o->lessons, 24);
  o->warm_steps = std::min(o->warm_steps, 4);
  o->grpo_steps = std::min(o->grpo_steps, 2);
  o->recursion_steps = std::min(o->recursion_steps, 1);
  o->batch = std::min(o->batch, 4);
  o->questions = std::min(o->questions, 2);
  o->rollouts = std::min(o->rollouts, 4);
  o->price_lists = std::min(o->price_lists, 2);
  o->most_tokens = std::min(o->most_tokens, 48);
  o->baselines = false;
  o->added.clear();
}

}  // namespace

int TrainConductor(const ConductorOptions& options) {
  Session s{options, SystemClock().Now()};
  if (s.o.added == std::vector<std::string>(1, "none")) s.o.added.clear();
  if (s.o.quick) MakeSmall(&s.o);
  s.loop = net::IoLoop::Create();
  Status done = Build(&s);
  if (done) {
    // Ctrl-C ends after the step that runs: a checkpoint is written.
    s.loop->OnSignal({SIGINT, SIGTERM}, [](int) { interrupted = 1; });
    s.loop->Post([&] { Spawn(ThenStop(RunAll(&s), &done, s.loop.get())); });
    s.loop->Run();
  }
  if (done) return 0;
  fmt::print(stderr, "baton-train: {}\n", done.error().message);
  return 1;
}

}  // namespace baton::train
