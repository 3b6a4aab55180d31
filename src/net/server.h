// HTTP/1.1 server: keep-alive, TLS, limits, back-pressure, drain.
//
// One Server per loop, each with its own listening socket (SO_REUSEPORT); a connection lives and dies on one
// loop. While a handler runs, the connection keeps one read pending, so a client that leaves is noticed at
// once and `Exchange::client_gone` fires.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/cancel.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/metric.h"
#include "base/result.h"
#include "base/task.h"
#include "net/http.h"

namespace baton::net {

struct ServerLimits {
  std::size_t max_header_bytes = 64 * 1024;
  std::size_t max_header_count = 200;
  std::size_t max_body_bytes = 32 * 1024 * 1024;
  std::size_t max_connections = 20'000;  // per process: serve/ divides it by the number of loops
  std::size_t max_body_bytes_in_flight = 512 * 1024 * 1024;
  Duration idle = std::chrono::seconds(75);    // between requests
  Duration header = std::chrono::seconds(10);  // from the first byte of a head to its end
  Duration body = std::chrono::seconds(120);   // the whole body
  Duration write = std::chrono::seconds(60);   // no progress towards a slow client
  std::size_t high_water = 256 * 1024;         // unsent bytes at which Flush() waits
};

struct TlsFiles {
  std::string certificate, key;  // PEM paths; both empty: plain
};

// Valid until the handler's task ends.
struct Request {
  std::string_view method, target, path, query;
  HeaderViews headers;
  std::string body;       // whole, de-chunked; capacity >= size + kBodyPadding
  std::string_view peer;  // "ip:port"
  TimePoint received;     // when the head was complete
  std::string_view Header(std::string_view name) const { return FindHeader(headers, name); }
};

// The reply side of one request. Either one Send(), or Start(), any number of Write()/Flush(), Finish().
// A handler that ends without replying gives 500. Content-Length, Transfer-Encoding, Connection and Date are
// set here, everything else by the caller.
class Reply {
 public:
  virtual ~Reply() = default;
  // Head and body in one write.
  virtual Task<Status> Send(int status, const HeaderList& headers, std::string_view body) = 0;
  // Chunked reply; the head goes out together with the first Flush().
  virtual void Start(int status, const HeaderList& headers) = 0;
  // Appends to the unsent bytes; never suspends.
  virtual void Write(std::string_view bytes) = 0;
  // Sends; suspends only while more than `high_water` bytes wait. kCancelled when the client has gone.
  virtual Task<Status> Flush() = 0;
  // Last chunk; waits until everything was handed to the kernel.
  virtual Task<Status> Finish() = 0;
  // Breaks the connection so that the client cannot take a cut answer for a whole one.
  virtual void Abort() = 0;
  virtual bool started() const = 0;
  // Fires with kClientGone when the client closes or resets, with kShutdown when the drain time is over.
  virtual Cancel& gone() = 0;
};

using Handler = std::function<Task<void>(Request&, Reply&)>;

struct ServerOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 8080;
  // Set it for the second and every later loop of one process: they share the first one's port, and the
  // kernel spreads the connections. Without it a port that anyone listens on is refused as in use.
  bool share_port = false;
  TlsFiles tls;
  ServerLimits limits;
  // Body and content type for errors found below the handler (400 bad head, 413, 431, 408, 503): keeps the
  // API's own error shape. `reason` is a stable name ("body_too_large").
  std::function<std::pair<std::string, std::string>(int status, std::string_view reason,
                                                    std::string_view message)>
      error_body;
  Metrics* metrics = nullptr;
  Log log = Log::Null();
};

class Server {
 public:
  virtual ~Server() = default;
  // Accepts from now on. kConflict ("port_in_use") with advice when the address is taken, kPermissionDenied,
  // kInvalidRequest ("bad_address", "bad_certificate") otherwise.
  // `loop` must be one of net/loop.h's and outlive the server. Destroying the server closes its connections
  // and fires kShutdown on running handlers, which end by themselves; Drain() first to wait for them.
  static Result<std::unique_ptr<Server>> Listen(Loop& loop, ServerOptions options, Handler handler);
  // The bound port (for port 0).
  virtual std::uint16_t port() const = 0;
  // Stops accepting, closes idle connections, answers running requests with "Connection: close", waits for
  // them up to `grace`, then fires kShutdown on the rest and waits for their handlers to end.
  virtual Task<void> Drain(Duration grace) = 0;
  // Replaces the limits for connections accepted from now on.
  virtual void SetLimits(const ServerLimits& limits) = 0;
  virtual int connections() const = 0;
};

}  // namespace baton::net
