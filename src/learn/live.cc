// One decision, in the order of its steps: what each policy expects of each worker, who is out of reach
// (upgrade limit), what exploring may cost, which arm, which worker, with which probability.
//
// During a canary the arms are drawn by a coin and each arm draws its worker, so the worker that was asked
// has probability sum over arms of share times that arm's probability. That sum is what is recorded: later
// estimates need the probability under everything that could have happened, not under the branch that did.
//
// The money for exploring is reserved before anything is drawn (the dearest step up that could be drawn), and
// what was not needed goes back. So whether there is money is settled before the draw, and the propensity is
// exact although loops share one purse.
#include "learn/live.h"

#include <algorithm>
#include <cmath>
#include <optional>

namespace baton::learn {
namespace {

// What one policy makes of one request, with what was learned about it online.
struct Sight {
  const View* view = nullptr;
  std::vector<Option> options;
  double cheapest = 0;
};

Sight Look(const View& view, const Regime& regime, const Question& q) {
  Sight s;
  s.view = &view;
  s.options.resize(q.workers.size());
  const auto values = q.compact.Values();
  const auto learned = regime.corrections.find(view.policy);
  for (std::size_t i = 0; i < q.workers.size(); ++i) {
    const Prospect& p = view.prospects[i];
    Option& o = s.options[i];
    o = {p.quality + p.bias, p.spread, p.cost_usd};
    if (learned != regime.corrections.end()) {
      const Corrected c = learned->second->Of(q.workers[i], values);
      o.quality = std::clamp(p.quality + c.quality, 0.0, 1.0) + p.bias;
      o.spread = c.spread;
      o.cost_usd += p.output_usd * (c.tokens - 1);
    }
    s.cheapest = i == 0 ? o.cost_usd : std::min(s.cheapest, o.cost_usd);
  }
  return s;
}

ChoiceSettings SettingsFor(const Regime& regime, const Question& q) {
  ChoiceSettings s = regime.choice;
  if (q.value_usd > 0) s.value_usd = q.value_usd;
  return s;
}

// Everything about a request that does not depend on purses or draws.
class Decision {
 public:
  Decision(const Regime& regime, const Question& q)
      : regime_(regime), q_(q), settings_(SettingsFor(regime, q)), key_(MixKeys(regime.seed, q.exchange)) {
    if (q.in_place) in_place_ = Look(*q.in_place, regime, q);
    if (q.candidate && q.may_explore) candidate_ = Look(*q.candidate, regime, q);
    if (!Canary()) return;
    for (std::size_t i = 0; i < q.workers.size(); ++i) {
      if (regime.promotion.with_single && q.workers[i] == regime.single) single_ = i;
    }
  }

  bool Canary() const { return candidate_ && regime_.promotion.stage == Stage::kCanary; }
  bool Decides() const { return in_place_ || Canary(); }

  // Workers dearer than the cheapest by this factor become too dear for every purse.
  void TakeOutUpgrades(double factor) {
    for (auto* view : {&in_place_, &candidate_}) {
      if (!*view) continue;
      for (Option& o : (*view)->options) {
        if (o.cost_usd > factor * (*view)->cheapest) o = {-1, 0, o.cost_usd + kOutOfReach};
      }
    }
    const auto& first = in_place_ ? in_place_ : candidate_;
    if (single_ && first && first->options[*single_].cost_usd >= kOutOfReach) single_.reset();
  }

  // The most that a draw could cost beyond what its policy holds for best.
  double DearestStep() const {
    double most = 0;
    for (const auto* view : {&in_place_, &candidate_}) {
      if (!*view) continue;
      const std::size_t greedy = Distribution((*view)->options, settings_, -1).greedy;
      for (const Option& o : (*view)->options) {
        if (o.cost_usd < kOutOfReach) most = std::max(most, o.cost_usd - (*view)->options[greedy].cost_usd);
      }
    }
    return most;
  }

  Answer Draw(double explore_usd) const;
  bool IsUpgrade(const Answer& a, double factor) const {
    const Sight& s = in_place_ ? *in_place_ : *candidate_;
    return s.options[a.worker].cost_usd > factor * s.cheapest;
  }

 private:
  static constexpr double kOutOfReach = 1e6;
  Arm ArmHere() const {
    if (!Canary()) return Arm::kInPlace;
    const Arm arm = ArmOfExchange(regime_.promotion, MixKeys(key_, 1));
    return arm == Arm::kSingle && !single_ ? Arm::kInPlace : arm;
  }
  static void Describe(const Sight& s, Answer& a) {
    const Prospect& p = s.view->prospects[a.worker];
    a.quality = s.options[a.worker].quality - p.bias;
    a.cost_usd = s.options[a.worker].cost_usd;
    a.file_quality = p.quality;
    a.file_tokens = p.output_tokens;
  }
  void AskShadow(Answer& a) const {
    if (!candidate_ || regime_.promotion.stage != Stage::kShadow) return;
    // Its best: there is nothing to explore where nobody sees the answer.
    a.shadow = Distribution(candidate_->options, settings_, -1).greedy;
    a.shadow_quality = candidate_->view->prospects[*a.shadow].quality;
  }

  const Regime& regime_;
  const Question& q_;
  const ChoiceSettings settings_;
  const std::uint64_t key_;
  std::optional<Sight> in_place_, candidate_;
  std::optional<std::size_t> single_;
};

Answer Decision::Draw(double explore_usd) const {
  Answer a;
  a.trial = Canary();
  a.arm = ArmHere();
  AskShadow(a);
  // Without a policy in place its part of a canary stays with the rules.
  a.decided = Decides() && (a.arm != Arm::kInPlace || in_place_);
  if (!a.decided) return a;
  const double share = Canary() ? regime_.promotion.share : 0;
  std::vector<double> total(q_.workers.size(), 0);
  if (single_) total[*single_] += share;
  const auto draw = [&](const Sight& sight, double weight, Arm arm) {
    const Choice c = Choose(sight.options, settings_, explore_usd, MixKeys(key_, 2));
    for (std::size_t i = 0; i < total.size(); ++i) total[i] += weight * c.probability[i];
    if (a.arm != arm) return;
    a.worker = c.picked;
    a.explored = c.picked != c.greedy;
    a.explored_usd = c.extra_usd;
    a.policy = sight.view->policy;
    Describe(sight, a);
    a.options = sight.options;
  };
  if (Canary()) draw(*candidate_, share, Arm::kCandidate);
  if (in_place_) draw(*in_place_, 1 - share * (single_ ? 2 : 1), Arm::kInPlace);
  if (a.arm == Arm::kSingle) {
    a.worker = *single_;
    a.policy = ArmName(Arm::kSingle);
    Describe(in_place_ ? *in_place_ : *candidate_, a);
    a.options = (in_place_ ? *in_place_ : *candidate_).options;
  }
  a.propensity = std::min(1.0, total[a.worker]);
  return a;
}

}  // namespace

const std::string& Regime::InPlace(std::string_view slice) const {
  static const std::string kConfigured;
  const auto at = promotion.in_place.find(slice);
  return at == promotion.in_place.end() ? kConfigured : at->second;
}

const std::string& Regime::Candidate() const {
  static const std::string kNone;
  return promotion.stage == Stage::kShadow || promotion.stage == Stage::kCanary ? promotion.candidate : kNone;
}

Live::Live(const Caps& caps)
    : explore_(caps.explore_per_day, caps.explore),
      shadow_(caps.shadow_per_day, caps.shadow),
      upgrades_(caps.upgrades) {}

Answer Live::DecideAs(const Regime& regime, const Question& q, double explore_usd, double upgrade_factor) {
  Decision decision(regime, q);
  if (upgrade_factor > 0) decision.TakeOutUpgrades(upgrade_factor);
  Answer a = decision.Draw(explore_usd);
  a.limited = upgrade_factor > 0;
  return a;
}

Answer Live::Decide(const Regime& regime, const Question& q) {
  Decision decision(regime, q);
  double factor = 0;
  const bool limited = !q.caller.empty() && !upgrades_.MayUpgrade(q.caller, &factor);
  if (limited) decision.TakeOutUpgrades(factor);
  double explore_usd = -1;
  budget::Nanos reserved;
  std::optional<std::int64_t> day;
  if (regime.explore && q.may_explore && decision.Decides()) {
    reserved.v = static_cast<std::int64_t>(std::ceil(decision.DearestStep() * 1e9));
    day = explore_.Take(reserved);
    // With an empty purse cheaper workers may still be tried: they cost no dollars.
    explore_usd = day ? static_cast<double>(reserved.v) / 1e9 : 0;
  }
  Answer a = decision.Draw(explore_usd);
  a.limited = limited;
  if (day) {
    const budget::Nanos spent{static_cast<std::int64_t>(std::ceil(a.explored_usd * 1e9))};
    explore_.GiveBack({std::max<std::int64_t>(0, reserved.v - spent.v)}, *day);
  }
  if (a.decided && !limited && factor > 0 && decision.IsUpgrade(a, factor)) upgrades_.Upgraded(q.caller);
  return a;
}

}  // namespace baton::learn
