// Is the answer the expected one, case, white space, punctuation and articles aside?
#include <algorithm>

#include "verify/final_answer.h"
#include "verify/rule.h"
#include "verify/text.h"

namespace baton::verify {
namespace {

// Measured: docs/verifiers.md, `verifier_rates --only exact`.
constexpr Facts kFacts{
    .name = "exact",
    .version = 1,
    .cost = {},
    .error_rate = {.false_accept = 0.148, .false_reject = 0.014, .n = 19992, .set = "cruxeval_o"}};

class Exact : public InstantRule {
 public:
  Exact(std::vector<std::string> expected, bool verbatim)
      : InstantRule(kFacts), expected_(std::move(expected)), verbatim_(verbatim) {}

  Judgement Judge(const Subject& subject) const override {
    const std::string_view whole = Trim(subject.answer);
    const std::string marked = verbatim_ ? std::string(whole) : FindFinalAnswer(whole).text;
    if (whole.empty()) return Reject("the answer is empty");
    if (IsExpected(whole) || (!verbatim_ && IsExpected(marked)))
      return Accept("the answer is an expected one");
    return Reject("the answer is not an expected one", marked);
  }

 private:
  bool IsExpected(std::string_view text) const {
    const std::string key = verbatim_ ? std::string(text) : AnswerKey(text);
    return std::find(expected_.begin(), expected_.end(), key) != expected_.end();
  }

  std::vector<std::string> expected_;
  bool verbatim_;
};

std::shared_ptr<const Verifier> MakeExact(const Spec& spec, const Tools&, Error* error) {
  Options options(spec, error);
  const bool verbatim = options.Flag("verbatim", false);
  std::vector<std::string> expected;
  const std::string text = options.Text("expect");
  for (std::string_view line : Lines(text)) {
    std::string key = verbatim ? std::string(Trim(line)) : AnswerKey(line);
    if (!Trim(line).empty()) expected.push_back(std::move(key));
  }
  if (expected.empty()) options.Wrong("expect", "must hold at least one answer");
  if (!options.ok()) return nullptr;
  return std::make_shared<Exact>(std::move(expected), verbatim);
}

}  // namespace

Info ExactInfo() {
  return {kFacts.name,
          "The answer, or the part of it marked as the final answer, is one of the expected texts.",
          {{"expect", "the expected answer; several: one per line", "", true},
           {"verbatim", "yes: the whole answer, trimmed, byte for byte", "no"}},
          MakeExact};
}

}  // namespace baton::verify
