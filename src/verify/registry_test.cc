#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "verify/test_util.h"

namespace baton::verify {
namespace {

using ::testing::HasSubstr;

std::string WhyNot(const Spec& spec) {
  auto made = Make(spec);
  return made ? "" : made.error().message;
}

TEST(Registry, NamesAreUniqueSortedAndDocumented) {
  std::set<std::string_view> seen;
  std::string_view last;
  for (const Info& info : List()) {
    EXPECT_TRUE(seen.insert(info.name).second) << info.name;
    EXPECT_LT(last, info.name);
    last = info.name;
    EXPECT_FALSE(info.doc.empty()) << info.name;
    for (const auto& option : info.options)
      EXPECT_FALSE(option.doc.empty()) << info.name << " " << option.key;
  }
}

TEST(Registry, EveryVerifierIsMadeUnderItsNameOrSaysWhatItNeeds) {
  for (const Info& info : List()) {
    auto made = Make({std::string(info.name), {}});
    bool needs = false;
    for (const auto& option : info.options) needs = needs || option.required;
    EXPECT_NE(made.has_value(), needs) << info.name;
    if (made) {
      EXPECT_EQ((*made)->name(), info.name);
      EXPECT_GE((*made)->version(), 1);
    } else {
      EXPECT_EQ(made.error().code, Code::kInvalidRequest);
    }
  }
}

TEST(Registry, WrongSpecsAreRefusedWithWhatWasProbablyMeant) {
  EXPECT_THAT(WhyNot({"regexp", {}}), HasSubstr("did you mean 'regex'"));
  EXPECT_THAT(WhyNot({"regex", {}}), HasSubstr("needs the option 'pattern'"));
  EXPECT_THAT(WhyNot({"regex", {{"patern", "x"}}}), HasSubstr("'pattern'"));
  EXPECT_THAT(WhyNot({"regex", {{"pattern", "("}}}), HasSubstr("does not compile"));
  EXPECT_THAT(WhyNot({"regex", {{"pattern", "(?=x)"}}}), HasSubstr("does not compile"));
  EXPECT_THAT(WhyNot({"regex", {{"pattern", "x"}, {"reject", "maybe"}}}), HasSubstr("yes or no"));
  EXPECT_THAT(WhyNot({"number", {{"expect", "five"}}}), HasSubstr("must be a number"));
  EXPECT_THAT(WhyNot({"number", {{"unit", "parrots"}}}), HasSubstr("not a unit"));
  EXPECT_THAT(WhyNot({"json_schema", {{"schema", "{\"type\": \"strnig\"}"}}}), HasSubstr("unknown type"));
}

TEST(Regex, DecidesByThePatternInEitherDirection) {
  const Spec one{"regex", {{"pattern", "^[A-D]$"}}};
  EXPECT_EQ(JudgeNow(one, " B\n").verdict, Verdict::kAccept);
  EXPECT_EQ(JudgeNow(one, "B because").verdict, Verdict::kReject);
  const Spec none{"regex", {{"pattern", "as an ai"}, {"ignore_case", "yes"}, {"reject", "yes"}}};
  EXPECT_EQ(JudgeNow(none, "As an AI I cannot").verdict, Verdict::kReject);
  EXPECT_EQ(JudgeNow(none, "Sure").verdict, Verdict::kAccept);
}

TEST(Regex, APatternMadeToExplodeTakesLinearTime) {
  // Backtracking engines need 2^5000 steps for this one.
  EXPECT_EQ(JudgeNow({"regex", {{"pattern", "^(a+)+$"}}}, std::string(5000, 'a') + "!").verdict,
            Verdict::kReject);
}

TEST(Exact, ComparesWhatIsMarkedAsTheAnswer) {
  const Spec spec{"exact", {{"expect", "Paris\nCity of Paris"}}};
  EXPECT_EQ(JudgeNow(spec, "The answer is **Paris**.").verdict, Verdict::kAccept);
  EXPECT_EQ(JudgeNow(spec, "the city of Paris!").verdict, Verdict::kAccept);
  EXPECT_EQ(JudgeNow(spec, "Lyon").verdict, Verdict::kReject);
  EXPECT_EQ(JudgeNow(spec, "").verdict, Verdict::kReject);
  const Spec verbatim{"exact", {{"expect", "Paris"}, {"verbatim", "yes"}}};
  EXPECT_EQ(JudgeNow(verbatim, " Paris ").verdict, Verdict::kAccept);
  EXPECT_EQ(JudgeNow(verbatim, "paris").verdict, Verdict::kReject);
}

TEST(Number, UnitsOfOneKindAreConvertedAndOthersRejected) {
  const Spec km{"number", {{"expect", "2"}, {"unit", "km"}}};
  EXPECT_EQ(JudgeNow(km, "That makes 2,000 metres.").verdict, Verdict::kAccept);
  EXPECT_EQ(JudgeNow(km, "That makes 2 km.").verdict, Verdict::kAccept);
  EXPECT_EQ(JudgeNow(km, "That makes 2 kg.").verdict, Verdict::kReject);
  EXPECT_EQ(JudgeNow(km, "That makes 2.").verdict, Verdict::kReject);
  EXPECT_EQ(JudgeNow({"number", {{"expect", "2"}, {"unit", "km"}, {"unit_optional", "yes"}}}, "2").verdict,
            Verdict::kAccept);
  EXPECT_EQ(JudgeNow({"number", {{"expect", "59.2"}, {"unit", "%"}}}, "It fell by 59.2 percent.").verdict,
            Verdict::kAccept);
}

TEST(Number, ToleranceIsExactAtItsEdge) {
  const Spec spec{"number", {{"expect", "0.3"}, {"tolerance", "0.1"}}};
  EXPECT_EQ(JudgeNow(spec, "0.4").verdict, Verdict::kAccept) << "0.4 - 0.3 is above 0.1 in floating point";
  EXPECT_EQ(JudgeNow(spec, "0.41").verdict, Verdict::kReject);
  const Spec relative{"number", {{"expect", "-200"}, {"relative", "0.01"}}};
  EXPECT_EQ(JudgeNow(relative, "-202").verdict, Verdict::kAccept);
  EXPECT_EQ(JudgeNow(relative, "200").verdict, Verdict::kReject);
}

TEST(Number, ANumberOnlyFurtherUpIsNoVerdict) {
  const Spec spec{"number", {{"expect", "5"}}};
  EXPECT_EQ(JudgeNow(spec, "We get 5.\nI hope this helps!").verdict, Verdict::kUnknown);
  EXPECT_EQ(JudgeNow(spec, "I do not know").verdict, Verdict::kReject);
  EXPECT_EQ(JudgeNow({"number", {{"min", "0"}, {"max", "10"}}}, "11").verdict, Verdict::kReject);
}

}  // namespace
}  // namespace baton::verify
