// What becomes of data that was found: who may see it, or that nobody does. The operator's `data.rules`, in
// order; for each finding the first rule that covers it decides, and for the request the strictest of those
// decisions.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "pool/worker.h"
#include "rails/data_class.h"

namespace baton::rails {

// From the mildest to the strictest.
enum class Act { kAllow, kRedact, kReview, kBlock };
std::string_view ActName(Act act);  // "allow", "redact", "review", "block"
std::optional<Act> ParseAct(std::string_view name);

// Which workers may see what a rule covers, beside those that list the class.
struct WorkerTerms {
  std::set<std::string> regions;          // empty: any
  std::optional<Duration> max_retention;  // a worker whose retention is unknown does not meet it
  bool no_training = false;
  bool empty() const { return regions.empty() && !max_retention && !no_training; }
  bool MetBy(const pool::Worker& worker) const;
};

struct DataRule {
  std::string name;
  std::set<DataClass> classes;  // empty: any
  std::set<std::string> types;  // empty: any
  Act act = Act::kAllow;
  WorkerTerms only;
  bool Covers(const Span& span) const;
  bool Covers(const DataClass& found) const { return classes.empty() || classes.contains(found); }
};

// What the rules say of one classification.
struct Ruling {
  Act act = Act::kAllow;
  const DataRule* by = nullptr;          // whose decision `act` is; null: no rule covers anything
  std::vector<const DataRule*> matched;  // those that decided something, without repetition
};
// The ruling points into `rules`.
Ruling Judge(const std::vector<DataRule>& rules, const Classification& found);
// The rule that decides about this finding; null: none covers it.
const DataRule* RuleFor(const std::vector<DataRule>& rules, const Span& span);

// "none" and "0" are no time at all; "30d", "12h", "90m"; nothing for what is unknown or unreadable.
std::optional<Duration> ParseRetention(std::string_view text);

}  // namespace baton::rails
