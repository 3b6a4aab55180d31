#include "estimate/length.h"

#include <algorithm>
#include <cmath>

#include "base/random.h"
#include "base/vectors.h"
#include "estimate/cholesky.h"
#include "estimate/shape.h"

namespace baton::estimate {
namespace {

constexpr std::size_t kSample = 4096;
constexpr float kCut = 6, kLongest = 100'000;

struct Line {
  std::vector<float> weights;  // features + 1
  float half_variance = 0;
};

// Rows of which this worker's length is known, at most kSample of them.
std::vector<std::size_t> RowsOf(const Table& t, std::size_t worker, std::uint64_t seed) {
  std::vector<std::size_t> rows;
  for (std::size_t r = 0; r < t.rows; ++r) {
    const float n = t.out_tokens[r * t.workers + worker];
    if (!std::isnan(n) && n >= 0) rows.push_back(r);
  }
  Random random(seed);
  for (std::size_t i = 0; rows.size() > kSample && i < kSample; ++i)
    std::swap(rows[i], rows[i + random.Below(rows.size() - i)]);
  rows.resize(std::min(rows.size(), kSample));
  return rows;
}

// `z`: standardised features of all rows, with a constant behind them.
Line FitLine(const Table& t, std::size_t worker, const std::vector<std::size_t>& rows,
             const std::vector<float>& z) {
  const std::size_t n = t.features + 1;
  std::vector<float> gram(n * n, 0), target(n, 0);
  auto length = [&](std::size_t r) { return std::log1p(t.out_tokens[r * t.workers + worker]); };
  for (std::size_t r : rows) {
    const float* x = z.data() + r * n;
    for (std::size_t i = 0; i < n; ++i) AddScaled(x[i], x, gram.data() + i * n, i + 1);
    AddScaled(length(r), x, target.data(), n);
  }
  std::vector<double> a(gram.begin(), gram.end()), b(target.begin(), target.end());
  // As in network.cc: weights are Gaussian with variance 2 / features, beside noise of about one.
  for (std::size_t i = 0; i < n; ++i) a[i * n + i] += i + 1 < n ? static_cast<double>(t.features) / 2 : 1e-3;
  Line line;
  if (!Factor(&a, n)) return line;
  Solve(a, n, &b);
  line.weights.assign(b.begin(), b.end());
  double squares = 0;
  for (std::size_t r : rows) {
    const double e = static_cast<double>(length(r) - Dot(line.weights.data(), z.data() + r * n, n));
    squares += e * e;
  }
  line.half_variance = static_cast<float>(std::min(squares / static_cast<double>(rows.size()) / 2, 2.0));
  return line;
}

// What stands for a worker of whom no length is known: the mean of the others' lines.
Line MeanOf(const std::vector<Line>& lines) {
  Line mean;
  float n = 0;
  for (const Line& l : lines) {
    if (l.weights.empty()) continue;
    mean.weights.resize(l.weights.size(), 0);
    for (std::size_t i = 0; i < l.weights.size(); ++i) mean.weights[i] += l.weights[i];
    mean.half_variance += l.half_variance;
    n += 1;
  }
  for (float& w : mean.weights) w /= n;
  if (n > 0) mean.half_variance /= n;
  return mean;
}

}  // namespace

LengthModel LengthModel::Fit(const Table& t, const FitOptions& options) {
  LengthModel model;
  if (t.out_tokens.empty()) return model;
  MeasureFeatures(t, &model.mean_, &model.scale_);
  const std::size_t n = t.features + 1;
  std::vector<float> z(t.rows * n, 1);
  for (std::size_t r = 0; r < t.rows; ++r) {
    for (std::size_t i = 0; i < t.features; ++i)
      z[r * n + i] = std::clamp((t.X(r)[i] - model.mean_[i]) * model.scale_[i], -kCut, kCut);
  }
  std::vector<Line> lines(t.workers);
  for (std::size_t w = 0; w < t.workers; ++w) {
    const auto rows = RowsOf(t, w, options.seed);
    if (!rows.empty()) lines[w] = FitLine(t, w, rows, z);
  }
  const Line mean = MeanOf(lines);
  if (mean.weights.empty()) return LengthModel();
  model.features_ = t.features;
  for (const Line& own : lines) {
    const Line& l = own.weights.empty() ? mean : own;
    model.weights_.insert(model.weights_.end(), l.weights.begin(), l.weights.end());
    model.half_variance_.push_back(l.half_variance);
  }
  return model;
}

void LengthModel::Predict(std::span<const float> x, std::span<float> out) const {
  if (!known()) return std::fill(out.begin(), out.end(), kUsualTokens);
  thread_local std::vector<float> z;
  z.assign(features_ + 1, 1);
  for (std::size_t i = 0; i < features_; ++i) z[i] = std::clamp((x[i] - mean_[i]) * scale_[i], -kCut, kCut);
  DotRows(weights_.data(), out.size(), z.size(), z.data(), out.data());
  for (std::size_t w = 0; w < out.size(); ++w)
    out[w] = std::clamp(std::expm1(std::min(out[w] + half_variance_[w], 20.0F)), 1.0F, kLongest);
}

void LengthModel::Save(ByteWriter* out) const {
  out->Put(static_cast<std::uint8_t>(known()));
  if (!known()) return;
  out->Put(mean_), out->Put(scale_), out->Put(weights_), out->Put(half_variance_);
}

LengthModel LengthModel::Read(ByteReader* in, std::size_t features, std::size_t workers) {
  LengthModel model;
  if (!in->Flag() || in->failed()) return model;
  model.features_ = features;
  model.mean_ = in->Floats(features);
  model.scale_ = in->Floats(features);
  model.weights_ = in->Floats(workers * (features + 1));
  model.half_variance_ = in->Floats(workers);
  return model;
}

}  // namespace baton::estimate
