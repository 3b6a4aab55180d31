// Behaviour contracts: what an application names instead of a model. A contract says what goes in, what must
// come out, for which task and data, how good, at what most, and by whose choice; never who answers.
//
// Problem: an application that names a model is rewritten whenever a better one comes, and trusts whatever it
// answers. Options: a workflow per use (names workers, so the application depends on them after all); a
// library in the application (one per language, and the check happens where it can be left out). We chose a
// name in the place of a model's: the request is shaped by the contract, then routed like any other, and
// whatever plan comes of that is wrapped: its answer is checked, repaired by one who sees the objection, or
// refused. Nothing leaves before it was accepted, so an answer under a contract that has anything to check is
// never streamed while it is written.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "budget/money.h"
#include "chat/types.h"
#include "rails/rails.h"
#include "verify/verifier.h"
#include "workflow/plan.h"
#include "workflow/progress.h"

namespace baton::workflow {

struct ContractSettings {
  std::string name, description;
  std::string instruction;           // what is to be done, in plain language; becomes a system message
  std::vector<std::string> inputs;   // what callers give under `inputs`: all of these and no others
  chat::Json output_schema;          // empty: any text
  std::string task;                  // empty: found by the features
  std::set<std::string> data;        // classes it may be given; empty: any
  std::vector<verify::Spec> verify;  // the quality bar, beside the schema
  double confidence = 0;             // an answer measured below it is not accepted
  int repairs = 1;                   // 0 to 3
  std::optional<budget::Nanos> usd;  // the ceiling of one request
  std::int64_t tokens = 0;           // 0: none
  Duration time{};                   // zero: none
  std::string policy = "baton";      // who chooses: baton, a route or a workflow
};

class Contract {
 public:
  const ContractSettings& settings() const { return s_; }
  const std::string& name() const { return s_.name; }

  // The request as routes, rails and workers see it: instruction, inputs and output form in it, `policy` as
  // its model. kInvalidRequest "missing_input", "unknown_input", "contract_n".
  Result<chat::Request> Shape(const chat::Request& request) const;
  // The contract's ceilings and task where the caller's are wider or none.
  void Bound(rails::Controls* controls) const;
  // kPermissionDenied "contract_data" naming the class it may not be given.
  Status MayHold(const std::set<rails::DataClass>& classes) const;
  // Appends the check of the plan's answer and its repairs by `workers` (not empty). kUnsupported for a plan
  // that a planner may still replace.
  Status Wrap(const std::vector<const pool::Worker*>& workers, const pool::Worker* judge, Plan* plan) const;
  // Why this answer may not leave; empty: it may.
  std::string Objection(const StepState& answer) const;
  // Something is checked, so the answer is held back until it is accepted.
  bool checks() const { return !checks_.empty(); }

 private:
  friend class Contracts;
  ContractSettings s_;
  std::vector<std::shared_ptr<const verify::Verifier>> checks_;
};

// All of one configuration. Immutable.
class Contracts {
 public:
  // kInvalidRequest naming the contract and what is wrong with it.
  static Result<std::shared_ptr<const Contracts>> Build(std::vector<ContractSettings> all);
  // Null: there is none of that name.
  const Contract* Find(std::string_view name) const;
  std::size_t size() const { return all_.size(); }
  const std::map<std::string, Contract, std::less<>>& all() const { return all_; }

 private:
  std::map<std::string, Contract, std::less<>> all_;
};

}  // namespace baton::workflow
