// The evidence policy replayed on recorded answers: the same belief and plans that serve
// (estimate/evidence*.h).
//
// The training rows' answers become groups of equal keys, their scores and costs the table to learn from. At
// test time an answer's key is computed when it has been bought, and agreement is found among those bought.
// A quick router, fitted on the same rows, says beforehand what to expect; where its estimates of training
// rows are learned from, it had not seen those rows.
#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <string>

#include "estimate/evidence_answer.h"
#include "estimate/evidence_plan.h"
#include "evaluate/evidence_table.h"
#include "evaluate/policy_util.h"
#include "evaluate/quick_router.h"
#include "evaluate/registry.h"

namespace baton::evaluate {
namespace {

using estimate::Evidence;

class EvidencePolicy : public Policy {
 public:
  // What of an answer it may use.
  struct Senses {
    bool agreement = true;  // false: no answer is like another
    bool verdicts = true;   // of the study's verifiers
  };
  EvidencePolicy(std::string_view name, estimate::EvidenceOptions options, Senses senses)
      : name_(name), options_(std::move(options)), senses_(senses) {}

  std::string_view name() const override { return name_; }

  Status Fit(const TrainView& train) override {
    calls_ = CallsExpected(train.matrix, train.rows);
    estimate::EvidenceOptions options = options_;
    options.seed = train.seed;
    options.values.assign(train.values.begin(), train.values.end());
    if (senses_.verdicts) rates_ = VerdictRates(train.matrix, train.rows);
    auto table = MakeEvidenceTable(train.matrix, train.rows, calls_, senses_.verdicts ? &rates_ : nullptr);
    if (!senses_.agreement)
      std::fill(table.group.begin(), table.group.end(), std::int16_t{estimate::kUnread});
    if (options.prior) {
      const auto rows = MakeTable(train);
      TRY(QuickRouter router, QuickRouter::Fit(rows, train.seed));
      router_.emplace(std::move(router));
      TRY(table.prior, UnseenPrior(rows, train.seed));
    }
    TRY(Evidence evidence, Evidence::Fit(table, options));
    evidence_.emplace(std::move(evidence));
    return {};
  }

  std::size_t Decide(Question& question, double value) const override {
    const std::size_t n = question.workers();
    std::vector<double> usd(n, std::nan(""));
    for (std::size_t w = 0; w < n; ++w) {
      if (question.Available(w)) usd[w] = question.ExpectedCost(w);
    }
    const auto prior = PriorOf(question);
    const auto choice = evidence_->Choose(usd, value, prior);
    if (!choice.plan) return AskAnybody(question);
    std::array<estimate::Opinion, estimate::kMaxOpinions> opinions;
    std::size_t count = 0;
    estimate::KeyGroups groups;
    while (count < opinions.size()) {
      const auto advice = evidence_->Next(choice, {opinions.data(), count}, prior, usd, value);
      if (advice.ask < 0) break;
      const Seen& seen = question.Ask(static_cast<std::size_t>(advice.ask));
      const auto reading = estimate::ReadAnswer(seen.response, seen.answer, calls_);
      opinions[count++] = {.worker = advice.ask,
                           .group = senses_.agreement ? groups.Of(reading.key) : estimate::kUnread,
                           .signs = reading.signs,
                           .log_ratio = rates_.LogRatio(seen.verdicts)};
    }
    const auto belief = evidence_->Weigh(choice, {opinions.data(), count}, prior);
    const auto& top = belief.groups[static_cast<std::size_t>(belief.top)];
    return static_cast<std::size_t>(opinions[static_cast<std::size_t>(top.best)].worker);
  }

 private:
  std::span<const float> PriorOf(Question& question) const {
    if (!router_) return {};
    auto& memo = question.memo();
    if (memo.empty()) {
      memo.resize(question.workers());
      router_->Predict(question.features(), memo);
    }
    return memo;
  }

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
  std::optional<QuickRouter> router_;
  VerdictRates rates_;  // empty: verdicts say nothing
  Senses senses_;
  bool calls_ = false;
};

std::unique_ptr<Policy> Made(std::string_view name, estimate::EvidenceOptions options = {},
                             EvidencePolicy::Senses senses = {}) {
  return std::make_unique<EvidencePolicy>(name, std::move(options), senses);
}

}  // namespace

std::unique_ptr<Policy> MakeEvidencePolicy() {
  return Made("evidence");
}
std::unique_ptr<Policy> MakeEvidenceUncorrelated() {
  estimate::EvidenceOptions o;
  o.correlation = false;
  return Made("evidence_no_correlation", o);
}
std::unique_ptr<Policy> MakeEvidenceUnsigned() {
  estimate::EvidenceOptions o;
  o.signs = false;
  return Made("evidence_no_signs", o);
}
std::unique_ptr<Policy> MakeEvidenceDeaf() {
  return Made("evidence_no_agreement", {}, {.agreement = false});
}
std::unique_ptr<Policy> MakeEvidenceUnverified() {
  return Made("evidence_no_verifier", {}, {.verdicts = false});
}
std::unique_ptr<Policy> MakeEvidenceUnrouted() {
  estimate::EvidenceOptions o;
  o.prior = false;
  return Made("evidence_no_router", o);
}
std::unique_ptr<Policy> MakeEvidencePriorOnly() {
  estimate::EvidenceOptions o;
  o.teams = false;
  return Made("evidence_prior_only", o);
}
std::unique_ptr<Policy> MakeEvidenceVote() {
  estimate::EvidenceOptions o;
  o.stopping = false;
  return Made("evidence_no_stopping", o);
}

}  // namespace baton::evaluate
