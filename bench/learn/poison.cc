// One tenant of eight gives false feedback, ten times as much of it as all others together: what does it cost
// those others?
#include <fmt/format.h>

#include "learn/experiments.h"
#include "learn/stream.h"

namespace baton::learn::bench {
namespace {

constexpr std::size_t kRequests = 8000, kTrain = 1500;

bool Attacks(std::size_t i) {
  return i % 11 != 0;  // ten of eleven requests are the attacker's
}

struct Case {
  const char* name;
  bool lies, weigh;
};

}  // namespace

int Poison(const Settings& settings) {
  const int seeds = settings.runs > 0 ? settings.runs : 20;
  const Case kCases[] = {
      {"nobody lies", false, true},
      {"one of eight tenants lies, ten of eleven requests are its own; bounds on", true, true},
      {"the same; bounds off", true, false}};
  std::vector<double> utility[3];
  double frozen_sum = 0;
  for (int seed = 1; seed <= seeds; ++seed) {
    const World w = Simulated(6, kTrain + kRequests, static_cast<std::uint64_t>(100 + seed));
    const LinearRouter router = LinearRouter::Fit(w, 0, kTrain, 1);
    std::vector<double> usual(w.workers.size(), 0);
    for (std::size_t a = 0; a < usual.size(); ++a) {
      for (std::size_t i = 0; i < kTrain; ++i)
        usual[a] += static_cast<double>(w.requests[i].cost[a]) / kTrain;
    }
    std::vector<Moment> stream;
    for (std::size_t i = kTrain; i < w.requests.size(); ++i) stream.push_back({w.requests[i], {}});
    StreamOptions o;
    o.choice.value_usd = 10 * usual.back();
    o.explore_usd = usual.back();
    o.seed = static_cast<std::uint64_t>(seed);
    const auto honest_mean = [&](const StreamResult& r) {
      double sum = 0, n = 0;
      for (std::size_t i = 0; i < stream.size(); ++i) {
        if (!Attacks(i)) sum += r.utility[i], n += 1;
      }
      return sum / n;
    };
    for (std::size_t c = 0; c < 3; ++c) {
      o.weigh = kCases[c].weigh;
      o.tenant = [](std::size_t i) {
        return Attacks(i) ? std::string("attacker") : fmt::format("t{}", i / 11 % 7);
      };
      o.says = [lies = kCases[c].lies](std::size_t i, std::size_t, double q) {
        return lies && Attacks(i) ? 1 - q : q;
      };
      utility[c].push_back(honest_mean(Live(stream, w.workers, router, usual, o)));
    }
    o.adaptive = false;
    frozen_sum += honest_mean(Live(stream, w.workers, router, usual, o)) / seeds;
  }
  fmt::print(
      "Simulated, 6 workers, {} requests, {} seeds. Utility of the seven honest tenants' requests (quality "
      "less "
      "dollars at ten calls of the dearest worker per point); a router that never learns: {:.3f}.\n\n"
      "| feedback | utility of the honest | less than with honest feedback, paired |\n|---|---|---|\n",
      kRequests, seeds, frozen_sum);
  for (std::size_t c = 0; c < 3; ++c) {
    std::vector<double> loss;
    for (std::size_t i = 0; i < utility[c].size(); ++i) loss.push_back(utility[0][i] - utility[c][i]);
    fmt::print("| {} | {} | {} |\n", kCases[c].name, WithInterval(utility[c]),
               c == 0 ? "-" : WithInterval(loss));
  }
  return 0;
}

}  // namespace baton::learn::bench
