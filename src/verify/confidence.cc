// How sure was the model of its own words? Read from the log-probabilities that came with the answer
// (OpenAI's form); nothing is spent. Three measures of the first `tokens` tokens: the geometric mean of their
// probabilities, the least of them, and the least margin between the first and the second choice. Calibration
// differs from model to model: thresholds belong to a worker, and without logprobs there is no verdict.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "verify/rule.h"

namespace baton::verify {
namespace {

using Json = nlohmann::json;

// No rate: it would be that of one model at one threshold (docs/verifiers.md has some). Stop rules go by the
// measure itself.
constexpr Facts kFacts{.name = "confidence", .version = 1, .cost = {}, .error_rate = {}};
constexpr std::size_t kMaxJson = 16 << 20;

enum class Measure { kMean, kMin, kMargin };

struct Setting {
  Measure measure = Measure::kMean;
  double accept = 0.9, reject = 0.9;
  std::size_t tokens = 0;  // 0: all
};

double Number(const Json& token, double standard) {
  auto at = token.is_object() ? token.find("logprob") : token.end();
  // Some servers write -9999 for "none"; positive ones are rounding.
  return token.is_object() && at != token.end() && at->is_number() ? std::min(0.0, at->get<double>())
                                                                   : standard;
}

// Probability of the token minus that of the best other; 1 when no alternatives came.
double Margin(const Json& token) {
  const double own = std::exp(Number(token, -1e9));
  auto top = token.find("top_logprobs");
  if (top == token.end() || !top->is_array() || top->size() < 2) return -2;
  double first = 0, second = 0;
  for (const Json& other : *top) {
    const double p = std::exp(Number(other, -1e9));
    if (p > first) {
      second = first;
      first = p;
    } else if (p > second) {
      second = p;
    }
  }
  return std::min(own, first) - (own >= first ? second : first);
}

class Confidence : public InstantRule {
 public:
  explicit Confidence(Setting s) : InstantRule(kFacts), s_(s) {}

  Judgement Judge(const Subject& subject) const override {
    if (subject.response == nullptr || subject.response->choices.empty())
      return Unknown("there is no whole response to read");
    const std::string& text = subject.response->choices[0].logprobs.text;
    if (text.empty() || text.size() > kMaxJson) return Unknown("the answer came without log-probabilities");
    const Json all = Json::parse(text, nullptr, false);
    auto content = all.is_object() ? all.find("content") : all.end();
    if (!all.is_object() || content == all.end() || !content->is_array() || content->empty()) {
      return Unknown("the answer came without log-probabilities");
    }
    const std::size_t n = s_.tokens == 0 ? content->size() : std::min(s_.tokens, content->size());
    const auto value = Measured(*content, n);
    if (!value) return Unknown("the log-probabilities lack what this measure needs");
    const std::string said = fmt::format("{:.3f} over {} token{}", *value, n, n == 1 ? "" : "s");
    Judgement j = *value >= s_.accept  ? Accept("the model was sure: " + said)
                  : *value < s_.reject ? Reject("the model was not sure: " + said)
                                       : Unknown("the model was neither sure nor unsure: " + said);
    j.score = std::clamp(*value, 0.0, 1.0);
    return j;
  }

 private:
  std::optional<double> Measured(const Json& content, std::size_t n) const {
    double sum = 0, least = 1;
    for (std::size_t i = 0; i < n; ++i) {
      if (!content[i].is_object() || !content[i].contains("logprob")) return std::nullopt;
      const double logprob = Number(content[i], -1e9);
      sum += std::max(logprob, -100.0);
      const double value = s_.measure == Measure::kMargin ? Margin(content[i]) : std::exp(logprob);
      if (value < -1) return std::nullopt;
      least = std::min(least, value);
    }
    return s_.measure == Measure::kMean ? std::exp(sum / static_cast<double>(n)) : least;
  }

  Setting s_;
};

std::shared_ptr<const Verifier> MakeConfidence(const Spec& spec, const Tools&, Error* error) {
  Options options(spec, error);
  Setting s;
  const std::string measure = options.Text("measure", "mean");
  if (measure == "min")
    s.measure = Measure::kMin;
  else if (measure == "margin")
    s.measure = Measure::kMargin;
  else if (measure != "mean")
    options.Wrong("measure", "must be mean, min or margin");
  s.accept = options.Number("threshold", s.measure == Measure::kMean ? 0.9 : 0.5, 0, 1);
  s.reject = options.Number("reject_below", s.accept, 0, 1);
  if (s.reject > s.accept) options.Wrong("reject_below", "must not be above the threshold");
  s.tokens = static_cast<std::size_t>(options.Number("tokens", 0, 0, 100'000));
  if (!options.ok()) return nullptr;
  return std::make_shared<Confidence>(s);
}

}  // namespace

Info ConfidenceInfo() {
  return {kFacts.name,
          "The model was sure of its words, by the log-probabilities that came with the answer.",
          {{"measure", "mean (geometric, of token probabilities), min, or margin (first minus second choice)",
            "mean"},
           {"threshold", "accepted from here on", "0.9; 0.5 for min and margin"},
           {"reject_below", "rejected below; between the two there is no verdict", "the threshold"},
           {"tokens", "only the first so many tokens; 0: all", "0"}},
          MakeConfidence};
}

}  // namespace baton::verify
