#include "net/tls.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "net/tls_tickets.h"

namespace baton::net {
namespace {

constexpr unsigned char kAlpn[] = "\x08http/1.1";

// The oldest error of OpenSSL's queue as text; empties the queue.
std::string TakeErrors(unsigned long* first = nullptr) {
  const unsigned long code = ERR_get_error();
  if (first) *first = code;
  ERR_clear_error();
  if (code == 0) return "no reason given";
  const char* reason = ERR_reason_error_string(code);
  return reason ? reason : "error " + std::to_string(code);
}

int ChooseAlpn(SSL*, const unsigned char** out, unsigned char* size, const unsigned char* offered, unsigned n,
               void*) {
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, size, kAlpn, sizeof kAlpn - 1, offered, n) != OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_NOACK;  // a client that offers only h2 gets HTTP/1.1 all the same
  }
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

// Where a client's session keeps what the server gives it for the next one.
struct TicketPlace {
  std::shared_ptr<TlsTickets> tickets;
  std::string origin;
};

// 0: OpenSSL keeps its reference, we make a copy.
int KeepTicket(SSL* ssl, SSL_SESSION* session) {
  const auto& place = *static_cast<const TicketPlace*>(SSL_get_app_data(ssl));
  if (SSL_SESSION_is_resumable(session)) place.tickets->Put(place.origin, session);
  return 0;
}

bool IsAddress(const std::string& host) {
  unsigned char to[sizeof(in6_addr)];
  return inet_pton(AF_INET, host.c_str(), to) == 1 || inet_pton(AF_INET6, host.c_str(), to) == 1;
}

}  // namespace

struct TlsContext::Impl {
  SSL_CTX* ctx = nullptr;
  bool verify = false;
  std::shared_ptr<TlsTickets> tickets;  // a client's
  ~Impl() { SSL_CTX_free(ctx); }
};

struct TlsSession::Impl {
  SSL* ssl = nullptr;
  BIO* in = nullptr;   // owned by ssl
  BIO* out = nullptr;  // owned by ssl
  std::string early;   // written before the handshake was done
  std::string failure;
  TicketPlace place;
  bool failed = false, spoke_http = false;
  ~Impl() { SSL_free(ssl); }
  void Fail() {
    unsigned long code = 0;
    failure = TakeErrors(&code);
    const long verdict = SSL_get_verify_result(ssl);
    if (verdict != X509_V_OK) failure += std::string(": ") + X509_verify_cert_error_string(verdict);
    spoke_http = ERR_GET_REASON(code) == SSL_R_HTTP_REQUEST;
    failed = true;
  }
};

TlsContext::TlsContext(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TlsContext::~TlsContext() = default;

Result<std::shared_ptr<TlsContext>> TlsContext::Server(const std::string& certificate,
                                                       const std::string& key) {
  auto impl = std::make_unique<Impl>();
  ERR_clear_error();
  impl->ctx = SSL_CTX_new(TLS_server_method());
  SSL_CTX_set_min_proto_version(impl->ctx, TLS1_2_VERSION);
  SSL_CTX_set_mode(impl->ctx, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_options(impl->ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_alpn_select_cb(impl->ctx, ChooseAlpn, nullptr);
  if (SSL_CTX_use_certificate_chain_file(impl->ctx, certificate.c_str()) != 1) {
    return Fail(Code::kInvalidRequest, "cannot use TLS certificate '" + certificate + "': " + TakeErrors(),
                "bad_certificate");
  }
  if (SSL_CTX_use_PrivateKey_file(impl->ctx, key.c_str(), SSL_FILETYPE_PEM) != 1 ||
      SSL_CTX_check_private_key(impl->ctx) != 1) {
    return Fail(Code::kInvalidRequest, "cannot use TLS key '" + key + "': " + TakeErrors(),
                "bad_certificate");
  }
  return std::shared_ptr<TlsContext>(new TlsContext(std::move(impl)));
}

Result<std::shared_ptr<TlsContext>> TlsContext::Client(bool verify, const std::string& ca_file) {
  auto impl = std::make_unique<Impl>();
  ERR_clear_error();
  impl->ctx = SSL_CTX_new(TLS_client_method());
  impl->verify = verify;
  SSL_CTX_set_min_proto_version(impl->ctx, TLS1_2_VERSION);
  SSL_CTX_set_mode(impl->ctx, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_verify(impl->ctx, verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
  SSL_CTX_set_alpn_protos(impl->ctx, kAlpn, sizeof kAlpn - 1);
  impl->tickets = std::make_shared<TlsTickets>();
  SSL_CTX_set_session_cache_mode(impl->ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(impl->ctx, KeepTicket);
  const bool loaded = ca_file.empty()
                          ? SSL_CTX_set_default_verify_paths(impl->ctx) == 1
                          : SSL_CTX_load_verify_locations(impl->ctx, ca_file.c_str(), nullptr) == 1;
  if (!loaded) {
    return Fail(Code::kInvalidRequest, "cannot load CA certificates '" + ca_file + "': " + TakeErrors(),
                "bad_certificate");
  }
  return std::shared_ptr<TlsContext>(new TlsContext(std::move(impl)));
}

namespace {
template <class Impl>
std::unique_ptr<Impl> NewSession(SSL_CTX* ctx) {
  auto s = std::make_unique<Impl>();
  s->ssl = SSL_new(ctx);
  s->in = BIO_new(BIO_s_mem());
  s->out = BIO_new(BIO_s_mem());
  SSL_set_bio(s->ssl, s->in, s->out);
  return s;
}
}  // namespace

std::unique_ptr<TlsSession> TlsContext::Accept() const {
  auto s = NewSession<TlsSession::Impl>(impl_->ctx);
  SSL_set_accept_state(s->ssl);
  return std::unique_ptr<TlsSession>(new TlsSession(std::move(s)));
}

std::unique_ptr<TlsSession> TlsContext::Connect(const std::string& host, std::uint16_t port) const {
  auto s = NewSession<TlsSession::Impl>(impl_->ctx);
  SSL_set_connect_state(s->ssl);
  s->place = {impl_->tickets, host + ":" + std::to_string(port)};
  SSL_set_app_data(s->ssl, &s->place);
  if (const Ticket ticket = s->place.tickets->Take(s->place.origin)) SSL_set_session(s->ssl, ticket.get());
  if (IsAddress(host)) {
    if (impl_->verify) X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(s->ssl), host.c_str());
  } else {
    SSL_set_tlsext_host_name(s->ssl, host.c_str());
    if (impl_->verify) SSL_set1_host(s->ssl, host.c_str());
  }
  return std::unique_ptr<TlsSession>(new TlsSession(std::move(s)));
}

TlsSession::TlsSession(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TlsSession::~TlsSession() = default;

void TlsSession::Feed(const char* data, std::size_t size) {
  BIO_write(impl_->in, data, static_cast<int>(size));
}

TlsSession::Step TlsSession::Read(char* to, std::size_t room, std::size_t& got) {
  Impl& s = *impl_;
  if (s.failed) return Step::kFailed;
  ERR_clear_error();
  const int done = SSL_read_ex(s.ssl, to, room, &got);
  if (!s.early.empty() && handshaken()) {
    const std::string early = std::move(s.early);
    s.early.clear();
    if (!Write(early)) return Step::kFailed;
  }
  if (done == 1) return Step::kBytes;
  switch (SSL_get_error(s.ssl, done)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      return Step::kMore;
    case SSL_ERROR_ZERO_RETURN:
      return Step::kClosed;
    default:
      s.Fail();
      return Step::kFailed;
  }
}

bool TlsSession::Write(std::string_view plain) {
  Impl& s = *impl_;
  if (s.failed) return false;
  if (!handshaken()) {
    s.early.append(plain);
    return true;
  }
  if (plain.empty()) return true;
  ERR_clear_error();
  std::size_t done = 0;
  if (SSL_write_ex(s.ssl, plain.data(), plain.size(), &done) == 1 && done == plain.size()) return true;
  s.Fail();
  return false;
}

void TlsSession::Close() {
  if (handshaken() && !impl_->failed) SSL_shutdown(impl_->ssl);
  ERR_clear_error();
}

void TlsSession::TakeOutput(std::string& to) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(impl_->out, &data);
  if (size <= 0) return;
  to.append(data, static_cast<std::size_t>(size));
  BIO_reset(impl_->out);
}

bool TlsSession::handshaken() const {
  return SSL_is_init_finished(impl_->ssl) == 1;
}
bool TlsSession::resumed() const {
  return SSL_session_reused(impl_->ssl) == 1;
}
const std::string& TlsSession::failure() const {
  return impl_->failure;
}
bool TlsSession::peer_spoke_http() const {
  return impl_->spoke_http;
}

}  // namespace baton::net
