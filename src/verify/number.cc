// Does the answer end in the number it should, in the unit it should?
//
// With `expect`, the final number is compared exactly, or within a tolerance; units of one dimension are
// converted (2 km is 2000 m). Without `expect`, only the form can be checked: a final number is there, in the
// unit asked for. An answer without a unit passes a unit check only when `unit_optional` says so.

#include <fmt/format.h>

#include "verify/final_answer.h"
#include "verify/rule.h"
#include "verify/text.h"

namespace baton::verify {
namespace {

constexpr Facts kFacts{.name = "number", .version = 1, .cost = {}, .error_rate = {}};
// With the reference as `expect`: docs/verifiers.md, `verifier_rates --only number`.
constexpr ErrorRate kWithExpected{
    .false_accept = 0.0162, .false_reject = 0.0011, .n = 48738, .set = "gsm8k, math_level5"};

struct Rules {
  std::optional<Rational> expect;
  std::string unit;  // canonical; empty: any or none
  Rational absolute, relative;
  bool unit_optional = false;
  std::optional<Rational> least, most;
};

class Number : public InstantRule {
 public:
  explicit Number(Rules rules) : InstantRule(kFacts), rules_(std::move(rules)) {}

  // The form alone says nothing about the value.
  ErrorRate error_rate() const override { return rules_.expect ? kWithExpected : ErrorRate(); }

  Judgement Judge(const Subject& subject) const override {
    auto q = FindFinalNumber(subject.answer);
    if (!q) {
      // Numbers further up may be the answer or not; whoever named an expected one wants it at the end.
      return LastQuantity(subject.answer) ? Unknown("the answer does not end in a number")
                                          : Reject("there is no number in the answer");
    }
    Rational value = q->value;
    const std::string seen = value.Text() + (q->unit.empty() ? "" : " " + q->unit);
    if (auto wrong = Convert(*q, &value)) return Reject(*wrong, seen);
    if ((rules_.least && Rational::Compare(value, *rules_.least) < 0) ||
        (rules_.most && Rational::Compare(value, *rules_.most) > 0)) {
      return Reject("the final number is outside the range allowed", seen);
    }
    if (!rules_.expect) return Accept("the answer ends in a number of the form asked for", seen);
    if (Near(value)) return Accept("the final number is the expected one", seen);
    return Reject("the final number is not the expected one", seen);
  }

 private:
  // What is wrong with the unit, if anything; changes *value into the unit asked for.
  std::optional<std::string> Convert(const Quantity& q, Rational* value) const {
    if (rules_.unit.empty() || q.unit == rules_.unit) return std::nullopt;
    if (q.unit.empty()) {
      if (rules_.unit_optional) return std::nullopt;
      return "the final number has no unit, '" + rules_.unit + "' is asked for";
    }
    auto have = FindUnit(q.unit), want = FindUnit(rules_.unit);
    if (!have || !want || have->dimension != want->dimension) {
      return fmt::format("the final number is in '{}', '{}' is asked for", q.unit, rules_.unit);
    }
    auto base = Rational::Multiply(*value, have->factor);
    auto converted = base ? Rational::Divide(*base, want->factor) : std::nullopt;
    if (!converted) return "the final number is too large to convert";
    *value = *converted;
    return std::nullopt;
  }

  bool Near(const Rational& value) const {
    auto difference = Rational::Subtract(value, *rules_.expect);
    auto scaled = Rational::Multiply(rules_.expect->Absolute(), rules_.relative);
    if (!difference || !scaled) return false;
    const Rational off = difference->Absolute();
    return Rational::Compare(off, rules_.absolute) <= 0 || Rational::Compare(off, *scaled) <= 0;
  }

  Rules rules_;
};

std::optional<Rational> ReadNumber(Options* options, std::string_view key) {
  if (!options->Has(key)) return std::nullopt;
  const std::string text = options->Text(key);
  auto q = ReadQuantity(text, 0);
  if (!q || !q->unit.empty() || q->end != text.size()) {
    options->Wrong(key, "must be a number without a unit");
    return std::nullopt;
  }
  return q->value;
}

std::shared_ptr<const Verifier> MakeNumber(const Spec& spec, const Tools&, Error* error) {
  Options options(spec, error);
  Rules rules;
  rules.expect = ReadNumber(&options, "expect");
  rules.absolute = ReadNumber(&options, "tolerance").value_or(Rational(0)).Absolute();
  rules.relative = ReadNumber(&options, "relative").value_or(Rational(0)).Absolute();
  rules.least = ReadNumber(&options, "min");
  rules.most = ReadNumber(&options, "max");
  rules.unit_optional = options.Flag("unit_optional", false);
  if (options.Has("unit")) {
    const std::string unit = options.Text("unit");
    rules.unit = CanonicalUnit(unit);
    if (rules.unit.empty()) options.Wrong("unit", "is not a unit that is known here");
  }
  if (!options.ok()) return nullptr;
  return std::make_shared<Number>(std::move(rules));
}

}  // namespace

Info NumberInfo() {
  return {kFacts.name,
          "The answer ends in a number: the expected one, within a tolerance, in the unit asked for.",
          {{"expect", "the number expected, in `unit` where that is given", ""},
           {"tolerance", "largest absolute difference", "0"},
           {"relative", "largest difference as a share of the expected number", "0"},
           {"unit", "the unit asked for (km, %, USD, kWh, ...); others of its kind are converted", ""},
           {"unit_optional", "yes: a number without a unit counts as being in `unit`", "no"},
           {"min", "least number allowed", ""},
           {"max", "largest number allowed", ""}},
          MakeNumber};
}

}  // namespace baton::verify
