// A worker as the operator described it: immutable data, shared through the catalogue snapshot.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/secret.h"
#include "budget/ledger.h"
#include "budget/price.h"
#include "provider/dialect.h"

namespace baton::pool {

struct DataProfile {
  std::string region = "unknown";  // "here": never leaves this machine
  std::string retention = "unknown";
  bool trains = true;  // unless the operator says otherwise, assume the worst
  std::set<std::string> classes = {"public", "internal"};
};

struct Timeouts {
  Duration connect = std::chrono::seconds(5);
  Duration first_byte = std::chrono::seconds(120);
  Duration between_bytes = std::chrono::seconds(60);
  Duration whole = std::chrono::minutes(10);
};

struct BreakerOptions {
  int failures = 5;         // consecutive attributable failures that open it
  double error_rate = 0.5;  // or this share of the last `window` calls (at least `failures`)
  int window = 20;
  Duration open_for = std::chrono::seconds(10);  // doubles per failed probe
  Duration open_max = std::chrono::minutes(2);
  Duration retry_after_max = std::chrono::minutes(1);  // cap on a provider's own Retry-After
};

// What happens to a provider's call when the client has gone.
enum class OnClientGone { kCancel, kDrainForUsage };

struct Worker {
  std::string name;
  std::string dialect;           // "openai" | "anthropic" | "gemini" | "local" | "tool"
  std::string base_url;          // wire dialects
  bool private_address = false;  // base_url may lead to this machine or a private network
  std::string path, sha256;      // local
  std::string adapter;           // local: GGUF LoRA over its model; empty: none
  Secret key;
  bool simulated = false;    // labelled so wherever it is shown
  provider::Target target;   // model name, abilities, caps
  std::int64_t context = 0;  // tokens; 0: unknown
  budget::PriceTable prices;
  bool priced = false;
  std::vector<budget::Budget> budgets;  // of all requests together; one per period
  DataProfile data;
  int max_concurrency = 64;
  int max_queue = 256;  // calls waiting for a slot; beyond: kOverloaded
  Timeouts timeouts;
  BreakerOptions breaker;
  OnClientGone on_client_gone = OnClientGone::kCancel;
  Duration drain_limit = std::chrono::seconds(20);
  // Hedging: after this long without a first byte, ask the next candidate too. Unset: never.
  std::optional<Duration> hedge_after;
  // Tool: an MCP server, a program to start or (empty) one at base_url.
  std::vector<std::string> command;
  std::vector<std::pair<std::string, Secret>> environment;  // all that the program sees
  std::vector<std::string> tools;                           // those that may be called; empty: all
  int lm_parallel = 8, lm_threads = 0, lm_context = 0;
};

}  // namespace baton::pool
