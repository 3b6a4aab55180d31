#include "net/server.h"

#include <fmt/format.h>

#include <filesystem>

#include "net/asio_loop.h"
#include "net/server_connection.h"
#include "net/server_core.h"

namespace baton::net {
namespace {

using Acceptor = asio::basic_socket_acceptor<asio::ip::tcp, AsioLoop::Executor>;
using ReusePort = asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;

constexpr int kBacklog = 4096;  // the kernel cuts it to net.core.somaxconn
// Connections above the limit that may wait for their 503; the ones after them are just closed.
constexpr std::size_t kTurnedAway = 128;
constexpr Duration kAcceptPause = std::chrono::milliseconds(100);

Error BindError(const asio::error_code& error, const ServerOptions& o) {
  const std::string where = fmt::format("{}:{}", o.address, o.port);
  if (error == asio::error::address_in_use) {
    return Fail(Code::kConflict,
                fmt::format("{} is in use by another program; stop it or choose another port "
                            "(`ss -ltnp 'sport = :{}'` shows who has it)",
                            where, o.port),
                "port_in_use");
  }
  if (error == asio::error::access_denied) {
    return Fail(
        Code::kPermissionDenied,
        fmt::format("not allowed to listen on {}; ports below 1024 need root or CAP_NET_BIND_SERVICE", where),
        "port_not_allowed");
  }
  return Fail(Code::kInvalidRequest, fmt::format("cannot listen on {}: {}", where, error.message()),
              "bad_address");
}

Status OpenSocket(Acceptor& acceptor, const Endpoint& endpoint, bool share) {
  asio::error_code error;
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(asio::socket_base::reuse_address(true), error);
  if (!error && share) acceptor.set_option(ReusePort(true), error);
  if (!error && endpoint.address().is_v6()) acceptor.set_option(asio::ip::v6_only(false), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) return {};
  Error e = Fail(Code::kInternal, error.message());
  e.upstream_status = error.value();
  return e;
}

class ServerImpl final : public Server {
 public:
  ServerImpl(AsioLoop& loop, ServerOptions options, Handler handler)
      : core_(new ServerCore(loop, std::move(options), std::move(handler))),
        state_(std::make_shared<State>(State{Acceptor(loop.io()), core_, false})) {}
  ~ServerImpl() override;

  Status Open();
  std::uint16_t port() const override { return port_; }
  Task<void> Drain(Duration grace) override;
  void SetLimits(const ServerLimits& limits) override { core_->options.limits = limits; }
  int connections() const override { return static_cast<int>(core_->connections.size()); }

 private:
  // Held by the pending accept, which may outlive the server.
  struct State {
    Acceptor acceptor;
    Ref<ServerCore> core;
    bool closed;
  };
  static void Accept(std::shared_ptr<State> state);
  static void Welcome(State& state, Socket socket);
  void StopAccepting();
  void ShutdownAll();

  Ref<ServerCore> core_;
  std::shared_ptr<State> state_;
  std::uint16_t port_ = 0;
};

Status ServerImpl::Open() {
  ServerOptions& o = core_->options;
  if (!o.tls.certificate.empty() || !o.tls.key.empty()) TRY_VOID(core_->LoadTls());
  asio::error_code error;
  const auto address = asio::ip::make_address(o.address == "localhost" ? "127.0.0.1" : o.address, error);
  if (error) {
    return Fail(Code::kInvalidRequest,
                fmt::format("'{}' is not an IP address to listen on; use 127.0.0.1 or 0.0.0.0", o.address),
                "bad_address");
  }
  const Endpoint endpoint(address, o.port);
  if (!o.share_port && o.port != 0) {
    // Our own sockets share their port, and so would a second Baton of the same user, in silence. A bind that
    // does not share finds out.
    Acceptor probe(core_->loop.io());
    asio::error_code bind_error;
    probe.open(endpoint.protocol(), bind_error);
    if (!bind_error) probe.set_option(asio::socket_base::reuse_address(true), bind_error);
    if (!bind_error) probe.bind(endpoint, bind_error);
    if (bind_error) return BindError(bind_error, o);
  }
  if (Status opened = OpenSocket(state_->acceptor, endpoint, true); !opened) {
    return BindError(asio::error_code(opened.error().upstream_status, asio::system_category()), o);
  }
  state_->acceptor.listen(kBacklog, error);
  if (error) return BindError(error, o);
  port_ = state_->acceptor.local_endpoint(error).port();
  Accept(state_);
  return {};
}

void ServerImpl::Accept(std::shared_ptr<State> state) {
  if (state->closed) return;
  Acceptor& acceptor = state->acceptor;
  acceptor.async_accept([state = std::move(state)](const asio::error_code& error, Socket socket) mutable {
    AsioLoop& loop = state->core->loop;
    AsioLoop::Turn turn(loop);
    if (state->closed) return;
    if (!error) {
      Welcome(*state, std::move(socket));
    } else if (error != asio::error::connection_aborted) {
      // Most likely out of file descriptors: let some close before the next try.
      state->core->CountRefusal("accept_failed");
      state->core->options.log.Warn("cannot accept a connection: {}; raise the limit of open files",
                                    error.message());
      loop.CallAt(loop.Now() + kAcceptPause, [state] { Accept(state); });
      return;
    }
    Accept(std::move(state));
  });
}

void ServerImpl::Welcome(State& state, Socket socket) {
  ServerCore& core = *state.core;
  const bool full = core.connections.size() >= core.options.limits.max_connections;
  if (full) core.CountRefusal("too_many_connections");
  if (full && core.connections.size() >= core.options.limits.max_connections + kTurnedAway) return;
  if (core.tls) core.RefreshTls();
  asio::error_code error;
  const Endpoint peer = socket.remote_endpoint(error);
  std::string name = error ? "unknown" : fmt::format("{}:{}", peer.address().to_string(), peer.port());
  Ref<ServerConnection> connection(new ServerConnection(state.core, std::move(socket), std::move(name)));
  core.tasks.Spawn(ServerConnection::Serve(std::move(connection), full));
}

void ServerImpl::StopAccepting() {
  state_->closed = true;
  asio::error_code ignored;
  state_->acceptor.close(ignored);
}

void ServerImpl::ShutdownAll() {
  core_->shutdown = true;
  const std::vector<ServerConnection*> all(core_->connections.begin(), core_->connections.end());
  std::vector<Ref<ServerConnection>> keep(all.begin(), all.end());
  for (const auto& c : keep) c->Shutdown();
}

Task<void> ServerImpl::Drain(Duration grace) {
  StopAccepting();
  core_->draining = true;
  std::vector<Ref<ServerConnection>> all;
  for (ServerConnection* c : core_->connections) all.emplace_back(c);
  for (const auto& c : all) c->CloseIfIdle();
  all.clear();
  const auto timer = core_->loop.CallAt(core_->loop.Now() + grace, [this] { ShutdownAll(); });
  co_await core_->tasks.Join();
  core_->loop.CancelTimer(timer);
}

ServerImpl::~ServerImpl() {
  StopAccepting();
  core_->draining = true;
  ShutdownAll();
}

}  // namespace

ServerCore::ServerCore(AsioLoop& l, ServerOptions o, Handler h)
    : loop(l), options(std::move(o)), handler(std::move(h)), date(l.clock()), tasks(l) {
  if (!options.metrics) return;
  requests =
      options.metrics->GetCounter("baton_http_requests_total", "Requests whose head and body were received");
  dropped_headers = options.metrics->GetCounter("baton_http_dropped_headers_total",
                                                "Reply headers left out because they held CR, LF or NUL");
  open = options.metrics->GetGauge("baton_http_connections", "Open client connections");
}

namespace {
// When the file was last written, in any unit that changes; 0 when it is not there.
std::int64_t WrittenAt(const std::string& path) {
  std::error_code error;
  const auto at = std::filesystem::last_write_time(path, error);
  return error ? 0 : static_cast<std::int64_t>(at.time_since_epoch().count());
}
}  // namespace

Status ServerCore::LoadTls() {
  tls_files_time_ = {WrittenAt(options.tls.certificate), WrittenAt(options.tls.key)};
  TRY(tls, TlsContext::Server(options.tls.certificate, options.tls.key));
  return {};
}

// Looks at the files for every new connection: a handshake costs a hundred times as much, and whoever renews
// certificates has nobody to tell.
void ServerCore::RefreshTls() {
  const std::pair now = {WrittenAt(options.tls.certificate), WrittenAt(options.tls.key)};
  if (now == tls_files_time_) return;
  if (Status loaded = LoadTls(); !loaded) {
    options.log.Warn("keeping the old TLS certificate: {}", loaded.error().message);
  } else {
    options.log.Info("loaded the new TLS certificate '{}'", options.tls.certificate);
  }
}

void ServerCore::CountRefusal(std::string_view reason) {
  if (!options.metrics) return;
  auto at = refusals_.find(reason);
  if (at == refusals_.end()) {
    const Counter fresh = options.metrics->GetCounter(
        "baton_http_refused_total", "Requests and connections refused below the handler, by reason",
        {{"reason", std::string(reason)}});
    at = refusals_.emplace(reason, fresh).first;
  }
  at->second.Add();
}

std::pair<std::string, std::string> ServerCore::ErrorBody(int status, std::string_view reason,
                                                          std::string_view message) const {
  if (options.error_body) return options.error_body(status, reason, message);
  return {fmt::format("{}: {}\n", reason, message), "text/plain"};
}

Result<std::unique_ptr<Server>> Server::Listen(Loop& loop, ServerOptions options, Handler handler) {
  auto* asio_loop = dynamic_cast<AsioLoop*>(&loop);
  if (!asio_loop) return Fail(Code::kInternal, "a server needs a loop of net/loop.h");
  auto server = std::make_unique<ServerImpl>(*asio_loop, std::move(options), std::move(handler));
  TRY_VOID(server->Open());
  return std::unique_ptr<Server>(std::move(server));
}

}  // namespace baton::net
