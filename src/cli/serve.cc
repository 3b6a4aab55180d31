#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

#include "cli/commands.h"
#include "serve/app.h"

namespace baton::cli {

int Complain(const Error& error) {
  fmt::print(stderr, "baton: {}\n", error.message);
  return 1;
}

bool IsTerminal(int fd) {
  return isatty(fd) == 1;
}

int Serve(const ServeOptions& options) {
  serve::AppOptions app;
  app.config_path = options.config;
  app.listen = options.listen;
  app.env = config::ProcessEnv();
  app.log = Log(options.verbose ? Log::Level::kDebug : options.quiet ? Log::Level::kWarn : Log::Level::kInfo);
  auto running = serve::App::Start(app);
  if (!running) return Complain(running.error());
  app.log.Info("baton {} ready on {} with {} workers", serve::Version(), (*running)->url(),
               (*running)->config().workers.size());
  (*running)->Run();
  app.log.Info("baton ended");
  return 0;
}

}  // namespace baton::cli
