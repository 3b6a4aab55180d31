// A candidate's way: shadow (runs beside, answers not shown), canary (a share of the traffic, tested all the
// time), full (the slices that passed); one step back from anywhere. Pure: who keeps it durable is
// promotion_store.h, who routes by it is the server.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "learn/sequential.h"

namespace baton::learn {

enum class Stage { kNone, kShadow, kCanary, kFull };
std::string_view StageName(Stage stage);
std::optional<Stage> StageOf(std::string_view name);

// Which policy a canary's request goes to; drawn by a coin that looks at nothing but the exchange's id.
enum class Arm { kInPlace, kCandidate, kSingle };
std::string_view ArmName(Arm arm);  // "in_place", "candidate", "single"
std::optional<Arm> ArmOf(std::string_view name);

struct GateOptions {
  double alpha = 0.05;  // chance, over a whole canary with all its slices, that something worse gets through
  std::int64_t least = 200;  // rewards per slice before it is judged
  // How much worse than the best single worker or the policy in place a slice may be, in utility (0 to 1),
  // and still count as not worse. 0: it must be better beyond doubt.
  double margin = 0;
};

// One slice of a canary: the candidate against the policy in place and against the best single worker, at
// equal dollars (rewards are utilities: quality less dollars at the operator's value).
struct SliceTest {
  ArmComparison::State in_place, single;
};

struct Verdict {
  std::string slice;
  bool passes = false;
  bool harms = false;  // beyond doubt worse than the policy in place
  std::int64_t rewards = 0;
  ArmComparison::Bounds in_place, single;
  std::string reason;  // in words
};

// Slice -> policy, named by the hash of its file. A slice that is not in it has what the configuration says.
using Placement = std::map<std::string, std::string, std::less<>>;

// All that must survive a restart.
struct Promotion {
  Stage stage = Stage::kNone;
  std::string candidate;
  Placement in_place, before;  // before: what a rollback from full returns to
  double share = 0;            // of each of the two test arms, during a canary
  bool with_single = true;     // false: the policy in place is the best single worker itself
  std::map<std::string, SliceTest> slices;
  std::int64_t since_unix_ns = 0;  // of the stage
};

// What happened, for the audit trail. Never holds content.
struct PromotionEvent {
  std::string what;  // "shadow", "canary", "full", "rollback", "harm", "refused"
  std::string candidate, by, detail;
  std::int64_t unix_ns = 0;
};

// Each step gives the event that describes it; on an error nothing has changed.
//   kConflict "no_candidate", "stage_order", "canary_running"; kPermissionDenied "gate_closed": no slice
//   passes.
// `force` skips the gate (never the order), and the event says so.
Result<PromotionEvent> StartShadow(Promotion& p, const std::string& candidate, std::int64_t now);
Result<PromotionEvent> StartCanary(Promotion& p, double share, bool with_single, std::int64_t now);
Result<PromotionEvent> GoFull(Promotion& p, const GateOptions& options, bool force, std::int64_t now);
Result<PromotionEvent> RollBack(Promotion& p, std::string_view why, std::int64_t now);

// Arm of an exchange; kInPlace outside a canary.
Arm ArmOfExchange(const Promotion& p, std::uint64_t key);
// A reward that came in for a canary's exchange. REQUIRES: 0 <= utility <= 1. Rewards of other stages are
// ignored.
void AddReward(Promotion& p, Arm arm, const std::string& slice, double utility);
// Per slice, in order of name. The level is divided among slices and comparisons (Bonferroni).
std::vector<Verdict> Judge(const Promotion& p, const GateOptions& options);

// {"version": 1, ...}: for the store and for people. docs/promotion.md has the fields.
std::string ToJson(const Promotion& p);
Result<Promotion> PromotionFromJson(std::string_view text);

}  // namespace baton::learn
