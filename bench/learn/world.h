// Streams of requests whose outcome under every worker is known: simulated ones, and recorded answers of real
// models. What the experiments of bench/learn_bench run on.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/random.h"
#include "base/result.h"

namespace baton::learn::bench {

struct Request {
  std::vector<float> x;              // of length 1
  std::vector<float> quality, cost;  // per worker: score 0 to 1 (simulated: drawn), USD
  std::vector<float> expected;       // simulated: the probability it was drawn with; recorded: empty
  int slice = 0;
  std::string prompt{};  // recorded only
};

struct World {
  std::string name;
  bool simulated = true;
  std::vector<std::string> workers, slices;
  std::vector<Request> requests;
};

// Workers that get dearer and better, each with strengths of its own by slice and by direction of x.
World Simulated(std::size_t workers, std::size_t requests, std::uint64_t seed);

// Ridge regression of quality on (1, x), one per worker: what a small fitted router knows.
class LinearRouter {
 public:
  static LinearRouter Fit(const World& world, std::size_t begin, std::size_t end, double ridge);
  double Quality(std::size_t worker, const std::vector<float>& x) const;

 private:
  std::vector<std::vector<double>> weights_;
};

double Normal(Random& random);
// Mean and 95 % interval over runs, as "0.123 (0.120 to 0.126)".
std::string WithInterval(const std::vector<double>& runs, int digits = 3);
double Mean(const std::vector<double>& v);

}  // namespace baton::learn::bench
