// Any bytes are either a configuration or a list of problems.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "config/config.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  baton::config::Env env;
  env.get = [](const std::string&) { return std::optional<std::string>("key"); };
  // Every include is the file itself again, so that cycles and depth are met.
  std::string_view text(reinterpret_cast<const char*>(data), size);
  env.read_file = [text](const std::string&) -> baton::Result<std::string> { return std::string(text); };
  auto config = baton::config::Parse(text, "fuzz/config.yaml", env);
  if (!config && config.error().message.empty()) __builtin_trap();
  return 0;
}
