// A running Baton: loops, servers, the current configuration, and the way it is replaced and ended.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/log.h"
#include "config/config.h"

namespace baton::serve {

struct AppOptions {
  std::string config_path;
  std::string listen;  // "addr:port", replaces the file's; empty: the file's
  config::Env env;
  Log log;
};

class App {
 public:
  // Loads everything and listens; requests are answered once Run() is called. Bad config, a taken port, a
  // missing model: the error says what to do, nothing is left behind.
  static Result<std::unique_ptr<App>> Start(AppOptions options);
  virtual ~App() = default;
  virtual std::uint16_t port() const = 0;
  virtual std::string url() const = 0;
  virtual const config::Config& config() const = 0;
  // Serves until SIGTERM or SIGINT (graceful drain; a second signal ends it at once). SIGHUP reloads.
  virtual void Run() = 0;
};

std::string_view Version();

}  // namespace baton::serve
