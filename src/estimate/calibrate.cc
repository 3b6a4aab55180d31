#include "estimate/calibrate.h"

#include <algorithm>
#include <cmath>

#include "estimate/shape.h"

namespace baton::estimate {
namespace {

using Pair = std::pair<float, float>;

constexpr std::size_t kIsotonicPairs = 300, kMaxKnots = 64;

double LogLoss(const Calibrator& c, std::span<const Pair> pairs) {
  double sum = 0;
  for (const auto& [p, q] : pairs) {
    const double v = std::clamp<double>(static_cast<double>(c(p)), 1e-4, 1 - 1e-4);
    sum -= static_cast<double>(q) * std::log(v) + (1 - static_cast<double>(q)) * std::log(1 - v);
  }
  return sum;
}

// Pairs that fell together in pool-adjacent-violators.
struct Block {
  double at = 0, seen = 0, count = 0;
  double Mean() const { return seen / count; }
};

void Pool(std::vector<Block>* blocks) {
  while (blocks->size() >= 2) {
    Block& last = blocks->back();
    Block& before = (*blocks)[blocks->size() - 2];
    if (before.Mean() < last.Mean()) return;
    before.at += last.at, before.seen += last.seen, before.count += last.count;
    blocks->pop_back();
  }
}

}  // namespace

float Calibrator::operator()(float p) const {
  if (at_.empty()) return slope_ == 1 && shift_ == 0 ? p : Sigmoid(slope_ * Logit(p) + shift_);
  if (p <= at_.front()) return becomes_.front();
  if (p >= at_.back()) return becomes_.back();
  const auto it = std::upper_bound(at_.begin(), at_.end(), p);
  const auto i = static_cast<std::size_t>(it - at_.begin());
  const float along = (p - at_[i - 1]) / std::max(at_[i] - at_[i - 1], 1e-9F);
  return becomes_[i - 1] + along * (becomes_[i] - becomes_[i - 1]);
}

// Newton on two numbers, with a prior of four pairs' weight that nothing needs changing.
Calibrator Calibrator::Platt(std::span<const Pair> pairs) {
  double a = 1, b = 0;
  constexpr double kPrior = 4;
  for (int round = 0; round < 20; ++round) {
    double ga = kPrior * (a - 1), gb = kPrior * b, haa = kPrior, hab = 0, hbb = kPrior;
    for (const auto& [p, q] : pairs) {
      const auto x = static_cast<double>(Logit(p));
      const double s = 1 / (1 + std::exp(-(a * x + b))), e = s - static_cast<double>(q), w = s * (1 - s);
      ga += e * x, gb += e, haa += w * x * x, hab += w * x, hbb += w;
    }
    const double det = haa * hbb - hab * hab;
    if (!(det > 1e-12)) break;
    const double da = (hbb * ga - hab * gb) / det, db = (haa * gb - hab * ga) / det;
    a -= std::clamp(da, -1.0, 1.0), b -= std::clamp(db, -1.0, 1.0);
    if (std::abs(da) + std::abs(db) < 1e-8) break;
  }
  Calibrator c;
  c.slope_ = static_cast<float>(std::max(a, 0.0));  // never turns the order round
  c.shift_ = static_cast<float>(b);
  return c;
}

Calibrator Calibrator::Isotonic(std::span<const Pair> pairs) {
  std::vector<Pair> sorted(pairs.begin(), pairs.end());
  std::sort(sorted.begin(), sorted.end());
  // Groups of equal size first: single pairs would make the steps steep at both ends.
  const std::size_t group = std::max<std::size_t>(sorted.size() / kMaxKnots, 1);
  std::vector<Block> blocks;
  for (std::size_t i = 0; i < sorted.size(); i += group) {
    Block b;
    for (std::size_t j = i; j < std::min(i + group, sorted.size()); ++j) {
      b.at += static_cast<double>(sorted[j].first), b.seen += static_cast<double>(sorted[j].second),
          b.count += 1;
    }
    blocks.push_back(b);
    Pool(&blocks);
  }
  Calibrator c;
  for (const Block& b : blocks) {
    c.at_.push_back(static_cast<float>(b.at / b.count));
    c.becomes_.push_back(static_cast<float>(std::clamp(b.Mean(), 0.001, 0.999)));
  }
  return c;
}

Calibrator Calibrator::Best(std::span<const Pair> pairs) {
  if (pairs.size() < kIsotonicPairs) return Platt(pairs);
  std::vector<Pair> halves[2];
  for (std::size_t i = 0; i < pairs.size(); ++i) halves[i % 2].push_back(pairs[i]);
  double line = 0, steps = 0;
  for (int i = 0; i < 2; ++i) {
    line += LogLoss(Platt(halves[i]), halves[1 - i]);
    steps += LogLoss(Isotonic(halves[i]), halves[1 - i]);
  }
  // Four nats more than chance: where both do, the line with its two numbers is the safer one.
  return line <= steps + 4 ? Platt(pairs) : Isotonic(pairs);
}

void Calibrator::Save(ByteWriter* out) const {
  out->Put(slope_), out->Put(shift_), out->Put(at_), out->Put(becomes_);
}

Calibrator Calibrator::Read(ByteReader* in) {
  Calibrator c;
  c.slope_ = in->Get<float>(), c.shift_ = in->Get<float>();
  c.at_ = in->Floats();
  c.becomes_ = in->Floats(c.at_.size());
  if (!std::isfinite(c.slope_) || !std::isfinite(c.shift_) || c.slope_ < 0 ||
      !std::is_sorted(c.at_.begin(), c.at_.end()) || !std::is_sorted(c.becomes_.begin(), c.becomes_.end()))
    in->Fail();
  for (float v : c.becomes_) {
    if (v < 0 || v > 1) in->Fail();
  }
  return c;
}

}  // namespace baton::estimate
