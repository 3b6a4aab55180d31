#include "estimate/router_model.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>

#include "base/random.h"
#include "estimate/cold_curve.h"
#include "estimate/family.h"

namespace baton::estimate {
namespace {

// Sums go to worker "maths", everything else to "prose"; "both" is dear and long-winded.
struct Fixture {
  Featurizer featurizer{nullptr};
  Table table;
  Fixture() {
    Random random(1);
    std::vector<std::string> prompts;
    for (int i = 0; i < 120; ++i)
      prompts.push_back(i % 2 ? "What is " + std::to_string(random.Below(99)) + " + 17 * 3?"
                              : "Write a story about a " + std::string(1 + random.Below(40), 'z') +
                                    " in the rain.");
    std::vector<std::string_view> views(prompts.begin(), prompts.end());
    table.rows = prompts.size(), table.workers = 3;
    table.features = featurizer.width();
    table.x = featurizer.OfPrompts(views);
    for (std::size_t i = 0; i < table.rows; ++i) {
      const bool sum = i % 2;
      for (float q : {sum ? 1.0F : 0.1F, sum ? 0.1F : 0.9F, 0.8F}) table.quality.push_back(q);
      for (float n : {sum ? 5.0F : 300.0F, 200.0F, 900.0F}) table.out_tokens.push_back(n);
    }
  }
  RouterModel Model(std::string kind = "logistic") const {
    RouterOptions options;
    options.kind = std::move(kind);
    auto m = FitRouter(table, {"maths", "prose", "both"}, {{"a", 1}, {"b", 1}, {"a", 15}}, featurizer,
                       "120 made-up rows", options);
    EXPECT_TRUE(m) << m.error().message;
    return std::move(*m);
  }
};

std::vector<float> Qualities(const RouterModel& m, const Featurizer& f, std::string_view prompt) {
  std::vector<float> x(f.width()), out;
  std::vector<Estimate> e(m.workers.size());
  f.Compute(AskedOf(prompt), x);
  m.quality->Predict(x, e);
  for (const auto& v : e) out.push_back(v.quality);
  return out;
}

TEST(RouterModel, ReadsBackWhatItWroteAndDecidesTheSame) {
  const Fixture f;
  for (const char* kind : {"logistic", "stack"}) {
    RouterModel m = f.Model(kind);
    const std::string bytes = ToBytes(&m);
    auto read = RouterFromBytes(bytes, "r");
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(read->version, m.version);
    EXPECT_EQ(read->workers, m.workers);
    EXPECT_EQ(read->trained_on, "120 made-up rows");
    for (const char* prompt : {"What is 3 + 4?", "Write a story about rain"})
      EXPECT_EQ(Qualities(*read, f.featurizer, prompt), Qualities(m, f.featurizer, prompt));
    EXPECT_TRUE(CheckFeatures(*read, f.featurizer));
    EXPECT_EQ(ToBytes(&*read), bytes);
  }
}

TEST(RouterModel, KnowsWhoIsGoodAtWhatAndHowLongTheyTalk) {
  const Fixture f;
  const RouterModel m = f.Model();
  const auto sums = Qualities(m, f.featurizer, "What is 31 + 17 * 3?");
  EXPECT_GT(sums[0], sums[1] + 0.5F);
  std::vector<float> x(f.featurizer.width()), tokens(3);
  f.featurizer.Compute(AskedOf("What is 31 + 17 * 3?"), x);
  m.length.Predict(x, tokens);
  EXPECT_LT(tokens[0], 40);
  EXPECT_NEAR(tokens[2], 900, 150);
}

TEST(RouterModel, EveryShorteningAndEveryChangedByteIsRefused) {
  const Fixture f;
  RouterModel m = f.Model();
  const std::string bytes = ToBytes(&m);
  for (std::size_t n = 0; n < bytes.size(); n += 97) {
    auto read = RouterFromBytes(std::string_view(bytes).substr(0, n), "r");
    ASSERT_FALSE(read) << n;
    EXPECT_TRUE(read.error().reason == "not_a_router" || read.error().reason == "router_damaged" ||
                read.error().reason == "router_version")
        << read.error().reason;
  }
  for (std::size_t at = 0; at < bytes.size(); at += 61) {
    std::string changed = bytes;
    changed[at] = static_cast<char>(changed[at] ^ 0x20);
    EXPECT_FALSE(RouterFromBytes(changed, "r")) << at;
  }
  EXPECT_FALSE(RouterFromBytes(bytes + "x", "r"));
}

TEST(RouterModel, SaysWhyAForeignFileIsRefused) {
  const std::string path =
      std::filesystem::temp_directory_path() / ("router_test." + std::to_string(getpid()));
  std::ofstream(path) << "GGUF, or a letter to a friend";
  auto foreign = LoadRouter(path);
  ASSERT_FALSE(foreign);
  EXPECT_EQ(foreign.error().reason, "not_a_router");
  EXPECT_NE(foreign.error().message.find(path), std::string::npos);
  std::filesystem::remove(path);
  EXPECT_EQ(LoadRouter(path).error().code, Code::kNotFound);
  EXPECT_EQ(LoadRouter("/").error().code, Code::kNotFound);
}

TEST(RouterModel, WorksOnlyWithTheFeaturesItWasTrainedOn) {
  const Fixture f;
  RouterModel m = f.Model();
  EXPECT_TRUE(CheckFeatures(m, f.featurizer));
  RouterModel other = f.Model();
  other.features = "facts-9:40";
  EXPECT_EQ(CheckFeatures(other, f.featurizer).error().reason, "other_features");
  RouterModel drifted = f.Model();
  for (std::size_t i = 0; i < drifted.probes.size(); ++i) drifted.probes[i] += i % 2 ? 0.3F : -0.3F;
  EXPECT_EQ(CheckFeatures(drifted, f.featurizer).error().reason, "other_features");
  RouterModel last_bit = f.Model();
  for (float& v : last_bit.probes) v += 1e-4F;
  EXPECT_TRUE(CheckFeatures(last_bit, f.featurizer));
}

TEST(RouterModel, ADiskThatCannotBeWrittenLeavesNoFile) {
  const Fixture f;
  RouterModel m = f.Model();
  EXPECT_EQ(SaveRouter(&m, "/nowhere/at/all/router.bin").error().reason, "disk");
}

TEST(ColdStart, FamiliesAreTheFirstLettersOfAModelsName) {
  EXPECT_EQ(FamilyOf("gpt-5-mini"), "gpt");
  EXPECT_EQ(FamilyOf("anthropic/Claude-4.5-opus"), "claude");
  EXPECT_EQ(FamilyOf("Qwen2.5-Coder"), "qwen");
  EXPECT_EQ(FamilyOf("4o"), "");
}

TEST(ColdStart, ProbesBringANewWorkerToWhatItCanDo) {
  const Fixture f;
  FitOptions options;
  const ColdStart cold = ColdStart::Fit(f.table, {{"a", 1}, {"b", 1}, {"a", 15}}, options);
  const Ability prior = cold.Prior({"c", 2});
  // A worker that can do sums and nothing else, told by twelve well-chosen questions.
  std::vector<Probe> probes;
  for (std::size_t row : cold.ProbeItems(f.table, 12))
    probes.push_back({f.table.X(row), row % 2 ? 1.0F : 0.0F});
  const Ability after = cold.Update(prior, probes);
  float sums = 0, prose = 0, blind_sums = 0, blind_prose = 0;
  for (std::size_t r = 0; r < f.table.rows; ++r) {
    (r % 2 ? sums : prose) += cold.Predict(after, f.table.X(r)).quality / 60;
    (r % 2 ? blind_sums : blind_prose) += cold.Predict(prior, f.table.X(r)).quality / 60;
  }
  EXPECT_GT(sums, prose + 0.3F);
  EXPECT_LT(std::abs(blind_sums - blind_prose), 0.3F);
  EXPECT_LT(cold.Predict(after, f.table.X(1)).spread, cold.Predict(prior, f.table.X(1)).spread + 1e-3F);
}

TEST(ColdStart, WhatIsDearAndOfAGoodFamilyIsExpectedToBeBetter) {
  // Ten workers whose skill grows with price.
  Random random(4);
  Table t;
  t.rows = 400, t.features = 4, t.workers = 10;
  std::vector<WorkerFacts> facts;
  for (int w = 0; w < 10; ++w) facts.push_back({w < 5 ? "x" : "y", 0.1 * std::pow(2, w)});
  for (std::size_t r = 0; r < t.rows; ++r) {
    for (int i = 0; i < 4; ++i) t.x.push_back(static_cast<float>(random.Unit()));
    for (int w = 0; w < 10; ++w) t.quality.push_back(random.Unit() < 0.2 + 0.07 * w ? 1.0F : 0.0F);
  }
  const ColdStart cold = ColdStart::Fit(t, facts, {});
  const float cheap = cold.Predict(cold.Prior({"", 0.1}), t.X(0)).quality;
  const float dear = cold.Predict(cold.Prior({"", 50}), t.X(0)).quality;
  EXPECT_GT(dear, cheap + 0.2F);
  EXPECT_GT(cold.Predict(cold.Prior({"", -1}), t.X(0)).spread, 0.0F);
}

TEST(ColdStart, ProbesMakeEstimatesBetterAndRoutingNoWorse) {
  const Fixture f;
  ColdSetting setting;
  setting.newcomer = 0;  // "maths": as cheap as "prose", and its opposite
  setting.facts = {{"a", 1}, {"b", 1}, {"a", 15}};
  setting.cost_usd = {0.001, 0.001, 0.006};
  setting.probes = {0, 16};
  auto curve = ColdCurve(f.table, f.table, setting, {});
  ASSERT_TRUE(curve) << curve.error().message;
  EXPECT_LE((*curve)[1].regret, (*curve)[0].regret);
  EXPECT_LT((*curve)[1].log_loss, (*curve)[0].log_loss);
  EXPECT_NEAR((*curve)[1].regret, 0, 0.001);
  EXPECT_FALSE(ColdCurve(f.table, f.table, {}, {}));
}

}  // namespace
}  // namespace baton::estimate
