// Inside config/: the shapes that stand in files of their own.
#pragma once

#include "config/rows.h"

namespace baton::config {

const Shape& WorkerShape();
const Shape& RouteShape();
const Shape& WorkflowShape();
const Shape& TenantShape();
const Shape& IssuerShape();
const Shape& BudgetShape();

}  // namespace baton::config
