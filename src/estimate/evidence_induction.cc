#include "estimate/evidence_induction.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace baton::estimate {
namespace {

constexpr std::size_t kFewestRows =
    60;  // that a regression of gains is made from, when fewer reach a position

// Ridge least squares of y on (a, b).
void Fit2(const std::vector<std::array<double, 3>>& aby, double ridge, double out[2]) {
  double aa = ridge, bb = ridge, ab = 0, ay = 0, by = 0;
  for (const auto& [a, b, y] : aby) {
    aa += a * a;
    bb += b * b;
    ab += a * b;
    ay += a * y;
    by += b * y;
  }
  const double det = aa * bb - ab * ab;
  out[0] = det > 1e-18 ? (ay * bb - by * ab) / det : 0;
  out[1] = det > 1e-18 ? (by * aa - ay * ab) / det : 0;
}

}  // namespace

// What each row gives under rules induced from the other folds.
Totals Induction::Judge(const Replay& replay, double value) const {
  Totals out;
  out.quality.resize(replay.n);
  out.usd.resize(replay.n);
  for (int fold = 0; fold < folds_; ++fold) {
    const Rule rule = Induce(replay, value, fold);
    for (std::size_t r = 0; r < replay.n; ++r) {
      if (fold_[r] != fold) continue;
      std::size_t j = 0;
      float usd = replay.Usd(r, 0);
      while (j + 1 < replay.m && GoesOn(rule.positions[j], static_cast<double>(replay.Doubt(r, j)), value))
        usd += replay.Usd(r, ++j);
      out.quality[r] = replay.Score(r, j);
      out.usd[r] = usd;
    }
  }
  return out;
}

bool Induction::GoesOn(const Position& p, double doubt, double value) const {
  if (!stopping_) return true;
  const double gain = std::max(0.0, p.gain[0] * doubt + p.gain[1] * doubt * doubt);
  return value * gain > p.spending[0] + p.spending[1] * doubt;
}

// Backward induction on the rows outside `fold`.
Rule Induction::Induce(const Replay& replay, double value, int fold) const {
  Rule rule;
  rule.positions.resize(replay.m);
  std::vector<std::size_t> rows;
  for (std::size_t r = 0; r < replay.n; ++r) {
    if (fold_[r] != fold) rows.push_back(r);
  }
  std::vector<float> reached(replay.n * replay.m, 1);
  Totals totals;
  for (int round = 0; round < 2; ++round) {
    totals.quality.assign(replay.n, 0);
    totals.usd.assign(replay.n, 0);
    for (std::size_t r : rows) totals.quality[r] = replay.Score(r, replay.m - 1);
    for (std::size_t j = replay.m - 1; j-- > 0;) StepBack(replay, rows, j, value, reached, &rule, &totals);
    Walk(replay, value, rule, &reached);
  }
  for (std::size_t j = 0; j < replay.m; ++j) {
    double sum = 0;
    for (std::size_t r : rows) sum += static_cast<double>(reached[r * replay.m + j]);
    rule.positions[j].reach = sum / static_cast<double>(rows.size());
  }
  return rule;
}

// totals: what going on from j + 1 gives; afterwards: from j.
void Induction::StepBack(const Replay& replay, const std::vector<std::size_t>& rows, std::size_t j,
                         double value, const std::vector<float>& reached, Rule* rule, Totals* totals) const {
  std::vector<std::array<double, 3>> gains, spending;
  for (int all = 0; all < 2 && gains.size() < kFewestRows; ++all) {
    gains.clear();
    spending.clear();
    for (std::size_t r : rows) {
      if (all == 0 && reached[r * replay.m + j] == 0) continue;
      const auto d = static_cast<double>(replay.Doubt(r, j));
      gains.push_back({d, d * d, static_cast<double>(totals->quality[r] - replay.Score(r, j))});
      spending.push_back({1, d, static_cast<double>(totals->usd[r] + replay.Usd(r, j + 1))});
    }
  }
  Position& p = rule->positions[j];
  Fit2(gains, 0.1, p.gain);
  Fit2(spending, 1e-6, p.spending);
  for (std::size_t r : rows) {
    if (GoesOn(p, static_cast<double>(replay.Doubt(r, j)), value)) {
      totals->usd[r] += replay.Usd(r, j + 1);
    } else {
      totals->quality[r] = replay.Score(r, j);
      totals->usd[r] = 0;
    }
  }
}

void Induction::Walk(const Replay& replay, double value, const Rule& rule,
                     std::vector<float>* reached) const {
  for (std::size_t r = 0; r < replay.n; ++r) {
    bool on = true;
    for (std::size_t j = 0; j < replay.m; ++j) {
      (*reached)[r * replay.m + j] = on ? 1 : 0;
      on = on && GoesOn(rule.positions[j], static_cast<double>(replay.Doubt(r, j)), value);
    }
  }
}

}  // namespace baton::estimate
