#include "pool/credential.h"

#include <functional>
#include <string_view>

namespace baton::pool {

Result<std::shared_ptr<const net::Endpoint>> EndpointOf(const Worker& worker, const provider::Auth& auth) {
  TRY(net::Url url, net::ParseUrl(worker.base_url));
  url.origin.private_allowed = worker.private_address;
  Secret value;
  if (!worker.key.empty()) value = Secret(auth.prefix + std::string(worker.key.Reveal()));
  return std::shared_ptr<const net::Endpoint>(
      std::make_shared<net::Endpoint>(std::move(url), auth.header, std::move(value)));
}

std::string EnvironmentValue(const Secret& value) {
  return std::string(value.Reveal());
}

std::uint64_t CredentialFingerprint(const Secret& key) {
  return std::hash<std::string_view>()(key.Reveal());
}

void Scrub(const Secret& key, std::string* text) {
  if (key.empty()) return;
  const std::string_view shown = key.Reveal();
  for (std::size_t at = text->find(shown); at != std::string::npos; at = text->find(shown, at)) {
    text->replace(at, shown.size(), "[key]");
    at += 5;
  }
}

}  // namespace baton::pool
