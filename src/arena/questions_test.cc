#include "arena/questions.h"

#include <gtest/gtest.h>

#include <set>

namespace baton::arena {
namespace {

TEST(Questions, ChoicesBecomeLettersAndNumbersStayNumbers) {
  const auto choice = QuestionOf(
      R"({"id":"a","benchmark":"arc","prompt":"Which?","choices":["red","blue"],"labels":["A","B"],"reference":"B"})",
      "test");
  ASSERT_TRUE(choice);
  EXPECT_EQ(choice->prompt, "Which?\nA) red\nB) blue\nAnswer with the letter.");
  EXPECT_EQ(Score(*choice, "B"), 1);
  const auto number =
      QuestionOf(R"({"id":"b","benchmark":"gsm8k","prompt":"How many?","reference":"18"})", "test");
  ASSERT_TRUE(number);
  EXPECT_EQ(Score(*number, "She has 18."), 1);
}

TEST(Questions, WhatIsNoneIsLeftOut) {
  for (const char* bad :
       {"", "[]", "{", R"({"id":"a"})", R"({"id":1,"benchmark":"x","prompt":"y","reference":"z"})",
        R"({"id":"a","benchmark":"x","prompt":"y","choices":["r"],"reference":"C"})",
        R"({"id":"a","benchmark":"x","prompt":"y","choices":[1],"reference":"A"})"}) {
    EXPECT_FALSE(QuestionOf(bad, "test")) << bad;
  }
  EXPECT_FALSE(QuestionOf(R"({"id":"b","benchmark":"g","prompt":"How many?","reference":"18"})", "test", 5));
}

TEST(Questions, SamplesAreRepeatableAndWithoutRepetition) {
  std::vector<Problem> all(50);
  for (int i = 0; i < 50; ++i) all[static_cast<std::size_t>(i)].id = std::to_string(i);
  const auto a = Sample(all, 20, 3), b = Sample(all, 20, 3);
  ASSERT_EQ(a.size(), 20U);
  std::set<std::string> ids;
  for (std::size_t i = 0; i < 20; ++i) {
    EXPECT_EQ(a[i].id, b[i].id);
    ids.insert(a[i].id);
  }
  EXPECT_EQ(ids.size(), 20U);
  EXPECT_EQ(Sample(all, 500, 3).size(), 50U);
}

}  // namespace
}  // namespace baton::arena
