// One function per command. Each returns the process's exit code: 0 done, 1 failed, 2 wrong usage. Results go
// to stdout, progress and errors to stderr. main.cc owns the options' names and help.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace baton::cli {

struct ServeOptions {
  std::string config, listen;
  bool verbose = false, quiet = false;
};
int Serve(const ServeOptions& options);

struct CheckOptions {
  std::string file;
  bool json = false, schema = false;
};
int Check(const CheckOptions& options);

struct AskOptions {
  std::string url, model = "baton", text, system;
  bool json = false;
  std::vector<std::string> headers;  // "name: value"
};
int Ask(const AskOptions& options);

struct RouteOptions {
  std::string config, request;
  bool json = false;
};
int Route(const RouteOptions& options);

struct PoolOptions {
  std::string url;
  bool json = false;
  std::vector<std::string> workers;
};
int PoolList(const PoolOptions& options);
int PoolProbe(const PoolOptions& options);
int PoolTools(const PoolOptions& options);

struct CasesOptions {
  std::string url, state, id, by, text;
  bool json = false, force = false;
};
int CasesList(const CasesOptions& options);
int CasesShow(const CasesOptions& options);
int CasesClaim(const CasesOptions& options);
int CasesRelease(const CasesOptions& options);
int CasesAnswer(const CasesOptions& options);
int CasesReject(const CasesOptions& options);

struct KeysOptions {
  std::string config, tenant, id;
  std::string name, project, user, role, usd, per = "month", expires, overlap = "24h";
  std::vector<std::string> scopes, models;
  std::int64_t tokens = 0, rpm = 0, tpm = 0, concurrent = 0;  // 0: not given
  bool json = false;
};
int KeysCreate(const KeysOptions& options);
int KeysList(const KeysOptions& options);
int KeysRevoke(const KeysOptions& options);
int KeysRotate(const KeysOptions& options);
int KeysUsage(const KeysOptions& options);

struct LogOptions {
  std::string config, store, id, since, model, worker, route, contract, tenant;
  bool json = false, errors = false;
  int limit = 20;
};
int ShowLog(const LogOptions& options);

struct ReplayOptions {
  std::string config, store, since, until, model, worker, route;
  bool json = false;
  int limit = 20;
};
int Replay(const ReplayOptions& options);

struct PolicyOptions {
  std::string url, what, by;  // what: shadow's file, or the version of a policy that the server keeps
  double share = 0;
  bool force = false, json = false;
};
int Shadow(const PolicyOptions& options);
int Promote(const PolicyOptions& options);
int Rollback(const PolicyOptions& options);

struct AuditOptions {
  std::string store = "baton.db", out;
  std::vector<std::string> keys, anchors;  // files
  std::string url, tenant, exchange, by;   // erase
  bool json = false, no_head = false, allow_gaps = false, sealed = false;
};
int AuditVerify(const AuditOptions& options);
int AuditExport(const AuditOptions& options);
int AuditKey(const AuditOptions& options);
int AuditHead(const AuditOptions& options);
int AuditEvents(const AuditOptions& options);
int AuditErase(const AuditOptions& options);

struct ExportOptions {
  std::string what, config, store, since, out, master_key, account;
  bool json = false, all = false;
};
int Export(const ExportOptions& options);

struct ModelsOptions {
  std::string dir = "models", from;
  std::vector<std::string> names;
  bool all = false, json = false;
};
int ModelsPull(const ModelsOptions& options);
int ModelsList(const ModelsOptions& options);

struct MockOptions {
  std::string listen = "127.0.0.1:9090", script, require_key;
  bool fast = false, quiet = false;
};
int Mock(const MockOptions& options);

struct BenchOptions {
  std::string json;
  bool quick = false;
  double soak_seconds = 0;
};
int Bench(const BenchOptions& options);

struct EvalOptions {
  std::vector<std::string> data, policies;
  std::vector<std::string> verify;  // verifiers whose verdicts policies may use
  std::string prices, models = "models", json, html, rerun, parts, verdicts;
  std::vector<std::string> trusted;  // revisions whose finished parts may be used
  double train_share = 0.5, score_scale = 1;
  int seeds = 10, points = 24, draws = 1000, jobs = 0;  // jobs 0: as many as cores
  std::uint64_t first_seed = 1;
};
int Eval(const EvalOptions& options);

struct EvalImportOptions {
  std::string format, out;
  std::vector<std::string> files;
};
int EvalImport(const EvalImportOptions& options);
struct TrainCoordinatorOptions {
  std::string command;         // as typed, for the report
  std::string config, reader;  // instead of the built-in pool; whose model reads
  std::string models = "models", memo, out = "coordinator.json", results, page, checkpoint;
  std::vector<std::string> workers, families, questions;
  std::uint64_t seed = 1;
  int train_problems = 98, test_problems = 210, questions_each = 20;
  int generations = 15, replications = 16, population = 0, turns = 5, replay = 1000;
  double sigma = 0.03, usd_per_right = 0.001, minutes = 0;
  int max_answer = 40, parallel = 8, threads = 0, episodes = 64;
  std::string recorded;  // outcome matrix: one turn, on what was recorded
  int gate_each = 12;    // problems per slice that the gate plays; 0: no gate
  bool resume = false, controls = true, baselines = true, quick = false, json = false;
};
int TrainCoordinator(const TrainCoordinatorOptions& options);

// The same ground (pool, problems, memo), nothing trained but what the table's own rows need.
struct EvalLiveOptions : TrainCoordinatorOptions {
  std::string coordinator;  // file of a trained one; empty: no such row
  std::string conductor;    // worker of `config` whose model was trained to plan, or
  std::string adapter;      // its adapter, over the built-in pool; both empty: no such rows
  int timed = 0;            // problems that every policy is timed on
  std::string write_gate;   // file: where the conductor may serve; empty: it is not judged
};
int EvalLive(const EvalLiveOptions& options);

struct EnvOptions {
  std::string listen = "127.0.0.1:8090", models = "models", memo, token_env = "BATON_ENV_TOKEN", write_world;
  std::vector<std::string> workers;
  std::uint64_t world = 1;
  int max_answer = 48, running = 64, threads = 0;
  double usd_per_right = 0;
};
int Env(const EnvOptions& options);

struct TrainEvidenceOptions {
  std::vector<std::string> data;
  std::string prices, out = "model.evidence";
  std::string prior,
      table = "models/minilm-static.table";  // prior: kind of the router that gives it; empty: none
  double score_scale = 1;
  std::uint64_t seed = 1;
  bool json = false;
};
int TrainEvidence(const TrainEvidenceOptions& options);

// Starts baton-train, which trains conductors, with these arguments; returns only when it cannot.
int TrainConductor(const std::vector<std::string>& arguments);

struct TrainInspectOptions {
  std::string results, policy = "coordinator", before;  // before: results of an earlier version
};
int TrainInspect(const TrainInspectOptions& options);

// "baton: " and the error, on stderr; 1.
int Complain(const Error& error);
// Standard output is a terminal (colours, progress).
bool IsTerminal(int fd);

}  // namespace baton::cli
