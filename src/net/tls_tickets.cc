#include "net/tls_tickets.h"

#include <openssl/ssl.h>

namespace baton::net {

void FreeTicket::operator()(SSL_SESSION* session) const {
  SSL_SESSION_free(session);
}

void TlsTickets::Put(const std::string& origin, const SSL_SESSION* session) {
  // Origins are as many as workers; a change of them all is rare enough to begin anew.
  if (tickets_.size() >= kMaxOrigins && !tickets_.contains(origin)) tickets_.clear();
  std::deque<Ticket>& list = tickets_[origin];
  if (Ticket copy{SSL_SESSION_dup(session)}) list.push_back(std::move(copy));
  if (list.size() > kMaxPerOrigin) list.pop_front();
}

Ticket TlsTickets::Take(const std::string& origin) {
  const auto at = tickets_.find(origin);
  if (at == tickets_.end() || at->second.empty()) return {};
  std::deque<Ticket>& list = at->second;
  if (SSL_SESSION_get_protocol_version(list.back().get()) < TLS1_3_VERSION) {
    return Ticket(SSL_SESSION_dup(list.back().get()));
  }
  Ticket newest = std::move(list.back());
  list.pop_back();
  return newest;
}

}  // namespace baton::net
