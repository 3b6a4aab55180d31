// A pool of simulated workers on a simulated clock, for tests.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/sim_loop.h"
#include "pool/fake_backend.h"
#include "pool/pool.h"

namespace baton::pool {

// Keeps what it was given; can leave, or be slow.
class RecordingSink : public chat::Sink {
 public:
  void Put(chat::Event event) override {
    if (event.kind == chat::Event::Kind::kStart) ++starts;
    if (event.kind == chat::Event::Kind::kText) text += event.text;
    ++events;
  }
  Task<Status> Flush() override {
    ++flushes;
    co_return gone ? Status(Fail(Code::kCancelled, "reader left", "client_gone")) : Status();
  }
  int starts = 0, events = 0, flushes = 0;
  std::string text;
  bool gone = false;
};

class RecordingObserver : public CallObserver {
 public:
  void OnAnswering(const Worker& worker, const std::vector<provider::Loss>& /*losses*/, bool /*passthrough*/,
                   bool /*injected_usage*/, Duration in_worker) override {
    ++times;
    name = worker.name;
    took = in_worker;
  }
  int times = 0;
  std::string name;
  Duration took{};
};

class PoolFixture {
 public:
  explicit PoolFixture(std::uint64_t seed = 1) : seed_(seed) {}

  // Before Start(). One dollar per million input tokens, two per million output tokens.
  Worker& Add(const std::string& name) {
    auto worker = std::make_shared<Worker>();
    worker->name = name;
    worker->dialect = "fake";
    worker->target.model = name + "-model";
    worker->target.max_output = 100;
    budget::PriceRow row;
    row.input = {1'000'000'000};
    row.output = {2'000'000'000};
    worker->prices = budget::PriceTable({row});
    worker->priced = true;
    workers_.push_back(worker);
    stages_[name];
    return *worker;
  }

  void Start(Metrics* metrics = nullptr) {
    PoolDeps deps;
    deps.loop = &loop;
    deps.seed = seed_;
    deps.workers.assign(workers_.begin(), workers_.end());
    deps.shared = shared;
    deps.metrics = metrics;
    deps.backend = [this](std::shared_ptr<const Worker> w) -> std::unique_ptr<Backend> {
      return std::make_unique<FakeBackend>(loop, stages_[w->name]);
    };
    pool = CreatePool(std::move(deps));
  }

  FakeBackend::Stage& Stage(const std::string& name) { return stages_[name]; }
  // Every attempt at that worker plays `script`.
  void Always(const std::string& name, FakeScript script) {
    stages_[name].play = [script](int) { return script; };
  }
  // The first attempts play these, later ones answer well.
  void First(const std::string& name, std::vector<FakeScript> scripts) {
    stages_[name].play = [scripts](int n) {
      return n < static_cast<int>(scripts.size()) ? scripts[static_cast<std::size_t>(n)] : FakeScript{};
    };
  }

  // One call over all workers in order of Add(), unless `names` says otherwise.
  struct Running {
    CallSpec spec;
    Cancel cancel;
    budget::Lease lease{budget::Ceiling{}};
    RecordingSink sink;
    RecordingObserver observer;
    std::optional<CallOutcome> outcome;
    explicit Running(budget::Ceiling ceiling) : lease(ceiling) {}
  };
  std::unique_ptr<Running> Begin(bool stream, budget::Ceiling ceiling = {},
                                 std::vector<std::string> names = {}) {
    auto r = std::make_unique<Running>(ceiling);
    request.stream = stream;
    r->spec.request = &request;
    for (const auto& w : workers_) {
      if (names.empty()) r->spec.candidates.push_back(w.get());
    }
    for (const auto& n : names) r->spec.candidates.push_back(pool->Find(n));
    if (stream) r->spec.sink = &r->sink;
    r->spec.lease = &r->lease;
    r->spec.input_tokens = 10;
    r->spec.cancel = &r->cancel;
    r->spec.retry = retry;
    return r;
  }
  void Go(Running& r) { Spawn(Drive(&r)); }
  std::unique_ptr<Running> Ask(bool stream = true, budget::Ceiling ceiling = {}) {
    auto r = Begin(stream, ceiling);
    Go(*r);
    loop.Run();
    return r;
  }

  SimLoop loop;
  chat::Request request;
  RetryPolicy retry;
  std::shared_ptr<SharedWorkers> shared = CreateSharedWorkers(Log::Null());
  std::unique_ptr<Pool> pool;

 private:
  Task<void> Drive(Running* r) {
    CallOutcome out = co_await pool->Chat(r->spec, &r->observer);
    r->outcome.emplace(std::move(out));
  }

  std::uint64_t seed_;
  std::vector<std::shared_ptr<Worker>> workers_;
  std::map<std::string, FakeBackend::Stage> stages_;
};

// A worker that says no before any event.
inline FakeScript Fails(provider::Fault fault, Code code, const std::string& reason, int status = 0) {
  FakeScript s;
  s.starts = false;
  s.pieces.clear();
  s.failure = FakeFailure(fault, code, reason, status);
  return s;
}
inline FakeScript ServerError() {
  return Fails(provider::Fault::kServer, Code::kUnavailable, "worker_server", 500);
}

inline std::vector<std::string> Outcomes(const PoolFixture::Running& r) {
  std::vector<std::string> out;
  for (const auto& c : r.outcome->calls) out.push_back(c.worker + ":" + c.outcome);
  return out;
}

class Calls : public ::testing::Test {
 protected:
  // After any call: nothing is held any more, anywhere.
  void ExpectClean(PoolFixture::Running& r) {
    ASSERT_TRUE(r.outcome) << "the call did not end";
    EXPECT_EQ(r.lease.outstanding(), 0);
    budget::Nanos sum;
    for (const auto& c : r.outcome->calls) sum += c.cost;
    EXPECT_EQ(sum, r.lease.spent());
    for (const auto& s : f.pool->Status()) EXPECT_EQ(s.running + s.waiting, 0) << s.name;
  }
  PoolFixture f;
};

}  // namespace baton::pool
