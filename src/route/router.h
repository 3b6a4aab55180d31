// The learned router: which of the workers that may answer is worth most for this request.
//
// Worth is quality times its value, less cost, less waiting. Quality and length come from a trained model
// (estimate/router_model.h), prices from the catalogue at the moment of the decision, the value of a right
// answer from the caller (`baton-quality`) or the operator. A worker the model never saw enters with what its
// price and family let expect. The router proposes; what it may choose from has passed the rails already.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "estimate/router_model.h"
#include "rails/rails.h"
#include "route/explore.h"
#include "route/features.h"

namespace baton::route {

struct RouterSettings {
  double value_usd = 0.01;  // of a right answer, where the caller does not say
  // How many standard deviations of an estimate are taken off: doubt costs.
  double caution = 0.5;
  double waiting_usd_per_s = 0;     // what a second of the caller's time is worth
  double output_tokens_per_s = 60;  // for workers of which nothing else is known
};

class Router {
 public:
  // `catalogue` is the configuration's, and so is the life of the result. `explorer` null: always the best.
  // REQUIRES: CheckFeatures(model) passed for the featurizer that makes Features::vector.
  Router(std::shared_ptr<const estimate::RouterModel> model, RouterSettings settings,
         const rails::Catalogue& catalogue, const Clock& clock,
         std::shared_ptr<const Explorer> explorer = nullptr);

  struct Choice {
    std::vector<Scored> ranked;  // the chosen one first, then by falling worth
    double propensity = 1;       // with which the first was chosen
    std::string reason;          // "cheapest worker with P(correct) above 0.90 (0.94, about $0.0004); ..."
  };
  // REQUIRES: able is not empty and f.vector is. Thread safe; microseconds.
  Choice Choose(std::span<const pool::Worker* const> able, const Features& f,
                const rails::Permit& permit) const;

  const std::string& policy() const { return model_->version; }
  const estimate::RouterModel& model() const { return *model_; }

 private:
  // Where the model knows a worker from.
  struct Known {
    std::size_t column = 0;
    bool trained = false;
    estimate::Ability expected;  // else: the prior by price and family
  };
  std::vector<Scored> Score(std::span<const pool::Worker* const> able, const Features& f, double value) const;
  std::string Reason(const Choice& choice, double value) const;

  std::shared_ptr<const estimate::RouterModel> model_;
  RouterSettings settings_;
  std::unordered_map<const pool::Worker*, Known> known_;
  const Clock& clock_;
  std::shared_ptr<const Explorer> explorer_;
};

// A worker's line in words, for x-ray views: "P(correct) 0.97, about $0.0052".
std::string Describe(const Scored& scored);
// The letters that a model's name begins with: "gpt-5-mini" -> "gpt". For cold start.
std::string FamilyOf(const pool::Worker& worker);

}  // namespace baton::route
