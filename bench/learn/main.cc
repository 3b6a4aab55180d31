// Experiments of online learning. Each prints its table as Markdown:
//
//   learn_bench off_policy > table.md
//
// Names: off_policy, canary, shift, poison, attack. Recorded outcomes lie in $BATON_SHARED_DATA (default
// ../shared/data) and are not part of the repository; experiments say so where they are missing and run on
// simulated ones alone.
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "learn/experiments.h"

int main(int argc, char** argv) {
  using namespace baton::learn::bench;
  Settings settings;
  if (const char* shared = std::getenv("BATON_SHARED_DATA")) settings.shared = shared;
  if (argc > 2) settings.runs = std::atoi(argv[2]);
  const struct {
    const char* name;
    int (*run)(const Settings&);
  } kAll[] = {{"off_policy", OffPolicyCoverage},
              {"canary", CanaryErrors},
              {"shift", Shift},
              {"poison", Poison},
              {"attack", Attack}};
  for (const auto& e : kAll) {
    if (argc > 1 && std::strcmp(argv[1], e.name) == 0) return e.run(settings);
  }
  std::fprintf(stderr, "usage: learn_bench off_policy|canary|shift|poison|attack [RUNS]\n");
  return 2;
}
