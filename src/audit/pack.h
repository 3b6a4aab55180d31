// Small records as bytes: numbers as eight little-endian bytes, texts as a length and bytes. One value has
// one form, which is what a digest needs.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace baton::audit {

class Packer {
 public:
  void Number(std::int64_t v) { out_.append(reinterpret_cast<const char*>(&v), sizeof(v)); }
  void Text(std::string_view text) {
    Number(static_cast<std::int64_t>(text.size()));
    out_ += text;
  }
  std::string Take() { return std::move(out_); }

 private:
  std::string out_;
};

// Once something does not fit everything reads as empty and ok() is false. Texts point into the bytes.
class Unpacker {
 public:
  explicit Unpacker(std::string_view in) : in_(in) {}
  bool ok() const { return ok_; }
  // Nothing was wrong and nothing is left.
  bool Ended() const { return ok_ && in_.empty(); }
  std::int64_t Number() {
    std::int64_t v = 0;
    if (in_.size() < sizeof(v)) return Bad();
    std::memcpy(&v, in_.data(), sizeof(v));
    in_.remove_prefix(sizeof(v));
    return v;
  }
  std::string_view Text() {
    const std::int64_t n = Number();
    if (n < 0 || static_cast<std::uint64_t>(n) > in_.size()) return Bad(), std::string_view();
    const auto text = in_.substr(0, static_cast<std::size_t>(n));
    in_.remove_prefix(static_cast<std::size_t>(n));
    return text;
  }

 private:
  std::int64_t Bad() {
    ok_ = false;
    in_ = {};
    return 0;
  }
  std::string_view in_;
  bool ok_ = true;
};

}  // namespace baton::audit
