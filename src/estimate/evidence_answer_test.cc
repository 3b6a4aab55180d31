#include "estimate/evidence_answer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace baton::estimate {
namespace {

std::string Key(std::string_view s) {
  return ReadAnswer(s).key;
}

TEST(EvidenceAnswer, TheSameAnswerInManyFormsIsOneKey) {
  EXPECT_EQ(Key("{\"reasoning\": \"16 - 7 = 9, 9 * 2 = 18\", \"answer\": \"18\"}"), "n:18");
  EXPECT_EQ(Key("Janet makes 9 * $2 = $18.\n#### 18"), "n:18");
  EXPECT_EQ(Key("She sells 9 eggs at $2 each. So every day at the farmers' market, over a long sentence that "
                "goes on and "
                "on until it is no short answer any more,\nshe makes $18.00."),
            "n:18");
  EXPECT_EQ(Key("<answer>18</answer>"), "n:18");
  EXPECT_EQ(Key("B"), "c:B");
  EXPECT_EQ(Key("The answer is (B)."), "c:B");
  EXPECT_EQ(Key("<answer>The Beatles</answer>"), Key("the beatles."));
  EXPECT_EQ(Key("Not mentioned.\n\nThe agreement does not say anything about reverse engineering, although "
                "it says a lot "
                "about copies that the recipient may keep for audits."),
            Key("Not mentioned"));
}

TEST(EvidenceAnswer, DatesAndListsAreTextsNotNumbers) {
  EXPECT_NE(Key("22 June 1941 at half past three"), Key("1941"));
  EXPECT_EQ(Key("{\"answer\": \"[1, 2]\"}"), Key("{\"answer\": \"[1,2]\"}"));
  EXPECT_NE(Key("{\"answer\": \"[1, 2]\"}"), Key("{\"answer\": \"[12]\"}"));
}

TEST(EvidenceAnswer, NothingReadableAgreesWithNobody) {
  EXPECT_EQ(Key(""), "");
  EXPECT_EQ(Key("   \n "), "");
  EXPECT_EQ(Key(std::string(400, 'x') + " and so on, without an end that says anything at all."), "");
  KeyGroups groups;
  EXPECT_EQ(groups.Of("a"), 0);
  EXPECT_EQ(groups.Of(""), kUnread);
  EXPECT_EQ(groups.Of("b"), 1);
  EXPECT_EQ(groups.Of("a"), 0);
}

TEST(EvidenceAnswer, AToolCallIsTheSameInEveryNotation) {
  const std::string want = CallsKey("calculate_density(mass=50, volume=10)");
  EXPECT_FALSE(want.empty());
  for (
      const char* same :
      {"[calculate_density(volume=10, mass=50)]", "calculate_density(mass=50.0, volume=10);",
       R"([{"calculate_density": "{\"mass\": 50, \"volume\": 10}"}])",
       R"({"tool_calls": [{"name": "calculate_density", "arguments": {"mass": 50, "volume": 10}}]})",
       "<tool_call>\n{\"arguments\": {\"volume\": 10, \"mass\": 50}, \"name\": "
       "\"calculate_density\"}\n</tool_call>",
       R"([{"type":"function","function":{"name":"calculate_density","arguments":"{\"mass\":50,\"volume\":10}"}}])"}) {
    EXPECT_EQ(CallsKey(same), want) << same;
  }
  EXPECT_NE(CallsKey("calculate_density(mass=50, volume=11)"), want);
  EXPECT_EQ(CallsKey("f(place=\"Natural  History Museum of London\")"),
            "t:f{place:natural history museum of london,};");
  EXPECT_EQ(CallsKey("f(kind=\"'transition'\")"), CallsKey("f(kind='transition')"));
  EXPECT_EQ(CallsKey("cellbio.get_proteins(cell_compartment='plasma membrane')"),
            CallsKey(R"([{"cellbio_get_proteins": "{\"cell_compartment\": \"Plasma membrane\"}"}])"));
}

TEST(EvidenceAnswer, ProseIsNoCallAndWithToolsOnOfferSaysNone) {
  EXPECT_EQ(CallsKey("None of the functions (see above) apply."), "");
  EXPECT_EQ(ReadAnswer("I cannot build a PC with fetch_recipe.", {}, true).key, "t:none");
  EXPECT_EQ(ReadAnswer("f(a=1)", {}, true).key, CallsKey("f(a=1)"));
}

TEST(EvidenceAnswer, HostileBracketsEndSoon) {
  EXPECT_EQ(CallsKey(std::string(100000, '[')), "");
  EXPECT_EQ(CallsKey(std::string(50000, '(')), "");
  std::string deep;
  for (int i = 0; i < 2000; ++i) deep += "{\"a\":";
  EXPECT_EQ(CallsKey(deep + "1" + std::string(2000, '}')), "");
}

TEST(EvidenceAnswer, SignsTellHedgingAndBrokenSums) {
  EXPECT_GT(ReadAnswer("I'm not sure, it seems to be 5.").signs[1], 0);
  EXPECT_EQ(ReadAnswer("The answer is 5.").signs[1], 0);
  EXPECT_EQ(ReadAnswer("2 + 2 = 5\nThe answer is 5.").signs[2], 1);
  EXPECT_EQ(ReadAnswer("2 + 2 = 4\nThe answer is 4.").signs[2], 0);
  EXPECT_LT(ReadAnswer("5").signs[0], ReadAnswer(std::string(3000, 'a')).signs[0]);
}

}  // namespace
}  // namespace baton::estimate
