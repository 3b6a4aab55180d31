// The server's own router, fitted as `baton train router` fits it: the cross-validated stack of estimators,
// and what a call is expected to cost. Half a spread is taken off each estimate, as there (route/learned.h).

#include <algorithm>

#include "evaluate/policy_util.h"
#include "evaluate/registry.h"

namespace baton::evaluate {
namespace {

constexpr float kCaution = 0.5F;

class Router : public Policy {
 public:
  std::string_view name() const override { return "router"; }

  Status Fit(const TrainView& train) override {
    estimate::FitOptions options;
    options.seed = train.seed;
    TRY(stack_, estimate::Fit("stack", MakeTable(train), options));
    return {};
  }

  std::size_t Decide(Question& question, double value) const override {
    const std::size_t worker =
        ChooseByUtility(question, Predicted(question).first(question.workers()), value);
    question.Ask(worker);
    return worker;
  }

  bool Believe(Question& question, std::span<float> quality) const override {
    const auto all = Predicted(question);
    std::copy(all.begin() + static_cast<std::ptrdiff_t>(quality.size()), all.end(), quality.begin());
    return true;
  }

 private:
  // Cautious estimates to choose by, then the estimates themselves.
  std::span<const float> Predicted(Question& question) const {
    auto& memo = question.memo();
    if (!memo.empty()) return memo;
    const std::size_t n = question.workers();
    std::vector<estimate::Estimate> estimates(n);
    stack_->Predict(question.features(), estimates);
    memo.resize(2 * n);
    for (std::size_t w = 0; w < n; ++w) {
      memo[w] = estimates[w].quality - kCaution * estimates[w].spread;
      memo[n + w] = estimates[w].quality;
    }
    return memo;
  }

  std::unique_ptr<estimate::Estimator> stack_;
};

}  // namespace

std::unique_ptr<Policy> MakeRouter() {
  return std::make_unique<Router>();
}

}  // namespace baton::evaluate
