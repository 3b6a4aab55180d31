#include "evaluate/registry.h"

#include <algorithm>

namespace baton::evaluate {
namespace {

constexpr PolicyKind kKinds[] = {
    {"best_single", "the worker that was best on the training rows, for every question", "", MakeBestSingle},
    {"random", "any worker, each as likely", "", MakeRandom},
    {"zero_router", "single workers mixed at random, no question looked at", "RouterBench, arXiv 2403.12031", MakeZeroRouter},
    {"majority_vote", "three workers chosen on the training rows for the budget; what most of them answer", "", MakeMajorityVote},
    {"agreement3", "two workers in a fixed order; a third where they disagree", "", MakeAgreement},
    {"knn", "mean score of the nearest training questions, k chosen by leaving one out", "RouterBench, arXiv 2403.12031", MakeKnn},
    {"kmeans", "score and cost per cluster of questions, of the nearest clusters", "Avengers-Pro, arXiv 2508.12631", MakeKmeans},
};

}  // namespace

std::span<const PolicyKind> PolicyKinds() { return kKinds; }

const PolicyKind* FindPolicy(std::string_view name) {
  const auto* it = std::find_if(std::begin(kKinds), std::end(kKinds), [&](const PolicyKind& k) { return k.name == name; });
  return it == std::end(kKinds) ? nullptr : it;
}

}  // namespace baton::evaluate
