#include "verify/equation.h"

#include <gtest/gtest.h>

#include "verify/test_util.h"

namespace baton::verify {
namespace {

// r: right, w: wrong, u: unsure, in order.
std::string Found(std::string_view text) {
  std::string s;
  for (const auto& e : FindEquations(text))
    s += e.verdict == Equation::Verdict::kRight ? 'r' : e.verdict == Equation::Verdict::kWrong ? 'w' : 'u';
  return s;
}

TEST(Equations, AreRecomputedExactly) {
  EXPECT_EQ(Found("16 - 3 - 4 = 9 and 9 * 2 = 18."), "rr");
  EXPECT_EQ(Found("0.1 + 0.2 = 0.3"), "r");
  EXPECT_EQ(Found("12.99 * 3 = 38.97, not 12.99 * 3 = 39.97"), "rw");
  EXPECT_EQ(Found("123456789 * 987654321 = 121932631112635269"), "r");
  EXPECT_EQ(Found("2 + 3 * 4 = 20"), "w");
  EXPECT_EQ(Found("(2 + 3) * 4 = 20 and 2^10 = 1024"), "rr");
  EXPECT_EQ(Found("1/2 + 1/3 = 5/6"), "r");
}

TEST(Equations, AreFoundInTheWordsOfWordProblems) {
  EXPECT_EQ(Found("She sells 9 eggs x $2/egg = $18 per day."), "r");
  EXPECT_EQ(Found("She sells 9 eggs \u00d7 $2 per egg = $19."), "w");
  EXPECT_EQ(Found("3 + 4 = <<3+4=7>>7 duck eggs"), "r");
  EXPECT_EQ(Found("The cost is \\(5 \\times 3 = 15\\) and $4 \\cdot 5 = 21$."), "rw");
  EXPECT_EQ(Found("1,250 + 750 = 2,000"), "r");
  EXPECT_EQ(Found("**5 * 3 = 15**"), "r");
}

TEST(Equations, PercentagesAreSharesOrPlainWhicheverFits) {
  EXPECT_EQ(Found("20% of 50 = 10; 50 * 20% = 10; 100% - 20% = 80%; 0.25 * 100 = 25%"), "rrrr");
  EXPECT_EQ(Found("60 + 10% = 66"), "u");
}

TEST(Equations, RoundingIsNotAMistake) {
  EXPECT_EQ(Found("10 / 3 = 3.33"), "r");
  EXPECT_EQ(Found("2 / 3 = 0.67"), "r");
  EXPECT_EQ(Found("10 / 3 = 3.5"), "w");
  EXPECT_EQ(Found("7 / 2 = 3"), "u") << "cut off, or wrong: who knows";
  EXPECT_EQ(Found("3.33 * 3 = 10"), "u");
  EXPECT_EQ(Found("1000 / 7 \u2248 143"), "u");
}

TEST(Equations, ChainsAreFollowed) {
  EXPECT_EQ(Found("2 * 3 + 4 = 6 + 4 = 10"), "rr");
  EXPECT_EQ(Found("3 + 4 = 7 * 2 = 14"), "rr") << "sloppy, and everybody does it";
  EXPECT_EQ(Found("2 * 3 = 6 + 4 = 11"), "rw");
}

TEST(Equations, WhatMeansSomethingElseBesideItIsNoClaim) {
  EXPECT_EQ(Found("x + 3 * 2 = 10"), "");
  EXPECT_EQ(Found("2x + 3 = 7"), "");
  EXPECT_EQ(Found("3 + 4 = 7x"), "");
  EXPECT_EQ(Found("-5 + 3 = -2\n- 5 + 3 = 8\n4 -5 + 3 = 2"), "rrr") << "signs, bullets and minus";
  EXPECT_EQ(Found("2L + 8 = 22, (105 - 40)y = 26, 105*(1600/F) - 1600 = 2600, 2s + 30 = 110"), "")
      << "variables";
  EXPECT_EQ(Found("7.5 / 1/2 = 15"), "u");
  EXPECT_EQ(Found("\\frac{4}{3} \\pi (10)^3 = 4188.79"), "");
  EXPECT_EQ(Found("-2^2 = -4"), "r");
  EXPECT_EQ(Found("10 / 4 = 2 remainder 2"), "u");
  EXPECT_EQ(Found("2 + 3 = 5 + y"), "u");
  EXPECT_EQ(Found("90 minutes + 1 hour = 2.5 hours"), "u");
  EXPECT_EQ(Found("a = 5 and b = 6"), "");
  EXPECT_EQ(Found("f(2) = 5, log 3 + 4 = 5"), "");
  EXPECT_EQ(Found("if a == 3 + 1 => 4"), "");
}

TEST(Equations, HostileTextIsReadInBoundedTime) {
  EXPECT_EQ(Found(std::string(60'000, '(')), "");
  EXPECT_EQ(Found(std::string(60'000, '1')), "");
  std::string chain;
  for (int i = 0; i < 20'000; ++i) chain += "1+";
  Found(chain + "1=2");
  EXPECT_EQ(Found("2^999 = 1"), "");
  EXPECT_EQ(Found("9^64 * 9^64 = 1"), "") << "does not fit, and is not guessed";
}

TEST(Arithmetic, OneWrongSumRejectsAndIsShown) {
  auto j = JudgeNow({"arithmetic", {}}, "First 2 + 2 = 4, then 4 * 4 = 15.");
  EXPECT_EQ(j.verdict, Verdict::kReject);
  EXPECT_EQ(j.evidence, "4 * 4 = 15 (recomputed: 16)");
  EXPECT_EQ(JudgeNow({"arithmetic", {}}, "2 + 2 = 4").verdict, Verdict::kAccept);
  EXPECT_EQ(JudgeNow({"arithmetic", {{"least", "2"}}}, "2 + 2 = 4").verdict, Verdict::kUnknown);
  EXPECT_EQ(JudgeNow({"arithmetic", {}}, "It is four.").verdict, Verdict::kUnknown);
}

}  // namespace
}  // namespace baton::verify
