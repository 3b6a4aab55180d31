// Inside workflow/: the builders, one per file flow_<name>.cc.
#pragma once

#include "workflow/flow.h"

namespace baton::workflow {

Result<Plan> BuildSingle(const Materials& m);
Result<Plan> BuildPoll(const Materials& m);
Result<Plan> BuildPipeline(const Materials& m);
Result<Plan> BuildCascade(const Materials& m);
Result<Plan> BuildCompliance(const Materials& m);
Result<Plan> BuildCodeWithVerifier(const Materials& m);
Result<Plan> BuildResearch(const Materials& m);
Result<Plan> BuildSupportTriage(const Materials& m);
Result<Plan> BuildMixtureOfAgents(const Materials& m);
Result<Plan> BuildSelfConsistency(const Materials& m);
Result<Plan> BuildDebate(const Materials& m);
Result<Plan> BuildConducted(const Materials& m);
Result<Plan> BuildCoordinator(const Materials& m);
Result<Plan> BuildEvidence(const Materials& m);
// The operator's own steps.
Result<Plan> BuildSteps(const Materials& m);
// The settings alone: what can be wrong before there is a request. Empty: nothing.
std::string CheckSteps(const FlowSettings& settings);

}  // namespace baton::workflow
