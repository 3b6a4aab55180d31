// A virtual key as text: "btk_" + id + secret + checksum.
//
//   btk_ k7q2m9xw3d 4f8...(32)...z1 c0ffee
//
// All of Crockford's base 32 in lower case, so it survives being read aloud or double-clicked; "btk_" makes
// it recognisable to secret scanners; the ten characters of the id may be shown (they name the key
// everywhere); 160 random bits are the secret; the checksum (CRC-32 of what stands before it) tells a
// mistyped or cut key from a wrong one without looking anything up.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace baton::access {

inline constexpr std::string_view kKeyPrefix = "btk_";
inline constexpr std::size_t kKeyIdSize = 10, kKeySecretSize = 32, kKeySumSize = 7;
inline constexpr std::size_t kKeySize = kKeyPrefix.size() + kKeyIdSize + kKeySecretSize + kKeySumSize;

// A new key from the operating system's randomness. Aborts where there is none: no key is better than a weak
// one.
std::string MintKey();

// The id of a text that has a key's form, or nullopt. Looks at no more than kKeySize bytes.
std::optional<std::string_view> KeyId(std::string_view text);

// What is stored of a key: SHA-256 over a random pepper of the store's own and the key. The pepper makes the
// digest unpredictable to whoever sends keys, so that the time a look-up takes says nothing about stored
// ones.
using KeyHash = std::array<unsigned char, 32>;
using Pepper = std::array<unsigned char, 32>;
KeyHash HashKey(const Pepper& pepper, std::string_view key);
// In constant time.
bool SameHash(const KeyHash& a, const KeyHash& b);
// Fills from the operating system.
Pepper MintPepper();

std::string ToHex(const unsigned char* bytes, std::size_t n);
std::optional<std::array<unsigned char, 32>> FromHex(std::string_view hex);

}  // namespace baton::access
