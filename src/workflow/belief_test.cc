#include <gtest/gtest.h>

#include "verify/verifier.h"
#include "workflow/judge.h"

namespace baton::workflow {
namespace {

using verify::Verdict;

class Measured : public verify::Verifier {
 public:
  explicit Measured(verify::ErrorRate rate) : rate_(rate) {}
  std::string_view name() const override { return "measured"; }
  int version() const override { return 1; }
  verify::Cost cost() const override { return {}; }
  verify::ErrorRate error_rate() const override { return rate_; }
  Task<verify::Judgement> Check(const verify::Subject&, const verify::Context&) const override {
    co_return verify::Judgement();
  }

 private:
  verify::ErrorRate rate_;
};

verify::Judgement Says(Verdict verdict, double score = 1) {
  verify::Judgement j;
  j.verdict = verdict;
  j.score = score;
  return j;
}

TEST(Belief, FollowsBayesFromEvenOdds) {
  Belief b;
  b.Add(Measured({.false_accept = 0.2, .false_reject = 0.1, .n = 1000, .set = "s"}), Says(Verdict::kAccept));
  EXPECT_NEAR(*b.confidence(), 0.9 / (0.9 + 0.2), 1e-12);
  b.Add(Measured({.false_accept = 0.4, .false_reject = 0.1, .n = 1000, .set = "s"}), Says(Verdict::kReject));
  const double odds = 0.9 / 0.2 * (0.1 / 0.6);
  EXPECT_NEAR(*b.confidence(), odds / (1 + odds), 1e-12);
}

TEST(Belief, NoRateIsSurerThanItsCount) {
  Belief b;
  b.Add(Measured({.false_accept = 0, .false_reject = 0, .n = 99, .set = "s"}), Says(Verdict::kAccept));
  EXPECT_NEAR(*b.confidence(), 0.99 / (0.99 + 0.01), 1e-12);
}

TEST(Belief, AnUndecidedVerdictMovesNothing) {
  Belief b;
  b.Add(Measured({.false_accept = 0.2, .false_reject = 0.1, .n = 1000, .set = "s"}), Says(Verdict::kUnknown));
  EXPECT_FALSE(b.confidence());
}

// "The answer is in French" is no evidence that it is right, however well French is told from other
// languages.
TEST(Belief, AFormThatIsMetIsNoEvidenceOfARightAnswer) {
  const Measured form({.false_accept = 0.002, .false_reject = 0.04, .n = 8456, .set = "s", .of_form = true});
  Belief b;
  b.Add(Measured({.false_accept = 0.2, .false_reject = 0.1, .n = 1000, .set = "s"}), Says(Verdict::kAccept));
  const double before = *b.confidence();
  b.Add(form, Says(Verdict::kAccept));
  EXPECT_EQ(*b.confidence(), before);
}

}  // namespace
}  // namespace baton::workflow
