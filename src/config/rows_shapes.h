// Inside config/: the shapes that stand in files of their own.
#pragma once

#include "config/rows.h"

namespace baton::config {

const Shape& DataShape();
const Shape& GuardShape();
const Shape& AttacksShape();
const Shape& WorkerShape();
const Shape& RouteShape();
const Shape& RouterShape();
const Shape& WorkflowShape();

}  // namespace baton::config
