// The calculator: dates first (they are full of hyphens that look like minus), then units, then expressions.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <optional>

#include "exact/dates.h"
#include "exact/expression.h"
#include "exact/worker.h"
#include "verify/quantity.h"

namespace baton::exact {
namespace {

using verify::Quantity;
using verify::Rational;

std::string Lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

std::string_view WordAt(std::string_view text, std::size_t at) {
  while (at < text.size() && text[at] == ' ') ++at;
  std::size_t end = at;
  while (end < text.size() && (std::isalnum(static_cast<unsigned char>(text[end])) != 0 || text[end] == '/'))
    ++end;
  return text.substr(at, end - at);
}

// The unit that is asked for: behind "how many", or behind to, in, into or as at the end of the question.
std::string_view WantedUnit(std::string_view text) {
  if (const auto at = text.find("how many "); at != std::string_view::npos) {
    if (const auto unit = verify::CanonicalUnit(WordAt(text, at + 9)); !unit.empty()) return unit;
  }
  std::string_view wanted;
  for (const std::string_view word : {" to ", " in ", " into ", " as "}) {
    for (auto at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
      const auto unit = verify::CanonicalUnit(WordAt(text, at + word.size()));
      if (!unit.empty()) wanted = unit;
    }
  }
  return wanted;
}

// "3 hours and 20 minutes in minutes": everything of the wanted unit's dimension, added up.
std::optional<std::string> AnswerUnits(std::string_view text) {
  const std::string lower = Lower(text);
  const std::string_view wanted = WantedUnit(lower);
  const auto to = verify::FindUnit(wanted);
  if (wanted.empty() || !to) return std::nullopt;
  std::optional<Rational> sum;
  for (const Quantity& q : verify::FindQuantities(lower, 16)) {
    const auto from = q.unit.empty() ? std::nullopt : verify::FindUnit(q.unit);
    if (!from || from->dimension != to->dimension) continue;
    const auto base = Rational::Multiply(q.value, from->factor);
    if (!base) return std::nullopt;
    sum = sum ? Rational::Add(*sum, *base) : base;
    if (!sum) return std::nullopt;
  }
  if (!sum) return std::nullopt;
  const auto value = Rational::Divide(*sum, to->factor);
  if (!value) return std::nullopt;
  const std::string number = value->Text();
  return fmt::format(
      "{} {}", number.find('/') == std::string::npos ? number : fmt::format("{:.6g}", value->ToDouble()),
      wanted);
}

std::string NumberText(const Rational& value) {
  std::string text = value.Text();
  return text.find('/') == std::string::npos ? text : fmt::format("{:.10g}", value.ToDouble());
}

class Calculator : public Answerer {
 public:
  Task<std::string> Answer(const Reading& reading, Loop&, Cancel*) override {
    std::string out;
    for (const std::string_view source : reading.Sources()) {
      if (auto date = AnswerDate(source))
        out = std::move(*date);
      else if (auto units = AnswerUnits(source))
        out = std::move(*units);
      else if (auto sum = FindExpression(Lower(source)))
        out = NumberText(sum->value);
      if (!out.empty()) break;
    }
    co_return out;
  }
  std::string_view ability() const override {
    return "I compute expressions like 3 * (4 + 5), convert units and count days between dates.";
  }
};

}  // namespace

std::unique_ptr<Answerer> NewCalculator() {
  return std::make_unique<Calculator>();
}

}  // namespace baton::exact
