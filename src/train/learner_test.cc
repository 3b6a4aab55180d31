// The model and its gradients: against llama.cpp, against differences, against itself.
#include "train/learner.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <limits>

#include "base/random.h"
#include "lm/engine_test_util.h"
#include "lm/tiny_model.h"
#include "train/maths.h"
#include "train/scores.h"
#include "train/transformer.h"

namespace baton::train {
namespace {

using lm::ModelPath;  // NEED_MODEL names it

constexpr const char* kSmol = "smollm2-135m-instruct";

std::string Tiny(const std::string& architecture, int window = 0) {
  const std::string path = testing::TempDir() + "/tiny-" + architecture + std::to_string(window) + ".gguf";
  lm::TinyModel m;
  m.architecture = architecture;
  m.tokenizer = lm::ModelPath(kSmol);
  m.window = window;
  if (architecture == "gemma3") m.layers = 7;  // the sixth is a global one
  const Status written = lm::WriteTinyModel(m, path);
  EXPECT_TRUE(written) << (written ? "" : written.error().message);
  return path;
}

std::unique_ptr<Learner> Make(const std::string& base, Precision precision, double norm = 1,
                              const std::string& device = "cpu") {
  LearnerOptions o;
  o.device = device;
  o.base = base;
  o.rank = 2;
  o.alpha = 4;
  o.precision = precision;
  o.most_norm = norm;
  auto made = Learner::Create(o);
  EXPECT_TRUE(made) << (made ? "" : made.error().message);
  return made ? std::move(*made) : nullptr;
}

std::vector<int> Tokens(std::uint64_t seed, int n) {
  Random random(seed);
  std::vector<int> out;
  for (int i = 0; i < n; ++i) out.push_back(static_cast<int>(random.Below(40'000)));
  return out;
}

std::vector<Example> Batch() {
  return {{Tokens(1, 9), {{Tokens(2, 5), 1, {}}, {Tokens(3, 3), -0.5, {}}, {Tokens(4, 7), 0.25, {}}}},
          {Tokens(5, 4), {{Tokens(6, 6), -1, {}}}}};
}

// A Learner whose adapters do something: B is zero at the start.
Learner::State Stirred(const Learner& learner) {
  Learner::State s = learner.Save();
  Random random(9);
  for (float& v : s.parameters) v += static_cast<float>((random.Unit() - 0.5) * 0.1);
  return s;
}

ScoreDistance Against(const std::string& served, const std::string& base, Precision precision, bool exact,
                      const std::vector<int>& tokens) {
  ScoreDistance d;
  auto sampler =
      lm::TokenSampler::Load({.path = served, .threads = 1, .sequences = 1, .context = 256, .exact = exact});
  EXPECT_TRUE(sampler) << (sampler ? "" : sampler.error().message);
  const auto mine = Make(base, precision);
  if (!sampler || !mine) return d;
  const auto theirs = (*sampler)->Logits(tokens);
  const auto ours = mine->Scores(tokens);
  EXPECT_TRUE(theirs && ours);
  if (theirs && ours) d.Add(*theirs, *ours);
  return d;
}

class TinyArchitecture : public testing::TestWithParam<std::pair<const char*, int>> {};

// In 32-bit floats on both sides nothing but the order of sums is left to differ; and for Gemma its
// activation, which llama.cpp looks up in a table of 16-bit floats.
TEST_P(TinyArchitecture, ScoresAreLlamaCppsInFloats) {
  NEED_MODEL(kSmol);
  const std::string path = Tiny(GetParam().first, GetParam().second);
  const ScoreDistance d = Against(path, path, Precision::kFloat, true, Tokens(7, 40));
  const bool table = std::string(GetParam().first) == "gemma3";
  EXPECT_LT(d.most, table ? 1e-2 : 1e-4) << "spread " << d.spread();
  EXPECT_EQ(d.same, d.places);
  EXPECT_GT(d.spread(), 0.1);
}
INSTANTIATE_TEST_SUITE_P(All, TinyArchitecture,
                         testing::Values(std::pair("llama", 0), std::pair("qwen2", 0), std::pair("qwen3", 0),
                                         std::pair("gemma3", 0), std::pair("gemma3", 8)));

// No GPU is needed to see that everything is put where the model is: an operation between a tensor of device
// "meta", which has shapes and no numbers, and one that was left on the processor is an error.
TEST_P(TinyArchitecture, EverythingIsOnTheModelsDevice) {
  NEED_MODEL(kSmol);
  for (const auto products : {at::kFloat, at::kBFloat16}) {
    Transformer::Options o;
    o.device = at::kMeta;
    o.products = products;
    o.rank = 2;
    o.projections = {"attn_q", "attn_output", "ffn_down"};
    const auto model = Transformer::Load(Tiny(GetParam().first, GetParam().second), o);
    ASSERT_TRUE(model) << model.error().message;
    const at::Tensor logprobs = (*model)->LogProbabilitiesOf({Tokens(1, 9), {Tokens(2, 5), Tokens(3, 3)}});
    EXPECT_TRUE(logprobs.is_meta());
    EXPECT_EQ(logprobs.sizes(), at::IntArrayRef({8}));
    logprobs.sum().backward();
    for (const auto& a : (*model)->adapters()) {
      EXPECT_TRUE(a.a.grad().is_meta());
      EXPECT_EQ(a.b.grad().sizes(), a.b.sizes());
    }
    EXPECT_TRUE((*model)->Scores(Tokens(4, 6)).is_meta());
  }
}

TEST(Learner, ADeviceThatIsNotThereIsRefusedByName) {
  NEED_MODEL(kSmol);
  LearnerOptions o;
  o.base = Tiny("llama");
  o.device = "abacus";
  EXPECT_EQ(Learner::Create(o).error().reason, "device");
  o.device = at::hasCUDA() ? "cuda:99" : "cuda";
  EXPECT_EQ(Learner::Create(o).error().reason, "no_device");
}

TEST(Learner, OnAGpuALossFallsAsOnTheProcessor) {
  NEED_MODEL(kSmol);
  if (!at::hasCUDA()) GTEST_SKIP() << "no GPU that this LibTorch can use";
  const std::string path = Tiny("llama");
  const auto here = Make(path, Precision::kFloat), there = Make(path, Precision::kFloat, 1, "cuda");
  ASSERT_TRUE(here && there);
  for (int step = 0; step < 5; ++step) {
    const auto a = here->Accumulate(Batch(), Loss::kSupervised),
               b = there->Accumulate(Batch(), Loss::kSupervised);
    ASSERT_TRUE(a && b);
    EXPECT_NEAR(a->loss, b->loss, 1e-2);  // TF32: factors of 10 bits
    (void)here->Step(1e-3);
    (void)there->Step(1e-3);
  }
}

// As it is served: llama.cpp rounds activations to 8 bits in products with 4-bit weights. What is measured is
// in docs/conductor.md; these bounds are twice that.
TEST(Learner, ScoresOfTheServedModelAreNear) {
  NEED_MODEL(kSmol);
  const std::string path = lm::ModelPath(kSmol);
  const ScoreDistance d = Against(path, path, Precision::kAuto, false, Tokens(8, 48));
  EXPECT_LT(d.rms(), 0.15 * d.spread());
  EXPECT_LT(d.divergence(), 0.02);
}

TEST(Learner, GradientsAreTheDifferencesOfTheLoss) {
  NEED_MODEL(kSmol);
  for (const char* architecture : {"llama", "gemma3"}) {
    const auto learner = Make(Tiny(architecture, 8), Precision::kDouble);
    ASSERT_TRUE(learner);
    ASSERT_TRUE(learner->Restore(Stirred(*learner)));
    auto batch = Batch();
    for (const Loss loss : {Loss::kSupervised, Loss::kPolicy}) {
      if (loss == Loss::kPolicy) {
        // Ratios off one, some of them clipped.
        auto now = learner->Measure(batch, loss);
        ASSERT_TRUE(now);
        std::size_t next = 0;
        for (auto& e : batch) {
          for (auto& c : e.continuations) {
            c.before = now->logprobs[next++];
            for (std::size_t i = 0; i < c.before.size(); ++i) c.before[i] += i % 3 == 0 ? 0.4F : -0.05F;
          }
        }
      }
      ASSERT_TRUE(learner->Accumulate(batch, loss));
      const std::vector<float> gradient = learner->Gradient();
      const Learner::State at = learner->Save();
      Random random(3);
      for (int i = 0; i < 24; ++i) {
        const std::size_t k = random.Below(at.parameters.size());
        const float step = 1e-2F;
        double sides[2];
        Learner::State moved = at;
        double width = 0;
        for (int side = 0; side < 2; ++side) {
          moved.parameters[k] = at.parameters[k] + (side == 0 ? step : -step);
          width += (side == 0 ? 1 : -1) * static_cast<double>(moved.parameters[k]);
          ASSERT_TRUE(learner->Restore(moved));
          sides[side] = learner->Measure(batch, loss)->loss;
        }
        const double slope = (sides[0] - sides[1]) / width;
        EXPECT_NEAR(gradient[k], slope, 2e-4 + 2e-2 * std::abs(slope)) << architecture << " " << k;
      }
      ASSERT_TRUE(learner->Restore(at));
    }
  }
}

TEST(Learner, ContinuationsOfOnePromptAreEachOnTheirOwn) {
  NEED_MODEL(kSmol);
  const auto learner = Make(Tiny("qwen3"), Precision::kFloat);
  const auto batch = Batch();
  const auto together = learner->Measure({batch[0]}, Loss::kSupervised);
  ASSERT_TRUE(together);
  for (std::size_t i = 0; i < 3; ++i) {
    const auto alone = learner->Measure({{batch[0].prompt, {batch[0].continuations[i]}}}, Loss::kSupervised);
    ASSERT_TRUE(alone);
    for (std::size_t j = 0; j < alone->logprobs[0].size(); ++j)
      EXPECT_NEAR(alone->logprobs[0][j], together->logprobs[i][j], 1e-4);
  }
}

TEST(Learner, LearnsAndGoesOnFromWhereItWasSaved) {
  NEED_MODEL(kSmol);
  const std::string path = Tiny("llama");
  const std::vector<Example> batch = {{Tokens(1, 9), {{Tokens(2, 5), 1, {}}}}};
  const auto steady = Make(path, Precision::kAuto);
  std::vector<double> losses;
  Learner::State middle;
  for (int i = 0; i < 12; ++i) {
    if (i == 6) middle = steady->Save();
    losses.push_back(steady->Accumulate(batch, Loss::kSupervised)->loss);
    (void)steady->Step(2e-2);
  }
  EXPECT_LT(losses.back(), losses.front() - 1);
  const auto again = Make(path, Precision::kAuto);
  ASSERT_TRUE(again->Restore(middle));
  for (int i = 6; i < 12; ++i) {
    EXPECT_EQ(again->Accumulate(batch, Loss::kSupervised)->loss, losses[static_cast<std::size_t>(i)]);
    (void)again->Step(2e-2);
  }
  EXPECT_TRUE(again->Save() == steady->Save());
}

TEST(Learner, AGradientThatIsNoNumberChangesNothing) {
  NEED_MODEL(kSmol);
  const auto learner = Make(Tiny("llama"), Precision::kFloat);
  std::vector<Example> batch = Batch();
  batch[0].continuations[0].weight = std::numeric_limits<double>::quiet_NaN();
  const Learner::State before = learner->Save();
  ASSERT_TRUE(learner->Accumulate(batch, Loss::kPolicy));
  EXPECT_TRUE(learner->Step(1e-2).skipped);
  EXPECT_TRUE(learner->Save() == before);
  ASSERT_TRUE(learner->Accumulate(Batch(), Loss::kPolicy));
  EXPECT_FALSE(learner->Step(1e-2).skipped) << "what was no number is gone";
}

TEST(Learner, AnAdapterOfAnotherSizeIsRefused) {
  NEED_MODEL(kSmol);
  const auto learner = Make(Tiny("llama"), Precision::kFloat);
  Learner::State s = learner->Save();
  s.parameters.pop_back();
  const Status restored = learner->Restore(s);
  ASSERT_FALSE(restored);
  EXPECT_EQ(restored.error().reason, "other_checkpoint");
}

TEST(Learner, ItsAdapterInLlamaCppIsWhatItLearned) {
  NEED_MODEL(kSmol);
  const std::string path = Tiny("qwen2"), adapter = testing::TempDir() + "/adapter.gguf";
  const auto learner = Make(path, Precision::kFloat);
  ASSERT_TRUE(learner->Restore(Stirred(*learner)));
  auto sampler =
      lm::TokenSampler::Load({.path = path, .threads = 1, .sequences = 1, .context = 256, .exact = true});
  ASSERT_TRUE(sampler);
  const auto tokens = Tokens(7, 30);
  const auto bare = (*sampler)->Logits(tokens);
  ASSERT_TRUE(lm::WriteAdapter(learner->ToAdapter((*sampler)->vocabulary_digest()), adapter));
  const Status laid = (*sampler)->SetAdapter(adapter);
  ASSERT_TRUE(laid) << laid.error().message;
  const auto adapted = (*sampler)->Logits(tokens), ours = learner->Scores(tokens);
  ScoreDistance same, moved;
  same.Add(*adapted, *ours);
  moved.Add(*adapted, *bare);
  EXPECT_LT(same.most, 2e-3);
  EXPECT_GT(moved.most, 10 * same.most);
}

TEST(Learner, GoesOnFromAnEarlierAdapterWithAFreshOptimiserAndRefusesOneOfAnotherForm) {
  const std::string path = Tiny("qwen2"), adapter = testing::TempDir() + "/earlier.gguf";
  const auto earlier = Make(path, Precision::kFloat), later = Make(path, Precision::kFloat);
  ASSERT_TRUE(earlier->Restore(Stirred(*earlier)));
  ASSERT_TRUE(lm::WriteAdapter(earlier->ToAdapter("0"), adapter));
  const auto file = lm::WeightFile::Open(adapter);
  ASSERT_TRUE(file);
  const Status started = later->StartFrom(**file);
  ASSERT_TRUE(started) << started.error().message;
  const Learner::State state = later->Save();
  EXPECT_EQ(state.parameters, earlier->Save().parameters);
  EXPECT_EQ(state.steps, 0);
  EXPECT_EQ(state.mean, std::vector<float>(state.parameters.size(), 0));

  LearnerOptions o;
  o.base = path;
  o.rank = 4;
  o.alpha = 4;
  const auto wider = Learner::Create(o);
  ASSERT_TRUE(wider);
  const Learner::State before = (*wider)->Save();
  EXPECT_EQ((*wider)->StartFrom(**file).error().reason, "other_adapter") << "another rank";
  EXPECT_EQ((*wider)->Save(), before);
  o.rank = 2;
  o.alpha = 8;
  EXPECT_EQ((*Learner::Create(o))->StartFrom(**file).error().reason, "other_adapter") << "another scale";
  const auto base = lm::WeightFile::Open(path);
  ASSERT_TRUE(base);
  EXPECT_EQ(later->StartFrom(**base).error().reason, "other_adapter") << "no adapter at all";
  EXPECT_EQ(later->Save(), state);
}

TEST(Learner, AnUnknownArchitectureIsRefused) {
  const std::string encoder = lm::ModelPath("all-minilm-l6-v2");
  NEED_MODEL("all-minilm-l6-v2");
  LearnerOptions o;
  o.base = encoder;
  const auto made = Learner::Create(o);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().reason, "architecture");
}

}  // namespace
}  // namespace baton::train
