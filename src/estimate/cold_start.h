// A worker that was never recorded: what can be expected of it from its price and family, and after a few
// probe items.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "estimate/estimator.h"
#include "estimate/network.h"

namespace baton::estimate {

// What the operator knows of a worker before it has answered anything.
struct WorkerFacts {
  std::string family;        // vendor or line, "gpt", "claude"; empty: unknown
  double usd_per_mtok = -1;  // output price; below zero: unknown
};

// A posterior over a worker's abilities (network.h, irt): independent Gaussians.
struct Ability {
  std::vector<float> mean, variance;  // one per ability, the offset last
};

// One item that the new worker has answered.
struct Probe {
  std::span<const float> x;
  float score = 0;
};

// Item response theory's questions stay as they were learned; of the new worker only its few abilities are
// unknown. Immutable, thread safe.
class ColdStart {
 public:
  ColdStart() = default;
  // Fits abilities of the known workers and how they go with price and family. `facts`: one per worker, or
  // empty.
  static ColdStart Fit(const Table& table, std::vector<WorkerFacts> facts, const FitOptions& options);

  bool known() const { return irt_ != nullptr; }
  // From facts alone: the family's mean and the trend along log price, as sure as the known workers let one
  // be.
  Ability Prior(const WorkerFacts& facts) const;
  // After answers. The order of probes makes no difference.
  Ability Update(const Ability& prior, std::span<const Probe> probes) const;
  Estimate Predict(const Ability& ability, std::span<const float> x) const;
  // The `k` rows of the table that say most about a worker nothing is known of, best first (greedy, by how
  // much the abilities' variance shrinks).
  std::vector<std::size_t> ProbeItems(const Table& table, std::size_t k) const;

  void Save(ByteWriter* out) const;
  static ColdStart Read(ByteReader* in, std::size_t features);

 private:
  void Question(std::span<const float> x, std::vector<float>* h, float* common) const;
  std::shared_ptr<const Network> irt_;
  std::vector<WorkerFacts> facts_;  // of the known workers
};

}  // namespace baton::estimate
