#include "pool/credential.h"

#include <functional>
#include <string_view>

namespace baton::pool {

std::string CredentialValue(const provider::Auth& auth, const Secret& key) {
  if (key.empty()) return {};
  return auth.prefix + std::string(key.Reveal());
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
