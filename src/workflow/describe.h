// A plan in words and figures: what the dry run shows of it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "workflow/step_cost.h"

namespace baton::workflow {

struct StepOutline {
  std::string name, role;
  std::vector<std::string> workers, sees, checks;
  std::string when;         // in words; empty: always
  std::string instruction;  // its beginning
  bool optional = false, answer = false;
  Worst worst;
};

struct Outline {
  std::string workflow;
  std::vector<StepOutline> steps;
  std::vector<std::string> answers;  // best first
  std::vector<std::string> notes;
  Worst worst;  // as if every step ran
};

Outline Describe(const Plan& plan, const chat::Request& client, std::int64_t client_tokens,
                 std::int64_t unix_seconds);

}  // namespace baton::workflow
