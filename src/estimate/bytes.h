// Numbers to bytes and back, little-endian: how fitted models are written (docs/format/router.md).
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace baton::estimate {

static_assert(std::endian::native == std::endian::little,
              "model files are little-endian; so is every target so far");

class ByteWriter {
 public:
  template <class T>
    requires std::is_arithmetic_v<T>
  void Put(T v) {
    bytes_.append(reinterpret_cast<const char*>(&v), sizeof v);
  }
  void Put(std::string_view text) {
    Put(static_cast<std::uint32_t>(text.size()));
    bytes_.append(text);
  }
  void Put(std::span<const float> values) {
    Put(static_cast<std::uint64_t>(values.size()));
    bytes_.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float));
  }
  void Put(const std::vector<float>& values) { Put(std::span<const float>(values)); }
  const std::string& bytes() const { return bytes_; }
  std::string Take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

// Reads what a ByteWriter wrote. Once something does not fit, failed() is true for good and every further
// read gives zeros and empty lists: check it once, at the end, before using anything. Sizes are checked
// against what is left before memory is taken.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : left_(bytes) {}

  template <class T>
    requires std::is_arithmetic_v<T>
  T Get() {
    T v{};
    if (!Has(sizeof v)) return v;
    std::memcpy(&v, left_.data(), sizeof v);
    left_.remove_prefix(sizeof v);
    return v;
  }
  // One byte, 0 or 1.
  bool Flag() {
    const auto v = Get<std::uint8_t>();
    if (v > 1) failed_ = true;
    return v == 1;
  }
  std::string Text() {
    const auto n = Get<std::uint32_t>();
    if (!Has(n)) return {};
    std::string text(left_.substr(0, n));
    left_.remove_prefix(n);
    return text;
  }
  // Exactly `want` finite values; anything else fails.
  std::vector<float> Floats(std::size_t want);
  // However many there are.
  std::vector<float> Floats();

  // A number that must lie in [low, high].
  std::size_t Count(std::size_t low, std::size_t high) {
    const auto v = Get<std::uint64_t>();
    if (v < low || v > high) failed_ = true;
    return failed_ ? 0 : static_cast<std::size_t>(v);
  }
  void Fail() { failed_ = true; }
  bool failed() const { return failed_; }
  bool done() const { return !failed_ && left_.empty(); }

 private:
  bool Has(std::size_t n) {
    if (failed_ || n > left_.size()) failed_ = true;
    return !failed_;
  }
  std::string_view left_;
  bool failed_ = false;
};

}  // namespace baton::estimate
