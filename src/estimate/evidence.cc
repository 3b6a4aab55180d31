#include "estimate/evidence.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "estimate/estimator.h"
#include "estimate/evidence_terms.h"

namespace baton::estimate {

bool EvidenceTable::Has(std::size_t row, std::size_t worker) const {
  return !std::isnan(quality[row * workers + worker]);
}

double Belief::Reliability(int worker) const {
  return Logistic(reliability_[static_cast<std::size_t>(worker)]);
}

double Belief::LogOdds(int worker, std::span<const float> prior) const {
  const double own = reliability_[static_cast<std::size_t>(worker)];
  if (prior.empty()) return own;
  return own + theta_[kPriorTerm] * PriorShift(prior[static_cast<std::size_t>(worker)], own);
}

double Belief::Expected(int worker, std::span<const float> prior) const {
  return Logistic(LogOdds(worker, prior));
}

double Belief::PairLift(int a, int b) const {
  return pair_[static_cast<std::size_t>(a) * workers() + static_cast<std::size_t>(b)];
}

double Belief::Score(double p, double reliability) const {
  return std::clamp(score_[0] + score_[1] * p + score_[2] * reliability, 0.0, 1.0);
}

Posterior Belief::Weigh(std::span<const Opinion> opinions, std::span<const float> prior) const {
  Posterior out;
  if (opinions.empty()) return out;
  TermRows terms;
  GroupOpinions(opinions, &out);
  FillTerms(*this, opinions, prior, out, &terms);
  std::array<double, kMaxOpinions + 1> e;
  double most = 0;
  const auto n = static_cast<std::size_t>(out.count);
  for (std::size_t k = 0; k <= n; ++k) {
    e[k] = terms.given[k];
    for (std::size_t t = 0; t < kTerms; ++t) e[k] += theta_[t] * terms.rows[k][t];
    most = k == 0 ? e[k] : std::max(most, e[k]);
  }
  double sum = 0;
  for (std::size_t k = 0; k <= n; ++k) sum += e[k] = std::exp(e[k] - most);
  out.none = e[n] / sum;
  for (std::size_t k = 0; k < n; ++k) {
    Posterior::Group& g = out.groups[k];
    g.p = e[k] / sum;
    g.quality = Score(g.p, Expected(opinions[static_cast<std::size_t>(g.best)].worker, prior));
    if (out.top < 0 || g.quality > out.best_quality()) out.top = static_cast<int>(k);
  }
  return out;
}

void Belief::GroupOpinions(std::span<const Opinion> opinions, Posterior* out) const {
  for (std::size_t i = 0; i < opinions.size(); ++i) {
    int into = -1;
    for (std::size_t j = 0; j < i && into < 0 && opinions[i].group != kUnread; ++j) {
      if (opinions[j].group == opinions[i].group) into = out->of[j];
    }
    if (into < 0) {
      into = out->count++;
      out->groups[static_cast<std::size_t>(into)] = {};
    }
    out->of[i] = into;
    Posterior::Group& g = out->groups[static_cast<std::size_t>(into)];
    ++g.size;
    // Of equal answers the one that verifiers think best of, then the most reliable worker's: graders and
    // verifiers see more than the final answer (the case of a letter, what stands around it).
    const auto standing = [&](std::size_t who) {
      const Opinion& o = opinions[who];
      return std::pair(o.log_ratio, reliability_[static_cast<std::size_t>(o.worker)]);
    };
    if (g.best < 0 || standing(i) > standing(static_cast<std::size_t>(g.best))) g.best = static_cast<int>(i);
  }
}

}  // namespace baton::estimate
