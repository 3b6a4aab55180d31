// HTTP/1.1 client with a keep-alive pool per origin, one Client per loop. Never follows redirects, never
// retries (except the one case below), never logs a header.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/cancel.h"
#include "base/loop.h"
#include "base/metric.h"
#include "base/result.h"
#include "base/task.h"
#include "net/http.h"

namespace baton::net {

struct Origin {
  bool tls = false;
  std::string host;
  std::uint16_t port = 80;
  // Whether this machine and private networks may be reached too (net/address_rule.h). Metadata and reserved
  // addresses never are.
  bool private_allowed = true;
  bool operator==(const Origin&) const = default;
};

struct Url {
  Origin origin;
  std::string path;  // begins with '/', no trailing '/'; may be just ""
};
// http:// or https:// with host, optional port and path. No user info, no query, no fragment.
Result<Url> ParseUrl(std::string_view text);

struct PhaseTimeouts {
  Duration connect = std::chrono::seconds(5);
  Duration first_byte = std::chrono::seconds(120);    // request sent -> head of the reply
  Duration between_bytes = std::chrono::seconds(60);  // silence inside the body
  Deadline whole;
};

struct ClientRequest {
  std::string_view method = "POST";
  std::string target;
  HeaderList headers;  // Host, Content-Length and Connection are added here
  std::string body;
  // When given: set to true before the first byte of the request may leave. Must outlive Send().
  bool* sent = nullptr;
};

// Error reasons, all with Code::kUnavailable unless said: "dns_failed", "address_refused"
// (net/address_rule.h), "connect_refused", "connect_timeout", "tls_failed", "first_byte_timeout",
// "closed_before_reply", "between_bytes_timeout", "closed_in_body", "malformed_reply" (kBadUpstream),
// "reply_too_large" (kBadUpstream), "deadline" (kDeadline), "cancelled" (kCancelled).
class ClientResponse {
 public:
  // Dropping a response before its end closes the connection: that is how a provider is cancelled.
  virtual ~ClientResponse() = default;
  virtual int status() const = 0;
  // Valid as long as this object.
  virtual const HeaderViews& headers() const = 0;
  // The next piece of the (de-chunked) body as it arrived; empty at the regular end. Valid until the next
  // call.
  virtual Task<Result<std::string_view>> Read() = 0;
  // The rest of the body, at most `limit` bytes, with kBodyPadding slack.
  virtual Task<Result<std::string>> ReadAll(std::size_t limit) = 0;
  // From now on `whole` replaces the deadline (drain for usage after the client has left).
  virtual void SetDeadline(Deadline whole) = 0;
};

// Addresses found by one client, for all that are given the same book. Any thread.
class AddressBook;
std::shared_ptr<AddressBook> NewAddressBook();

struct ClientOptions {
  std::size_t max_idle_per_origin = 256;
  Duration idle = std::chrono::seconds(50);  // shorter than the usual 60-75 s of servers
  std::size_t max_header_bytes = 64 * 1024;
  bool verify_tls = true;
  std::string ca_file;  // empty: the system's
  Metrics* metrics = nullptr;
  std::shared_ptr<AddressBook> addresses;  // null: one of its own
};

class Client {
 public:
  virtual ~Client() = default;
  static std::unique_ptr<Client> Create(Loop& loop, ClientOptions options);
  // Sends the request and waits for the head of the reply. A reused connection that the server closed before
  // it sent a byte is replaced by a fresh one once: the request was then never processed (RFC 9112, 9.3.1).
  // `cancel` must outlive the returned response; when it fires, pending and later operations give kCancelled.
  virtual Task<Result<std::unique_ptr<ClientResponse>>> Send(const Origin& origin, ClientRequest request,
                                                             PhaseTimeouts timeouts, Cancel* cancel) = 0;
  virtual void CloseIdle() = 0;
};

}  // namespace baton::net
