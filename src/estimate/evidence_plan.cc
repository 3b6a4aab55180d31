#include "estimate/evidence_plan.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace baton::estimate {
namespace {

// The place of a worker in a plan; -1: it is not in it.
int PlaceOf(const Plan& plan, int worker) {
  for (std::size_t i = 0; i < plan.workers.size(); ++i) {
    if (plan.workers[i] == worker) return static_cast<int>(i);
  }
  return -1;
}

// Opinions and prior in the plan's numbering.
struct Local {
  std::array<Opinion, kMaxOpinions> opinions;
  std::array<float, kMaxTeam> prior;
  std::size_t count = 0;
  bool has_prior = false;

  Local(const Plan& plan, std::span<const Opinion> given, std::span<const float> all)
      : has_prior(!all.empty()) {
    for (const Opinion& o : given) {
      const int place = PlaceOf(plan, o.worker);
      if (place < 0 || count == kMaxOpinions) continue;
      opinions[count] = o;
      opinions[count++].worker = place;
    }
    for (std::size_t i = 0; has_prior && i < plan.workers.size(); ++i)
      prior[i] = all[static_cast<std::size_t>(plan.workers[i])];
  }
  std::span<const Opinion> Opinions() const { return {opinions.data(), count}; }
  std::span<const float> Prior(std::size_t n) const {
    return has_prior ? std::span<const float>(prior.data(), n) : std::span<const float>();
  }
};

double Price(std::span<const double> usd, int worker) {
  return usd[static_cast<std::size_t>(worker)];
}

// By how much a router expects more of the plan's workers here than it usually does.
double ShiftOf(const Plan& plan, std::span<const float> prior) {
  if (prior.empty() || plan.usual.empty()) return 0;
  double sum = 0;
  for (std::size_t i = 0; i < plan.workers.size(); ++i)
    sum += static_cast<double>(prior[static_cast<std::size_t>(plan.workers[i])]) - plan.usual[i];
  return sum / static_cast<double>(plan.workers.size());
}

// Under these prices; NaN when one of its workers may not be asked.
double ValueOf(const Plan& plan, const Rule& rule, std::span<const double> usd, double value,
               std::span<const float> prior) {
  const double shift = ShiftOf(plan, prior);
  double spending = shift * rule.tilt[1];
  for (std::size_t i = 0; i < plan.workers.size(); ++i) {
    const double price = Price(usd, plan.workers[i]);
    if (std::isnan(price)) return std::numeric_limits<double>::quiet_NaN();
    spending += rule.positions[i].reach * price;
  }
  return value * (rule.quality + shift * rule.tilt[0]) - spending;
}

}  // namespace

Evidence::Choice Evidence::Choose(std::span<const double> usd, double value,
                                  std::span<const float> prior) const {
  Choice best;
  const auto at = std::lower_bound(values_.begin(), values_.end(), value);
  std::size_t rule = static_cast<std::size_t>(at - values_.begin());
  if (rule == values_.size() || (rule > 0 && value * value < values_[rule] * values_[rule - 1])) --rule;
  double most = 0;
  for (const Plan& plan : plans_) {
    if (plan.workers.size() > 1 && !plan.rules[rule].first) continue;
    const double v = ValueOf(plan, plan.rules[rule], usd, value, prior);
    if (std::isnan(v) || (best.plan && v <= most)) continue;
    most = v;
    best = {&plan, rule};
  }
  return best;
}

Posterior Evidence::Weigh(const Choice& choice, std::span<const Opinion> opinions,
                          std::span<const float> prior) const {
  const Local local(*choice.plan, opinions, prior);
  return choice.plan->belief.Weigh(local.Opinions(), local.Prior(choice.plan->workers.size()));
}

Advice Evidence::Next(const Choice& choice, std::span<const Opinion> opinions, std::span<const float> prior,
                      std::span<const double> usd, double value) const {
  const Plan& plan = *choice.plan;
  Advice out;
  std::size_t last = 0;  // place behind the last one asked
  for (const Opinion& o : opinions)
    last = std::max(last, static_cast<std::size_t>(PlaceOf(plan, o.worker) + 1));
  std::size_t next = last;
  while (next < plan.workers.size() && std::isnan(Price(usd, plan.workers[next]))) ++next;
  if (next < plan.workers.size()) out.next = plan.workers[next];
  if (opinions.empty()) {
    out.ask = out.next;
    return out;
  }
  const Posterior p = Weigh(choice, opinions, prior);
  out.quality = p.best_quality();
  if (out.next < 0) return out;
  const Position& here = plan.rules[choice.rule].positions[last - 1];
  const double doubt = 1 - p.best_p();
  const double price = Price(usd, out.next);
  out.gain = std::max(0.0, here.gain[0] * doubt + here.gain[1] * doubt * doubt);
  // What the plan's later workers are expected to cost comes from when it was learned; the next one's price
  // is known.
  out.usd = price + std::max(0.0, here.spending[0] + here.spending[1] * doubt - plan.usd[next]);
  if (value * out.gain > out.usd) out.ask = out.next;
  return out;
}

}  // namespace baton::estimate
