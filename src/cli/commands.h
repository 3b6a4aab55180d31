// One function per command. Each returns the process's exit code: 0 done, 1 failed, 2 wrong usage. Results go
// to stdout, progress and errors to stderr. main.cc owns the options' names and help.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

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
  std::string config, store, id, since, model, worker, route;
  bool json = false, errors = false;
  int limit = 20;
};
int ShowLog(const LogOptions& options);

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

// "baton: " and the error, on stderr; 1.
int Complain(const Error& error);
// Standard output is a terminal (colours, progress).
bool IsTerminal(int fd);

}  // namespace baton::cli
