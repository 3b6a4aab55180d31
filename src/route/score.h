// What a trained model expects of every worker that may take a request: how good, how dear, how slow.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "estimate/router_model.h"
#include "pool/worker.h"
#include "rails/rails.h"
#include "route/features.h"
#include "route/pace.h"

namespace baton::route {

struct RouterSettings {
  double value_usd = 0.01;  // of a right answer, where the caller does not say
  // How many standard deviations of an estimate are taken off: doubt costs.
  double caution = 0.5;
  double waiting_usd_per_s = 0;     // what a second of the caller's time is worth
  double output_tokens_per_s = 60;  // for workers of which nothing else is known
};

// One worker's prospects for one request.
struct Scored {
  const pool::Worker* worker = nullptr;
  double quality = 0.5, spread = 0.5;  // P(correct) and the standard deviation of that
  double cost_usd = 0;                 // expected
  double worth_usd = 0;                // quality (with caution) x value - cost - waiting
  bool priced = true, trained = true;  // its price is known; the model has seen it
  double output_usd = 0;               // the part of the cost that grows with the answer
  double tokens = 0;                   // expected length of the answer
  double wait_s = 0;                   // expected; 0: no call has shown its pace yet
  double bias_usd = 0;                 // of the worth: doubt and waiting, mostly below 0
};

class Scorer {
 public:
  // `catalogue` and `clock` outlive it; `pace` may be null: nobody has measured. REQUIRES:
  // CheckFeatures(model) passed for the featurizer that makes Features::vector.
  Scorer(std::shared_ptr<const estimate::RouterModel> model, RouterSettings settings,
         const rails::Catalogue& catalogue, const Clock& clock, const Pace* pace);

  // In the order of `able`. REQUIRES: able is not empty, and f.vector is as long as the model's features.
  // Thread safe; microseconds.
  std::vector<Scored> Score(std::span<const pool::Worker* const> able, const Features& f, double value) const;
  const estimate::RouterModel& model() const { return *model_; }

 private:
  // Where the model knows a worker from.
  struct Known {
    std::size_t column = 0;
    bool trained = false;
    estimate::Ability expected;  // else: the prior by price and family
  };
  estimate::Estimate Of(const Known& known, const Features& f,
                        std::span<const estimate::Estimate> estimates) const;
  double Wait(Scored* s) const;

  std::shared_ptr<const estimate::RouterModel> model_;
  RouterSettings settings_;
  std::unordered_map<const pool::Worker*, Known> known_;
  const Clock& clock_;
  const Pace* pace_;
};

// A worker's line in words, for x-ray views: "P(correct) 0.97, about $0.0052".
std::string Describe(const Scored& scored);
// "$0.0048"
std::string UsdText(double usd);
// The letters that a model's name begins with: "gpt-5-mini" -> "gpt". For cold start.
std::string FamilyOf(const pool::Worker& worker);

}  // namespace baton::route
