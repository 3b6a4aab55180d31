#include <cstdio>
#include <fstream>

#include <fmt/format.h>

#include "bench/proxy_bench.h"
#include "cli/commands.h"

namespace baton::cli {

int Bench(const BenchOptions& options) {
  bench::ProxyBenchOptions o;
  o.baton = "/proc/self/exe";
  if (options.quick) {
    o.repeats = 3;
    o.seconds = 1;
  }
  auto result = bench::RunProxyBench(o, [](const std::string& line) { fmt::print(stderr, "{}\n", line); });
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
