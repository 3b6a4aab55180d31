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

// What one policy makes of one request.
struct View {
  const Expert* expert = nullptr;
  std::vector<Expectation> expected;
  std::vector<Option> options;
  double cheapest = 0;
};

View Look(const Expert& expert, const Regime& regime, const Question& q, const Compact& compact,
          std::span<const Seat> seats) {
  View v;
  v.expert = &expert;
  v.expected.resize(seats.size());
  v.options.resize(seats.size());
  std::vector<std::string_view> names;
  names.reserve(seats.size());
  for (const Seat& s : seats) names.push_back(s.name);
  expert.Expect(q.x, names, v.expected);
  const auto values = compact.Values();
  const auto learned = regime.corrections.find(expert.hash());
  for (std::size_t i = 0; i < seats.size(); ++i) {
    const Expectation& e = v.expected[i];
    Option& o = v.options[i];
    o = {e.quality, e.spread, 0};
    double tokens = e.output_tokens;
    if (learned != regime.corrections.end()) {
      const Corrected c = learned->second->Of(seats[i].name, values);
      o.quality = std::clamp(e.quality + c.quality, 0.0, 1.0);
      o.spread = c.spread;
      tokens *= c.tokens;
    }
    o.cost_usd = seats[i].input_usd + seats[i].usd_per_output * tokens;
    v.cheapest = i == 0 ? o.cost_usd : std::min(v.cheapest, o.cost_usd);
  }
  return v;
}

ChoiceSettings SettingsFor(const Regime& regime, const Question& q) {
  ChoiceSettings s = regime.choice;
  if (q.value_usd > 0) s.value_usd = q.value_usd;
  return s;
}

double SecondBest(std::span<const Option> options, std::size_t but) {
  double best = 0;
  for (std::size_t i = 0; i < options.size(); ++i) {
    if (i != but) best = std::max(best, options[i].quality);
  }
  return best;
}

// Everything about a request that does not depend on purses or draws.
class Decision {
 public:
  Decision(const Regime& regime, const Question& q, std::span<const Seat> seats)
      : regime_(regime),
        q_(q),
        seats_(seats),
        settings_(SettingsFor(regime, q)),
        compact_(Compact::Project(q.x, regime.seed)),
        key_(MixKeys(regime.seed, q.exchange)) {
    if (const Expert* e = regime.InPlace(q.slice)) in_place_ = Look(*e, regime, q, compact_, seats);
    const Expert* candidate = q.may_explore ? regime.Candidate() : nullptr;
    if (candidate) candidate_ = Look(*candidate, regime, q, compact_, seats);
    if (!Canary()) return;
    for (std::size_t i = 0; i < seats.size(); ++i) {
      if (regime.promotion.with_single && seats[i].name == regime.single) single_ = i;
    }
  }

  bool Canary() const { return candidate_ && regime_.promotion.stage == Stage::kCanary; }
  bool Decides() const { return in_place_ || Canary(); }

  // Workers dearer than the cheapest by this factor become too dear for every purse.
  void TakeOutUpgrades(double factor) {
    for (auto* view : {&in_place_, &candidate_}) {
      if (!*view) continue;
      for (Option& o : (*view)->options) {
        if (o.cost_usd > factor * (*view)->cheapest) o = {0, 0, o.cost_usd + kOutOfReach};
      }
    }
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
    const View& v = in_place_ ? *in_place_ : *candidate_;
    return v.options[a.seat].cost_usd > factor * v.cheapest;
  }

 private:
  static constexpr double kOutOfReach = 1e6;
  Arm ArmHere() const {
    if (!Canary()) return Arm::kInPlace;
    const Arm arm = ArmOfExchange(regime_.promotion, MixKeys(key_, 1));
    return arm == Arm::kSingle && !single_ ? Arm::kInPlace : arm;
  }
  void Describe(const View& view, Answer& a) const {
    a.expected_quality = view.options[a.seat].quality;
    a.file_quality = view.expected[a.seat].quality;
    a.file_tokens = view.expected[a.seat].output_tokens;
    a.expected_usd = view.options[a.seat].cost_usd;
    a.runner_up_quality = SecondBest(view.options, a.seat);
  }
  void AskShadow(Answer& a) const {
    if (!candidate_ || regime_.promotion.stage != Stage::kShadow) return;
    // Its best: there is nothing to explore where nobody sees the answer.
    a.shadow_seat = Distribution(candidate_->options, settings_, -1).greedy;
    a.shadow = true;
  }

  const Regime& regime_;
  const Question& q_;
  std::span<const Seat> seats_;
  const ChoiceSettings settings_;
  const Compact compact_;
  const std::uint64_t key_;
  std::optional<View> in_place_, candidate_;
  std::optional<std::size_t> single_;
};

Answer Decision::Draw(double explore_usd) const {
  Answer a;
  a.compact = compact_;
  a.arm = ArmHere();
  AskShadow(a);
  // Without a policy in place its part of a canary stays with the rules.
  a.decided = Decides() && (a.arm != Arm::kInPlace || in_place_);
  if (!a.decided) return a;
  const double share = Canary() ? regime_.promotion.share : 0;
  std::vector<double> total(seats_.size(), 0);
  if (single_) total[*single_] += share;
  const auto draw = [&](const View& view, double weight, Arm arm) {
    const Choice c = Choose(view.options, settings_, explore_usd, MixKeys(key_, 2));
    for (std::size_t i = 0; i < total.size(); ++i) total[i] += weight * c.probability[i];
    if (a.arm != arm) return;
    a.seat = c.picked;
    a.explored = c.picked != c.greedy;
    a.explored_usd = c.extra_usd;
    a.policy = view.expert->hash();
    Describe(view, a);
  };
  if (Canary()) draw(*candidate_, share, Arm::kCandidate);
  if (in_place_) draw(*in_place_, 1 - share * (single_ ? 2 : 1), Arm::kInPlace);
  if (a.arm == Arm::kSingle) {
    a.seat = *single_;
    a.policy = "single";
    Describe(in_place_ ? *in_place_ : *candidate_, a);
  }
  a.propensity = std::min(1.0, total[a.seat]);
  return a;
}

}  // namespace

const Expert* Regime::InPlace(std::string_view slice) const {
  const auto placed = promotion.in_place.find(slice);
  const auto at = experts.find(placed == promotion.in_place.end() ? std::string_view() : placed->second);
  return at == experts.end() ? nullptr : at->second.get();
}

const Expert* Regime::Candidate() const {
  if (promotion.stage != Stage::kShadow && promotion.stage != Stage::kCanary) return nullptr;
  const auto at = experts.find(promotion.candidate);
  return at == experts.end() ? nullptr : at->second.get();
}

Live::Live(std::shared_ptr<const Regime> regime, const Caps& caps)
    : regime_(std::move(regime)),
      explore_(caps.explore_per_day, caps.explore),
      shadow_(caps.shadow_per_day, caps.shadow),
      upgrades_(caps.upgrades) {}

Answer Live::DecideAs(const Regime& regime, const Question& q, std::span<const Seat> seats,
                      double explore_usd, double upgrade_factor) {
  Decision decision(regime, q, seats);
  if (upgrade_factor > 0) decision.TakeOutUpgrades(upgrade_factor);
  Answer a = decision.Draw(explore_usd);
  a.limited = upgrade_factor > 0;
  return a;
}

Answer Live::Decide(const Question& q, std::span<const Seat> seats) {
  const auto regime = regime_.Get();
  Decision decision(*regime, q, seats);
  const double factor = upgrades_.options().factor;
  const bool limited = !upgrades_.MayUpgrade(q.caller);
  if (limited) decision.TakeOutUpgrades(factor);
  double explore_usd = -1;
  budget::Nanos reserved;
  std::optional<std::int64_t> day;
  if (regime->explore && q.may_explore && decision.Decides()) {
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
  if (a.decided && !limited && decision.IsUpgrade(a, factor)) upgrades_.Upgraded(q.caller);
  return a;
}

}  // namespace baton::learn
