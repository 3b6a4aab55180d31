// CPU per request of the whole Baton process beside nginx's bare proxy, in one interleaved run.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace baton::bench {

struct ProxyBenchOptions {
  std::string baton;  // the binary: server and upstream
  int repeats = 5;
  double seconds = 2;  // per measurement
};

struct Spread {
  double median = 0, min = 0, max = 0;
};
Spread SpreadOf(std::vector<double> values);

// One server under one kind of load.
struct ProxyRow {
  std::string server, load;
  Spread cpu_us;  // CPU per request (per chunk for streams), user and system
  Spread ratio;   // over nginx, pair by pair; 1 for nginx
  Spread per_second;
  Spread p50_us, p99_us;  // fixed rate only
  std::uint64_t errors = 0;
  std::int64_t resident = 0;
};

struct ProxyBench {
  std::vector<ProxyRow> rows;
  std::string machine;  // processor, kernel, versions
  double noise = 0;     // nginx against itself in the same run: largest deviation of a ratio from 1
};

// Needs nginx in PATH; kNotFound with advice otherwise. Minutes; tells its progress through `say`.
Result<ProxyBench> RunProxyBench(const ProxyBenchOptions& options, void (*say)(const std::string&));
std::string ToText(const ProxyBench& bench);
std::string ToJson(const ProxyBench& bench);

}  // namespace baton::bench
