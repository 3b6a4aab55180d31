// TLS as a codec: bytes from the socket in, plain bytes out, and the other way round. OpenSSL behind, through
// memory BIOs, so that Stream has one way of reading and writing whether a connection is encrypted or not
// (and the kernel is tried first for both). Internal to net/.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace baton::net {

class TlsSession;

// Certificates and settings shared by all sessions of a server or a client. TLS 1.2 and up, ALPN http/1.1.
class TlsContext {
 public:
  // kInvalidRequest ("bad_certificate") with the reason when the files cannot be used.
  static Result<std::shared_ptr<TlsContext>> Server(const std::string& certificate, const std::string& key);
  // Empty `ca_file`: the system's certificate store.
  static Result<std::shared_ptr<TlsContext>> Client(bool verify, const std::string& ca_file);
  ~TlsContext();

  std::unique_ptr<TlsSession> Accept() const;
  // `host` is sent as SNI (names only) and must match the certificate if the context verifies. What the
  // server gave an earlier session to this host and port saves the certificates and their verification
  // (resumption). REQUIRES: a client's context stays on one loop, with its sessions.
  std::unique_ptr<TlsSession> Connect(const std::string& host, std::uint16_t port) const;

 private:
  struct Impl;
  explicit TlsContext(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

class TlsSession {
 public:
  enum class Step { kBytes, kMore, kClosed, kFailed };

  ~TlsSession();
  // Encrypted bytes as they came from the peer.
  void Feed(const char* data, std::size_t size);
  // Decrypts into [to, to + room): kBytes with their number in `got`, kMore when more must be fed first.
  // Drives the handshake; look at TakeOutput() after every call.
  Step Read(char* to, std::size_t room, std::size_t& got);
  // Encrypts; keeps what is written before the handshake is done. False when the session has failed.
  bool Write(std::string_view plain);
  // Says goodbye (close_notify).
  void Close();
  // Moves the encrypted bytes that must go to the peer to the end of `to`.
  void TakeOutput(std::string& to);
  bool handshaken() const;
  // After the handshake: it went on from an earlier session.
  bool resumed() const;
  // After kFailed: what went wrong, for a person.
  const std::string& failure() const;
  // After kFailed: the peer spoke plain HTTP.
  bool peer_spoke_http() const;

 private:
  friend class TlsContext;
  struct Impl;
  explicit TlsSession(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace baton::net
