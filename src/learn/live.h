// The learned decision of one request: which policy answers it, which worker that policy draws, with which
// exact probability, and whom a shadow would have asked. What the server's loops share.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/snapshot.h"
#include "learn/bandit.h"
#include "learn/choice.h"
#include "learn/compact.h"
#include "learn/daily_cap.h"
#include "learn/promotion.h"
#include "learn/upgrade_limit.h"

namespace baton::learn {

// What a fitted router expects of one worker.
struct Expectation {
  double quality = 0.5, spread = 0.3;
  double output_tokens = 400;
  bool known = false;  // false: the router has never heard of this worker; the figures are a prior
};

// A policy's file, loaded. Immutable; thread safe.
class Expert {
 public:
  virtual ~Expert() = default;
  // Hash of the file's bytes.
  virtual const std::string& hash() const = 0;
  virtual std::size_t features() const = 0;
  // REQUIRES: x.size() == features(), out.size() == workers.size().
  virtual void Expect(std::span<const float> x, std::span<const std::string_view> workers,
                      std::span<Expectation> out) const = 0;
};

// Everything that decides at one moment; replaced as a whole.
struct Regime {
  std::map<std::string, std::shared_ptr<const Expert>, std::less<>>
      experts;          // by hash; "": the configured one
  Promotion promotion;  // its tests are not looked at here
  // What was learned online, by policy: a correction is one of that policy's own expectations.
  std::map<std::string, std::shared_ptr<const Correction>, std::less<>> corrections;
  ChoiceSettings choice;
  bool explore = false;
  std::string single;      // the best single worker, for the canary's third arm; empty: none named
  std::uint64_t seed = 1;  // of draws; part of what makes a replay the same

  // Whose slice it is; null: nobody's, the rules' own choice stands.
  const Expert* InPlace(std::string_view slice) const;
  const Expert* Candidate() const;
};

// One worker that the rails allow and that can serve the request, at today's price.
struct Seat {
  std::string_view name;
  double input_usd = 0;       // for this request's input
  double usd_per_output = 0;  // per token
};

struct Question {
  std::span<const float> x;
  std::string_view slice, caller;
  std::uint64_t exchange = 0;
  double value_usd = 0;     // the caller's dollars per point; 0: the regime's
  bool may_explore = true;  // false: the caller or its tenant opted out, of exploring, canaries and shadows
};

struct Answer {
  bool decided = false;  // false: no policy has this slice; nothing below is set
  std::size_t seat = 0;
  double propensity = 1;
  Arm arm = Arm::kInPlace;
  std::string policy;                             // hash, or "single"
  bool explored = false;                          // not what its policy holds for best
  double explored_usd = 0;                        // what that costs beyond the best, as expected
  double expected_quality = 0, expected_usd = 0;  // with what was learned online
  double file_quality = 0, file_tokens = 0;       // as the policy's file expects: what corrections start from
  double runner_up_quality = 0;                   // of the best other seat, for the reason in words
  bool limited = false;  // dear workers were out of reach: the caller's upgrades are spent
  Compact compact;
  std::size_t shadow_seat = 0;  // what the candidate in shadow would have asked; meaningful with `shadow`
  bool shadow = false;
};

class Live {
 public:
  struct Caps {
    budget::Nanos explore_per_day, shadow_per_day;
    DailyCap::Grant explore, shadow;  // as last written down
    UpgradeOptions upgrades;
  };
  Live(std::shared_ptr<const Regime> regime, const Caps& caps);

  // Thread safe. REQUIRES: seats not empty.
  Answer Decide(const Question& question, std::span<const Seat> seats);
  // The same without purses: how replay decides again. `explore_usd` as in Distribution(); `upgrade_factor`
  // above 0: workers dearer than the cheapest by that factor are out of reach.
  static Answer DecideAs(const Regime& regime, const Question& question, std::span<const Seat> seats,
                         double explore_usd, double upgrade_factor = 0);

  std::shared_ptr<const Regime> regime() const { return regime_.Get(); }
  void Swap(std::shared_ptr<const Regime> next) { regime_.Set(std::move(next)); }
  DailyCap& explore() { return explore_; }
  DailyCap& shadow() { return shadow_; }

 private:
  Snapshot<Regime> regime_;
  DailyCap explore_, shadow_;
  UpgradeLimit upgrades_;
};

}  // namespace baton::learn
