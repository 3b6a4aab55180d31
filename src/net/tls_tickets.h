// What servers gave us to resume sessions with, per host and port. Internal to net/; one loop.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <unordered_map>

struct ssl_session_st;  // OpenSSL's SSL_SESSION

namespace baton::net {

struct FreeTicket {
  void operator()(ssl_session_st* session) const;
};
using Ticket = std::unique_ptr<ssl_session_st, FreeTicket>;

class TlsTickets {
 public:
  static constexpr std::size_t kMaxOrigins = 1024, kMaxPerOrigin = 4;

  // Keeps a copy: OpenSSL spoils the session itself when its connection is dropped without a goodbye, which
  // is how requests are cancelled.
  void Put(const std::string& origin, const ssl_session_st* session);
  // The newest, or null. A ticket of TLS 1.3 is given out once, so that nobody can tie connections together
  // by it (RFC 8446, appendix C.4); a session of TLS 1.2 stays.
  Ticket Take(const std::string& origin);

 private:
  std::unordered_map<std::string, std::deque<Ticket>> tickets_;
};

}  // namespace baton::net
