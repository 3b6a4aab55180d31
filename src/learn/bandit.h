// What traffic teaches beyond the fitted router: per worker, a discounted Bayesian linear model of how far
// rewards lie from what the router expects. Forgetting leads back to the router, not to ignorance.
//
// Bandit learns (one thread); Correction is what it knows at a moment, immutable and shared by all who
// decide.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "learn/compact.h"

namespace baton::learn {

struct BanditOptions {
  double half_life = 300;  // observations, of all workers together, until one counts half
  // How far the router's estimate may be off: for all requests alike, and more for some than for others
  // (standard deviation over requests of length 1).
  double common_sd = 0.15, local_sd = 0.05;
  double noise_sd = 0.45;  // of a single reward
  double largest = 0.5;    // bound on |correction of quality|
};

struct Corrected {
  double quality = 0;  // to be added to the router's estimate
  double spread = 0;   // standard deviation of the sum of both
  double tokens = 1;   // factor on the expected output length
};

class Correction {
 public:
  // A worker it knows nothing of gets no correction and the prior's spread.
  Corrected Of(std::string_view worker, const std::array<float, kCompact>& x) const;
  // Number of observations behind it, discounted.
  double Weight(std::string_view worker) const;

 private:
  friend class Bandit;
  struct Part {
    std::array<double, kCompact> mean{};
    std::vector<float> covariance;  // kCompact x kCompact
    double weight = 0, tokens = 1;
  };
  BanditOptions options_;
  std::map<std::string, Part, std::less<>> parts_;
};

// One reward, joined with the decision it belongs to.
struct Observation {
  std::string worker;
  Compact x;
  double expected = 0.5;       // quality the router expected of this worker
  double reward = 0;           // 0 to 1
  double weight = 1;           // 0 to 1: what the tenant's word counts (learn/trust.h)
  double expected_tokens = 0;  // 0: nothing to compare
  double tokens = 0;           // output the answer had
};

class Bandit {
 public:
  explicit Bandit(BanditOptions options) : options_(options) {}
  // A weight of 0 teaches nothing, but time passes.
  void Observe(const Observation& o);
  std::shared_ptr<const Correction> Snapshot() const;
  std::uint64_t observations() const { return now_; }

  // All that was learned, as bytes (docs/format/learning.md). kInvalidRequest "state_malformed" for anything
  // else.
  std::string Save() const;
  static Result<Bandit> Load(std::string_view bytes, BanditOptions options);

 private:
  struct Model {
    std::vector<double> precision;        // discounted sum of x x'; kCompact x kCompact, both halves
    std::array<double, kCompact> sums{};  // discounted sum of x (reward - expected)
    double weight = 0, log_tokens = 0, token_weight = 0;
    std::uint64_t at = 0;  // observation up to which it is discounted
  };
  Model& Of(const std::string& worker);
  void Discount(Model& m, std::uint64_t to) const;

  BanditOptions options_;
  std::uint64_t now_ = 0;
  std::map<std::string, Model, std::less<>> models_;
};

}  // namespace baton::learn
