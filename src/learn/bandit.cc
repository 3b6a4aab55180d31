// The online learner.
//
// Problem: traffic shifts, prices move, models get worse, while a fitted router stays as it was. Options:
// refit often (slow, and the log holds answers of the chosen worker only), LinUCB from scratch (throws away
// what the outcome matrix knew, and starts blind for every worker), or learn only the *difference*: reward
// minus what the router expected, regressed on 24 numbers of the request (learn/compact.h), per worker, old
// observations fading by halves (discounted linear Thompson sampling: Russac, Vernade and Cappe 2019; Kim and
// Tewari 2020). We take the last. With nothing observed, or everything forgotten, it is the router itself; a
// worker that is not asked for long becomes uncertain again and is tried again. Prices are no part of it:
// costs are computed at today's prices, so a change acts on the next request; only output *length* is
// learned, as one factor per worker.
//
// The prior stands outside the discounted sums, so it never fades. The correction is bounded (`largest`), so
// that no amount of feedback turns an estimate over by more than that.
//
// Cost: an observation is 24 x 24 multiplications, a snapshot one Cholesky inverse per worker, a correction
// 24 x 24 multiplications (about half a microsecond).
#include "learn/bandit.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace baton::learn {
namespace {

constexpr std::size_t kD = kCompact;
constexpr char kMagic[] = "BATONBA1";
constexpr std::size_t kMaxWorkers = 4096, kMaxName = 256;

// Inverse of a symmetric positive definite matrix, in place, by Cholesky. Precisions have a prior on their
// diagonal, so a pivot is never small.
void Invert(std::vector<double>& a) {
  std::vector<double> l(kD * kD, 0);
  for (std::size_t j = 0; j < kD; ++j) {
    for (std::size_t i = j; i < kD; ++i) {
      double s = a[i * kD + j];
      for (std::size_t k = 0; k < j; ++k) s -= l[i * kD + k] * l[j * kD + k];
      l[i * kD + j] = i == j ? std::sqrt(std::max(s, 1e-12)) : s / l[j * kD + j];
    }
  }
  for (std::size_t c = 0; c < kD; ++c) {
    std::array<double, kD> y{};
    for (std::size_t i = 0; i < kD; ++i) {
      double s = i == c ? 1 : 0;
      for (std::size_t k = 0; k < i; ++k) s -= l[i * kD + k] * y[k];
      y[i] = s / l[i * kD + i];
    }
    for (std::size_t i = kD; i-- > 0;) {
      double s = y[i];
      for (std::size_t k = i + 1; k < kD; ++k) s -= l[k * kD + i] * a[k * kD + c];
      a[i * kD + c] = s / l[i * kD + i];
    }
  }
}

class Packer {
 public:
  void Bytes(std::string_view s) { out_ += s; }
  template <class T>
  void Raw(const T& v) {
    out_.append(reinterpret_cast<const char*>(&v), sizeof v);
  }
  std::string Take() { return std::move(out_); }

 private:
  std::string out_;
};

class Unpacker {
 public:
  explicit Unpacker(std::string_view in) : in_(in) {}
  std::string_view Bytes(std::size_t n) {
    if (n > in_.size()) ok_ = false, n = 0;
    const std::string_view out = in_.substr(0, n);
    in_.remove_prefix(n);
    return out;
  }
  template <class T>
  T Raw() {
    T v{};
    const std::string_view bytes = Bytes(sizeof v);
    if (bytes.size() == sizeof v) std::memcpy(&v, bytes.data(), sizeof v);
    return v;
  }
  double Number() {
    const double v = Raw<double>();
    ok_ &= std::isfinite(v) && std::abs(v) < 1e12;
    return v;
  }
  bool done() const { return ok_ && in_.empty(); }
  bool ok() const { return ok_; }

 private:
  std::string_view in_;
  bool ok_ = true;
};

}  // namespace

Corrected Correction::Of(std::string_view worker, const std::array<float, kCompact>& x) const {
  const auto at = parts_.find(worker);
  if (at == parts_.end()) {
    double local = 0;
    for (std::size_t i = 1; i < kD; ++i) local += static_cast<double>(x[i]) * x[i];
    return {
        0, std::sqrt(options_.common_sd * options_.common_sd + options_.local_sd * options_.local_sd * local),
        1};
  }
  const Part& p = at->second;
  double mean = 0, variance = 0;
  for (std::size_t i = 0; i < kD; ++i) {
    mean += p.mean[i] * x[i];
    float row = 0;
    for (std::size_t j = 0; j < kD; ++j) row += p.covariance[i * kD + j] * x[j];
    variance += static_cast<double>(row) * x[i];
  }
  return {std::clamp(mean, -options_.largest, options_.largest), std::sqrt(std::max(variance, 0.0)),
          p.tokens};
}

double Correction::Weight(std::string_view worker) const {
  const auto at = parts_.find(worker);
  return at == parts_.end() ? 0 : at->second.weight;
}

void Bandit::Discount(Model& m, std::uint64_t to) const {
  if (to == m.at) return;
  const double f = std::exp2(-static_cast<double>(to - m.at) / options_.half_life);
  for (double& v : m.precision) v *= f;
  for (double& v : m.sums) v *= f;
  m.weight *= f;
  m.log_tokens *= f;
  m.token_weight *= f;
  m.at = to;
}

Bandit::Model& Bandit::Of(const std::string& worker) {
  Model& m = models_[worker];
  if (m.precision.empty()) {
    m.precision.assign(kD * kD, 0);
    m.at = now_;
  }
  return m;
}

void Bandit::Observe(const Observation& o) {
  ++now_;
  if (o.weight <= 0) return;
  Model& m = Of(o.worker);
  Discount(m, now_);
  const auto x = o.x.Values();
  const double residual = std::clamp(o.reward, 0.0, 1.0) - o.expected;
  for (std::size_t i = 0; i < kD; ++i) {
    for (std::size_t j = 0; j < kD; ++j) m.precision[i * kD + j] += o.weight * x[i] * x[j];
    m.sums[i] += o.weight * x[i] * residual;
  }
  m.weight += o.weight;
  if (o.expected_tokens <= 0 || o.tokens <= 0) return;
  // A single odd length counts at most as tenfold.
  m.log_tokens += o.weight * std::clamp(std::log(o.tokens / o.expected_tokens), -2.3, 2.3);
  m.token_weight += o.weight;
}

std::shared_ptr<const Correction> Bandit::Snapshot() const {
  auto out = std::make_shared<Correction>();
  out->options_ = options_;
  const double noise = options_.noise_sd * options_.noise_sd;
  const auto ridge = [&](std::size_t i) {
    const double sd = i == 0 ? options_.common_sd : options_.local_sd;
    return noise / (sd * sd);
  };
  for (const auto& [worker, learned] : models_) {
    Model m = learned;
    Discount(m, now_);
    for (std::size_t i = 0; i < kD; ++i) m.precision[i * kD + i] += ridge(i);
    Invert(m.precision);
    Correction::Part& part = out->parts_[worker];
    part.covariance.resize(kD * kD);
    for (std::size_t i = 0; i < kD; ++i) {
      for (std::size_t j = 0; j < kD; ++j) {
        part.mean[i] += m.precision[i * kD + j] * m.sums[j];
        part.covariance[i * kD + j] = static_cast<float>(noise * m.precision[i * kD + j]);
      }
    }
    part.weight = m.weight;
    // Ten observations' worth of "as expected" stand before the first.
    part.tokens = std::exp(m.log_tokens / (m.token_weight + 10));
  }
  return out;
}

std::string Bandit::Save() const {
  Packer w;
  w.Bytes({kMagic, 8});
  w.Raw(static_cast<std::uint32_t>(kD));
  w.Raw(static_cast<std::uint32_t>(models_.size()));
  w.Raw(now_);
  for (const auto& [worker, m] : models_) {
    w.Raw(static_cast<std::uint32_t>(worker.size()));
    w.Bytes(worker);
    w.Raw(m.at);
    w.Raw(m.weight), w.Raw(m.log_tokens), w.Raw(m.token_weight);
    for (double v : m.sums) w.Raw(v);
    for (double v : m.precision) w.Raw(v);
  }
  return w.Take();
}

Result<Bandit> Bandit::Load(std::string_view bytes, BanditOptions options) {
  Unpacker r(bytes);
  Bandit b(options);
  const bool ours = r.Bytes(8) == std::string_view(kMagic, 8) && r.Raw<std::uint32_t>() == kD;
  const std::size_t count = r.Raw<std::uint32_t>();
  b.now_ = r.Raw<std::uint64_t>();
  bool fine = ours && r.ok() && count <= kMaxWorkers;
  for (std::size_t i = 0; fine && i < count; ++i) {
    const std::size_t length = r.Raw<std::uint32_t>();
    if (length > kMaxName) break;
    Model& m = b.models_[std::string(r.Bytes(length))];
    m.precision.assign(kD * kD, 0);
    m.at = r.Raw<std::uint64_t>();
    m.weight = r.Number(), m.log_tokens = r.Number(), m.token_weight = r.Number();
    for (double& v : m.sums) v = r.Number();
    for (double& v : m.precision) v = r.Number();
    fine = r.ok() && m.at <= b.now_ && m.weight >= 0 && m.token_weight >= 0;
  }
  if (fine && r.done() && b.models_.size() == count) return b;
  return Fail(Code::kInvalidRequest, "the bytes are not a bandit's state of this version", "state_malformed");
}

}  // namespace baton::learn
