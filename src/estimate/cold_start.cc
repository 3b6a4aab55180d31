// The prior is a small regression over the known workers: each ability on log price and on the family's own
// deviation. With a handful of workers both are drawn strongly towards "like the others". Updating is
// Newton's method on nine numbers with their whole covariance: abilities act together, and steps that took
// each alone would not settle.

#include "estimate/cold_start.h"

#include <algorithm>
#include <cmath>

#include "base/vectors.h"
#include "estimate/cholesky.h"
#include "estimate/family.h"
#include "estimate/kinds.h"
#include "estimate/shape.h"

namespace baton::estimate {
namespace {

constexpr float kLeastVariance = 0.02F;
constexpr std::size_t kMaxCandidates = 2000;

float PriceOf(const WorkerFacts& f) {
  return static_cast<float>(std::log(std::max(f.usd_per_mtok, 0.0) + 0.05));
}

// Trend of ability i along log price, a family's deviation from it, and what is left unexplained.
struct Trend {
  float mean = 0, slope = 0, price_mean = 0, family = 0, variance = 1;
};

Trend TrendOf(std::span<const float> ability, const std::vector<WorkerFacts>& facts,
              const std::string& family) {
  const auto n = static_cast<float>(ability.size());
  Trend t;
  for (float a : ability) t.mean += a / n;
  float priced = 0, sxx = 0, sxy = 0;
  for (const auto& f : facts) {
    if (f.usd_per_mtok >= 0) t.price_mean += PriceOf(f), priced += 1;
  }
  if (priced > 0) t.price_mean /= priced;
  for (std::size_t w = 0; w < facts.size(); ++w) {
    if (facts[w].usd_per_mtok < 0) continue;
    const float dx = PriceOf(facts[w]) - t.price_mean;
    sxx += dx * dx, sxy += dx * (ability[w] - t.mean);
  }
  t.slope = sxy / (sxx + 4);  // four workers' weight for "price says nothing"
  float residual = 0, members = 0, deviation = 0;
  for (std::size_t w = 0; w < ability.size(); ++w) {
    const bool known = w < facts.size() && facts[w].usd_per_mtok >= 0;
    const float e = ability[w] - t.mean - (known ? t.slope * (PriceOf(facts[w]) - t.price_mean) : 0);
    residual += e * e;
    if (w < facts.size() && !family.empty() && facts[w].family == family) deviation += e, members += 1;
  }
  t.family = deviation / (members + 2);
  t.variance = (residual + 1) / (n + 1);
  if (members > 0) t.variance *= 2 / (members + 2) + 0.3F;
  t.variance = std::max(t.variance * (1 + 1 / n), kLeastVariance);
  return t;
}

// An n x n matrix times h.
void Turn(const std::vector<double>& matrix, const std::vector<float>& h, std::vector<double>* out) {
  const std::size_t n = h.size();
  for (std::size_t i = 0; i < n; ++i) {
    (*out)[i] = 0;
    for (std::size_t j = 0; j < n; ++j) (*out)[i] += matrix[i * n + j] * static_cast<double>(h[j]);
  }
}

}  // namespace

std::string FamilyOf(std::string_view name) {
  // "vendor/model" names the vendor first.
  if (const auto slash = name.rfind('/'); slash != std::string_view::npos) name.remove_prefix(slash + 1);
  std::string family;
  for (char c : name) {
    const char low = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    if (low < 'a' || low > 'z') break;
    family += low;
  }
  return family;
}

ColdStart ColdStart::Fit(const Table& t, std::vector<WorkerFacts> facts, const FitOptions& options) {
  ColdStart c;
  NetworkShape shape;
  shape.hidden = 8, shape.bend = Bend::kSoftplus, shape.difficulty = true;
  c.irt_ = Train("irt", shape, t, options);
  c.facts_ = std::move(facts);
  c.facts_.resize(t.workers);
  return c;
}

void ColdStart::Question(std::span<const float> x, std::vector<float>* h, float* common) const {
  const std::size_t n = irt_->shape().Inner();
  h->assign(n + 1, 1);
  *common = irt_->Question(x, std::span(*h).first(n));
}

Ability ColdStart::Prior(const WorkerFacts& facts) const {
  const std::size_t n = irt_->shape().Inner(), workers = irt_->workers();
  Ability a;
  for (std::size_t i = 0; i <= n; ++i) {
    std::vector<float> known;
    for (std::size_t w = 0; w < workers; ++w) known.push_back(i < n ? irt_->Ability(w)[i] : irt_->Offset(w));
    const Trend t = TrendOf(known, facts_, facts.family);
    const float along = facts.usd_per_mtok >= 0 ? t.slope * (PriceOf(facts) - t.price_mean) : 0;
    a.mean.push_back(t.mean + along + t.family);
    a.variance.push_back(t.variance);
  }
  return a;
}

Ability ColdStart::Update(const Ability& prior, std::span<const Probe> probes) const {
  const std::size_t n = prior.mean.size();
  std::vector<std::vector<float>> h(probes.size());
  std::vector<float> common(probes.size());
  for (std::size_t i = 0; i < probes.size(); ++i) Question(probes[i].x, &h[i], &common[i]);
  Ability a = prior;
  std::vector<double> precision, step(n);
  for (int round = 0; round < 12; ++round) {
    precision.assign(n * n, 0);
    for (std::size_t k = 0; k < n; ++k) {
      precision[k * n + k] = 1 / static_cast<double>(prior.variance[k]);
      step[k] = static_cast<double>(a.mean[k] - prior.mean[k]) * precision[k * n + k];
    }
    for (std::size_t i = 0; i < probes.size(); ++i) {
      const float p = Sigmoid(Dot(h[i].data(), a.mean.data(), n) + common[i]);
      for (std::size_t k = 0; k < n; ++k) {
        step[k] += static_cast<double>((p - probes[i].score) * h[i][k]);
        for (std::size_t j = 0; j < n; ++j)
          precision[k * n + j] += static_cast<double>(p * (1 - p) * h[i][k] * h[i][j]);
      }
    }
    if (!Factor(&precision, n)) return prior;
    Solve(precision, n, &step);
    for (std::size_t k = 0; k < n; ++k) a.mean[k] -= std::clamp(static_cast<float>(step[k]), -2.0F, 2.0F);
  }
  for (std::size_t k = 0; k < n; ++k) {
    std::vector<double> column(n, 0);
    column[k] = 1;
    Solve(precision, n, &column);
    a.variance[k] = static_cast<float>(column[k]);
  }
  return a;
}

Estimate ColdStart::Predict(const Ability& a, std::span<const float> x) const {
  thread_local std::vector<float> h;
  float common = 0;
  Question(x, &h, &common);
  const float z = Dot(h.data(), a.mean.data(), h.size()) + common;
  float variance = 0;
  for (std::size_t k = 0; k < h.size(); ++k) variance += h[k] * h[k] * a.variance[k];
  // Averaged over what the ability may be, an estimate moves towards a half (MacKay's approximation).
  const float p = Sigmoid(z / std::sqrt(1 + 0.3927F * variance));
  return {p, std::min(p * (1 - p) * std::sqrt(variance), 0.5F)};
}

std::vector<std::size_t> ColdStart::ProbeItems(const Table& t, std::size_t k) const {
  const Ability a = Prior({});
  const std::size_t step = std::max<std::size_t>(t.rows / kMaxCandidates, 1), n = a.mean.size();
  std::vector<std::size_t> candidates, chosen;
  std::vector<std::vector<float>> h;
  std::vector<double> weight;
  for (std::size_t r = 0; r < t.rows; r += step) {
    float common = 0;
    candidates.push_back(r);
    Question(t.X(r), &h.emplace_back(), &common);
    const float p = Sigmoid(Dot(h.back().data(), a.mean.data(), n) + common);
    weight.push_back(static_cast<double>(p * (1 - p)));
  }
  std::vector<bool> used(candidates.size(), false);
  std::vector<double> covariance(n * n, 0), turned(n), best_turned;
  for (std::size_t i = 0; i < n; ++i) covariance[i * n + i] = static_cast<double>(a.variance[i]);
  while (chosen.size() < std::min(k, candidates.size())) {
    std::size_t best = 0;
    double most = -1, best_shrink = 0;
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      if (used[i]) continue;
      // Sherman and Morrison: by how much one answer shrinks the covariance.
      Turn(covariance, h[i], &turned);
      double along = 0, squares = 0;
      for (std::size_t j = 0; j < n; ++j)
        along += static_cast<double>(h[i][j]) * turned[j], squares += turned[j] * turned[j];
      const double shrink = weight[i] / (1 + weight[i] * along);
      if (shrink * squares > most)
        most = shrink * squares, best = i, best_shrink = shrink, best_turned = turned;
    }
    used[best] = true;
    chosen.push_back(candidates[best]);
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j < n; ++j)
        covariance[i * n + j] -= best_shrink * best_turned[i] * best_turned[j];
    }
  }
  return chosen;
}

void ColdStart::Save(ByteWriter* out) const {
  out->Put(static_cast<std::uint8_t>(known()));
  if (!known()) return;
  irt_->Save(out);
  for (const auto& f : facts_) out->Put(std::string_view(f.family)), out->Put(f.usd_per_mtok);
}

ColdStart ColdStart::Read(ByteReader* in, std::size_t features) {
  ColdStart c;
  if (!in->Flag() || in->failed()) return c;
  std::shared_ptr<Estimator> read = ReadNetwork(in);
  c.irt_ = std::dynamic_pointer_cast<const Network>(read);
  if (in->failed() || !c.irt_ || c.irt_->features() != features) return in->Fail(), ColdStart();
  for (std::size_t w = 0; w < c.irt_->workers(); ++w) {
    WorkerFacts f;
    f.family = in->Text();
    f.usd_per_mtok = in->Get<double>();
    if (!(f.usd_per_mtok < 1e9)) in->Fail();
    c.facts_.push_back(std::move(f));
  }
  return in->failed() ? ColdStart() : c;
}

}  // namespace baton::estimate
