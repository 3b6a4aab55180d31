// Guards: what a worker's text may not say. Judged on every text that a worker gives back, whoever asked for
// it: the client, a step of a workflow, a check; whole or streamed.
//
// Two kinds. A `find` guard looks for data classes and types with the same scan that requests go through
// (rails/classifier.h): microseconds, no failure to speak of. An `ask` guard lays the text before a worker of
// its own and follows its word: seconds and money, and it can fail. What then happens is the operator's
// written choice.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/metric.h"
#include "rails/classifier.h"

namespace baton::guard {

enum class Deed {
  kFlag,    // count and record it
  kRedact,  // "[EMAIL REMOVED]" stands in its place (find guards only)
  kBlock,   // the answer ends with an error; nothing of the offending text goes out
};
std::string_view DeedName(Deed deed);
// The guard itself cannot tell: no memory to scan, the worker asked failed, its word is neither yes nor no.
enum class OnFault { kOpen, kClosed };

struct Rule {
  std::string name;
  std::set<rails::DataClass> classes;  // find: any of these ...
  std::set<std::string> types;         // ... and, if not empty, of these types
  std::string ask;                     // a worker's name; empty: a find guard
  std::string about;                   // what that worker is to look for, in words
  Deed deed = Deed::kBlock;
  OnFault on_fault = OnFault::kClosed;
  // Of a streamed answer, at most this many bytes (and the token they end in) are held back unjudged by a
  // find guard; an ask guard judges as many at once.
  std::size_t window = 256;
  Duration timeout = std::chrono::seconds(10);  // ask
  bool asks() const { return !ask.empty(); }
  bool Covers(const rails::Span& span) const {
    return (classes.empty() || classes.contains(span.data_class)) &&
           (types.empty() || types.contains(span.type));
  }
};

enum class Seen { kClean, kFlagged, kRedacted, kBlocked, kFaultOpen, kFaultClosed };

// All guards of one configuration, shared by all loops.
class Rules {
 public:
  // `metrics` may be null; outlives this.
  Rules(std::vector<Rule> rules, std::shared_ptr<const rails::Classifier> classifier, Metrics* metrics);
  const std::vector<Rule>& all() const { return rules_; }
  bool empty() const { return rules_.empty(); }
  bool finds() const { return finds_; }
  bool asks() const { return asks_; }
  // Something may be changed or withheld, be it by a fault: streams are held back.
  bool alters() const { return alters_; }
  std::size_t window() const { return window_; }  // the widest of the find guards
  const rails::Classifier& classifier() const { return *classifier_; }
  void Count(const Rule& rule, Seen seen) const;

 private:
  std::vector<Rule> rules_;
  std::shared_ptr<const rails::Classifier> classifier_;
  std::vector<std::array<Counter, 6>> counters_;
  bool finds_ = false, asks_ = false, alters_ = false;
  std::size_t window_ = 0;
};

// What guards did in one exchange, for its record: "guard 'keys': redacted api_key in the answer of large".
using Notes = std::vector<std::string>;

// The error in place of an answer: kPermissionDenied "guard_blocked", naming the guard and never the text.
Error Blocked(const Rule& rule);
// The same for a guard that could not tell and is closed then: "guard_fault".
Error Faulted(const Rule& rule);

}  // namespace baton::guard
