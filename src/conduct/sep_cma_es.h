// Separable CMA-ES (Ros and Hansen, 2008): evolution strategy with a covariance matrix that is diagonal, so
// that a generation costs time and memory linear in the number of parameters.
//
// Why this one: the fitness of a coordinator is the mean of a few noisy episodes, has no gradient worth the
// name (the worker that answered is not differentiable, and a reward at the end of five turns says little
// about the first), and has thousands of parameters, where the full covariance matrix of CMA-ES would have
// millions. Ranks of candidates are all it looks at, so neither the scale of dollars nor an outlier moves it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"

namespace baton::conduct {

class SepCmaEs {
 public:
  struct Options {
    std::vector<double> mean;  // where to begin; its size is the dimension
    double sigma = 0.03;       // first standard deviation
    // Of each coordinate, relative to sigma, to begin with; empty: the same in every coordinate.
    std::vector<double> spread = {};
    int population = 0;  // 0: ceil(4 + 3 ln n)
    std::uint64_t seed = 1;
  };
  // REQUIRES: mean not empty, sigma > 0; spread empty, or as many positive numbers as mean.
  explicit SepCmaEs(Options options);

  // The candidates of this generation, the same until Tell(). Drawn from the seed and the generation's number
  // alone, so that a resumed run draws what the first would have drawn.
  const std::vector<std::vector<double>>& Ask();
  // One value per candidate, to be minimised. Values that are no numbers rank last.
  void Tell(std::span<const double> values);

  const std::vector<double>& mean() const { return mean_; }
  double sigma() const { return sigma_; }
  // Largest over smallest standard deviation of the coordinates.
  double axis_ratio() const;
  int generation() const { return generation_; }
  int population() const { return static_cast<int>(weights_all_); }
  std::size_t dimension() const { return mean_.size(); }

  // Everything there is to know, between a Tell() and the next Ask(); exact to the last bit.
  std::string Write() const;
  // kInvalidRequest "bad_state" for what Write() did not write.
  static Result<SepCmaEs> Read(const std::string& state);

 private:
  SepCmaEs() = default;
  void Prepare(int population);
  void Move(const std::vector<std::size_t>& best);

  std::vector<double> mean_, c_, path_sigma_, path_c_;  // c_: variances relative to sigma
  double sigma_ = 0;
  std::uint64_t seed_ = 1;
  int generation_ = 0;
  std::vector<std::vector<double>> asked_;

  std::size_t weights_all_ = 0;  // population
  std::vector<double> weights_;  // of the better half, best first
  double mu_eff_ = 0, c_sigma_ = 0, d_sigma_ = 0, c_c_ = 0, c_1_ = 0, c_mu_ = 0, chi_ = 0;
};

}  // namespace baton::conduct
