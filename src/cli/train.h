// `baton train router`.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace baton::cli {

struct TrainRouterOptions {
  std::vector<std::string> data;
  std::string store;  // instead of data: the log of a server
  std::string out, table = "models/minilm-static.table", kind = "stack", prices;
  std::uint64_t seed = 1;
  int threads = 0;  // 0: one per core
  bool json = false;
};
// Exit code as in commands.h.
int TrainRouter(const TrainRouterOptions& options);

}  // namespace baton::cli
