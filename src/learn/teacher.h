// Ratings that came in, joined with the exchanges they belong to, become lessons: for the bandit, for the
// trust in tenants, and for a canary's test.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "learn/bandit.h"
#include "learn/promotion.h"
#include "learn/trust.h"

namespace baton::learn {

// What a record holds of a learned decision (as text: RecordText).
struct Noted {
  Compact x;
  Arm arm = Arm::kInPlace;
  double quality = 0.5, tokens = 0;  // as the policy's file expected of that worker
  bool explored = false;
  bool trial = false;  // the arm was drawn by a canary's coin
  // Whom the candidate in shadow would have asked, and what it expected; empty: no shadow.
  std::string would;
  double would_quality = 0;
  // What the caller said that the decision depended on, for those who decide again.
  bool quiet = false;             // no part of experiments
  std::optional<double> value;    // `baton-quality`
  std::optional<double> ceiling;  // dollars that were left to it
};
// One JSON object of about 120 bytes.
std::string RecordText(const Noted& noted);
// nullopt: not such text.
std::optional<Noted> NotedFromText(std::string_view json);
// How a record keeps it: beside the features, under the key "learned". The features' object itself where
// `noted` is empty.
std::string WithNoted(std::string features, std::string_view noted);
std::optional<Noted> NotedIn(std::string_view features);

// A rated exchange.
struct Rated {
  std::string tenant, slice, worker;  // worker: who answered
  std::string policy;                 // whose decision it was; "single" and the rules learn nothing from it
  Noted noted;
  double quality = 0;  // 0 to 1, as rated
  double cost_usd = 0, output_tokens = 0;
  std::int64_t day = 0;            // of the rating, days since 1970
  std::int64_t asked_unix_ns = 0;  // of the exchange: ratings from before a canary are none of its rewards
  // The exchange ended well, and the worker that was chosen answered at its first try. Otherwise the rating
  // is about a provider's fault, a refusal or a stand-in, and teaches nothing about quality.
  bool clean = true;
};

enum class Lesson { kTaught, kNotClean, kNoWeight };

class Teacher {
 public:
  using Bandits = std::map<std::string, Bandit>;  // by policy
  Teacher(BanditOptions options, Bandits bandits, Trust trust, double value_usd)
      : options_(options), bandits_(std::move(bandits)), trust_(std::move(trust)), value_usd_(value_usd) {}
  // `promotion`'s tests take the reward when a canary runs.
  Lesson Teach(const Rated& rated, Promotion& promotion);

  const Bandits& bandits() const { return bandits_; }
  // Only these policies' corrections are kept.
  void Keep(const std::set<std::string>& policies);
  const Trust& trust() const { return trust_; }
  void SetValue(double value_usd) { value_usd_ = value_usd; }

 private:
  BanditOptions options_;
  Bandits bandits_;
  Trust trust_;
  double value_usd_;  // of a point of quality
};

// Quality less dollars, moved into 0 to 1: what the canary compares.
double Utility(double quality, double cost_usd, double value_usd);

}  // namespace baton::learn
