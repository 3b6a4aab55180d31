// A checkpoint: the server's signature under the chain up to one link.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "audit/digest.h"
#include "audit/signer.h"
#include "base/result.h"

namespace baton::audit {

struct Checkpoint {
  std::uint64_t store = 0;  // which store's chain
  std::int64_t seq = 0;     // of the last link it covers
  std::int64_t at_unix_ns = 0;
  Digest hash{};  // of that link
  PublicKey key{};
  Signature signature{};
  bool operator==(const Checkpoint&) const = default;
};

Checkpoint Seal(const Signer& signer, std::uint64_t store, std::int64_t seq, const Digest& hash,
                std::int64_t at_unix_ns);
// The signature holds under the checkpoint's own key; whether that key is to be trusted is another question.
bool Holds(const Checkpoint& checkpoint);

// One line of JSON, the form of the head file and of exports.
std::string ToJson(const Checkpoint& checkpoint);
Result<Checkpoint> ParseCheckpoint(std::string_view json);

}  // namespace baton::audit
