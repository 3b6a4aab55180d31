// Generations of sep-CMA-ES per second: asking for a population, valuing it on the sphere, telling.
//
//   cma_bench DIMENSION POPULATION GENERATIONS   prints "generations_per_second value_at_mean"
#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <vector>

#include "conduct/sep_cma_es.h"

int main(int argc, char** argv) {
  const int n = argc > 1 ? std::atoi(argv[1]) : 5184, population = argc > 2 ? std::atoi(argv[2]) : 30,
            generations = argc > 3 ? std::atoi(argv[3]) : 200;
  if (n < 1 || population < 2 || generations < 1) return 2;
  const auto sphere = [](const std::vector<double>& x) {
    double s = 0;
    for (const double v : x) s += v * v;
    return s;
  };
  baton::conduct::SepCmaEs es({std::vector<double>(static_cast<std::size_t>(n), 1), 0.1, {}, population, 1});
  std::vector<double> values;
  const auto began = std::chrono::steady_clock::now();
  for (int g = 0; g < generations; ++g) {
    values.clear();
    for (const auto& x : es.Ask()) values.push_back(sphere(x));
    es.Tell(values);
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  fmt::print("{:.1f} {:.6g}\n", generations / seconds, sphere(es.mean()));
}
