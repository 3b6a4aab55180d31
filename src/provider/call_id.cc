#include "provider/call_id.h"

namespace baton::provider {

std::string StableCallId(std::string_view seed, std::int64_t choice, std::int64_t index) {
  std::uint64_t h =
      14695981039346656037ull;  // FNV-1a, then a finaliser: ids need to differ, not to be secret
  const auto mix = [&h](std::uint64_t byte) { h = (h ^ byte) * 1099511628211ull; };
  for (const char c : seed) mix(static_cast<unsigned char>(c));
  for (int i = 0; i < 8; ++i) mix(static_cast<std::uint64_t>(choice) >> (8 * i) & 0xFF);
  for (int i = 0; i < 8; ++i) mix(static_cast<std::uint64_t>(index) >> (8 * i) & 0xFF);
  constexpr char kAlphabet[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  std::string id = "call_";
  for (int i = 0; i < 24; ++i) {
    h ^= h >> 33;
    h *= 0xff51afd7ed558ccdull;
    id += kAlphabet[(h >> 40) % 62];
  }
  return id;
}

}  // namespace baton::provider
