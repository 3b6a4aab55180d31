#include "verify/agreement.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace baton::verify {
namespace {

using ::testing::DoubleNear;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Agreement, ChoicesAreReadHoweverTheyAreWritten) {
  auto g = Group(
      {"B", "(b)", "The answer is (B).", "**B.**", "\\boxed{B}",
       "{\"reasoning\": \"A is wrong\", \"answer\": \"B\"}", "I think it is clear.\nAnswer: B) iron", "C"},
      Sameness::kAuto);
  EXPECT_THAT(g.of, ElementsAre(0, 0, 0, 0, 0, 0, 0, 1));
  EXPECT_THAT(g.keys, ElementsAre("B", "C"));
  EXPECT_DOUBLE_EQ(g.agreement, 7.0 / 8);
  EXPECT_EQ(g.representative, 0);
}

TEST(Agreement, NumbersAreComparedByValueNotByNotation) {
  auto g = Group({"So he pays $1,200.", "#### 1200", "The total is 1200.00 dollars", "\\boxed{1{,}200}",
                  "1.2e3", "1.2 thousand", "1201"},
                 Sameness::kAuto);
  EXPECT_THAT(g.of, ElementsAre(0, 0, 0, 0, 0, 0, 1));
  EXPECT_THAT(g.keys, ElementsAre("1200", "1201"));
}

TEST(Agreement, AnAnswerThatSaysNothingReadableIsInNoGroupAndCountsAgainstAgreement) {
  auto g = Group({"42", "I cannot help with that.", "", "It is 42."}, Sameness::kNumber);
  EXPECT_THAT(g.of, ElementsAre(0, -1, -1, 0));
  EXPECT_DOUBLE_EQ(g.agreement, 0.5);
}

TEST(Agreement, OneRamblingAnswerDoesNotTurnNumbersIntoTexts) {
  auto g = Group({"The answer is 7", "7", "I am not sure what is meant"}, Sameness::kAuto);
  EXPECT_THAT(g.of, ElementsAre(0, 0, -1));
}

TEST(Agreement, TextIsComparedWithoutCasePunctuationAndArticles) {
  auto g =
      Group({"The Eiffel Tower.", "eiffel tower", "\u201cEiffel Tower\u201d", "Louvre"}, Sameness::kAuto);
  EXPECT_THAT(g.of, ElementsAre(0, 0, 0, 1));
}

TEST(Agreement, SignsAndPointsThatMakeAnotherWordStay) {
  auto g = Group({"C", "C++", "C#", "c++"}, Sameness::kNormalised);
  EXPECT_EQ(g.of[1], g.of[3]);
  EXPECT_NE(g.of[0], g.of[1]);
  EXPECT_NE(g.of[0], g.of[2]);
}

TEST(Agreement, ListsAreComparedWhole) {
  auto g = Group({R"({"answer": "[(4, 1), (2, 3)]"})", R"({"answer": "[(4,1), (2,3)]"})",
                  R"({"answer": "[(3, 1), (2, 3)]"})"},
                 Sameness::kAuto);
  EXPECT_THAT(g.of, ElementsAre(0, 0, 1)) << "not by their last number";
  EXPECT_EQ(Group({"The answer is ['a', 'B']", "The answer is [\"a\", \"b\"]"}, Sameness::kAuto).sizes.size(),
            2u);
}

TEST(Agreement, TheLargestGroupLeadsAndOfEqualsTheOneThatBeganFirst) {
  EXPECT_EQ(Group({"1", "2", "2"}, Sameness::kNumber).representative, 1);
  auto tie = Group({"1", "2", "2", "1"}, Sameness::kNumber);
  EXPECT_EQ(tie.representative, 0);
  EXPECT_THAT(tie.sizes, ElementsAre(2, 2));
}

TEST(Agreement, NoAnswersAgreeOnNothing) {
  auto g = Group({}, Sameness::kAuto);
  EXPECT_EQ(g.representative, -1);
  EXPECT_EQ(g.agreement, 0);
  EXPECT_EQ(Group({"", " "}, Sameness::kAuto).representative, -1);
}

TEST(Agreement, KeysAreShortWhateverTheAnswer) {
  auto g = Group({std::string(5000, 'x')}, Sameness::kNormalised);
  EXPECT_EQ(g.keys[0].size(), 200u);
}

TEST(Agreement, VectorsNearTheFirstOfAGroupJoinItAndChainsDoNot) {
  auto g = GroupByVectors({{1, 0}, {0.9f, 0.436f}, {0.62f, 0.785f}, {0.98f, 0.2f}, {}}, 0.85);
  EXPECT_THAT(g.of, ElementsAre(0, 0, 1, 0, -1));
  EXPECT_DOUBLE_EQ(g.agreement, 0.6);
  EXPECT_EQ(GroupByVectors({{1, 0}, {1, 0, 0}}, 0.5).sizes.size(), 2u) << "of other models";
}

TEST(Agreement, WordsForSamenessAreKnownAndTheNearestIsNamed) {
  EXPECT_EQ(*ParseSameness("choice"), Sameness::kChoice);
  EXPECT_EQ(*ParseSameness("embedding"), Sameness::kEmbedding);
  auto bad = ParseSameness("choise");
  ASSERT_FALSE(bad);
  EXPECT_THAT(bad.error().message, HasSubstr("'choice'"));
}

TEST(LeadHolds, IsCertainWhenTheLeadCannotBeOvertaken) {
  EXPECT_EQ(LeadHolds(3, 1, 2, 0.0), 1);
  EXPECT_EQ(LeadHolds(3, 1, 0, 0.0), 1);
  EXPECT_LT(LeadHolds(3, 1, 3, 0.0), 1);
}

TEST(LeadHolds, IsTheBinomialTail) {
  EXPECT_THAT(LeadHolds(1, 1, 1, 0.7), DoubleNear(0.7, 1e-12));
  // 2:1 with two more: lost only when both go to the other.
  EXPECT_THAT(LeadHolds(2, 1, 2, 0.6), DoubleNear(1 - 0.16, 1e-12));
  EXPECT_THAT(LeadHolds(0, 0, 1000, 0.5), DoubleNear(0.5126, 1e-4));
  EXPECT_EQ(LeadHolds(1, 1, 5, 1.0), 1);
  EXPECT_EQ(LeadHolds(1, 1, 5, 0.0), 0);
}

}  // namespace
}  // namespace baton::verify
