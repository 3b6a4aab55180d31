#include <fmt/format.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "config/config.h"
#include "serve/assemble.h"

namespace baton::cli {

int Check(const CheckOptions& options) {
  if (options.schema) {
    fmt::print("{}\n", config::JsonSchema());
    return 0;
  }
  if (options.file.empty()) {
    fmt::print(stderr, "baton: check needs a file: baton check FILE\n");
    return 2;
  }
  auto loaded = config::Load(options.file, config::ProcessEnv());
  // Building the policies compiles custom patterns, so what check accepts serve will too.
  Status usable;
  if (loaded) {
    if (auto policies = serve::MakePolicies(*loaded); !policies) usable = policies.error();
  } else {
    usable = loaded.error();
  }
  if (options.json) {
    nlohmann::ordered_json out;
    out["ok"] = usable.has_value();
    if (!usable) out["problems"] = usable.error().message;
    if (loaded) {
      out["workers"] = loaded->workers.size();
      out["routes"] = loaded->routes.rules.size();
      out["warnings"] = loaded->warnings;
    }
    fmt::print("{}\n", out.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
    return usable ? 0 : 1;
  }
  if (!usable) return Complain(usable.error());
  for (const auto& w : loaded->warnings) fmt::print("warning: {}\n", w);
  fmt::print("{}: ok, {} workers, {} routes, listens on {}:{}\n", options.file, loaded->workers.size(),
             loaded->routes.rules.size(), loaded->listen_address, loaded->listen_port);
  return 0;
}

}  // namespace baton::cli
