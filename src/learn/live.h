// The learned decision of one request: which policy answers it, which worker that policy draws, with which
// exact probability, and whom a shadow would have asked. What the server's loops share.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "learn/bandit.h"
#include "learn/choice.h"
#include "learn/compact.h"
#include "learn/daily_cap.h"
#include "learn/promotion.h"
#include "learn/upgrade_limit.h"

namespace baton::learn {

// Everything that decides at one moment; replaced as a whole.
struct Regime {
  Promotion promotion;  // its tests are not looked at here
  // What was learned online, by policy: a correction is one of that policy's own expectations.
  std::map<std::string, std::shared_ptr<const Correction>, std::less<>> corrections;
  ChoiceSettings choice;
  bool explore = false;
  std::set<std::string, std::less<>> quiet_tenants, quiet_classes;  // never part of experiments
  std::string single;      // the best single worker, for the canary's third arm; empty: none named
  std::uint64_t seed = 1;  // of draws; part of what makes a replay the same

  // The policy that has this slice, by hash; empty: the configured one.
  const std::string& InPlace(std::string_view slice) const;
  // Empty: no candidate.
  const std::string& Candidate() const;
};

// What a policy's file expects of one worker for one request, at today's price.
struct Prospect {
  double quality = 0.5, spread = 0.3;
  double cost_usd = 0;    // of the whole request
  double output_usd = 0;  // the part of it that grows with the answer
  double output_tokens = 0;
  // What the policy holds against the worker beside its price (doubt, waiting), as quality; mostly below 0.
  double bias = 0;
};

// One policy's view of a request: a prospect per worker, in the order of Question::workers.
struct View {
  std::string_view policy;  // its hash: whose corrections apply
  std::vector<Prospect> prospects;
};

struct Question {
  std::span<const std::string_view> workers;  // that rails allow and that can serve the request
  Compact compact;
  std::string_view slice, caller;  // an empty caller is under no upgrade limit
  std::uint64_t exchange = 0;
  double value_usd = 0;  // the caller's dollars per point; 0: the regime's
  bool may_explore =
      true;  // false: the caller, its tenant or its data opted out of exploring, canaries, shadows
  const View* in_place = nullptr;   // null: no policy has this slice
  const View* candidate = nullptr;  // null: there is none, or it knows nothing of such requests
};

struct Answer {
  bool decided = false;  // false: the rules' own choice stands; of the rest only `shadow` may be set
  std::size_t worker = 0;
  double propensity = 1;
  Arm arm = Arm::kInPlace;
  std::string_view policy;                   // hash, or "single"; views into the question
  bool explored = false;                     // not what its policy holds for best
  double explored_usd = 0;                   // what that costs beyond the best, as expected
  double quality = 0, cost_usd = 0;          // expected, with what was learned online
  double file_quality = 0, file_tokens = 0;  // as the policy's file expects: what corrections start from
  bool limited = false;               // dear workers were out of reach: the caller's upgrades are spent
  bool trial = false;                 // the arm was drawn by a canary's coin
  std::optional<std::size_t> shadow;  // whom the candidate in shadow would have asked
  double shadow_quality = 0;          // what it expects of it
  // All workers as the deciding policy sees them, in the question's order; empty where nobody decided.
  std::vector<Option> options;
};

class Live {
 public:
  struct Caps {
    budget::Nanos explore_per_day, shadow_per_day;
    DailyCap::Grant explore, shadow;  // as last written down
    UpgradeOptions upgrades;
  };
  explicit Live(const Caps& caps);

  // Thread safe. REQUIRES: workers not empty; `regime` is the one whose policies made the views.
  Answer Decide(const Regime& regime, const Question& question);
  // The same without purses: how replay decides again. `explore_usd` as in Distribution(); `upgrade_factor`
  // above 0: workers dearer than the cheapest by that factor are out of reach.
  static Answer DecideAs(const Regime& regime, const Question& question, double explore_usd,
                         double upgrade_factor = 0);

  DailyCap& explore() { return explore_; }
  DailyCap& shadow() { return shadow_; }
  UpgradeLimit& upgrades() { return upgrades_; }

 private:
  DailyCap explore_, shadow_;
  UpgradeLimit upgrades_;
};

}  // namespace baton::learn
