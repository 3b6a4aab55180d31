// A fingerprint of bytes: tells damage and identity, not forgery.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace baton {

// 64 bits, eight bytes a step (multiply and fold); the same on every machine. Not for secrets, not against
// anybody who wants two inputs to collide.
inline std::uint64_t Hash64(std::string_view bytes) {
  constexpr std::uint64_t kMul = 0x9E3779B97F4A7C15U;
  std::uint64_t h = bytes.size() * kMul + 0x243F6A8885A308D3U;
  auto mix = [&](std::uint64_t v) {
    h = (h ^ v) * kMul;
    h ^= h >> 29;
  };
  for (; bytes.size() >= 8; bytes.remove_prefix(8)) {
    std::uint64_t v;
    std::memcpy(&v, bytes.data(), 8);
    mix(v);
  }
  std::uint64_t rest = 0;
  std::memcpy(&rest, bytes.data(), bytes.size());
  mix(rest);
  mix(h >> 32);
  return h;
}

}  // namespace baton
