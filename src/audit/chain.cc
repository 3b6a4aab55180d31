#include "audit/chain.h"

#include <cstring>

namespace baton::audit {
namespace {

constexpr std::string_view kNames[] = {"", "exchange", "event", "feedback", "content"};

}  // namespace

std::string_view KindName(Kind kind) {
  const auto n = static_cast<std::size_t>(kind);
  return n < std::size(kNames) ? kNames[n] : "";
}

std::optional<Kind> ParseKind(std::string_view name) {
  for (std::size_t i = 1; i < std::size(kNames); ++i) {
    if (kNames[i] == name) return static_cast<Kind>(i);
  }
  return std::nullopt;
}

Digest Chain::DigestOf(Kind kind, std::string_view canonical) {
  const char k = static_cast<char>(kind);
  return hasher_.Add({&k, 1}).Add(canonical).Finish();
}

Link Chain::Add(Kind kind, std::int64_t ref, const Digest& digest) {
  Link link{seq_ + 1, kind, ref, digest, {}};
  // One buffer, one call: two blocks of SHA-256.
  char bytes[32 + 8 + 1 + 8 + 32];
  char* at = bytes;
  const auto put = [&at](const void* from, std::size_t n) {
    std::memcpy(at, from, n);
    at += n;
  };
  put(hash_.data(), hash_.size());
  put(&link.seq, sizeof(link.seq));
  put(&link.kind, sizeof(link.kind));
  put(&link.ref, sizeof(link.ref));
  put(digest.data(), digest.size());
  link.hash = hash_ = hasher_.Add({bytes, sizeof(bytes)}).Finish();
  seq_ = link.seq;
  return link;
}

}  // namespace baton::audit
