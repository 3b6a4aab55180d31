// A stream whose mix, prices and worker quality change while it runs: what adapting is worth.
//
// Four quarters of equal length. 1: the mix the router was fitted on. 2: other slices. 3: the worker that
// earned most in quarter 2 costs three times as much. 4: the worker that earned most in quarter 3 loses half
// of its quality (every second answer counts as wrong).
#include <fmt/format.h>

#include <algorithm>

#include "learn/experiments.h"
#include "learn/recorded.h"
#include "learn/stream.h"

namespace baton::learn::bench {
namespace {

constexpr std::size_t kQuarter = 2000, kTrain = 1500, kWindow = 200;
constexpr double kNear = 0.03;  // points of utility within which a policy counts as recovered

struct Stream {
  std::vector<Moment> moments;
  std::size_t train_rows = 0;
};

double UtilityOf(const Moment& m, std::size_t a, double value) {
  return static_cast<double>(m.request.quality[a]) -
         static_cast<double>(m.request.cost[a]) * (m.price.empty() ? 1 : m.price[a]) / value;
}

std::size_t BestSingle(const std::vector<Moment>& s, std::size_t begin, std::size_t end, std::size_t workers,
                       double value) {
  std::vector<double> sum(workers, 0);
  for (std::size_t i = begin; i < end; ++i) {
    for (std::size_t a = 0; a < workers; ++a) sum[a] += UtilityOf(s[i], a, value);
  }
  return static_cast<std::size_t>(std::max_element(sum.begin(), sum.end()) - sum.begin());
}

// Draws requests of these slices, with replacement.
void Draw(const World& w, std::size_t first, bool early, std::size_t n, Random& random,
          std::vector<Moment>& to) {
  const std::size_t half = std::max<std::size_t>(1, w.slices.size() / 2);
  while (n > 0) {
    const Request& r = w.requests[first + random.Below(w.requests.size() - first)];
    if ((static_cast<std::size_t>(r.slice) < half) != early) continue;
    to.push_back({r, {}});
    --n;
  }
}

std::vector<Moment> MakeStream(const World& w, std::size_t first, double value, Random& random) {
  std::vector<Moment> s;
  const std::size_t k = w.workers.size();
  Draw(w, first, true, kQuarter, random, s);
  Draw(w, first, false, 3 * kQuarter, random, s);
  const std::size_t dear = BestSingle(s, kQuarter, 2 * kQuarter, k, value);
  for (std::size_t i = 2 * kQuarter; i < s.size(); ++i) s[i].price.assign(k, 1), s[i].price[dear] = 3;
  const std::size_t worse = BestSingle(s, 2 * kQuarter, 3 * kQuarter, k, value);
  for (std::size_t i = 3 * kQuarter; i < s.size(); i += 2) s[i].request.quality[worse] = 0;
  return s;
}

// Requests after the change until the last `kWindow` of them earn within kNear of the quarter's best single
// worker; a quarter that never does counts whole.
double Recovery(const std::vector<Moment>& s, const std::vector<double>& utility, std::size_t begin,
                std::size_t workers, double value) {
  const std::size_t end = begin + kQuarter, best = BestSingle(s, begin, end, workers, value);
  for (std::size_t t = begin + kWindow; t <= end; ++t) {
    double gap = 0;
    for (std::size_t i = t - kWindow; i < t; ++i) gap += UtilityOf(s[i], best, value) - utility[i];
    if (gap / kWindow <= kNear) return static_cast<double>(t - begin);
  }
  return kQuarter;
}

struct Row {
  std::vector<double> regret, utility, quality, cost, recovery[3];
};

void Note(const std::vector<Moment>& s, const StreamResult& r, double best, std::size_t workers, double value,
          Row& row) {
  const auto n = static_cast<double>(s.size());
  double sum = 0, quality = 0, cost = 0;
  for (std::size_t i = 0; i < s.size(); ++i) sum += r.utility[i], quality += r.quality[i], cost += r.cost[i];
  row.regret.push_back((best - sum) / n);
  row.utility.push_back(sum / n), row.quality.push_back(quality / n), row.cost.push_back(1000 * cost / n);
  for (std::size_t q = 0; q < 3; ++q)
    row.recovery[q].push_back(Recovery(s, r.utility, (q + 1) * kQuarter, workers, value));
}

// The best policy that never changes, told everything: every worker alone, and a router fitted on the stream
// itself.
double BestFixed(const World& w, const std::vector<Moment>& s, const std::vector<double>& usual, double value,
                 std::string* name) {
  const std::size_t k = w.workers.size();
  double best = 0;
  const std::size_t single = BestSingle(s, 0, s.size(), k, value);
  for (const Moment& m : s) best += UtilityOf(m, single, value);
  *name = w.workers[single];
  World seen{w.name, w.simulated, w.workers, w.slices, {}};
  for (const Moment& m : s) seen.requests.push_back(m.request);
  const LinearRouter all = LinearRouter::Fit(seen, 0, seen.requests.size(), 1);
  double routed = 0;
  for (const Moment& m : s) {
    std::size_t top = 0;
    double most = -1e9;
    for (std::size_t a = 0; a < k; ++a) {
      const double u = all.Quality(a, m.request.x) - usual[a] * (m.price.empty() ? 1 : m.price[a]) / value;
      if (u > most) most = u, top = a;
    }
    routed += UtilityOf(m, top, value);
  }
  if (routed > best) *name = "router fitted on the stream";
  return std::max(best, routed);
}

void RunWorld(const World& w, int seeds) {
  Row adaptive, frozen;
  std::string best_name;
  const std::size_t k = w.workers.size();
  for (int seed = 1; seed <= seeds; ++seed) {
    Random random(static_cast<std::uint64_t>(seed) * 7919);
    World shuffled = w;
    for (std::size_t i = shuffled.requests.size(); i-- > 1;)
      std::swap(shuffled.requests[i], shuffled.requests[random.Below(i + 1)]);
    // Fitted on early slices only, on rows that the stream does not use.
    std::stable_partition(
        shuffled.requests.begin(),
        shuffled.requests.begin() + static_cast<std::ptrdiff_t>(shuffled.requests.size() / 2),
        [&](const Request& r) {
          return static_cast<std::size_t>(r.slice) < std::max<std::size_t>(1, w.slices.size() / 2);
        });
    const std::size_t half = shuffled.requests.size() / 2;
    std::size_t rows = 0;
    while (rows < std::min(half, kTrain) && static_cast<std::size_t>(shuffled.requests[rows].slice) <
                                                std::max<std::size_t>(1, w.slices.size() / 2))
      ++rows;
    const LinearRouter router = LinearRouter::Fit(shuffled, 0, rows, 1);
    std::vector<double> usual(k, 0);
    double dearest = 0;
    for (std::size_t a = 0; a < k; ++a) {
      for (std::size_t i = 0; i < rows; ++i)
        usual[a] += static_cast<double>(shuffled.requests[i].cost[a]) / static_cast<double>(rows);
      dearest = std::max(dearest, usual[a]);
    }
    const double value = 10 * dearest;  // a point is worth ten calls of the dearest worker
    const auto s = MakeStream(shuffled, half, value, random);
    const double best = BestFixed(w, s, usual, value, &best_name);
    StreamOptions o;
    o.choice.value_usd = value;
    o.explore_usd = dearest;
    o.seed = static_cast<std::uint64_t>(seed);
    Note(s, Live(s, w.workers, router, usual, o), best, k, value, adaptive);
    o.adaptive = false;
    Note(s, Live(s, w.workers, router, usual, o), best, k, value, frozen);
  }
  fmt::print(
      "\n### {}\n\n{} seeds, 4 quarters of {} requests; best fixed policy in hindsight (last seed): {}.\n\n"
      "| policy | regret per request | utility | quality | USD per 1,000 | requests until recovery: mix | "
      "price | quality |\n"
      "|---|---|---|---|---|---|---|---|\n",
      w.name, seeds, kQuarter, best_name);
  const auto print = [](const char* name, const Row& r) {
    fmt::print("| {} | {} | {} | {} | {} | {} | {} | {} |\n", name, WithInterval(r.regret),
               WithInterval(r.utility), WithInterval(r.quality), WithInterval(r.cost),
               WithInterval(r.recovery[0], 0), WithInterval(r.recovery[1], 0),
               WithInterval(r.recovery[2], 0));
  };
  print("adaptive", adaptive);
  print("frozen", frozen);
  std::vector<double> paired;
  for (std::size_t i = 0; i < adaptive.utility.size(); ++i)
    paired.push_back(adaptive.utility[i] - frozen.utility[i]);
  fmt::print("\nAdaptive less frozen, paired by seed, in utility: {}.\n", WithInterval(paired));
}

}  // namespace

int Shift(const Settings& settings) {
  const int seeds = settings.runs > 0 ? settings.runs : 10;
  RunWorld(Simulated(6, 12'000, 3), seeds);
  for (const World& w : RecordedWorlds(settings.shared)) RunWorld(w, seeds);
  return 0;
}

}  // namespace baton::learn::bench
