// The gate, as arithmetic.
//
// Traffic moves only where it is shown, slice by slice, that nobody gets less for the same dollars. Shown
// means: a lower confidence bound that holds however often somebody looks (learn/sequential.h), over requests
// assigned by a coin, against *both* yardsticks: the policy in place, and the best single worker, which gets
// an arm of its own as long as it is not the policy in place itself. The alternative, estimating the best
// single worker from the log, costs no traffic but divides by propensities of a few percent: intervals ten
// times as wide.
//
// "At equal dollars" is arithmetic too: the reward is a utility, quality less dollars at the operator's value
// of a point, so a candidate that buys its quality with money is charged for it.
//
// A request's slice and arm are fixed before anything is known of its answer. Rewards come late and some
// never come; who gives feedback may depend on the answer, which no test can see: docs/promotion.md says so.
#include "learn/promotion.h"

#include <fmt/format.h>

#include <algorithm>

#include "learn/choice.h"

namespace baton::learn {
namespace {

constexpr std::string_view kStages[] = {"none", "shadow", "canary", "full"};
constexpr std::string_view kArms[] = {"in_place", "candidate", "single"};
constexpr std::size_t kMaxSlices = 64;
constexpr std::string_view kOther = "other";

template <class E, std::size_t N>
std::optional<E> ByName(const std::string_view (&names)[N], std::string_view name) {
  const auto at = std::find(std::begin(names), std::end(names), name);
  if (at == std::end(names)) return std::nullopt;
  return static_cast<E>(at - std::begin(names));
}

PromotionEvent Event(std::string what, const Promotion& p, std::string detail, std::int64_t now) {
  return {std::move(what), p.candidate, {}, std::move(detail), now};
}

void Enter(Promotion& p, Stage stage, std::int64_t now) {
  p.stage = stage;
  p.since_unix_ns = now;
}

// Of the requests in the two arms that are compared, the share in the candidate's.
double ShareOfTwo(const Promotion& p, Arm other) {
  const double rest = other == Arm::kSingle ? p.share : 1 - p.share * (p.with_single ? 2 : 1);
  return p.share / (p.share + rest);
}

std::string Words(const Verdict& v, const GateOptions& options, bool with_single) {
  if (v.rewards < options.least) return fmt::format("{} rewards of {} needed", v.rewards, options.least);
  if (v.harms) return fmt::format("worse than the policy in place: at most {:+.3f}", v.in_place.high);
  if (v.in_place.low < -options.margin)
    return fmt::format("not shown to be as good as the policy in place: at least {:+.3f}", v.in_place.low);
  if (with_single && v.single.low < -options.margin)
    return fmt::format("not shown to be as good as the best single worker: at least {:+.3f}", v.single.low);
  return fmt::format("at least {:+.3f} over the policy in place", v.in_place.low);
}

}  // namespace

std::string_view StageName(Stage stage) {
  return kStages[static_cast<std::size_t>(stage)];
}
std::optional<Stage> StageOf(std::string_view name) {
  return ByName<Stage>(kStages, name);
}
std::string_view ArmName(Arm arm) {
  return kArms[static_cast<std::size_t>(arm)];
}
std::optional<Arm> ArmOf(std::string_view name) {
  return ByName<Arm>(kArms, name);
}

Result<PromotionEvent> StartShadow(Promotion& p, const std::string& candidate, std::int64_t now) {
  if (p.stage == Stage::kCanary) {
    return Fail(Code::kConflict, "a canary is running; `baton rollback` ends it, `baton promote` finishes it",
                "canary_running");
  }
  p.candidate = candidate;
  p.slices.clear();
  Enter(p, Stage::kShadow, now);
  return Event("shadow", p, "runs beside; its answers are shown to nobody", now);
}

Result<PromotionEvent> StartCanary(Promotion& p, double share, bool with_single, std::int64_t now) {
  if (p.stage != Stage::kShadow) {
    return Fail(Code::kConflict, "there is no candidate in shadow; start with `baton shadow FILE`",
                "stage_order");
  }
  if (!(share > 0 && share <= 1.0 / 3)) {
    return Fail(Code::kInvalidRequest,
                "a canary's share is above 0 and at most 0.33: two arms of that size leave a "
                "third for the policy in place",
                "bad_share", "share");
  }
  p.share = share;
  p.with_single = with_single;
  p.slices.clear();
  Enter(p, Stage::kCanary, now);
  return Event("canary", p,
               fmt::format("{:.1f} % of the requests{}", 100 * share,
                           with_single ? ", as many to the best single worker" : ""),
               now);
}

Result<PromotionEvent> GoFull(Promotion& p, const GateOptions& options, bool force, std::int64_t now) {
  if (p.stage != Stage::kCanary)
    return Fail(Code::kConflict, "only a canary can be promoted to full", "stage_order");
  std::vector<std::string> passed;
  std::string kept;
  for (const Verdict& v : Judge(p, options)) {
    if (v.passes || force) {
      passed.push_back(v.slice);
    } else {
      kept += fmt::format("{}{}: {}", kept.empty() ? "" : "; ", v.slice, v.reason);
    }
  }
  if (passed.empty()) {
    return Fail(
        Code::kPermissionDenied,
        fmt::format("no slice of the canary passes the gate ({})", kept.empty() ? "no rewards yet" : kept),
        "gate_closed");
  }
  const std::string detail = fmt::format("{}slices {}{}", force ? "forced; " : "", fmt::join(passed, ", "),
                                         kept.empty() ? "" : fmt::format("; kept as they were: {}", kept));
  PromotionEvent event = Event("full", p, detail, now);
  p.before = p.in_place;
  for (const std::string& slice : passed) p.in_place[slice] = p.candidate;
  p.slices.clear();
  p.share = 0;
  Enter(p, Stage::kFull, now);
  return event;
}

Result<PromotionEvent> RollBack(Promotion& p, std::string_view why, std::int64_t now) {
  if (p.stage == Stage::kNone) return Fail(Code::kConflict, "there is nothing to take back", "no_candidate");
  const Stage from = p.stage;
  PromotionEvent event = Event("rollback", p, fmt::format("from {}: {}", StageName(from), why), now);
  if (from == Stage::kFull) p.in_place = p.before;
  p.candidate.clear();
  p.slices.clear();
  p.share = 0;
  Enter(p, Stage::kNone, now);
  return event;
}

Arm ArmOfExchange(const Promotion& p, std::uint64_t key) {
  if (p.stage != Stage::kCanary) return Arm::kInPlace;
  const double u = UnitOf(key);
  if (u < p.share) return Arm::kCandidate;
  return p.with_single && u < 2 * p.share ? Arm::kSingle : Arm::kInPlace;
}

void AddReward(Promotion& p, Arm arm, const std::string& slice, double utility) {
  if (p.stage != Stage::kCanary) return;
  auto at = p.slices.find(slice);
  if (at == p.slices.end()) {
    // Slices come from a fixed list of tasks and from what callers name; those beyond the bound share one.
    const std::string name = p.slices.size() < kMaxSlices ? slice : std::string(kOther);
    SliceTest fresh;
    fresh.in_place = ArmComparison(ShareOfTwo(p, Arm::kInPlace)).state();
    fresh.single = ArmComparison(ShareOfTwo(p, Arm::kSingle)).state();
    at = p.slices.try_emplace(name, fresh).first;
  }
  const auto add = [&](ArmComparison::State& to) {
    ArmComparison test(to);
    test.Add(arm == Arm::kCandidate, utility);
    to = test.state();
  };
  if (arm != Arm::kSingle) add(at->second.in_place);
  if (p.with_single && arm != Arm::kInPlace) add(at->second.single);
}

std::vector<Verdict> Judge(const Promotion& p, const GateOptions& options) {
  std::vector<Verdict> all;
  // Slices that appear later would shrink the level of the earlier ones; the bound on their number is fixed,
  // their likely number is not, so the level is shared among those there are, at least twelve.
  const double claims =
      static_cast<double>(std::max<std::size_t>(p.slices.size(), 12)) * (p.with_single ? 2 : 1);
  for (const auto& [slice, test] : p.slices) {
    Verdict v;
    v.slice = slice;
    v.rewards = test.in_place.n_a + test.in_place.n_b;
    v.in_place = ArmComparison(test.in_place).At(options.alpha / claims);
    if (p.with_single) v.single = ArmComparison(test.single).At(options.alpha / claims);
    v.harms = v.rewards >= options.least && v.in_place.high < 0;
    v.passes = v.rewards >= options.least && v.in_place.low >= -options.margin &&
               (!p.with_single || v.single.low >= -options.margin);
    v.reason = Words(v, options, p.with_single);
    all.push_back(std::move(v));
  }
  return all;
}

}  // namespace baton::learn
