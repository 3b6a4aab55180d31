// How many probe items does a new worker need before routing uses it well? The curve of regret against their
// number.
#pragma once

#include <span>
#include <vector>

#include "estimate/cold_start.h"

namespace baton::estimate {

struct ColdPoint {
  std::size_t probes = 0;
  double utility = 0;   // mean over test rows of score x value - cost, of the worker that routing chose
  double regret = 0;    // what a router that was trained on all of the newcomer's answers gets beyond that
  double log_loss = 0;  // of the newcomer's estimates on test rows
  double share = 0;     // of test rows sent to the newcomer
};

struct ColdSetting {
  std::size_t newcomer = 0;        // column that is treated as never recorded
  std::vector<WorkerFacts> facts;  // of all columns
  std::vector<double> cost_usd;    // per column, of one answer
  double value_usd = 0.01;
  std::vector<std::size_t> probes = {0, 1, 2, 4, 8, 16, 32, 64};
};

// Everybody but the newcomer is known from `train`; the probes are rows of `train` that ColdStart::ProbeItems
// chooses, their scores the recorded ones. kInvalidRequest as Fit(), and for fewer than three workers.
Result<std::vector<ColdPoint>> ColdCurve(const Table& train, const Table& test, const ColdSetting& setting,
                                         const FitOptions& options);

}  // namespace baton::estimate
