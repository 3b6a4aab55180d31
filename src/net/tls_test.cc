// TLS on both sides, with certificates made on the spot.
#include <gmock/gmock.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <filesystem>

#include "net/client.h"
#include "net/server.h"
#include "net/test_peer.h"

namespace baton::net {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

// A self-signed certificate for `names` ("DNS:a,IP:127.0.0.1") in two files that live as long as this object.
class Certificate {
 public:
  explicit Certificate(const std::string& names)
      : dir_(std::filesystem::temp_directory_path() /
             ("baton_tls_" + std::to_string(getpid()) + "_" + std::to_string(++made_))) {
    std::filesystem::create_directories(dir_);
    files = {dir_ / "cert.pem", dir_ / "key.pem"};
    EVP_PKEY* key = EVP_EC_gen("P-256");
    X509* cert = X509_new();
    X509_set_version(cert, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
    X509_gmtime_adj(X509_getm_notBefore(cert), -3600);
    X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
    X509_set_pubkey(cert, key);
    X509_NAME* name = X509_get_subject_name(cert);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("test"), -1,
                               -1, 0);
    X509_set_issuer_name(cert, name);
    X509_EXTENSION* alternative = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, names.c_str());
    X509_add_ext(cert, alternative, -1);
    X509_EXTENSION_free(alternative);
    X509_sign(cert, key, EVP_sha256());
    FILE* f = std::fopen(files.certificate.c_str(), "w");
    PEM_write_X509(f, cert);
    std::fclose(f);
    f = std::fopen(files.key.c_str(), "w");
    PEM_write_PrivateKey(f, key, nullptr, nullptr, 0, nullptr, nullptr);
    std::fclose(f);
    X509_free(cert);
    EVP_PKEY_free(key);
  }
  ~Certificate() { std::filesystem::remove_all(dir_); }
  TlsFiles files;

 private:
  static inline int made_ = 0;
  std::filesystem::path dir_;
};

Task<void> Echo(Request& request, Reply& reply) {
  const HeaderList none;
  if (request.path == "/stream") {
    reply.Start(200, none);
    for (std::size_t i = 0; i < request.body.size(); i += 1000) {
      reply.Write(std::string_view(request.body).substr(i, 1000));
      Status flushed = co_await reply.Flush();
      if (!flushed) co_return;
    }
    Status finished = co_await reply.Finish();
    (void)finished;
    co_return;
  }
  Status sent = co_await reply.Send(200, none, request.body);
  (void)sent;
}

struct Got {
  std::string body, error, message;
};

Task<void> Ask(Client* client, Origin origin, ClientRequest request, Got* got) {
  auto sent = co_await client->Send(origin, std::move(request), PhaseTimeouts(), nullptr);
  if (!sent) {
    got->error = sent.error().Name();
    got->message = sent.error().message;
    co_return;
  }
  auto all = co_await (*sent)->ReadAll(100 << 20);
  if (all) {
    got->body = std::move(*all);
  } else {
    got->error = all.error().Name();
  }
}

class Tls : public testing::Test {
 protected:
  static ServerOptions With(const Certificate& certificate) {
    ServerOptions options;
    options.tls = certificate.files;
    return options;
  }
  Got Send(const Origin& origin, ClientOptions options, std::string body = "hello",
           std::string target = "/") {
    LoopThread thread;
    auto client = thread.Call([&] { return Client::Create(thread.loop(), options); });
    Got got;
    ClientRequest request;
    request.target = target;
    request.body = body;
    for (int i = 0; i < 2; ++i) {
      got = {};
      thread.Await([&] { return Ask(client.get(), origin, request, &got); });
    }
    thread.Call([&] {
      client.reset();
      return 0;
    });
    return got;
  }
};

TEST_F(Tls, BodiesOfAllSizesComeBackUnchanged) {
  Certificate certificate("IP:127.0.0.1");
  TestServer server(Echo, With(certificate));
  ClientOptions options;
  options.ca_file = certificate.files.certificate;
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, std::size_t{2000}, std::size_t{16384}, std::size_t{5'000'000}}) {
    std::string body;
    while (body.size() < size) body += std::to_string(body.size());
    body.resize(size);
    for (const char* target : {"/", "/stream"}) {
      const Got got = Send({true, "127.0.0.1", server.port()}, options, body, target);
      EXPECT_EQ(got.error + got.message, "");
      EXPECT_TRUE(got.body == body) << size << target;
    }
  }
}

TEST_F(Tls, AnUnknownIssuerIsRefusedUnlessVerifyingIsOff) {
  Certificate certificate("IP:127.0.0.1"), other("IP:127.0.0.1");
  TestServer server(Echo, With(certificate));
  ClientOptions options;
  options.ca_file = other.files.certificate;
  const Got got = Send({true, "127.0.0.1", server.port()}, options);
  EXPECT_EQ(got.error, "tls_failed");
  EXPECT_THAT(got.message, HasSubstr("self-signed"));
  options.verify_tls = false;
  EXPECT_EQ(Send({true, "127.0.0.1", server.port()}, options).body, "hello");
}

TEST_F(Tls, ACertificateForAnotherNameIsRefused) {
  Certificate certificate("DNS:elsewhere.example");
  TestServer server(Echo, With(certificate));
  ClientOptions options;
  options.ca_file = certificate.files.certificate;
  EXPECT_EQ(Send({true, "127.0.0.1", server.port()}, options).error, "tls_failed");
  EXPECT_EQ(Send({true, "localhost", server.port()}, options).error, "tls_failed");
}

TEST_F(Tls, AHostNameIsVerifiedByName) {
  Certificate certificate("DNS:localhost");
  TestServer server(Echo, With(certificate));
  ClientOptions options;
  options.ca_file = certificate.files.certificate;
  EXPECT_EQ(Send({true, "localhost", server.port()}, options).body, "hello");
}

TEST_F(Tls, PlainHttpOnTheTlsPortIsToldSo) {
  Certificate certificate("IP:127.0.0.1");
  TestServer server(Echo, With(certificate));
  RawClient client(server.port());
  client.Send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  const std::string reply = client.ReadToEnd();
  EXPECT_THAT(reply, StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(reply, HasSubstr("https://"));
  EXPECT_EQ(server.Refused("plain_on_tls_port"), "1");
}

TEST_F(Tls, GarbageOnTheTlsPortIsCountedAndSurvived) {
  Certificate certificate("IP:127.0.0.1");
  TestServer server(Echo, With(certificate));
  RawClient client(server.port());
  client.Send(std::string(100, '\xff'));
  client.ReadToEnd();
  EXPECT_EQ(server.Refused("tls_failed"), "1");
  ClientOptions options;
  options.ca_file = certificate.files.certificate;
  EXPECT_EQ(Send({true, "127.0.0.1", server.port()}, options).body, "hello");
}

TEST_F(Tls, TlsToAPlainServerFailsWithAReason) {
  TestServer server(Echo);
  const Got got = Send({true, "127.0.0.1", server.port()}, {});
  EXPECT_EQ(got.error, "tls_failed");
}

TEST_F(Tls, ARenewedCertificateIsUsedForNewConnections) {
  Certificate certificate("IP:127.0.0.1"), renewed("IP:127.0.0.1");
  TestServer server(Echo, With(certificate));
  ClientOptions options;
  options.ca_file = renewed.files.certificate;
  EXPECT_EQ(Send({true, "127.0.0.1", server.port()}, options).error, "tls_failed");
  // Half a renewal (a key that does not fit) changes nothing.
  namespace fs = std::filesystem;
  const auto later = fs::last_write_time(certificate.files.key) + std::chrono::seconds(2);
  fs::copy_file(renewed.files.key, certificate.files.key, fs::copy_options::overwrite_existing);
  fs::last_write_time(certificate.files.key, later);
  ClientOptions anyone;
  anyone.verify_tls = false;
  EXPECT_EQ(Send({true, "127.0.0.1", server.port()}, anyone).body, "hello");
  fs::copy_file(renewed.files.certificate, certificate.files.certificate,
                fs::copy_options::overwrite_existing);
  fs::last_write_time(certificate.files.certificate, later);
  EXPECT_EQ(Send({true, "127.0.0.1", server.port()}, options).body, "hello");
}

Task<void> AskAndDrop(Client* client, Origin origin, Got* got) {
  ClientRequest request;
  request.target = "/";
  co_await Ask(client, origin, std::move(request), got);
  client->CloseIdle();
}

TEST_F(Tls, ANewConnectionGoesOnFromAnEarlierSession) {
  Certificate certificate("IP:127.0.0.1");
  TestServer server(Echo, With(certificate)), other(Echo, With(certificate));
  Metrics metrics;
  ClientOptions options;
  options.ca_file = certificate.files.certificate;
  options.metrics = &metrics;
  LoopThread thread;
  auto client = thread.Call([&] { return Client::Create(thread.loop(), options); });
  const auto ask = [&](const TestServer& to) {
    Got got;
    const Origin origin{true, "127.0.0.1", to.port()};
    thread.Await([&] { return AskAndDrop(client.get(), origin, &got); });
    EXPECT_EQ(got.error + got.message, "");
    const std::string all = metrics.Text(), line = "baton_http_client_tls_resumed_total ";
    return all.substr(all.find("\n" + line) + 1 + line.size(), 1);
  };
  EXPECT_EQ(ask(server), "0");
  EXPECT_EQ(ask(server), "1");
  EXPECT_EQ(ask(server), "2") << "each session brings the next one's ticket";
  EXPECT_EQ(ask(other), "2") << "a ticket is for the server that gave it";
  EXPECT_EQ(ask(other), "3");
  thread.Call([&] {
    client.reset();
    return 0;
  });
}

TEST_F(Tls, AMissingCertificateIsExplained) {
  LoopThread thread;
  ServerOptions options;
  options.port = 0;
  options.tls = {"/nonexistent/cert.pem", "/nonexistent/key.pem"};
  const Error error = thread.Call([&] { return Server::Listen(thread.loop(), options, Echo).error(); });
  EXPECT_EQ(error.Name(), "bad_certificate");
  EXPECT_THAT(error.message, HasSubstr("/nonexistent/cert.pem"));
}

}  // namespace
}  // namespace baton::net
