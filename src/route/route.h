// The decision: which workflow with which workers, and why. Only a policy makes one (through Route's
// friends).
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "pool/worker.h"

namespace baton::route {

class Route {
 public:
  // Name of the rule, contract or worker that decided ("sensitive", "direct:large").
  const std::string& name() const { return name_; }
  const std::string& workflow() const { return workflow_; }
  // In order of preference; all allowed by the Permit it was made from. Never empty.
  const std::vector<const pool::Worker*>& candidates() const { return candidates_; }
  // How many of them the decision itself names; those behind serve only after a failure (fallback.on_*).
  std::size_t primaries() const { return primaries_; }
  // Never more than one worker at a time (baton-mini): no team, no hedge.
  bool alone() const { return alone_; }
  // In words, for people: "rule 'quick': complexity low and deadline below 1500 ms -> smol".
  const std::string& reason() const { return reason_; }
  // Probability with which the policy chose this; 1 for rules.
  double propensity() const { return propensity_; }
  const std::string& policy() const { return policy_; }  // "rules/1", "router-<version>"
  // Alternatives not taken, with why, for x-ray views: "large: not in rule 'quick'", "cloud: may not see
  // personal". At most 16 lines, so that a decision costs the same with five workers and with five hundred.
  const std::vector<std::string>& alternatives() const { return alternatives_; }
  // What learning needs to know of the decision, for the record (learn/teacher.h); empty: nothing.
  const std::string& learned() const { return learned_; }
  // Whom the candidate policy in shadow would have asked instead, and its version; null: nobody else.
  const pool::Worker* shadow() const { return shadow_; }
  const std::string& candidate() const { return candidate_; }
  // P(correct) per candidate, as the router sees this request; empty: no router, or it was not asked.
  const std::vector<double>& expected() const { return expected_; }

 private:
  friend class Rules;
  Route() = default;
  std::string name_, workflow_ = "single", reason_, policy_;
  std::vector<const pool::Worker*> candidates_;
  std::vector<std::string> alternatives_;
  std::string learned_, candidate_;
  const pool::Worker* shadow_ = nullptr;
  std::vector<double> expected_;
  std::size_t primaries_ = 0;
  bool alone_ = false;
  double propensity_ = 1;
};

}  // namespace baton::route
