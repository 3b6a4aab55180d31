// Inside estimate/: one network, four estimators. A question's features x become a hidden vector h; worker w
// answers right with P = sigmoid(v_w . h + b_w - d(x)).
//
//   logistic  h = x                        one linear model per worker
//   mf        h = P x                      matrix factorisation: question and worker meet in few dimensions
//   (RouteLLM,
//                                          EmbedLLM); workers with few cells borrow from the others
//   mlp       h = silu(P x + c)            the same with a bend
//   irt       h = softplus(P x + c), d(x)  item response theory: h says which abilities the question tests
//   (never a
//                                          negative amount), d how hard it is, v_w is what the worker can do
//
// x is standardised with the training rows' means and deviations and cut at six deviations, so that no
// strange prompt can drive an estimate by one feature.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "estimate/estimator.h"
#include "estimate/laplace.h"

namespace baton::estimate {

enum class Bend : std::uint8_t { kNone, kSilu, kSoftplus };

struct NetworkShape {
  std::size_t features = 0, hidden = 0, workers = 0;  // hidden 0: h = x
  Bend bend = Bend::kNone;
  bool difficulty = false;

  std::size_t Inner() const { return hidden > 0 ? hidden : features; }
  // Where each part begins in the list of parameters: P, c, V, b, d.
  std::size_t P() const { return 0; }
  std::size_t C() const { return hidden * features; }
  std::size_t V() const { return C() + hidden; }
  std::size_t B() const { return V() + workers * Inner(); }
  std::size_t D() const { return B() + workers; }
  std::size_t Parameters() const { return D() + (difficulty ? features : 0); }
};

// Rows that pass through together, and what they leave behind for the gradient.
struct NetworkBatch {
  std::size_t rows = 0;
  std::vector<float> x;        // rows x features, standardised
  std::vector<float> bent, h;  // rows x hidden, before and after the bend; h is empty without a hidden layer
  std::vector<float> logits;   // rows x workers
  const std::vector<float>& Hidden() const { return h.empty() ? x : h; }
};

void Forward(const NetworkShape& shape, std::span<const float> parameters, NetworkBatch* batch);
// Mean over rows of the cross-entropy, summed over recorded cells, plus the Gaussian prior's share. `quality`
// is rows x workers. `prior` is that share's weight: 1 / training rows. Adds the derivative to `gradient`
// (zeroed by the caller).
double LossAndGradient(const NetworkShape& shape, std::span<const float> parameters,
                       std::span<const float> quality, double prior, NetworkBatch* batch,
                       std::span<float> gradient);

class Network : public Estimator {
 public:
  std::string_view kind() const override { return kind_; }
  std::size_t features() const override { return shape_.features; }
  std::size_t workers() const override { return shape_.workers; }
  void Predict(std::span<const float> x, std::span<Estimate> out) const override;
  void Save(ByteWriter* out) const override;

  // For cold start (irt): what the question tests and how hard it is, and a worker's abilities.
  // REQUIRES: h.size() == Inner(). Returns the logit's part that no worker changes.
  float Question(std::span<const float> x, std::span<float> h) const;
  std::span<const float> Ability(std::size_t worker) const;
  float Offset(std::size_t worker) const { return parameters_[shape_.B() + worker]; }
  const NetworkShape& shape() const { return shape_; }

 private:
  friend std::unique_ptr<Network> Train(std::string_view, NetworkShape, const Table&, const FitOptions&);
  friend std::unique_ptr<Estimator> ReadNetwork(ByteReader*);
  void Standardise(std::span<const float> x, float* out) const;

  std::string kind_;
  NetworkShape shape_;
  std::vector<float> mean_, scale_;  // of the features
  std::vector<float> parameters_;
  std::vector<float> share_;  // per worker: recorded cells / rows
  Laplace laplace_;           // over (h, 1)
};

std::unique_ptr<Network> Train(std::string_view kind, NetworkShape shape, const Table& table,
                               const FitOptions& options);

}  // namespace baton::estimate
