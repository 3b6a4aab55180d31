// How far the trainer's model is from llama.cpp's, and how fast it learns.
#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <filesystem>
#include <fstream>

#include "base/clock.h"
#include "base/random.h"
#include "train/commands.h"
#include "train/maths.h"
#include "train/precision.h"
#include "train/scores.h"

namespace baton::train {
namespace {

constexpr const char* kTexts[] = {
    "The capital of France is Paris. The capital of Italy is",
    "model_id = [2]\nsubtasks = [\"Task: 5 * 7 + 3\"]\naccess_list = [[]]",
    "def add(a, b):\n    return a + b\n\nprint(add(2, 3))\n",
    "Anna has 5 boxes with 7 apples each and finds 3 more apples. How many apples are there now? First we "
    "multiply five by seven, which makes thirty-five, and then we add three."};

int Failed(const Error& e) {
  fmt::print(stderr, "baton-train: {}\n", e.message);
  return 1;
}

Status CompareAll(const CompareOptions& o) {
  std::string path = fmt::format("{}/{}.gguf", o.models, o.model);
  std::string served = path;
  if (o.floats) {
    served = std::filesystem::temp_directory_path() / fmt::format("{}-f32.gguf", o.model);
    TRY_VOID(lm::WriteAsFloats(path, served));
  }
  TRY(const auto sampler,
      lm::TokenSampler::Load(
          {.path = served, .threads = o.threads, .sequences = 1, .context = 512, .exact = o.floats}));
  if (o.floats) std::filesystem::remove(served);
  LearnerOptions learner;
  learner.base = path;
  learner.threads = o.threads;
  TRY(learner.precision, ParsePrecision(o.precision));
  learner.device = o.device;
  TRY(const auto mine, Learner::Create(learner));
  ScoreDistance all;
  for (const char* text : kTexts) {
    TRY(const auto tokens, sampler->TokensOf(text));
    TRY(const auto theirs, sampler->Logits(tokens));
    TRY(const auto ours, mine->Scores(tokens));
    all.Add(theirs, ours);
  }
  fmt::print("{} ({}), llama.cpp on {}: {} places\n", o.model, mine->precision(),
             o.floats ? "32-bit floats" : "the file as it is", all.places);
  fmt::print("  scores: largest difference {:.5f}, root mean square {:.5f} (scores spread by {:.3f})\n",
             all.most, all.rms(), all.spread());
  fmt::print(
      "  same likeliest token: {:.4f}; divergence {:.6f} nats; log-probability of it: mean difference "
      "{:.5f}\n",
      all.agreement(), all.divergence(), all.logprob());
  return {};
}

double Seconds(TimePoint since) {
  return std::chrono::duration<double>(SystemClock().Now() - since).count();
}

std::vector<Example> BenchBatch(const BenchOptions& o) {
  Random random(7);
  std::vector<Example> batch;
  const auto draw = [&](int n) {
    std::vector<int> out;
    for (int i = 0; i < n; ++i) out.push_back(static_cast<int>(100 + random.Below(40'000)));
    return out;
  };
  for (int i = 0; i < o.batch; ++i) batch.push_back({draw(o.prompt), {{draw(o.continuation), 1, {}}}});
  return batch;
}

// The batch and the losses of a few steps, for a comparison with another stack on the same data.
Status WriteLosses(Learner* learner, const BenchOptions& o, const std::string& adapter) {
  const auto batch = BenchBatch(o);
  std::ofstream out(o.losses);
  out << "{\"adapter\": \"" << adapter << "\", \"sequences\": [";
  for (const auto& e : batch) {
    out << (&e == batch.data() ? "" : ", ")
        << fmt::format("{{\"prompt\": [{}], \"continuation\": [{}]}}", fmt::join(e.prompt, ","),
                       fmt::join(e.continuations[0].tokens, ","));
  }
  out << "], \"losses\": [";
  for (int step = 0; step < 10; ++step) {
    TRY(const BatchResult r, learner->Accumulate(batch, Loss::kSupervised));
    (void)learner->Step(1e-3);
    out << (step > 0 ? ", " : "") << fmt::format("{:.7f}", r.loss);
  }
  out << "]}\n";
  return {};
}

Status BenchAll(const BenchOptions& o) {
  const std::string path = fmt::format("{}/{}.gguf", o.models, o.model);
  LearnerOptions options;
  options.base = path;
  options.threads = o.threads;
  options.rank = o.rank;
  options.alpha = 2.0 * o.rank;
  TRY(options.precision, ParsePrecision(o.precision));
  options.device = o.device;
  TRY(const auto learner, Learner::Create(options));
  TRY(const auto sampler,
      lm::TokenSampler::Load({.path = path, .threads = o.threads, .sequences = 32, .context = 512}));
  if (!o.losses.empty()) {
    // The other stack starts from the same adapter.
    const std::string adapter = o.losses + ".gguf";
    TRY_VOID(lm::WriteAdapter(learner->ToAdapter(sampler->vocabulary_digest()), adapter));
    TRY_VOID(WriteLosses(learner.get(), o, adapter));
  }
  const auto batch = BenchBatch(o);
  Example group = batch[0];
  for (int i = 1; i < 8; ++i)
    group.continuations.push_back(
        {batch[static_cast<std::size_t>(i) % batch.size()].continuations[0].tokens, 1, {}});
  for (int round = 0; round < o.rounds; ++round) {
    TimePoint began = SystemClock().Now();
    TRY(const BatchResult r, learner->Accumulate(batch, Loss::kSupervised));
    (void)learner->Step(1e-5);
    const double apart = static_cast<double>(r.tokens) / Seconds(began);
    began = SystemClock().Now();
    TRY(const BatchResult g, learner->Accumulate({group}, Loss::kPolicy));
    (void)learner->Step(1e-5);
    const double together = static_cast<double>(g.tokens) / Seconds(began);
    std::vector<lm::TokenSampler::Wish> wishes(32, {batch[0].prompt, 1, 1});
    for (std::size_t i = 0; i < wishes.size(); ++i) wishes[i].seed = i;
    began = SystemClock().Now();
    TRY(const auto drawn, sampler->Draw(wishes, 32));
    std::size_t n = 0;
    for (const auto& d : drawn) n += d.tokens.size();
    fmt::print(
        "{} {}: forward and backward {:.0f} tokens/s ({} sequences of {}), one prompt with 8 "
        "continuations {:.0f} tokens/s; generation {:.0f} tokens/s (32 at a time)\n",
        o.model, learner->precision(), apart, o.batch, o.prompt + o.continuation, together,
        static_cast<double>(n) / Seconds(began));
  }
  return {};
}

}  // namespace

int Compare(const CompareOptions& o) {
  const Status done = CompareAll(o);
  return done ? 0 : Failed(done.error());
}

int Bench(const BenchOptions& o) {
  const Status done = BenchAll(o);
  return done ? 0 : Failed(done.error());
}

}  // namespace baton::train
