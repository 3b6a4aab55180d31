#include <fmt/format.h>

#include <cstdio>
#include <fstream>

#include "bench/proxy_bench.h"
#include "bench/soak.h"
#include "cli/commands.h"

namespace baton::cli {

namespace {

void Say(const std::string& line) {
  fmt::print(stderr, "{}\n", line);
}

// Fails on growth: this is the one figure of a soak that must not move.
int Soak(double seconds) {
  auto result = bench::RunSoak("/proc/self/exe", seconds, 2000, Say);
  if (!result) return Complain(result.error());
  fmt::print("{} replies, {} errors, memory of the last quarter over the second: {:.3f}\n", result->replies,
             result->errors, result->growth);
  return result->errors == 0 && result->growth < 1.05 ? 0 : 1;
}

}  // namespace

int Bench(const BenchOptions& options) {
  if (options.soak_seconds > 0) return Soak(options.soak_seconds);
  bench::ProxyBenchOptions o;
  o.baton = "/proc/self/exe";
  if (options.quick) {
    o.repeats = 3;
    o.seconds = 1;
  }
  auto result = bench::RunProxyBench(o, Say);
  if (!result) return Complain(result.error());
  fmt::print("{}", bench::ToText(*result));
  if (!options.json.empty()) {
    std::ofstream out(options.json);
    out << bench::ToJson(*result) << "\n";
    if (!out) return Complain(Fail(Code::kInternal, fmt::format("cannot write {}", options.json)));
  }
  return 0;
}

}  // namespace baton::cli
