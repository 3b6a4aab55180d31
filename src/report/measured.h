// What the store says about workers, per slice: how often they answered, how well, at what price, how fast.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "base/random.h"
#include "record/recorder.h"
#include "report/intervals.h"

namespace baton::report {

// A bounded, fair sample of any number of values (Vitter's algorithm R, fixed seed).
class Sampled {
 public:
  void Add(double value);
  std::int64_t count() const { return count_; }
  const std::vector<double>& values() const { return values_; }
  double mean() const { return count_ == 0 ? 0 : sum_ / static_cast<double>(count_); }

 private:
  static constexpr std::size_t kMost = 4096;
  Random random_{7};
  std::int64_t count_ = 0;
  double sum_ = 0;
  std::vector<double> values_;
};

struct Slice {
  std::int64_t calls = 0, answered = 0;   // tries, and those that gave an answer
  std::int64_t judged = 0, accepted = 0;  // answers that checks had a verdict on
  Sampled feedback;                       // 0 to 1
  Sampled cost_usd, seconds;              // of priced calls, of answers
  std::int64_t unpriced = 0;
};

// Worker, task ("" for unknown) and contract ("" for none).
using SliceKey = std::tuple<std::string, std::string, std::string>;

struct Measured {
  std::map<SliceKey, Slice> slices;
  std::map<std::string, std::int64_t> outcomes, classes;  // exchanges by outcome, by set of data classes
  std::map<std::string, std::int64_t> contracts, routes, workflows;
  std::int64_t exchanges = 0, feedback = 0, degraded = 0, unpriced = 0, with_digest = 0;
  std::int64_t first_unix_ns = 0, last_unix_ns = 0;
  budget::Nanos cost;
  // All tasks and contracts of a worker together.
  Slice Of(const std::string& worker) const;
  void Add(const record::Provenance& exchange);
};

// Every exchange of the store that the filter lets through, newest first, a thousand at a time.
Status EachExchange(const record::Recorder& store, record::LogFilter filter,
                    const std::function<Status(const record::Provenance&)>& take);
Result<Measured> Measure(const record::Recorder& store, const record::LogFilter& filter);

}  // namespace baton::report
