#include "estimate/network.h"

#include <algorithm>
#include <cmath>

#include "base/vectors.h"
#include "estimate/kinds.h"
#include "estimate/shape.h"

namespace baton::estimate {
namespace {

constexpr float kCut = 6;
constexpr std::size_t kMaxHidden = 1024;

float BendOf(Bend bend, float z) {
  switch (bend) {
    case Bend::kNone:
      return z;
    case Bend::kSilu:
      return z * Sigmoid(z);
    case Bend::kSoftplus:
      return z > 20 ? z : std::log1p(std::exp(z));
  }
  return z;
}

float SlopeOf(Bend bend, float z) {
  const float s = Sigmoid(z);
  switch (bend) {
    case Bend::kNone:
      return 1;
    case Bend::kSilu:
      return s * (1 + z * (1 - s));
    case Bend::kSoftplus:
      return s;
  }
  return 1;
}

// Weights are Gaussian with variance 2 / fan-in: together they explain a logit of two, whatever their number.
struct PriorPart {
  std::size_t begin, end;
  double precision;
};

double AddPrior(const NetworkShape& s, std::span<const float> parameters, double prior,
                std::span<float> gradient) {
  const PriorPart parts[] = {{s.P(), s.C(), static_cast<double>(s.features) / 2},
                             {s.V(), s.B(), static_cast<double>(s.Inner()) / 2},
                             {s.D(), s.Parameters(), static_cast<double>(s.features) / 2}};
  double loss = 0;
  for (const PriorPart& part : parts) {
    if (part.end <= part.begin) continue;
    const float pull = static_cast<float>(part.precision * prior);
    const float* w = parameters.data() + part.begin;
    loss += 0.5 * pull * static_cast<double>(Dot(w, w, part.end - part.begin));
    AddScaled(pull, w, gradient.data() + part.begin, part.end - part.begin);
  }
  return loss;
}

// log(1 + e^z) - q z without overflow.
double CrossEntropy(float z, float q) {
  return std::max(z, 0.0F) + std::log1p(std::exp(-std::abs(z))) - q * z;
}

// What a row's logits owe to the layer below: the derivative by h.
void BackThroughHidden(const NetworkShape& s, std::span<const float> parameters, const float* errors,
                       const NetworkBatch& batch, std::size_t row, std::span<float> gradient,
                       std::vector<float>* dh) {
  const std::size_t h = s.hidden;
  dh->assign(h, 0);
  for (std::size_t w = 0; w < s.workers; ++w) {
    if (errors[w] != 0) AddScaled(errors[w], parameters.data() + s.V() + w * h, dh->data(), h);
  }
  for (std::size_t i = 0; i < h; ++i) {
    const float d = (*dh)[i] * SlopeOf(s.bend, batch.bent[row * h + i]);
    AddScaled(d, batch.x.data() + row * s.features, gradient.data() + s.P() + i * s.features, s.features);
    gradient[s.C() + i] += d;
  }
}

}  // namespace

void Forward(const NetworkShape& s, std::span<const float> parameters, NetworkBatch* b) {
  if (s.hidden > 0) {
    b->bent.resize(b->rows * s.hidden);
    b->h.resize(b->rows * s.hidden);
    MultiplyTransposed(b->x.data(), b->rows, parameters.data() + s.P(), s.hidden, s.features, b->bent.data());
    for (std::size_t i = 0; i < b->h.size(); ++i) {
      b->bent[i] += parameters[s.C() + i % s.hidden];
      b->h[i] = BendOf(s.bend, b->bent[i]);
    }
  }
  b->logits.resize(b->rows * s.workers);
  MultiplyTransposed(b->Hidden().data(), b->rows, parameters.data() + s.V(), s.workers, s.Inner(),
                     b->logits.data());
  for (std::size_t r = 0; r < b->rows; ++r) {
    float common = 0;
    if (s.difficulty) common = Dot(parameters.data() + s.D(), b->x.data() + r * s.features, s.features);
    for (std::size_t w = 0; w < s.workers; ++w)
      b->logits[r * s.workers + w] += parameters[s.B() + w] - common;
  }
}

double LossAndGradient(const NetworkShape& s, std::span<const float> parameters,
                       std::span<const float> quality, double prior, NetworkBatch* b,
                       std::span<float> gradient) {
  Forward(s, parameters, b);
  double loss = AddPrior(s, parameters, prior, gradient);
  const float per_row = 1.0F / static_cast<float>(b->rows);
  std::vector<float> errors(s.workers), dh;
  for (std::size_t r = 0; r < b->rows; ++r) {
    float common = 0;
    for (std::size_t w = 0; w < s.workers; ++w) {
      const float q = quality[r * s.workers + w], z = b->logits[r * s.workers + w];
      errors[w] = std::isnan(q) ? 0 : (Sigmoid(z) - q) * per_row;
      if (std::isnan(q)) continue;
      loss += CrossEntropy(z, q) * static_cast<double>(per_row);
      AddScaled(errors[w], b->Hidden().data() + r * s.Inner(), gradient.data() + s.V() + w * s.Inner(),
                s.Inner());
      gradient[s.B() + w] += errors[w];
      common += errors[w];
    }
    if (s.difficulty) AddScaled(-common, b->x.data() + r * s.features, gradient.data() + s.D(), s.features);
    if (s.hidden > 0) BackThroughHidden(s, parameters, errors.data(), *b, r, gradient, &dh);
  }
  return loss;
}

void Network::Standardise(std::span<const float> x, float* out) const {
  for (std::size_t i = 0; i < x.size(); ++i) out[i] = std::clamp((x[i] - mean_[i]) * scale_[i], -kCut, kCut);
}

float Network::Question(std::span<const float> x, std::span<float> h) const {
  thread_local std::vector<float> z;
  z.resize(x.size());
  Standardise(x, z.data());
  if (shape_.hidden == 0) {
    std::copy(z.begin(), z.end(), h.begin());
  } else {
    DotRows(parameters_.data() + shape_.P(), shape_.hidden, shape_.features, z.data(), h.data());
    for (std::size_t i = 0; i < shape_.hidden; ++i)
      h[i] = BendOf(shape_.bend, h[i] + parameters_[shape_.C() + i]);
  }
  return shape_.difficulty ? -Dot(parameters_.data() + shape_.D(), z.data(), z.size()) : 0;
}

std::span<const float> Network::Ability(std::size_t worker) const {
  return {parameters_.data() + shape_.V() + worker * shape_.Inner(), shape_.Inner()};
}

void Network::Predict(std::span<const float> x, std::span<Estimate> out) const {
  thread_local std::vector<float> h, logits;
  const std::size_t inner = shape_.Inner();
  h.resize(inner + 1);
  logits.resize(shape_.workers);
  const float common = Question(x, std::span(h).first(inner));
  h[inner] = 1;
  const float variance = laplace_.Variance(h);
  DotRows(parameters_.data() + shape_.V(), shape_.workers, inner, h.data(), logits.data());
  for (std::size_t w = 0; w < out.size(); ++w) {
    const float p = Sigmoid(logits[w] + Offset(w) + common);
    const float spread = p * (1 - p) * std::sqrt(variance / std::max(share_[w], 1e-3F));
    out[w] = {p, std::min(spread, 0.5F)};
  }
}

void Network::Save(ByteWriter* out) const {
  out->Put(kind_);
  out->Put(std::uint64_t{shape_.features}), out->Put(std::uint64_t{shape_.hidden});
  out->Put(std::uint64_t{shape_.workers});
  out->Put(static_cast<std::uint8_t>(shape_.bend)), out->Put(static_cast<std::uint8_t>(shape_.difficulty));
  out->Put(mean_), out->Put(scale_), out->Put(parameters_), out->Put(share_);
  laplace_.Save(out);
}

std::unique_ptr<Estimator> ReadNetwork(ByteReader* in) {
  auto model = std::make_unique<Network>();
  NetworkShape& s = model->shape_;
  model->kind_ = in->Text();
  s.features = in->Count(1, kMaxFeatures);
  s.hidden = in->Count(0, kMaxHidden);
  s.workers = in->Count(1, kMaxWorkers);
  const auto bend = in->Get<std::uint8_t>();
  if (bend > static_cast<std::uint8_t>(Bend::kSoftplus)) in->Fail();
  s.bend = static_cast<Bend>(bend);
  s.difficulty = in->Flag();
  if (in->failed()) return nullptr;
  model->mean_ = in->Floats(s.features);
  model->scale_ = in->Floats(s.features);
  model->parameters_ = in->Floats(s.Parameters());
  model->share_ = in->Floats(s.workers);
  if (in->failed()) return nullptr;
  model->laplace_ = Laplace::Read(in, s.Inner() + 1);
  return model;
}

}  // namespace baton::estimate
