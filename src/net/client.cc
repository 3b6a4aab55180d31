#include "net/client.h"

#include <fmt/format.h>

#include <unordered_map>

#include "net/asio_loop.h"
#include "net/client_connection.h"
#include "net/dialer.h"
#include "net/head_writer.h"

namespace baton::net {
namespace {

struct OriginHash {
  std::size_t operator()(const Origin& o) const {
    return std::hash<std::string>()(o.host) * 31 + o.port * 4u + (o.tls ? 2u : 0u) +
           (o.private_allowed ? 1u : 0u);
  }
};

// The idle connections to one origin, the freshest last.
using Idle = std::vector<Ref<ClientConnection>>;

// Shared with the responses, which hand their connections back and may outlive the client.
struct Pool {
  Pool(AsioLoop& l, ClientOptions o)
      : loop(l), options(std::move(o)), names(l, options.addresses ? options.addresses : NewAddressBook()) {}

  AsioLoop& loop;
  const ClientOptions options;
  NameFinder names;
  Result<std::shared_ptr<TlsContext>> tls = std::shared_ptr<TlsContext>();
  std::unordered_map<Origin, Idle, OriginHash> idle;  // an origin stays: there are as many as workers
  bool open = true;
  Counter opened, resumed, reused, replaced, dropped_headers;
};

void Forget(Pool& pool, const Origin& origin, ClientConnection* connection) {
  Idle& idle = pool.idle[origin];
  for (auto at = idle.begin(); at != idle.end(); ++at) {
    if (at->get() != connection) continue;
    idle.erase(at);
    return;
  }
}

void GiveBack(const std::shared_ptr<Pool>& pool, const Origin& origin,
              const Ref<ClientConnection>& connection) {
  if (!pool->open || !connection->Reusable()) return connection->Close();
  const auto place = pool->idle.try_emplace(origin).first;
  Idle& idle = place->second;
  if (idle.size() >= pool->options.max_idle_per_origin) {
    const Ref<ClientConnection> oldest = idle.front();
    idle.erase(idle.begin());
    oldest->Unpark();
    oldest->Close();
  }
  idle.push_back(connection);
  // Keys of an unordered_map stay where they are, and the pool outlives what it holds.
  connection->Park(pool->options.idle,
                   [p = pool.get(), o = &place->first](ClientConnection* gone) { Forget(*p, *o, gone); });
}

Ref<ClientConnection> TakeIdle(Pool& pool, const Origin& origin) {
  const auto at = pool.idle.find(origin);
  if (at == pool.idle.end()) return {};
  Idle& idle = at->second;
  while (!idle.empty()) {
    Ref<ClientConnection> connection = std::move(idle.back());
    idle.pop_back();
    if (connection->Unpark()) return connection;
    connection->Close();
  }
  return {};
}

class Response final : public ClientResponse {
 public:
  Response(std::shared_ptr<Pool> pool, Origin origin, Ref<ClientConnection> connection)
      : pool_(std::move(pool)), origin_(std::move(origin)), connection_(std::move(connection)) {}
  ~Response() override { GiveBack(pool_, origin_, connection_); }
  int status() const override { return connection_->status(); }
  const HeaderViews& headers() const override { return connection_->headers(); }
  Task<Result<std::string_view>> Read() override { return ClientConnection::ReadBody(connection_); }
  Task<Result<std::string>> ReadAll(std::size_t limit) override {
    return ClientConnection::ReadAll(connection_, limit);
  }
  void SetDeadline(Deadline whole) override { connection_->SetDeadline(whole); }

 private:
  const std::shared_ptr<Pool> pool_;
  const Origin origin_;
  const Ref<ClientConnection> connection_;
};

void AppendHost(std::string& to, const Origin& origin) {
  const bool v6 = origin.host.find(':') != std::string::npos;
  to += "Host: ";
  if (v6) to += '[';
  to += origin.host;
  if (v6) to += ']';
  if (origin.port != (origin.tls ? 443 : 80)) fmt::format_to(std::back_inserter(to), ":{}", origin.port);
  to += "\r\n";
}

bool IsLine(std::string_view text) {
  return text.find_first_of(std::string_view(" \r\n\0", 4)) == text.npos;
}

Result<std::string> BuildHead(Pool& pool, const Origin& origin, const ClientRequest& request) {
  if (!IsLine(request.method) || !IsLine(request.target) || !IsLine(origin.host) || request.target.empty()) {
    return Fail(Code::kInvalidRequest, "the request's method, path or host holds spaces or line ends",
                "bad_target");
  }
  std::string head;
  head.reserve(512);
  head += request.method;
  head += ' ';
  head += request.target;
  head += " HTTP/1.1\r\n";
  AppendHost(head, origin);
  if (const int refused = AppendHeaders(head, request.headers)) pool.dropped_headers.Add(refused);
  const bool usually_bodied =
      request.method == "POST" || request.method == "PUT" || request.method == "PATCH";
  if (usually_bodied || !request.body.empty())
    AppendNumberHeader(head, "Content-Length", request.body.size());
  head += "\r\n";
  return head;
}

Task<Result<Ref<ClientConnection>>> Connect(std::shared_ptr<Pool> pool, const Origin& origin,
                                            PhaseTimeouts timeouts, Cancel* cancel) {
  const TimePoint until = pool->loop.Now() + timeouts.connect;
  CO_TRY(Socket socket, co_await Dial(pool->loop, pool->names, origin, until, timeouts.whole, cancel));
  Ref<ClientConnection> connection(
      new ClientConnection(pool->loop, std::move(socket), pool->options.max_header_bytes));
  pool->opened.Add();
  if (!origin.tls) co_return connection;
  if (!pool->tls) co_return pool->tls.error();
  if (!*pool->tls) {
    pool->tls = TlsContext::Client(pool->options.verify_tls, pool->options.ca_file);
    if (!pool->tls) co_return pool->tls.error();
  }
  auto session = (*pool->tls)->Connect(origin.host, origin.port);
  const Duration left = std::max(Duration::zero(), until - pool->loop.Now());
  Status shaken =
      co_await ClientConnection::Handshake(connection, std::move(session), left, timeouts.whole, cancel);
  if (!shaken) {
    connection->Close();
    co_return shaken.error();
  }
  if (connection->tls_resumed()) pool->resumed.Add();
  co_return connection;
}

Task<Result<std::unique_ptr<ClientResponse>>> SendOver(std::shared_ptr<Pool> pool, Origin origin,
                                                       ClientRequest request, PhaseTimeouts timeouts,
                                                       Cancel* cancel) {
  if (cancel && cancel->fired())
    co_return Fail(Code::kCancelled, "cancelled before it was sent", "cancelled");
  CO_TRY(const std::string head, BuildHead(*pool, origin, request));
  Ref<ClientConnection> connection = TakeIdle(*pool, origin);
  bool fresh = !connection;
  if (!fresh) pool->reused.Add();
  for (;;) {
    if (!connection) {
      CO_TRY(connection, co_await Connect(pool, origin, timeouts, cancel));
    }
    if (request.sent) *request.sent = true;
    Status done = co_await ClientConnection::Exchange(connection, head, request, timeouts, cancel);
    if (done) break;
    connection->Close();
    if (fresh || !connection->untouched()) co_return done.error();
    // The server closed a kept connection before it read the request: ask once more, on a new one.
    pool->replaced.Add();
    fresh = true;
    connection = {};
  }
  co_return std::make_unique<Response>(std::move(pool), std::move(origin), std::move(connection));
}

class ClientImpl final : public Client {
 public:
  ClientImpl(AsioLoop& loop, ClientOptions options)
      : pool_(std::make_shared<Pool>(loop, std::move(options))) {
    Metrics* m = pool_->options.metrics;
    if (!m) return;
    pool_->opened =
        m->GetCounter("baton_http_client_connections_opened_total", "Connections made to workers");
    pool_->resumed = m->GetCounter("baton_http_client_tls_resumed_total",
                                   "TLS handshakes that went on from an earlier session");
    pool_->reused =
        m->GetCounter("baton_http_client_connections_reused_total", "Requests sent over a kept connection");
    pool_->replaced = m->GetCounter("baton_http_client_stale_replaced_total",
                                    "Requests sent again because a kept connection had been closed");
    pool_->dropped_headers = m->GetCounter("baton_http_client_dropped_headers_total",
                                           "Request headers left out because they held CR, LF or NUL");
  }
  ~ClientImpl() override {
    pool_->open = false;
    CloseIdle();
  }
  Task<Result<std::unique_ptr<ClientResponse>>> Send(const Origin& origin, ClientRequest request,
                                                     PhaseTimeouts timeouts, Cancel* cancel) override {
    return SendOver(pool_, origin, std::move(request), timeouts, cancel);
  }
  void CloseIdle() override {
    for (auto& [origin, idle] : pool_->idle) {
      Idle all = std::exchange(idle, {});
      for (const auto& connection : all) {
        connection->Unpark();
        connection->Close();
      }
    }
  }

 private:
  std::shared_ptr<Pool> pool_;
};

}  // namespace

std::shared_ptr<AddressBook> NewAddressBook() {
  return std::make_shared<AddressBook>();
}

std::unique_ptr<Client> Client::Create(Loop& loop, ClientOptions options) {
  auto* asio_loop = dynamic_cast<AsioLoop*>(&loop);
  if (!asio_loop) return nullptr;
  return std::make_unique<ClientImpl>(*asio_loop, std::move(options));
}

}  // namespace baton::net
