// What the connections of one server share. Internal to net/.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>

#include "base/signal.h"
#include "net/asio_loop.h"
#include "net/head_writer.h"
#include "net/ref.h"
#include "net/server.h"
#include "net/tls.h"

namespace baton::net {

class ServerConnection;

// Counted by its connections: a handler that is still running when the server goes away ends in peace.
class ServerCore final : public RefCounted {
 public:
  ServerCore(AsioLoop& l, ServerOptions o, Handler h);

  // Counts a "no" under its name: baton_http_refused_total{reason=}.
  void CountRefusal(std::string_view reason);
  // The body and content type of an error reply.
  std::pair<std::string, std::string> ErrorBody(int status, std::string_view reason,
                                                std::string_view message) const;

  // Loads the certificate at first, and again whenever its files have changed since. A pair that cannot be
  // used changes nothing (and is an error, or a line in the log when it is a later one).
  Status LoadTls();
  void RefreshTls();

  AsioLoop& loop;
  ServerOptions options;
  const Handler handler;
  std::shared_ptr<TlsContext> tls;  // null: plain
  DateText date;
  TaskGroup tasks;  // one per connection
  std::unordered_set<ServerConnection*> connections;
  std::size_t body_bytes = 0;  // of request bodies held now
  bool draining = false;       // no new requests
  bool shutdown = false;       // no more time for the running ones
  Counter requests, dropped_headers;
  Gauge open;

 private:
  std::map<std::string, Counter, std::less<>> refusals_;
  std::pair<std::int64_t, std::int64_t> tls_files_time_;  // of certificate and key, as last looked at
};

}  // namespace baton::net
