#include "conduct/sep_cma_es.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numbers>
#include <numeric>

#include "base/random.h"

namespace baton::conduct {
namespace {

// Two at a time, by Box and Muller.
void Normals(Random& random, std::vector<double>* out) {
  for (std::size_t i = 0; i < out->size(); i += 2) {
    const double r = std::sqrt(-2 * std::log(1 - random.Unit())),
                 angle = 2 * std::numbers::pi * random.Unit();
    (*out)[i] = r * std::cos(angle);
    if (i + 1 < out->size()) (*out)[i + 1] = r * std::sin(angle);
  }
}

double Norm(const std::vector<double>& v) {
  return std::sqrt(std::inner_product(v.begin(), v.end(), v.begin(), 0.0));
}

}  // namespace

SepCmaEs::SepCmaEs(Options o) : mean_(std::move(o.mean)), sigma_(o.sigma), seed_(o.seed) {
  c_.assign(mean_.size(), 1);
  for (std::size_t i = 0; i < o.spread.size(); ++i) c_[i] = o.spread[i] * o.spread[i];
  path_sigma_.assign(mean_.size(), 0);
  path_c_.assign(mean_.size(), 0);
  Prepare(o.population);
}

// Hansen's standard settings; the learning rates of the variances are (n + 2) / 3 times those of the full
// matrix, because there are so many fewer of them to learn.
void SepCmaEs::Prepare(int population) {
  const auto n = static_cast<double>(mean_.size());
  weights_all_ = population > 0 ? static_cast<std::size_t>(population)
                                : static_cast<std::size_t>(std::ceil(4 + 3 * std::log(n)));
  weights_all_ = std::max<std::size_t>(2, weights_all_);
  const std::size_t mu = weights_all_ / 2;
  weights_.resize(mu);
  for (std::size_t i = 0; i < mu; ++i)
    weights_[i] =
        std::log((static_cast<double>(weights_all_) + 1) / 2) - std::log(static_cast<double>(i) + 1);
  const double sum = std::accumulate(weights_.begin(), weights_.end(), 0.0);
  double squares = 0;
  for (double& w : weights_) {
    w /= sum;
    squares += w * w;
  }
  mu_eff_ = 1 / squares;
  c_sigma_ = (mu_eff_ + 2) / (n + mu_eff_ + 5);
  d_sigma_ = 1 + 2 * std::max(0.0, std::sqrt((mu_eff_ - 1) / (n + 1)) - 1) + c_sigma_;
  c_c_ = (4 + mu_eff_ / n) / (n + 4 + 2 * mu_eff_ / n);
  const double faster = (n + 2) / 3;
  c_1_ = std::min(1.0, faster * 2 / ((n + 1.3) * (n + 1.3) + mu_eff_));
  c_mu_ = std::min(1 - c_1_, faster * 2 * (mu_eff_ - 2 + 1 / mu_eff_) / ((n + 2) * (n + 2) + mu_eff_));
  chi_ = std::sqrt(n) * (1 - 1 / (4 * n) + 1 / (21 * n * n));
}

const std::vector<std::vector<double>>& SepCmaEs::Ask() {
  if (!asked_.empty()) return asked_;
  asked_.assign(weights_all_, std::vector<double>(mean_.size()));
  for (std::size_t k = 0; k < asked_.size(); ++k) {
    Random random(seed_ * 0x9e3779b97f4a7c15ULL + static_cast<std::uint64_t>(generation_) * 1'000'003 + k);
    Normals(random, &asked_[k]);
    for (std::size_t i = 0; i < mean_.size(); ++i)
      asked_[k][i] = mean_[i] + sigma_ * std::sqrt(c_[i]) * asked_[k][i];
  }
  return asked_;
}

void SepCmaEs::Tell(std::span<const double> values) {
  (void)Ask();
  std::vector<std::size_t> order(asked_.size());
  std::iota(order.begin(), order.end(), 0);
  const auto rank = [&](std::size_t i) {
    return i < values.size() && !std::isnan(values[i]) ? values[i] : std::numeric_limits<double>::infinity();
  };
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return rank(a) < rank(b); });
  order.resize(weights_.size());
  Move(order);
  asked_.clear();
  ++generation_;
}

void SepCmaEs::Move(const std::vector<std::size_t>& best) {
  const std::size_t n = mean_.size();
  std::vector<double> step(n, 0);
  for (std::size_t k = 0; k < best.size(); ++k) {
    const auto& x = asked_[best[k]];
    for (std::size_t i = 0; i < n; ++i) step[i] += weights_[k] * (x[i] - mean_[i]) / sigma_;
  }
  const double keep = std::sqrt(c_sigma_ * (2 - c_sigma_) * mu_eff_);
  for (std::size_t i = 0; i < n; ++i)
    path_sigma_[i] = (1 - c_sigma_) * path_sigma_[i] + keep * step[i] / std::sqrt(c_[i]);
  const double length = Norm(path_sigma_);
  const double settled = std::sqrt(1 - std::pow(1 - c_sigma_, 2 * (generation_ + 1)));
  const bool calm = length / settled < (1.4 + 2 / (static_cast<double>(n) + 1)) * chi_;
  const double keep_c = calm ? std::sqrt(c_c_ * (2 - c_c_) * mu_eff_) : 0;
  const double lost = calm ? 0 : c_1_ * c_c_ * (2 - c_c_);
  for (std::size_t i = 0; i < n; ++i) {
    path_c_[i] = (1 - c_c_) * path_c_[i] + keep_c * step[i];
    double spread = 0;
    for (std::size_t k = 0; k < best.size(); ++k) {
      const double y = (asked_[best[k]][i] - mean_[i]) / sigma_;
      spread += weights_[k] * y * y;
    }
    c_[i] = (1 - c_1_ - c_mu_ + lost) * c_[i] + c_1_ * path_c_[i] * path_c_[i] + c_mu_ * spread;
  }
  for (std::size_t i = 0; i < n; ++i) mean_[i] += sigma_ * step[i];
  sigma_ *= std::exp(std::min(1.0, c_sigma_ / d_sigma_ * (length / chi_ - 1)));
}

double SepCmaEs::axis_ratio() const {
  const auto [low, high] = std::minmax_element(c_.begin(), c_.end());
  return std::sqrt(*high / *low);
}

std::string SepCmaEs::Write() const {
  const nlohmann::json out = {
      {"mean", mean_},   {"variances", c_}, {"path_sigma", path_sigma_}, {"path_c", path_c_},
      {"sigma", sigma_}, {"seed", seed_},   {"generation", generation_}, {"population", weights_all_}};
  return out.dump();
}

Result<SepCmaEs> SepCmaEs::Read(const std::string& state) {
  const auto in = nlohmann::json::parse(state, nullptr, false);
  SepCmaEs es;
  try {
    in.at("mean").get_to(es.mean_);
    in.at("variances").get_to(es.c_);
    in.at("path_sigma").get_to(es.path_sigma_);
    in.at("path_c").get_to(es.path_c_);
    in.at("sigma").get_to(es.sigma_);
    in.at("seed").get_to(es.seed_);
    in.at("generation").get_to(es.generation_);
    const std::size_t n = es.mean_.size();
    const auto population = in.at("population").get<int>();
    const bool whole = n > 0 && es.c_.size() == n && es.path_sigma_.size() == n && es.path_c_.size() == n &&
                       es.sigma_ > 0 && population >= 2 && population < 1'000'000;
    if (!whole)
      return Fail(Code::kInvalidRequest, "the optimiser's state does not fit together", "bad_state");
    es.Prepare(population);
  } catch (const nlohmann::json::exception& e) {
    return Fail(Code::kInvalidRequest, "the optimiser's state cannot be read", "bad_state");
  }
  return es;
}

}  // namespace baton::conduct
