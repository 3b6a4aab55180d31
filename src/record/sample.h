// Records as a busy server makes them, for tests and the benchmark. Not part of the server.
#pragma once

#include <fmt/format.h>

#include <atomic>
#include <string>

#include "base/random.h"
#include "record/recorder.h"

namespace baton::record {

// What is kept of a duration.
inline Duration Kept(std::uint64_t micros) {
  return std::chrono::microseconds(micros);
}

inline pool::CallRecord SampleCall(ExchangeId id, bool first, Random& random) {
  static constexpr const char* kWorkers[] = {"large", "smol", "cloud"};
  pool::CallRecord c;
  c.worker = kWorkers[random.Below(3)];
  c.provider_model = c.worker == std::string("smol") ? "smollm2-135m-instruct" : "gpt-5-2026-08";
  c.outcome = "ok";
  c.why = first ? "first choice" : "fallback: large timed out";
  c.start_unix_ns = ExchangeUnixNanos(id) + static_cast<std::int64_t>(random.Below(2000)) * 1000;
  c.queued = Kept(random.Below(300));
  c.to_first_byte = Kept(50'000 + random.Below(400'000));
  c.whole = c.to_first_byte + Kept(random.Below(2'000'000));
  c.usage.input = static_cast<std::int64_t>(20 + random.Below(3000));
  c.usage.cached_input = random.Below(3) == 0 ? c.usage.input / 2 : 0;
  c.usage.output = static_cast<std::int64_t>(5 + random.Below(600));
  c.usage.known = true;
  c.cost.v = c.usage.input * 1250 + c.usage.output * 10'000;
  c.priced = true;
  c.winner = true;
  c.upstream_status = 200;
  return c;
}

// One exchange with `calls` calls, the last of which answered.
inline Provenance Sample(ExchangeId id, Random& random, int calls = 1) {
  Provenance p;
  p.id = id;
  p.request_id =
      fmt::format("{:08x}-{:04x}-4{:03x}-9{:03x}-{:012x}", random.Below(1ull << 32), random.Below(65536),
                  random.Below(4096), random.Below(4096), random.Below(1ull << 48));
  p.tenant = "default";
  p.endpoint = "chat";
  p.model = "baton";
  p.route = "quick";
  p.workflow = "single";
  p.policy = "rules/1";
  p.reason = "rule 'quick': complexity low and input below 2000 tokens -> smol, large";
  p.data_classes = "internal";
  p.features = fmt::format(
      R"({{"task":"chat","complexity":"low","domain":"general","language":"en","format":"text","code":false,)"
      R"("tests":false,"tools":false,"images":false,"turns":{},"input_chars":{},"input_tokens":{},"max_tokens":0}})",
      1 + random.Below(9), 50 + random.Below(9000), 12 + random.Below(2200));
  p.task = "chat";
  p.outcome = "ok";
  p.http_status = 200;
  p.stream = random.Below(2) == 0;
  p.finish = "stop";
  for (int i = 0; i < calls; ++i) p.calls.push_back(SampleCall(id, i == 0, random));
  for (std::size_t i = 0; i + 1 < p.calls.size(); ++i) {
    p.calls[i].outcome = "first_byte_timeout";
    p.calls[i].fault = "timeout";
    p.calls[i].winner = false;
  }
  for (const auto& c : p.calls) {
    p.input_tokens += c.usage.input;
    p.cached_tokens += c.usage.cached_input;
    p.output_tokens += c.usage.output;
    p.cost += c.cost;
    p.duration += c.whole;
    p.worker = c.worker;
    p.first_byte = c.to_first_byte;
  }
  p.overhead = Kept(20 + random.Below(100));
  p.duration += p.overhead;
  return p;
}

// The n-th millisecond from a moment in 2026: ids that are easy to make and in order.
inline ExchangeId SampleId(std::int64_t n) {
  return FirstIdAt(1'790'000'000'000'000'000 + n * 1'000'000) | 7;
}

// Differences for a test's message: the public JSON shows every field that is kept.
inline bool Same(const Provenance& a, const Provenance& b) {
  return ToJson(a) == ToJson(b);
}

// A clock for tests with threads: moves when told to.
class TestClock : public Clock {
 public:
  TimePoint Now() const override { return TimePoint(Duration(now_.load())); }
  std::int64_t UnixNanos() const override { return 1'790'000'000'000'000'000 + now_.load(); }
  void Advance(Duration d) { now_.fetch_add(d.count()); }

 private:
  std::atomic<std::int64_t> now_ = 0;
};

}  // namespace baton::record
