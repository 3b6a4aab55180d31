#include "verify/quantity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "verify/final_answer.h"

namespace baton::verify {
namespace {

std::string All(std::string_view text) {
  std::string s;
  for (const auto& q : FindQuantities(text)) {
    s += (s.empty() ? "" : " ") + q.value.Text() + (q.unit.empty() ? "" : "[" + q.unit + "]");
  }
  return s;
}

TEST(Quantity, SeparatorsAreReadInEveryCommonStyle) {
  EXPECT_EQ(All("1,234,567.50"), "1234567.5");
  EXPECT_EQ(All("1.234.567,50"), "1234567.5");
  EXPECT_EQ(All("1'234"), "1234");
  EXPECT_EQ(All("12\u202f345"), "12345");
  EXPECT_EQ(All("3,14"), "3.14");
  EXPECT_EQ(All("0,125"), "0.125");
  EXPECT_EQ(All("1,234"), "1234");
  EXPECT_EQ(All(".5 and -.25"), "0.5 -0.25");
}

TEST(Quantity, FractionsExponentsAndScalesAreOneNumber) {
  EXPECT_EQ(All("3/4 \\frac{1}{3} -\\frac{1}{2}"), "0.75 1/3 -0.5");
  EXPECT_EQ(All("2.5e6 1.2 x 10^5 3 \\times 10^{-2}"), "2500000 120000 0.03");
  EXPECT_EQ(All("$2 million, 1.5 billion"), "2000000[USD] 1500000000");
}

TEST(Quantity, UnitsAreNamedAndCurrenciesMayStandBefore) {
  EXPECT_EQ(All("45 % of $12.50 or 3\u20ac"), "45[%] 12.5[USD] 3[EUR]");
  EXPECT_EQ(All("12.5 km/h, 5 kWh, 7 miles."), "12.5[km/h] 5[kWh] 7[mi]");
  EXPECT_EQ(All("\\$18 and 18\\%"), "18[USD] 18[%]");
  EXPECT_EQ(All("5 in the box, 3 A grades"), "5 3");
  EXPECT_EQ(All("9 \\text{ cm}"), "9[cm]");
}

TEST(Quantity, PartsOfWordsVersionsAndOrdinalsAreNoNumbers) {
  EXPECT_EQ(All("GPT4 x2 version 1.2.3 the 4th of 3D"), "");
  EXPECT_EQ(All("in 2024 300 people"), "2024 300");
  EXPECT_EQ(All("7-3"), "7 3") << "a minus between numbers is no sign";
}

TEST(Quantity, WhatDoesNotFitIsNoNumber) {
  EXPECT_EQ(All("99999999999999999999999999999999999999999999"), "");
  EXPECT_EQ(All("1e400"), "");
  EXPECT_EQ(All("1/0"), "1 0");
}

TEST(Quantity, TheLastOneIsFoundInALongText) {
  std::string text = "17 apples " + std::string(100'000, 'x');
  EXPECT_EQ(LastQuantity(text)->value.Text(), "17");
  text += " then 1,250 more";
  EXPECT_EQ(LastQuantity(text)->value.Text(), "1250");
  EXPECT_EQ(text.substr(LastQuantity(text)->begin, 5), "1,250");
}

TEST(Rational, IsExactAndNeverWraps) {
  auto tenth = *Rational::OfDecimal("0.1");
  auto sum = *Rational::Add(*Rational::Add(tenth, tenth), tenth);
  EXPECT_EQ(sum, *Rational::OfDecimal("0.3"));
  auto big = *Rational::OfDecimal("9", 37 - 1);
  EXPECT_FALSE(Rational::Multiply(big, big));
  EXPECT_FALSE(Rational::Divide(big, Rational(0)));
  EXPECT_EQ(Rational::Divide(Rational(2), Rational(3))->Text(), "2/3");
  EXPECT_EQ(Rational::OfDecimal("00.0500")->Text(), "0.05");
  EXPECT_EQ(Rational::Compare(*Rational::Divide(Rational(1), Rational(3)), *Rational::OfDecimal("0.333")), 1);
}

TEST(FinalAnswer, TheMarkedPartIsFound) {
  EXPECT_EQ(FindFinalAnswer("{\"reasoning\": \"6 * 7\", \"answer\": \"42\"}").text, "42");
  EXPECT_EQ(FindFinalAnswer("{\"reasoning\": \"line\nbreak\", \"answer\": 42,\n}").text, "42");
  EXPECT_EQ(FindFinalAnswer("so \\boxed{\\frac{1}{2}} it is").text, "\\frac{1}{2}");
  EXPECT_EQ(FindFinalAnswer("work\n#### 18").text, "18");
  EXPECT_EQ(FindFinalAnswer("First the answer is 3. No: the answer is **5**. Done").text, "5");
  EXPECT_FALSE(FindFinalAnswer("no mark at all").marked);
  EXPECT_EQ(FindFinalNumber("She pays 5 + 6 = 11\nA: 11")->value.Text(), "11");
  EXPECT_FALSE(FindFinalNumber("5 apples\nand nothing else"));
}

TEST(FinalAnswer, ProseHasNoChoice) {
  EXPECT_EQ(FindChoice("A man walked in."), 0);
  EXPECT_EQ(FindChoice("I believe so."), 0);
  EXPECT_EQ(FindChoice("e.g. this"), 0);
  EXPECT_EQ(FindChoice("Because it is so."), 0);
  EXPECT_EQ(FindChoice("D because it sinks"), 'D');
}

}  // namespace
}  // namespace baton::verify
