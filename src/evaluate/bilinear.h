// A question's features, projected, against one vector per worker: the shape that RouteLLM's matrix
// factorisation, EmbedLLM and RouterDC share. They differ in how the two are compared and in the loss.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "base/random.h"
#include "estimate/estimator.h"
#include "evaluate/linear.h"

namespace baton::evaluate {

struct Bilinear {
  std::size_t features = 0, dims = 0, workers = 0;
  std::vector<float> projection;  // dims x features
  std::vector<float> vectors;     // workers x dims
  std::vector<float> biases;      // workers

  void Begin(std::size_t f, std::size_t d, std::size_t w, float vector_spread, Random& random);
  void Project(std::span<const float> x, std::span<float> z) const;
  std::span<const float> Vector(std::size_t w) const { return std::span(vectors).subspan(w * dims, dims); }
  std::span<float> Vector(std::size_t w) { return std::span(vectors).subspan(w * dims, dims); }
};

struct TrainPlan {
  int epochs = 50;
  // Epochs are cut so that no more rows than this are visited: 100 epochs over thousands of rows are an hour
  // of work for the last digit.
  std::size_t visits = 100'000;
  std::size_t batch = 64;
  float rate = 3e-4F, decay = 1e-5F;
  int patience = 6;  // epochs without a better loss on the rows held back, after which training ends
  float noise = 0;   // standard deviation added to the features of each visit, as a share of their own
};

// What one row does to the gradient: given its projection, adds to dz, to the workers' vectors' gradient and
// to the biases'.
struct Gradient {
  std::span<float> dz, vectors, biases;
};
using RowLoss = std::function<void(std::size_t row, std::span<const float> z, const Gradient& to)>;

// What one row loses, given its projection; on rows that are held back.
using RowError = std::function<double(std::size_t row, std::span<const float> z)>;

// Minibatch Adam over all parameters. Every seventh row is held back, and the parameters with which those
// lose least are kept: small sets are learned by heart within a few epochs.
void TrainBilinear(Bilinear& model, const estimate::Table& table, const TrainPlan& plan, Random& random,
                   const RowLoss& loss, const RowError& error);

}  // namespace baton::evaluate
