#include <fmt/format.h>

#include <csignal>
#include <cstdio>

#include "base/log.h"
#include "base/signal.h"
#include "cli/commands.h"
#include "mock/server.h"

namespace baton::cli {
namespace {

struct Session {
  mock::Options options;
  Result<std::unique_ptr<mock::MockServer>> server = Error{};
};

Task<void> RunMock(net::IoLoop& loop, Session& session) {
  session.server = mock::Start(loop, session.options);
  if (!session.server) co_return;
  fmt::print(stderr, "baton mock (simulated provider) on http://{}:{}\n", session.options.address,
             (*session.server)->port());
  Signal stop(loop);
  loop.OnSignal({SIGTERM, SIGINT}, [&stop](int) { stop.Set(); });
  co_await stop.Wait();
  co_await (*session.server)->Drain(std::chrono::seconds(2));
  session.server->reset();
}

}  // namespace

int Mock(const MockOptions& options) {
  Session session;
  const auto colon = options.listen.rfind(':');
  const std::string port = colon == std::string::npos ? "" : options.listen.substr(colon + 1);
  if (port.empty() || port.size() > 5 || port.find_first_not_of("0123456789") != std::string::npos ||
      std::stoi(port) > 65535) {
    fmt::print(stderr, "baton: --listen {} is no address; write HOST:PORT, like 127.0.0.1:9090\n",
               options.listen);
    return 2;
  }
  session.options.address = options.listen.substr(0, colon);
  session.options.port = static_cast<std::uint16_t>(std::stoi(port));
  session.options.require_key = options.require_key;
  session.options.fast = options.fast;
  session.options.log = options.quiet ? Log::Null() : Log(Log::Level::kWarn);
  if (!options.script.empty()) {
    auto script = mock::LoadScript(options.script);
    if (!script) return Complain(script.error());
    session.options.script = std::move(*script);
  }
  std::signal(SIGPIPE, SIG_IGN);
  net::RunBlocking([&session](net::IoLoop& loop) { return RunMock(loop, session); });
  if (!session.server) return Complain(session.server.error());
  return 0;
}

}  // namespace baton::cli
