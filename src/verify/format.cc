// Has the answer the outer form that was asked for, by the options or by the words of the question?
#include "verify/format_text.h"
#include "verify/rule.h"
#include "verify/text.h"

namespace baton::verify {
namespace {

constexpr Facts kFacts{
    .name = "format",
    .version = 1,
    .cost = {},
    .error_rate = {
        .false_accept = 0.617, .false_reject = 0.196, .n = 64776, .set = "gsm8k, math_level5, cruxeval_o"}};

class Format : public InstantRule {
 public:
  explicit Format(FormatAsked asked) : InstantRule(kFacts), asked_(asked) {}

  Judgement Judge(const Subject& subject) const override {
    const FormatAsked asked = asked_.empty() ? ReadFormat(subject.question) : asked_;
    if (asked.empty()) return Unknown("no form was asked for that is understood here");
    if (Trim(subject.answer).empty()) return Reject("the answer is empty");
    if (std::string wrong = FormatProblem(asked, subject.answer); !wrong.empty())
      return Reject(std::move(wrong));
    return Accept("the answer has the form asked for");
  }

 private:
  FormatAsked asked_;
};

std::shared_ptr<const Verifier> MakeFormat(const Spec& spec, const Tools&, Error* error) {
  Options options(spec, error);
  FormatAsked f;
  const auto count = [&](std::string_view key) -> std::optional<int> {
    if (!options.Has(key)) return std::nullopt;
    return static_cast<int>(options.Number(key, 0, 0, 100'000));
  };
  const std::string form = options.Text("form");
  f.json = form == "json";
  f.code = form == "code";
  f.table = form == "table";
  f.bullets = form == "bullets";
  f.yes_or_no = form == "yes_or_no";
  if (options.Has("form") && f.empty())
    options.Wrong("form", "must be json, code, table, bullets or yes_or_no");
  f.items = count("items");
  f.min_words = count("min_words");
  f.max_words = count("max_words");
  f.min_sentences = count("min_sentences");
  f.max_sentences = count("max_sentences");
  if (!options.ok()) return nullptr;
  return std::make_shared<Format>(f);
}

}  // namespace

Info FormatInfo() {
  return {
      kFacts.name,
      "The answer has the form asked for: JSON, a list of n items, at most n words, a table, a code block.",
      {{"form", "json, code, table, bullets or yes_or_no", "read from the question"},
       {"items", "items of the list", ""},
       {"min_words", "least words", ""},
       {"max_words", "most words", ""},
       {"min_sentences", "least sentences", ""},
       {"max_sentences", "most sentences", ""}},
      MakeFormat};
}

}  // namespace baton::verify
