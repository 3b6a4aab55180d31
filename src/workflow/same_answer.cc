#include "workflow/same_answer.h"

#include "estimate/evidence_answer.h"

namespace baton::workflow {

bool SameAnswer(std::string_view a, std::string_view b) {
  if (a == b) return true;
  const std::string key = estimate::ReadAnswer(a).key;
  return !key.empty() && key == estimate::ReadAnswer(b).key;
}

}  // namespace baton::workflow
