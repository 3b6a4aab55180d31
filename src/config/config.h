// The configuration file as plain data, already checked: every name in it resolves.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/settings.h"
#include "base/result.h"
#include "base/secret.h"
#include "exchange/keep.h"
#include "guard/rule.h"
#include "human/desk.h"
#include "learn/settings.h"
#include "net/server.h"
#include "pool/pool.h"
#include "pool/prompt.h"
#include "pool/worker.h"
#include "rails/rails.h"
#include "record/recorder.h"
#include "route/rules.h"
#include "workflow/contract.h"
#include "workflow/flow.h"

namespace baton::config {

// What is learned, and where it lies (docs/learned_routing.md).
struct LearnedFiles {
  std::string model;         // of `baton train router`; empty: none
  std::string table;         // the static table
  bool table_named = false;  // else the default, which may be absent
  route::RouterSettings settings;
};

// Which system calls `baton serve` keeps (serve/harden.h).
enum class SyscallFilter { kAuto, kRequired, kOff };

struct Config {
  std::string path;    // where it came from
  std::string digest;  // of what the file and its includes say; comments aside: 12 digits
  std::string listen_address = "127.0.0.1";
  std::uint16_t listen_port = 8080;
  net::TlsFiles tls;  // paths are absolute, or relative to the working directory
  net::ServerLimits limits;
  int threads = 0;  // 0: one per core
  std::string store_path =
      "baton.db";           // from `store: sqlite:PATH`, relative to the config file; also record.path
  std::string shared_path;  // keys and balances: `shared:`, or store_path
  record::RecorderOptions record;
  std::vector<std::shared_ptr<const pool::Worker>> workers;  // never empty, names unique
  std::map<std::string, pool::PromptRules> prompts;          // of workers that have some
  std::vector<workflow::FlowSettings> workflows;             // the operator's
  std::shared_ptr<const workflow::Library> library;          // those and the built-in ones
  LearnedFiles router;
  learn::Settings learning;
  std::shared_ptr<const workflow::Contracts> contracts;  // null: none
  exchange::KeepRules keep;                              // what of the content is kept
  std::shared_ptr<const Secret> master_key;              // seals it; null: none
  bool refuse_unrecorded = false;                        // audit.on_full: refuse
  route::RulesOptions routes;  // every worker they name exists, every condition has a known field
  rails::RailsOptions rails;
  rails::ClassifierOptions data;  // the patterns compile
  std::vector<guard::Rule> guards;
  pool::RetryPolicy retry;
  bool continue_streams = true;  // fallback.on_stream_break
  human::DeskRules human;
  SyscallFilter syscall_filter = SyscallFilter::kAuto;
  access::Settings access;  // tenants: none, and nobody needs a key
  Duration drain = std::chrono::seconds(30);
  Duration idempotency_ttl = std::chrono::hours(1);
  // Non-fatal remarks ("worker 'large' has no price: its cost is reported as unknown").
  std::vector<std::string> warnings;
};

// Reads environment variables and key files; injected so that tests need neither.
struct Env {
  std::function<std::optional<std::string>(const std::string& name)> get;
  // kNotFound, kPermissionDenied, kTooLarge (over 8 MiB) or kInvalidRequest (a directory, not a regular
  // file).
  std::function<Result<std::string>(const std::string& path)> read_file;
  // Whether others than the file's owner and group may read it. May be empty: not checked.
  std::function<bool(const std::string& path)> readable_by_others;
};
Env ProcessEnv();

// All problems at once, not the first only. kInvalidRequest "bad_config"; the message is their list, one per
// line: "config.yaml:12:5: unknown key 'pricee' in worker; did you mean 'price'?" (at most 100 lines). Reads
// `include:`d files too, through `env`. Never prints a key's value. Nothing but files is touched: no name is
// resolved, no worker is called, no model is opened.
Result<Config> Load(const std::string& path, const Env& env);
// `path_for_messages` also says where relative paths begin.
Result<Config> Parse(std::string_view yaml, const std::string& path_for_messages, const Env& env);

// The published JSON Schema (draft 2020-12) of the file, generated from the same table of rows that parses
// it.
std::string JsonSchema();
// The reference part of docs/config.md, generated from the same table.
std::string ReferenceMarkdown();

}  // namespace baton::config
