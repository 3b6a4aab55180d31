// The evidence policy replayed on recorded answers: the same belief and plans that serve
// (estimate/evidence*.h).
//
// The training rows' answers become groups of equal keys, their scores and costs the table to learn from. At
// test time an answer's key is computed when it has been bought, and agreement is found among those bought.
#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <string>

#include "estimate/evidence_answer.h"
#include "estimate/evidence_plan.h"
#include "evaluate/evidence_table.h"
#include "evaluate/policy_util.h"
#include "evaluate/registry.h"

namespace baton::evaluate {
namespace {

using estimate::Evidence;

class EvidencePolicy : public Policy {
 public:
  EvidencePolicy(std::string_view name, estimate::EvidenceOptions options)
      : name_(name), options_(std::move(options)) {}

  std::string_view name() const override { return name_; }

  Status Fit(const TrainView& train) override {
    calls_ = CallsExpected(train.matrix, train.rows);
    estimate::EvidenceOptions options = options_;
    options.seed = train.seed;
    options.values.assign(train.values.begin(), train.values.end());
    TRY(Evidence evidence, Evidence::Fit(MakeEvidenceTable(train.matrix, train.rows, calls_), options));
    evidence_.emplace(std::move(evidence));
    return {};
  }

  std::size_t Decide(Question& question, double value) const override {
    const std::size_t n = question.workers();
    std::vector<double> usd(n, std::nan(""));
    for (std::size_t w = 0; w < n; ++w) {
      if (question.Available(w)) usd[w] = question.ExpectedCost(w);
    }
    const auto choice = evidence_->Choose(usd, value);
    if (!choice.plan) return AskAnybody(question);
    std::array<estimate::Opinion, estimate::kMaxOpinions> opinions;
    std::size_t count = 0;
    estimate::KeyGroups groups;
    while (count < opinions.size()) {
      const auto advice = evidence_->Next(choice, {opinions.data(), count}, {}, usd, value);
      if (advice.ask < 0) break;
      const Seen& seen = question.Ask(static_cast<std::size_t>(advice.ask));
      const auto reading = estimate::ReadAnswer(seen.response, seen.answer, calls_);
      opinions[count++] = {.worker = advice.ask, .group = groups.Of(reading.key), .signs = reading.signs};
    }
    const auto belief = evidence_->Weigh(choice, {opinions.data(), count}, {});
    const auto& top = belief.groups[static_cast<std::size_t>(belief.top)];
    return static_cast<std::size_t>(opinions[static_cast<std::size_t>(top.best)].worker);
  }

 private:
  // Nobody whom a plan knows is available: the first who is.
  static std::size_t AskAnybody(Question& question) {
    std::size_t w = 0;
    while (!question.Available(w)) ++w;
    question.Ask(w);
    return w;
  }

  std::string_view name_;
  estimate::EvidenceOptions options_;
  std::optional<Evidence> evidence_;
  bool calls_ = false;
};

}  // namespace

std::unique_ptr<Policy> MakeEvidencePolicy() {
  return std::make_unique<EvidencePolicy>("evidence", estimate::EvidenceOptions{});
}
std::unique_ptr<Policy> MakeEvidenceUncorrelated() {
  estimate::EvidenceOptions o;
  o.correlation = false;
  return std::make_unique<EvidencePolicy>("evidence_no_correlation", o);
}
std::unique_ptr<Policy> MakeEvidenceUnsigned() {
  estimate::EvidenceOptions o;
  o.signs = false;
  return std::make_unique<EvidencePolicy>("evidence_no_signs", o);
}
std::unique_ptr<Policy> MakeEvidenceVote() {
  estimate::EvidenceOptions o;
  o.stopping = false;
  return std::make_unique<EvidencePolicy>("evidence_no_stopping", o);
}

}  // namespace baton::evaluate
