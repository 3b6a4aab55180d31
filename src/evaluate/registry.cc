#include "evaluate/registry.h"

#include <algorithm>

namespace baton::evaluate {
namespace {

constexpr PolicyKind kKinds[] = {
    {"best_single", "the worker that was best on the training rows, for every question", "", MakeBestSingle},
    {"random", "any worker, each as likely", "", MakeRandom},
    {"zero_router", "single workers mixed at random, no question looked at", "RouterBench, arXiv 2403.12031",
     MakeZeroRouter},
    {"self_consistency", "one worker several times; the answer given most often", "arXiv 2203.11171",
     MakeSelfConsistency},
    {"majority_vote", "three workers chosen on the training rows for the budget; what most of them answer",
     "", MakeMajorityVote},
    {"agreement3", "two workers in a fixed order; a third where they disagree", "", MakeAgreement},
    {"knn", "mean score of the nearest training questions, k chosen by leaving one out",
     "RouterBench, arXiv 2403.12031; EmbedLLM, arXiv 2410.02223", MakeKnn},
    {"kmeans", "score and cost per cluster of questions, of the nearest clusters",
     "Avengers-Pro, arXiv 2508.12631", MakeKmeans},
    {"mf", "matrix factorisation of which worker wins a pair", "RouteLLM, arXiv 2406.18665", MakeMf},
    {"embedllm", "a vector per worker against the projected question, right or wrong",
     "EmbedLLM, arXiv 2410.02223", MakeEmbedLlm},
    {"routerdc", "questions and workers as vectors, dual contrastive learning; encoder kept as it is",
     "RouterDC, arXiv 2409.19886", MakeRouterDc},
    {"carrot", "a regression of quality and one of cost per worker", "CARROT, arXiv 2502.03261", MakeCarrot},
    {"smoothie", "five workers answer; the answer most like the others, weighted by near questions",
     "Smoothie, arXiv 2412.04692", MakeSmoothie},
    {"frugalgpt", "a cascade of up to three workers with a learned scorer of answers",
     "FrugalGPT, arXiv 2305.05176", MakeFrugal},
    {"cascade_routing",
     "the set of workers with the best expected maximum for its price, decided anew after each answer",
     "Dekoninck et al., ICML 2025, arXiv 2410.10347", MakeCascadeRouting},
    {"router", "the server's router: a cross-validated stack of estimators, and expected cost", "",
     MakeRouter},
    {"evidence",
     "asks on while the answers so far leave enough doubt for the price; the most probable answer", "",
     MakeEvidencePolicy},
    {"evidence_no_correlation", "the same without the pairs' error correlation", "",
     MakeEvidenceUncorrelated},
    {"evidence_no_agreement", "the same when no answer counts as like another", "", MakeEvidenceDeaf},
    {"evidence_no_verifier", "the same without what verifiers say of the answers", "",
     MakeEvidenceUnverified},
    {"evidence_no_router", "the same without what a router says of the question", "", MakeEvidenceUnrouted},
    {"evidence_prior_only", "the same asking one worker only", "", MakeEvidencePriorOnly},
    {"evidence_no_signs", "the same without what answers look like", "", MakeEvidenceUnsigned},
    {"evidence_no_stopping", "the same, asking the whole team every time", "", MakeEvidenceVote},
};

}  // namespace

std::span<const PolicyKind> PolicyKinds() {
  return kKinds;
}

const PolicyKind* FindPolicy(std::string_view name) {
  const auto* it =
      std::find_if(std::begin(kKinds), std::end(kKinds), [&](const PolicyKind& k) { return k.name == name; });
  return it == std::end(kKinds) ? nullptr : it;
}

}  // namespace baton::evaluate
