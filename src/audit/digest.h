// SHA-256 as a value, and the one object that computes it.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace baton::audit {

using Digest = std::array<std::uint8_t, 32>;

// Reusable, because making OpenSSL's context costs more than hashing a short text. One thread at a time.
class Hasher {
 public:
  Hasher();
  ~Hasher();
  Hasher(Hasher&&) noexcept;
  Hasher& operator=(Hasher&&) noexcept;
  Hasher& Add(std::string_view bytes);
  // The digest of everything added since the last Finish().
  Digest Finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Lower-case hexadecimal, and back; nullopt for anything else than exactly 2 * N digits.
std::string Hex(std::span<const std::uint8_t> bytes);
bool FromHex(std::string_view text, std::span<std::uint8_t> to);
std::optional<Digest> ParseDigest(std::string_view hex);

inline std::string_view Bytes(std::span<const std::uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace baton::audit
