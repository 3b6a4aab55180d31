#pragma once

#include <string>

#include "train/learner.h"

namespace baton::train {

// "auto", "bf16", "f32", "f64". kInvalidRequest "precision".
inline Result<Precision> ParsePrecision(const std::string& name) {
  if (name == "auto") return Precision::kAuto;
  if (name == "bf16") return Precision::kBfloat16;
  if (name == "f32") return Precision::kFloat;
  if (name == "f64") return Precision::kDouble;
  return Fail(Code::kInvalidRequest, "precision is auto, bf16, f32 or f64, not '" + name + "'", "precision");
}

}  // namespace baton::train
