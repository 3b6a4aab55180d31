// Does the answer match a pattern? RE2: time linear in the answer whatever the pattern, memory bounded at
// compile time. Patterns that need backtracking (look-around, back-references) are refused when configured.
#include <re2/re2.h>

#include "verify/rule.h"
#include "verify/text.h"

namespace baton::verify {
namespace {

constexpr Facts kFacts{
    .name = "regex",
    .version = 1,
    .cost = {},
    .error_rate = {.false_accept = 0.359, .false_reject = 0.179, .n = 1488, .set = "nq_500"}};
constexpr std::int64_t kMaxProgramBytes = 4 << 20;
constexpr std::size_t kMaxPattern = 4096;

class Regex : public InstantRule {
 public:
  Regex(std::unique_ptr<RE2> pattern, bool reject_match)
      : InstantRule(kFacts), pattern_(std::move(pattern)), reject_match_(reject_match) {}

  Judgement Judge(const Subject& subject) const override {
    const std::string_view answer = Trim(subject.answer);
    re2::StringPiece found;
    const bool matches = pattern_->Match(re2::StringPiece(answer.data(), answer.size()), 0, answer.size(),
                                         RE2::UNANCHORED, &found, 1);
    if (matches == reject_match_) {
      return Reject(
          matches ? "the answer matches a forbidden pattern" : "the answer does not match the pattern",
          matches ? std::string(found) : std::string());
    }
    return Accept(matches ? "the answer matches the pattern" : "the answer matches no forbidden pattern");
  }

 private:
  std::unique_ptr<RE2> pattern_;
  bool reject_match_;
};

std::shared_ptr<const Verifier> MakeRegex(const Spec& spec, const Tools&, Error* error) {
  Options options(spec, error);
  RE2::Options how;
  how.set_log_errors(false);
  how.set_max_mem(kMaxProgramBytes);
  how.set_case_sensitive(!options.Flag("ignore_case", false));
  const bool reject_match = options.Flag("reject", false);
  const std::string text = options.Text("pattern");
  if (text.size() > kMaxPattern) options.Wrong("pattern", "is longer than 4096 bytes");
  auto pattern = std::make_unique<RE2>(options.ok() ? text : "", how);
  if (!pattern->ok()) options.Wrong("pattern", "does not compile: " + pattern->error());
  if (!options.ok()) return nullptr;
  return std::make_shared<Regex>(std::move(pattern), reject_match);
}

}  // namespace

Info RegexInfo() {
  return {kFacts.name,
          "The answer, trimmed, matches a regular expression (RE2 syntax) somewhere; anchor it with ^ and $.",
          {{"pattern", "the regular expression", "", true},
           {"ignore_case", "yes: upper and lower case are the same", "no"},
           {"reject", "yes: an answer that matches is rejected instead", "no"}},
          MakeRegex};
}

}  // namespace baton::verify
