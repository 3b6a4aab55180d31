// Now and then something else than the best, so that a policy can learn what it never chose: the one place
// where a routing decision may be random. What is drawn comes with its probability, which goes into the
// record.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "pool/worker.h"
#include "rails/rails.h"
#include "route/features.h"

namespace baton::route {

// One worker's prospects for one request.
struct Scored {
  const pool::Worker* worker = nullptr;
  double quality = 0.5, spread = 0.5;  // P(correct) and the standard deviation of that
  double cost_usd = 0;                 // expected
  double worth_usd = 0;                // quality (with caution) x value - cost - waiting
  bool priced = true, trained = true;  // its price is known; the model has seen it
};

class Explorer {
 public:
  virtual ~Explorer() = default;
  struct Drawn {
    std::size_t index = 0;  // of `best_first`
    double propensity = 1;  // with which this index is drawn, in (0, 1]
    std::string why;        // empty: the best; else in words, "exploring: 2 % of requests, at most $5 a day"
  };
  // `best_first` is not empty. Thread safe. Must keep its own cap, and leave requests alone that may not be
  // explored with.
  virtual Drawn Draw(std::span<const Scored> best_first, const Features& features,
                     const rails::Permit& permit) const = 0;
};

}  // namespace baton::route
