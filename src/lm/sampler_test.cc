#include "lm/sampler.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

namespace baton::lm {
namespace {

constexpr int kVocabulary = 1000;

std::vector<float> Row() {
  std::vector<float> logits(kVocabulary);
  Random random(5);
  for (float& x : logits) x = static_cast<float>(random.Unit() * 6 - 3);
  logits[77] = 6;
  logits[78] = 5;
  logits[79] = 4;
  return logits;
}

std::map<llama_token, int> Draws(const SamplingOptions& options, int n) {
  Constraint none = Constraint::None();
  Sampler sampler(options, 0, {});
  std::map<llama_token, int> seen;
  for (int i = 0; i < n; ++i) {
    std::vector<float> logits = Row();
    ++seen[sampler.Pick(logits.data(), kVocabulary, none)->token];
  }
  return seen;
}

TEST(Sampler, TemperatureZeroTakesTheLikeliest) {
  SamplingOptions o;
  o.temperature = 0;
  EXPECT_EQ(Draws(o, 20), (std::map<llama_token, int>{{77, 20}}));
}

TEST(Sampler, DrawsFollowTheSoftmax) {
  SamplingOptions o;
  o.seed = 3;
  const int n = 40000;
  auto seen = Draws(o, n);
  double sum = 0;
  for (float x : Row()) sum += std::exp(x);
  for (llama_token t : {77, 78, 79}) {
    const double want = std::exp(Row()[static_cast<std::size_t>(t)]) / sum;
    EXPECT_NEAR(seen[t] / static_cast<double>(n), want, 5 * std::sqrt(want / n)) << t;
  }
  EXPECT_GT(seen.size(), 500u);  // the tail is there too
}

TEST(Sampler, TopKAndTopPAndMinPNarrowTheChoice) {
  SamplingOptions k;
  k.top_k = 2;
  EXPECT_EQ(Draws(k, 300).size(), 2u);
  SamplingOptions p;
  p.top_p = 0.01;
  EXPECT_EQ(Draws(p, 50), (std::map<llama_token, int>{{77, 50}}));
  SamplingOptions m;
  m.min_p = 0.2;  // e^-1 = 0.37 is in, e^-2 = 0.14 is out
  EXPECT_EQ(Draws(m, 300).size(), 2u);
}

// The rule without any shortcut: everything sorted.
llama_token Plain(const std::vector<float>& row, const SamplingOptions& o) {
  const auto best = static_cast<double>(*std::max_element(row.begin(), row.end()));
  std::vector<std::pair<double, llama_token>> all;
  for (std::size_t i = 0; i < row.size(); ++i) {
    if (static_cast<double>(row[i]) >= best - 21 * o.temperature)
      all.emplace_back(-static_cast<double>(row[i]), static_cast<llama_token>(i));
  }
  std::sort(all.begin(), all.end());
  if (o.top_k > 0 && all.size() > static_cast<std::size_t>(o.top_k))
    all.resize(static_cast<std::size_t>(o.top_k));
  const auto weight = [&](const auto& c) { return std::exp((-c.first - best) / o.temperature); };
  double sum = 0, kept = 0;
  for (const auto& c : all) sum += weight(c);
  std::size_t n = 0;
  while (n < all.size() && (n == 0 || o.top_p >= 1 || kept < o.top_p * sum)) kept += weight(all[n++]);
  all.resize(n);
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  double left = Random(o.seed).Unit() * kept;
  for (const auto& c : all) {
    if ((left -= weight(c)) < 0) return c.second;
  }
  return all.back().second;
}

TEST(Sampler, ShortcutsDrawWhatSortingEverythingDraws) {
  constexpr int kLarge = 5003;  // blocks, and a last one that is not full
  Constraint none = Constraint::None();
  Random random(9);
  int draws = 0, same = 0;
  for (int round = 0; round < 40; ++round) {
    std::vector<float> row(kLarge);
    // Steps of a tenth: ties, also at the k-th place.
    for (float& x : row) x = static_cast<float>(static_cast<int>(random.Unit() * 100)) / 10;
    if (round % 2 == 1) {
      for (int i = 0; i < 3; ++i) row[random.Below(kLarge)] = 14;
    }
    for (const std::int64_t k : {0, 1, 3, 40, 600}) {
      for (const double p : {1.0, 0.95, 0.3}) {
        SamplingOptions o;
        o.temperature = round % 3 == 0 ? 1.5 : 0.7;
        o.top_k = k;
        o.top_p = p;
        o.seed = static_cast<std::uint64_t>(round) * 31 + static_cast<std::uint64_t>(k);
        Sampler sampler(o, 0, {});
        std::vector<float> logits = row;
        ++draws;
        same += sampler.Pick(logits.data(), kLarge, none)->token == Plain(row, o);
      }
    }
  }
  // Sums of floats and of doubles may part where a draw falls on a border.
  EXPECT_GE(same, draws - 2);
}

TEST(Sampler, TheSameSeedDrawsTheSame) {
  SamplingOptions o;
  o.seed = 11;
  EXPECT_EQ(Draws(o, 200), Draws(o, 200));
  SamplingOptions other = o;
  other.seed = 12;
  EXPECT_NE(Draws(o, 200), Draws(other, 200));
}

TEST(Sampler, PenaltiesWearARepeatedTokenDown) {
  SamplingOptions o;
  o.temperature = 0;
  o.frequency_penalty = 0.6;
  auto seen = Draws(o, 6);
  EXPECT_GT(seen.size(), 1u);
  EXPECT_GT(seen[77], 1);
}

TEST(Sampler, BiasForcesAToken) {
  SamplingOptions o;
  o.temperature = 0;
  o.bias = {{3, 1e9f}};
  EXPECT_EQ(Draws(o, 3), (std::map<llama_token, int>{{3, 3}}));
}

TEST(Sampler, LogprobsAreThoseOfTheModelAndNotOfTheTemperature) {
  SamplingOptions o;
  o.temperature = 0;
  o.logprobs = true;
  o.top_logprobs = 4;
  Constraint none = Constraint::None();
  std::vector<float> logits = Row();
  double sum = 0;
  for (float x : logits) sum += std::exp(x);
  Sampler sampler(o, 0, {});
  auto picked = sampler.Pick(logits.data(), kVocabulary, none);
  ASSERT_TRUE(picked);
  EXPECT_NEAR(picked->logprob, 6 - std::log(sum), 1e-4);
  ASSERT_EQ(picked->top.size(), 4u);
  EXPECT_EQ(picked->top[0].first, 77);
  EXPECT_EQ(picked->top[2].first, 79);
  EXPECT_GE(picked->top[2].second, picked->top[3].second);
}

TEST(Sampler, RowsOfNothingDoNotCrash) {
  SamplingOptions o;
  Constraint none = Constraint::None();
  Sampler sampler(o, 0, {});
  std::vector<float> nan(kVocabulary, std::nanf("")),
      low(kVocabulary, -std::numeric_limits<float>::infinity());
  EXPECT_TRUE(sampler.Pick(nan.data(), kVocabulary, none));
  EXPECT_TRUE(sampler.Pick(low.data(), kVocabulary, none));
}

}  // namespace
}  // namespace baton::lm
