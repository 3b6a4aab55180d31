// The makers that registry.cc lists, one per policy; a new policy is its file, a line here and a row there.
#pragma once

#include <memory>

#include "evaluate/policy.h"

namespace baton::evaluate {

std::unique_ptr<Policy> MakeBestSingle();
std::unique_ptr<Policy> MakeRandom();
std::unique_ptr<Policy> MakeZeroRouter();
std::unique_ptr<Policy> MakeMajorityVote();
std::unique_ptr<Policy> MakeAgreement();
std::unique_ptr<Policy> MakeKnn();
std::unique_ptr<Policy> MakeKmeans();
std::unique_ptr<Policy> MakeMf();
std::unique_ptr<Policy> MakeEmbedLlm();
std::unique_ptr<Policy> MakeRouterDc();
std::unique_ptr<Policy> MakeCarrot();
std::unique_ptr<Policy> MakeSelfConsistency();
std::unique_ptr<Policy> MakeSmoothie();
std::unique_ptr<Policy> MakeFrugal();
std::unique_ptr<Policy> MakeCascadeRouting();
std::unique_ptr<Policy> MakeRouter();
std::unique_ptr<Policy> MakeEvidencePolicy();
std::unique_ptr<Policy> MakeEvidenceUncorrelated();
std::unique_ptr<Policy> MakeEvidenceUnsigned();
std::unique_ptr<Policy> MakeEvidenceDeaf();
std::unique_ptr<Policy> MakeEvidenceUnverified();
std::unique_ptr<Policy> MakeEvidenceUnrouted();
std::unique_ptr<Policy> MakeEvidencePriorOnly();
std::unique_ptr<Policy> MakeEvidenceVote();

}  // namespace baton::evaluate
