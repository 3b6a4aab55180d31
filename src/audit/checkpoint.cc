#include "audit/checkpoint.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace baton::audit {
namespace {

// What is signed. Says what it is, so that the signature can never pass for one of something else.
std::string Message(const Checkpoint& c) {
  return fmt::format("baton audit checkpoint 1\nstore {:016x}\nseq {}\nat {}\nhash {}\n", c.store, c.seq,
                     c.at_unix_ns, Hex(c.hash));
}

}  // namespace

Checkpoint Seal(const Signer& signer, std::uint64_t store, std::int64_t seq, const Digest& hash,
                std::int64_t at_unix_ns) {
  Checkpoint c{store, seq, at_unix_ns, hash, signer.public_key(), {}};
  c.signature = signer.Sign(Message(c));
  return c;
}

bool Holds(const Checkpoint& c) {
  return SignatureHolds(c.key, Message(c), c.signature);
}

std::string ToJson(const Checkpoint& c) {
  return fmt::format(
      R"({{"checkpoint":{},"store":"{:016x}","at_unix_ns":{},"hash":"{}","key":"{}","signature":"{}"}})",
      c.seq, c.store, c.at_unix_ns, Hex(c.hash), Hex(c.key), Hex(c.signature));
}

Result<Checkpoint> ParseCheckpoint(std::string_view text) {
  const auto j = nlohmann::json::parse(text, nullptr, false);
  Checkpoint c;
  const auto hex = [&](const char* name, std::span<std::uint8_t> to) {
    const auto at = j.find(name);
    return at != j.end() && at->is_string() && FromHex(at->get_ref<const std::string&>(), to);
  };
  std::array<std::uint8_t, 8> store{};
  const bool whole = j.is_object() && j.contains("checkpoint") && j["checkpoint"].is_number_integer() &&
                     j.contains("at_unix_ns") && j["at_unix_ns"].is_number_integer() && hex("store", store) &&
                     hex("hash", c.hash) && hex("key", c.key) && hex("signature", c.signature);
  if (!whole) return Fail(Code::kInvalidRequest, "this is no checkpoint", "checkpoint_malformed");
  c.seq = j["checkpoint"].get<std::int64_t>();
  c.at_unix_ns = j["at_unix_ns"].get<std::int64_t>();
  for (const auto b : store) c.store = c.store << 8 | b;
  return c;
}

}  // namespace baton::audit
