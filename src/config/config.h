// The configuration file as plain data, already checked: every name in it resolves.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "net/server.h"
#include "pool/pool.h"
#include "pool/worker.h"
#include "rails/rails.h"
#include "record/recorder.h"
#include "route/rules.h"

namespace baton::config {

struct Config {
  std::string path;                     // where it came from
  std::string listen_address = "127.0.0.1";
  std::uint16_t listen_port = 8080;
  net::TlsFiles tls;
  net::ServerLimits limits;
  int threads = 0;                      // 0: one per core
  std::string store_path = "baton.db";  // from `store: sqlite:PATH`, relative to the config file
  record::RecorderOptions record;
  std::vector<std::shared_ptr<const pool::Worker>> workers;
  route::RulesOptions routes;
  rails::RailsOptions rails;
  rails::ClassifierOptions data;
  pool::RetryPolicy retry;
  Duration drain = std::chrono::seconds(30);
  Duration idempotency_ttl = std::chrono::hours(1);
  // Non-fatal remarks ("worker 'large' has no price: its cost is reported as unknown").
  std::vector<std::string> warnings;
};

// Reads environment variables and key files; injected so that tests need neither.
struct Env {
  std::function<std::optional<std::string>(const std::string& name)> get;
  std::function<Result<std::string>(const std::string& path)> read_file;
};
Env ProcessEnv();

// One problem, with its place, in words: "config.yaml:12:5: unknown key 'pricee' in worker 'large'; did you mean 'price'?"
struct Problem {
  std::string where, message;
};

// All problems at once, not the first only; the Error's message is their list, one per line.
// Reads `include:`d files too. Never prints a key's value.
Result<Config> Load(const std::string& path, const Env& env);
Result<Config> Parse(std::string_view yaml, const std::string& path_for_messages, const Env& env);

// The published JSON Schema (draft 2020-12) of the file, generated from the same table of rows that parses it.
std::string JsonSchema();

}  // namespace baton::config
