// Inside config/: the shapes that stand in files of their own.
#pragma once

#include "config/rows.h"
#include "verify/verifier.h"

namespace baton::config {

const Shape& DataShape();
const Shape& GuardShape();
const Shape& AttacksShape();
const Shape& WorkerShape();
const Shape& RouteShape();
const Shape& RouterShape();
const Shape& LearningShape();
const Shape& WorkflowShape();
const Shape& ContractShape();
const Shape& AuditShape();

// A verifier or a list of them: `json_schema`, or {name: regex, pattern: '^[A-D]$'}.
void ReadVerifiers(const Tree& tree, Problems* problems, std::vector<verify::Spec>* to);
inline constexpr std::string_view kVerifiersSchema =
    R"({"oneOf":[{"type":"string"},{"type":"object","required":["name"]},{"type":"array","items":{"oneOf":[{"type":"string"},{"type":"object","required":["name"]}]}}]})";
const Shape& TenantShape();
const Shape& IssuerShape();
const Shape& BudgetShape();

}  // namespace baton::config
