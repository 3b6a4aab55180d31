// Is the answer in the language asked for: the option's, the one the question asks for, or the question's
// own?
#include <fmt/format.h>

#include "verify/language_text.h"
#include "verify/rule.h"

namespace baton::verify {
namespace {

constexpr Facts kFacts{
    .name = "language",
    .version = 1,
    .cost = {},
    .error_rate = {
        .false_accept = 0.002, .false_reject = 0.041, .n = 8456, .set = "program messages", .of_form = true}};

class Language : public InstantRule {
 public:
  explicit Language(std::string wanted) : InstantRule(kFacts), wanted_(std::move(wanted)) {}

  Judgement Judge(const Subject& subject) const override {
    std::string wanted = wanted_;
    if (wanted.empty()) wanted = LanguageAsked(subject.question);
    if (wanted.empty()) wanted = DetectLanguage(subject.question);
    if (wanted.empty()) return Unknown("no language was asked for, and the question's is not clear");
    const std::string is = DetectLanguage(subject.answer);
    if (is.empty()) return Unknown("the language of the answer is not clear");
    if (is == wanted) return Accept(fmt::format("the answer is in '{}'", is));
    return Reject(fmt::format("the answer is in '{}', '{}' is asked for", is, wanted));
  }

 private:
  std::string wanted_;
};

std::shared_ptr<const Verifier> MakeLanguage(const Spec& spec, const Tools&, Error* error) {
  Options options(spec, error);
  std::string wanted;
  if (options.Has("language")) {
    wanted = LanguageCode(options.Text("language"));
    if (wanted.empty())
      options.Wrong("language", "is not a language that is known here (try a code such as 'de')");
  }
  if (!options.ok()) return nullptr;
  return std::make_shared<Language>(std::move(wanted));
}

}  // namespace

Info LanguageInfo() {
  return {kFacts.name,
          "The answer is in the natural language asked for.",
          {{"language", "a code or a name (de, German)", "what the question asks for, else its own"}},
          MakeLanguage};
}

}  // namespace baton::verify
