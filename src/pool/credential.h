// The provider's key on its way into a header; nothing else in Baton sees its text.
#pragma once

#include <cstdint>
#include <string>

#include "base/secret.h"
#include "provider/dialect.h"

namespace baton::pool {

// The header's value ("Bearer ..."); empty without a key.
std::string CredentialValue(const provider::Auth& auth, const Secret& key);
// What a tool's program finds in its environment.
std::string EnvironmentValue(const Secret& value);
// Changes when the key does; says nothing about it. Equal within one process only.
std::uint64_t CredentialFingerprint(const Secret& key);
// Replaces every occurrence of the key in `text`, should a provider echo it.
void Scrub(const Secret& key, std::string* text);

}  // namespace baton::pool
