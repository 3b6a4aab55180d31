// How serve/ puts a pool together: the concrete parts, named once.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "base/log.h"
#include "base/loop.h"
#include "base/metric.h"
#include "budget/purse.h"
#include "pool/pool.h"

namespace baton::net {
class Client;
}

namespace baton::pool {

// Health and slots of all workers, by name: one per process, given to every pool on every loop and to every
// pool that a reload makes. A worker whose definition did not change keeps its breaker, its counters and its
// running calls; a changed one (new key, address, model, limits) starts afresh. Thread safe.
class SharedWorkers;
std::shared_ptr<SharedWorkers> CreateSharedWorkers(Log log);

// Makes the part that really asks a worker. Called once per worker when a pool is made.
using BackendFactory = std::function<std::unique_ptr<Backend>(std::shared_ptr<const Worker>)>;

struct PoolDeps {
  Loop* loop = nullptr;  // outlives the pool
  std::uint64_t seed = 0;
  std::vector<std::shared_ptr<const Worker>> workers;
  std::shared_ptr<SharedWorkers> shared;  // null: this pool's own
  BackendFactory backend;
  // The budget of a worker that has one; may be empty. Called once per worker when a pool is made.
  std::function<std::shared_ptr<const budget::Purse>(const Worker&)> purse;
  Metrics* metrics = nullptr;  // null: not counted; otherwise outlives the pool
  Log log = Log::Null();
};

// REQUIRES: loop and backend set, worker names unique. The pool must outlive every call made on it: after a
// reload the old one is kept until its last exchange has ended.
std::unique_ptr<Pool> CreatePool(PoolDeps deps);

struct HttpLimits {
  std::size_t max_reply_bytes = 64 * 1024 * 1024;  // whole reply, or all of a stream
  std::size_t max_error_bytes = 64 * 1024;         // of an error reply; the rest is not read
  Duration error_body = std::chrono::seconds(5);   // how long to wait for an error's body
  Duration tail = std::chrono::seconds(5);  // between the regular end of an answer and the end of its body
};

// A provider over HTTP. `client` belongs to `loop`; both outlive the backend. A worker with a dialect nobody
// knows or an address that is none gives a backend whose every call fails and says so.
std::unique_ptr<Backend> CreateHttpBackend(std::shared_ptr<const Worker> worker, Loop& loop,
                                           net::Client& client, HttpLimits limits = {});

// A tool server that speaks the Model Context Protocol: a program of its own (one per loop, started when it
// is first needed) or one behind HTTP. `loop` must be one of net/loop.h's; it and `client` outlive the
// backend.
std::unique_ptr<Backend> CreateToolBackend(std::shared_ptr<const Worker> worker, Loop& loop,
                                           net::Client& client, Log log = Log::Null());

}  // namespace baton::pool
