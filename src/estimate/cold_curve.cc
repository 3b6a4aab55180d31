#include "estimate/cold_curve.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace baton::estimate {
namespace {

Table Without(const Table& t, std::size_t column) {
  Table out = t;
  out.workers = t.workers - 1;
  out.quality.clear();
  out.out_tokens.clear();
  for (std::size_t r = 0; r < t.rows; ++r) {
    for (std::size_t w = 0; w < t.workers; ++w) {
      if (w != column) out.quality.push_back(t.Quality(r)[w]);
    }
  }
  return out;
}

// Routes every test row by `estimate(row, worker)` and tallies what that earned.
template <class F>
ColdPoint Route(const Table& test, const ColdSetting& s, F estimate) {
  ColdPoint p;
  double rows = 0, cells = 0;
  for (std::size_t r = 0; r < test.rows; ++r) {
    const auto q = test.Quality(r);
    std::size_t best = test.workers;
    double most = -INFINITY;
    for (std::size_t w = 0; w < test.workers; ++w) {
      if (std::isnan(q[w])) continue;
      const double e = estimate(r, w), worth = e * s.value_usd - s.cost_usd[w];
      if (worth > most) most = worth, best = w;
      if (w != s.newcomer) continue;
      const double clamped = std::clamp(e, 1e-4, 1 - 1e-4);
      p.log_loss -= static_cast<double>(q[w]) * std::log(clamped) +
                    (1 - static_cast<double>(q[w])) * std::log(1 - clamped);
      cells += 1;
    }
    if (best == test.workers) continue;
    p.utility += static_cast<double>(q[best]) * s.value_usd - s.cost_usd[best];
    p.share += best == s.newcomer;
    rows += 1;
  }
  if (rows > 0) p.utility /= rows, p.share /= rows;
  if (cells > 0) p.log_loss /= cells;
  return p;
}

}  // namespace

Result<std::vector<ColdPoint>> ColdCurve(const Table& train, const Table& test, const ColdSetting& s,
                                         const FitOptions& options) {
  if (train.workers < 3 || s.newcomer >= train.workers || s.cost_usd.size() != train.workers ||
      s.facts.size() != train.workers || test.workers != train.workers || test.features != train.features)
    return Fail(Code::kInvalidRequest, "a cold start needs three workers, with facts and costs of each",
                "bad_table");
  TRY(auto full, Fit("irt", train, options));
  const Table others = Without(train, s.newcomer);
  TRY(auto known, Fit("irt", others, options));
  std::vector<WorkerFacts> facts = s.facts;
  const WorkerFacts own = facts[s.newcomer];
  facts.erase(facts.begin() + static_cast<std::ptrdiff_t>(s.newcomer));
  const ColdStart cold = ColdStart::Fit(others, std::move(facts), options);

  std::vector<Estimate> estimates(train.workers);
  std::size_t at = test.rows;
  const ColdPoint best = Route(test, s, [&](std::size_t r, std::size_t w) {
    if (std::exchange(at, r) != r) full->Predict(test.X(r), estimates);
    return static_cast<double>(estimates[w].quality);
  });
  std::vector<Probe> probes;
  for (std::size_t row : cold.ProbeItems(train, *std::max_element(s.probes.begin(), s.probes.end()))) {
    const float score = train.Quality(row)[s.newcomer];
    if (!std::isnan(score)) probes.push_back({train.X(row), score});
  }
  std::vector<ColdPoint> curve;
  std::vector<Estimate> rest(others.workers);
  for (std::size_t k : s.probes) {
    const Ability a = cold.Update(cold.Prior(own), std::span(probes).first(std::min(k, probes.size())));
    at = test.rows;
    ColdPoint p = Route(test, s, [&](std::size_t r, std::size_t w) {
      if (std::exchange(at, r) != r) known->Predict(test.X(r), rest);
      if (w == s.newcomer) return static_cast<double>(cold.Predict(a, test.X(r)).quality);
      return static_cast<double>(rest[w - (w > s.newcomer)].quality);
    });
    p.probes = k;
    p.regret = best.utility - p.utility;
    curve.push_back(p);
  }
  return curve;
}

}  // namespace baton::estimate
