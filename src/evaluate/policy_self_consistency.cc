// Self-consistency (arXiv 2203.11171): one worker answers several times, the answer given most often wins.
// Worker and number of samples are chosen on the training rows for the value of a point. Only where further
// samples were recorded with their answers.

#include <algorithm>
#include <array>

#include "evaluate/policy_util.h"
#include "evaluate/registry.h"

namespace baton::evaluate {
namespace {

constexpr std::array<std::size_t, 4> kDraws = {1, 3, 5, 9};

class SelfConsistency : public Policy {
 public:
  std::string_view name() const override { return "self_consistency"; }

  Status Fit(const TrainView& train) override {
    for (std::size_t w = 0; w < train.matrix.workers.size(); ++w)
      for (const std::size_t n : kDraws) Rate(train, w, n);
    if (rated_.empty())
      return Fail(Code::kInvalidRequest,
                  "needs several recorded answers per worker, which this data does not have", "no_samples");
    return {};
  }

  std::size_t Decide(Question& question, double value) const override {
    const Rated* best = nullptr;
    for (const Rated& r : rated_)
      if (question.Available(r.worker) &&
          (!best || value * r.quality - r.cost > value * best->quality - best->cost))
        best = &r;
    if (!best) {
      std::size_t w = 0;
      while (!question.Available(w)) ++w;
      question.Ask(w);
      return w;
    }
    const std::size_t n = std::min(best->draws, question.Samples(best->worker));
    if (n == 0) {
      question.Ask(best->worker);
      return best->worker;
    }
    std::vector<std::string_view> answers;
    for (std::size_t k = 0; k < n; ++k) answers.push_back(AnswerOf(question.AskAgain(best->worker, k)));
    question.UseSample(Majority(answers, 0));
    return best->worker;
  }

 private:
  struct Rated {
    std::size_t worker = 0, draws = 0;
    double quality = 0, cost = 0;
  };

  void Rate(const TrainView& train, std::size_t worker, std::size_t draws) {
    Rated r{worker, draws, 0, 0};
    for (const std::size_t row : train.rows) {
      const Cell& cell = train.matrix.rows[row].cells[worker];
      if (!cell.recorded || cell.samples.size() < draws) return;
      std::vector<std::string_view> answers;
      for (std::size_t k = 0; k < draws; ++k) {
        const Sample& s = cell.samples[k];
        answers.push_back(s.answer.empty() ? s.response : s.answer);
        if (answers.back().empty()) return;
      }
      r.quality += static_cast<double>(cell.samples[Majority(answers, 0)].score);
      r.cost += cell.cost_usd * static_cast<double>(draws);
    }
    r.quality /= static_cast<double>(train.rows.size());
    r.cost /= static_cast<double>(train.rows.size());
    rated_.push_back(r);
  }

  std::vector<Rated> rated_;
};

}  // namespace

std::unique_ptr<Policy> MakeSelfConsistency() {
  return std::make_unique<SelfConsistency>();
}

}  // namespace baton::evaluate
