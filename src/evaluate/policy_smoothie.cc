// Smoothie (arXiv 2412.04692; its repository), local variant: every worker of a pool answers; an answer that
// lies close to the others' in embedding space is likely good, estimated over the question itself and its
// nearest training questions (k = 20) without any label; the worker with the largest estimate wins. It pays
// for all answers. Their embedding is all-mpnet-base-v2; here hashed words. The pool is at most five workers,
// as in the paper's ensembles.

#include <algorithm>

#include "evaluate/linear.h"
#include "evaluate/policy_util.h"
#include "evaluate/registry.h"
#include "evaluate/text_features.h"

namespace baton::evaluate {
namespace {

constexpr std::size_t kPool = 5, kNear = 20, kWidth = 128;

class Smoothie : public Policy {
 public:
  std::string_view name() const override { return "smoothie"; }
  bool UsesValue() const override { return false; }

  Status Fit(const TrainView& train) override {
    TRY_VOID(NeedAnswers(train));
    pool_ = Candidates(train, kPool);
    if (pool_.size() < 3) return Fail(Code::kInvalidRequest, "needs three workers", "too_few_workers");
    near_ = DirectionsOf(train);
    for (const std::size_t r : train.rows) {
      std::vector<std::string_view> texts;
      for (const std::size_t w : pool_) texts.push_back(AnswerOf(train.matrix.rows[r].cells[w]));
      spread_.push_back(Spread(texts));
    }
    return {};
  }

  std::size_t Decide(Question& question, double) const override {
    std::vector<std::string_view> texts;
    std::size_t any = question.workers();
    for (const std::size_t w : pool_) {
      const bool here = question.Available(w);
      texts.push_back(here ? AnswerOf(question.Ask(w)) : std::string_view());
      if (here && any == question.workers()) any = w;
    }
    if (any == question.workers()) {
      for (any = 0; !question.Available(any);) ++any;
      question.Ask(any);
      return any;
    }
    std::vector<float> sum = Spread(texts);
    for (const std::size_t r : near_.Nearest(near_.Of(question.features()), kNear, near_.rows()))
      Axpy(1, spread_[r], sum);
    std::size_t best = pool_.size();
    for (std::size_t p = 0; p < pool_.size(); ++p)
      if (question.Available(pool_[p]) && (best == pool_.size() || sum[p] < sum[best])) best = p;
    return pool_[best];
  }

 private:
  // For each worker i the mean over pairs (j, k) of half of |i-j|^2 + |i-k|^2 - |j-k|^2: the part of its
  // distance that is its own. The weight is inverse to it, so the least wins.
  static std::vector<float> Spread(const std::vector<std::string_view>& texts) {
    const std::size_t n = texts.size();
    std::vector<float> x(n * kWidth), d(n * n), out(n);
    const auto vector = [&](std::size_t i) { return std::span(x).subspan(i * kWidth, kWidth); };
    for (std::size_t i = 0; i < n; ++i) HashEmbed(texts[i], vector(i));
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j < n; ++j)
        d[i * n + j] = Dot(vector(i), vector(i)) + Dot(vector(j), vector(j)) - 2 * Dot(vector(i), vector(j));
    for (std::size_t i = 0; i < n; ++i) {
      float pairs = 0;
      for (std::size_t j = 0; j < n; ++j)
        for (std::size_t k = j + 1; k < n; ++k)
          if (j != i && k != i) out[i] += (d[i * n + j] + d[i * n + k] - d[j * n + k]) / 2, pairs += 1;
      out[i] /= std::max(1.0F, pairs);
    }
    return out;
  }

  std::vector<std::size_t> pool_;
  Directions near_;
  std::vector<std::vector<float>> spread_;
};

}  // namespace

std::unique_ptr<Policy> MakeSmoothie() {
  return std::make_unique<Smoothie>();
}

}  // namespace baton::evaluate
