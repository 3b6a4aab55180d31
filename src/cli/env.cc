// `baton env`: the training environment as an HTTP server on one loop.
#include <fmt/format.h>

#include <csignal>
#include <cstdlib>

#include "api/error_reply.h"
#include "arena/builtin.h"
#include "base/signal.h"
#include "cli/commands.h"
#include "net/loop.h"
#include "serve/env_server.h"

namespace baton::cli {
namespace {

struct Session {
  EnvOptions options;
  std::string address;
  std::uint16_t port = 0;
  std::unique_ptr<arena::Memo> memo;
  arena::BuiltinPool pool;
  std::unique_ptr<arena::Environment> environment;
  std::unique_ptr<arena::Service> service;
  std::unique_ptr<serve::EnvServer> handler;
  Result<std::unique_ptr<net::Server>> server = Error{};
};

bool IsLoopback(const std::string& host) {
  return host == "localhost" || host == "::1" || host.starts_with("127.");
}

Status Build(Session& s, Loop& loop) {
  const EnvOptions& o = s.options;
  TRY(s.memo, arena::Memo::Open({.path = o.memo}));
  arena::BuiltinOptions pool;
  pool.models = o.models;
  pool.threads = o.threads;
  if (!o.workers.empty()) pool.names = o.workers;
  pool.world = arena::Merge(arena::MakeWorld("train", o.world), arena::MakeWorld("test", o.world));
  std::string left_out;
  TRY(s.pool, arena::MakeBuiltinPool(pool, &left_out));
  if (!left_out.empty()) fmt::print(stderr, "{}\n", left_out);
  arena::Environment::Options environment;
  environment.workers = s.pool.workers;
  environment.backend = s.pool.Factory(loop);
  environment.memo = s.memo.get();
  environment.max_answer = o.max_answer;
  TRY(s.environment, arena::Environment::Create(loop, std::move(environment)));
  arena::ServiceOptions service;
  service.world_seed = o.world;
  service.max_running = static_cast<std::size_t>(o.running);
  service.usd_per_right = o.usd_per_right;
  s.service = std::make_unique<arena::Service>(*s.environment, service);
  const char* token = std::getenv(o.token_env.c_str());
  if ((!token || !*token) && !IsLoopback(s.address))
    return Fail(
        Code::kInvalidRequest,
        fmt::format("{} is empty: without a token the environment listens on the loopback only", o.token_env),
        "no_token");
  s.handler = std::make_unique<serve::EnvServer>(*s.service, Secret(token ? token : ""));
  return {};
}

Task<void> Run(net::IoLoop& loop, Session& s) {
  if (Status built = Build(s, loop); !built) {
    s.server = built.error();
    co_return;
  }
  net::ServerOptions server;
  server.address = s.address;
  server.port = s.port;
  server.limits.max_connections = 1024;
  server.limits.max_body_bytes = 16 << 20;
  server.error_body = [](int status, std::string_view reason, std::string_view message) {
    return std::make_pair(api::ErrorBody(api::ErrorForStatus(status, reason, message)),
                          std::string("application/json"));
  };
  s.server = net::Server::Listen(loop, std::move(server),
                                 [&s](net::Request& q, net::Reply& r) { return s.handler->Handle(q, r); });
  if (!s.server) co_return;
  fmt::print(stderr, "baton env on http://{}:{} ({} workers)\n", s.address, (*s.server)->port(),
             s.pool.workers.size());
  Signal stop(loop);
  loop.OnSignal({SIGTERM, SIGINT}, [&stop](int) { stop.Set(); });
  co_await stop.Wait();
  co_await (*s.server)->Drain(std::chrono::seconds(5));
  const auto& c = s.handler->counts();
  const auto memo = s.memo->counts();
  fmt::print(stderr, "{} resets, {} scores, {} batches, {} refused; {} calls remembered, {} made\n", c.resets,
             c.scores, c.batches, c.refused, memo.hits, memo.kept);
  s.server->reset();
}

}  // namespace

int Env(const EnvOptions& options) {
  Session session;
  session.options = options;
  const auto colon = options.listen.rfind(':');
  const std::string port = colon == std::string::npos ? "" : options.listen.substr(colon + 1);
  if (port.empty() || port.size() > 5 || port.find_first_not_of("0123456789") != std::string::npos ||
      std::stoi(port) > 65535) {
    fmt::print(stderr, "baton: --listen {} is no address; write HOST:PORT, like 127.0.0.1:8090\n",
               options.listen);
    return 2;
  }
  session.address = options.listen.substr(0, colon);
  session.port = static_cast<std::uint16_t>(std::stoi(port));
  if (!options.write_world.empty()) {
    const auto world =
        arena::Merge(arena::MakeWorld("train", options.world), arena::MakeWorld("test", options.world));
    if (Status written = arena::WriteWorld(world, options.write_world); !written)
      return Complain(written.error());
    fmt::print("{}/tables\n{}/documents\n", options.write_world, options.write_world);
    return 0;
  }
  std::signal(SIGPIPE, SIG_IGN);
  net::RunBlocking([&session](net::IoLoop& loop) { return Run(loop, session); });
  if (!session.server) return Complain(session.server.error());
  return 0;
}

}  // namespace baton::cli
