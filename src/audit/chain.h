// The hash chain: each link holds the digest of one row and a hash over itself and the link before, so that
// no row can be changed, moved, added or taken away without every later hash being wrong.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "audit/digest.h"

namespace baton::audit {

// What a link stands for. Numbers are part of the form.
enum class Kind : std::uint8_t { kExchange = 1, kEvent = 2, kFeedback = 3, kContent = 4 };
std::string_view KindName(Kind kind);  // "exchange", ...
std::optional<Kind> ParseKind(std::string_view name);

struct Link {
  std::int64_t seq = 0;  // 1, 2, 3, ...
  Kind kind = Kind::kExchange;
  std::int64_t ref = 0;  // the exchange's id; 0 for events
  Digest digest{};       // of the row's canonical bytes
  Digest hash{};         // of the previous hash and all of the above
};

// The place where the next link goes. One thread at a time.
class Chain {
 public:
  Chain() = default;
  Chain(std::int64_t seq, const Digest& hash) : seq_(seq), hash_(hash) {}
  std::int64_t seq() const { return seq_; }  // of the last link; 0: none
  const Digest& hash() const { return hash_; }

  // SHA-256 of the kind and the row's canonical bytes.
  Digest DigestOf(Kind kind, std::string_view canonical);
  // The next link, which is then the last.
  Link Add(Kind kind, std::int64_t ref, const Digest& digest);

 private:
  std::int64_t seq_ = 0;
  Digest hash_{};  // all zero before the first link
  Hasher hasher_;
};

}  // namespace baton::audit
