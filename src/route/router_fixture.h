// For tests of the router: two workers, a model that knows sums from stories, a decision in a line.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "route/rules.h"
#include "route/testing.h"

namespace baton::route {

inline std::string Sum(int i) {
  return "What is " + std::to_string(11 + i) + " + " + std::to_string(7 * i) + " * 3?";
}
inline std::string Story(int i) {
  return "Write a story about a king and his " + std::to_string(i % 9) + " daughters.";
}

// Sums: everybody can do them. Stories: the dear one can.
inline std::shared_ptr<const estimate::RouterModel> MakeModel(const estimate::Featurizer& featurizer,
                                                              bool smol_is_good = false) {
  std::vector<std::string> prompts;
  for (int i = 0; i < 160; ++i) prompts.push_back(i % 2 ? Sum(i) : Story(i));
  std::vector<std::string_view> views(prompts.begin(), prompts.end());
  estimate::Table t;
  t.rows = prompts.size(), t.workers = 2, t.features = featurizer.width();
  t.x = featurizer.OfPrompts(views);
  for (std::size_t r = 0; r < t.rows; ++r) {
    const bool sum = r % 2;
    for (float q : {0.97F, sum || smol_is_good ? 0.96F : 0.15F}) t.quality.push_back(q);
    for (float n : {sum ? 150.0F : 400.0F, sum ? 150.0F : 300.0F}) t.out_tokens.push_back(n);
  }
  estimate::RouterOptions options;
  options.kind = "logistic";
  auto model =
      estimate::FitRouter(t, {"large", "smol"}, {{"x", 10}, {"y", 0.1}}, featurizer, "made up", options);
  EXPECT_TRUE(model) << model.error().message;
  (void)estimate::ToBytes(&*model);  // gives it its version
  return std::make_shared<estimate::RouterModel>(std::move(*model));
}

struct RouterTest : ::testing::Test {
  std::shared_ptr<estimate::Featurizer> featurizer = std::make_shared<estimate::Featurizer>(nullptr);
  std::shared_ptr<const estimate::RouterModel> model = MakeModel(*featurizer);
  SimClock clock;
  std::shared_ptr<pool::Worker> large = MakeWorker("large", 10),
                                smol = MakeWorker("smol", 0.1, {"public", "internal", "personal"});
  rails::Catalogue catalogue{{large, smol}};
  RouterSettings settings;
  RulesOptions options;
  rails::Controls controls;
  std::shared_ptr<LearnedShare> share;
  Asking asking;

  Result<Route> Choose(const std::string& prompt, const std::string& name = "baton",
                       std::set<std::string> data = {"internal"}) {
    auto permit = PermitFor(catalogue, data, controls);
    EXPECT_TRUE(permit);
    RulesOptions o = options;
    o.featurizer = featurizer;
    o.router = std::make_shared<Router>(model, settings, catalogue, clock, share);
    const Features f = Compute(Ask(prompt), *permit, featurizer.get());
    return Rules(o).Choose(name, f, *permit, catalogue, asking);
  }
  std::string First(const std::string& prompt, const std::string& name = "baton") {
    auto r = Choose(prompt, name);
    EXPECT_TRUE(r) << r.error().message;
    return r ? r->candidates().front()->name : "";
  }
  void LearnedRule(std::vector<Condition> when = {}) {
    Rule rule;
    rule.name = "rest", rule.policy = "learned", rule.baseline = "large", rule.when = std::move(when);
    options.rules.push_back(rule);
  }
};

}  // namespace baton::route
