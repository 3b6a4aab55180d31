// The provider's key on its way into a header; nothing else in Baton sees its text.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "base/secret.h"
#include "net/endpoint.h"
#include "pool/worker.h"
#include "provider/dialect.h"

namespace baton::pool {

// The worker's server with its key, which goes nowhere else. kInvalidRequest for a base_url that is none.
Result<std::shared_ptr<const net::Endpoint>> EndpointOf(const Worker& worker, const provider::Auth& auth);
// What a tool's program finds in its environment.
std::string EnvironmentValue(const Secret& value);
// Changes when the key does; says nothing about it. Equal within one process only.
std::uint64_t CredentialFingerprint(const Secret& key);
// Replaces every occurrence of the key in `text`, should a provider echo it.
void Scrub(const Secret& key, std::string* text);

}  // namespace baton::pool
