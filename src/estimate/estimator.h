// How good would each worker's answer to this question be, and how long? One contract for everything that
// estimates: neighbours, clusters, linear models, factorisations, a stack of them. Fitting and predicting are
// the same code offline (`baton train`, `baton eval`) and in the server.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "estimate/bytes.h"

namespace baton::estimate {

inline constexpr float kMissing = std::numeric_limits<float>::quiet_NaN();

// What is learned from: one row per question, one column per worker. Cells that were not recorded are
// kMissing; that is normal, and no estimator may need a full matrix.
struct Table {
  std::size_t rows = 0, features = 0, workers = 0;
  // The first so many features are a vector of length 1 (what the text means); distances are taken on them
  // alone. 0: on all features.
  std::size_t embedded = 0;
  std::vector<float> x;           // rows x features, row-major; never missing
  std::vector<float> quality;     // rows x workers, 0 to 1
  std::vector<float> out_tokens;  // rows x workers; may be empty: nothing is known of lengths

  std::span<const float> X(std::size_t row) const { return {x.data() + row * features, features}; }
  std::span<const float> Quality(std::size_t row) const { return {quality.data() + row * workers, workers}; }
  std::size_t Near() const { return embedded > 0 ? embedded : features; }
  // These rows, in this order.
  Table Select(std::span<const std::size_t> which) const;
};

struct Estimate {
  float quality = 0.5F;  // P(correct), or the expected score, 0 to 1
  float spread =
      0.5F;  // standard deviation of that estimate (not of the outcome): what more data would shrink
};

// Immutable after fitting; Predict is thread safe.
class Estimator {
 public:
  virtual ~Estimator() = default;
  virtual std::string_view kind() const = 0;  // "knn", "kmeans", "logistic", "mlp", "mf", "irt", "stack"
  virtual std::size_t features() const = 0;
  virtual std::size_t workers() const = 0;
  // REQUIRES: x.size() == features(), out.size() == workers(). Allocates nothing that outlives the call.
  virtual void Predict(std::span<const float> x, std::span<Estimate> out) const = 0;
  // Everything ReadEstimator() needs, the kind excepted.
  virtual void Save(ByteWriter* out) const = 0;
};

struct FitOptions {
  std::uint64_t seed = 1;
  int threads = 1;
  std::function<void(double)> progress;  // share done, 0 to 1; may be empty
};

// One row per kind in fit.cc: what exists, and what the default ("stack") is made of.
std::vector<std::string_view> EstimatorKinds();

// kInvalidRequest for an unknown kind or a table it cannot learn from (no rows, no recorded cell), saying
// why.
Result<std::unique_ptr<Estimator>> Fit(std::string_view kind, const Table& table, const FitOptions& options);

// The kind's name, then what Save() wrote. Reading gives null and fails the reader for anything that no
// Save() wrote; a model that reads predicts without faults, whatever its numbers are.
void WriteEstimator(const Estimator& estimator, ByteWriter* out);
std::unique_ptr<Estimator> ReadEstimator(ByteReader* in);

}  // namespace baton::estimate
