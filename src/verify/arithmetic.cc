// Are the sums in the answer right? Each is worked out again exactly. One wrong sum rejects; right sums
// accept, which says little about whether they were the sums to do (see the measured rates).
#include <fmt/format.h>

#include "verify/equation.h"
#include "verify/rule.h"
#include "verify/text.h"

namespace baton::verify {
namespace {

// Measured: docs/verifiers.md, `verifier_rates --only arithmetic`.
constexpr Facts kFacts{
    .name = "arithmetic",
    .version = 1,
    .cost = {},
    .error_rate = {.false_accept = 0.539, .false_reject = 0.0044, .n = 48822, .set = "gsm8k, math_level5"}};

class Arithmetic : public InstantRule {
 public:
  explicit Arithmetic(std::size_t least) : InstantRule(kFacts), least_(least) {}

  Judgement Judge(const Subject& subject) const override {
    std::size_t right = 0;
    for (const Equation& e : FindEquations(subject.answer)) {
      if (e.verdict == Equation::Verdict::kRight) ++right;
      if (e.verdict != Equation::Verdict::kWrong) continue;
      return Reject("a sum in the answer is wrong",
                    fmt::format("{} (recomputed: {})",
                                Clip(subject.answer.substr(e.begin, e.end - e.begin), 300), e.computed));
    }
    if (right < least_)
      return Unknown(fmt::format("only {} sum{} could be checked", right, right == 1 ? "" : "s"));
    return Accept(fmt::format("{} sum{} recomputed, none is wrong", right, right == 1 ? " was" : "s were"));
  }

 private:
  std::size_t least_;
};

std::shared_ptr<const Verifier> MakeArithmetic(const Spec& spec, const Tools&, Error* error) {
  Options options(spec, error);
  const auto least = static_cast<std::size_t>(options.Number("least", 1, 1, 100));
  if (!options.ok()) return nullptr;
  return std::make_shared<Arithmetic>(least);
}

}  // namespace

Info ArithmeticInfo() {
  return {kFacts.name,
          "The sums in the answer (a + b = c, 20% of 50 = 10, chains) are right when worked out again.",
          {{"least", "right sums needed to accept", "1"}},
          MakeArithmetic};
}

}  // namespace baton::verify
