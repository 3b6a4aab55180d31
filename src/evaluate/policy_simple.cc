// Yardsticks that learn next to nothing.

#include <algorithm>

#include "evaluate/policy_util.h"
#include "evaluate/registry.h"
#include "evaluate/split.h"

namespace baton::evaluate {
namespace {

// The worker with the best mean on the training rows; where it has no answer, the next best.
class BestSingle : public Policy {
 public:
  std::string_view name() const override { return "best_single"; }
  bool UsesValue() const override { return false; }
  Status Fit(const TrainView& train) override {
    quality_ = MeansOf(train).quality;
    return {};
  }
  std::size_t Decide(Question& question, double) const override {
    std::size_t best = quality_.size();
    for (std::size_t w = 0; w < quality_.size(); ++w)
      if (question.Available(w) && (best == quality_.size() || quality_[w] > quality_[best])) best = w;
    question.Ask(best);
    return best;
  }

 private:
  std::vector<double> quality_;
};

// Any worker, each as likely; drawn from the question, so that it repeats.
class RandomWorker : public Policy {
 public:
  std::string_view name() const override { return "random"; }
  bool UsesValue() const override { return false; }
  Status Fit(const TrainView& train) override {
    seed_ = train.seed;
    return {};
  }
  std::size_t Decide(Question& question, double) const override {
    std::vector<std::size_t> available;
    for (std::size_t w = 0; w < question.workers(); ++w)
      if (question.Available(w)) available.push_back(w);
    const double at = UnitHash(question.prompt(), seed_ + 0x4a4d);
    const std::size_t worker =
        available[static_cast<std::size_t>(at * static_cast<double>(available.size()))];
    question.Ask(worker);
    return worker;
  }

 private:
  std::uint64_t seed_ = 0;
};

// One worker for all questions, the best for the money by its means: RouterBench's zero router, which mixes
// single models at random and which many published routers do not beat.
class ZeroRouter : public RoutingPolicy {
 public:
  std::string_view name() const override { return "zero_router"; }
  Status Fit(const TrainView& train) override {
    const auto means = MeansOf(train);
    quality_.assign(means.quality.begin(), means.quality.end());
    return {};
  }

 protected:
  void Predict(std::span<const float>, std::span<float> quality) const override {
    std::copy(quality_.begin(), quality_.end(), quality.begin());
  }

 private:
  std::vector<float> quality_;
};

}  // namespace

std::unique_ptr<Policy> MakeBestSingle() {
  return std::make_unique<BestSingle>();
}
std::unique_ptr<Policy> MakeRandom() {
  return std::make_unique<RandomWorker>();
}
std::unique_ptr<Policy> MakeZeroRouter() {
  return std::make_unique<ZeroRouter>();
}

}  // namespace baton::evaluate
