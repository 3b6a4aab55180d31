#include "provider/json_writer.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstring>

namespace baton::provider {
namespace {

constexpr std::uint64_t Repeat(unsigned char c) {
  return 0x0101010101010101ull * c;
}

// True when one of the eight bytes needs an escape: a control character, '"' or '\\'. The classic "has a byte
// less than n / equal to n" tricks; bytes above 0x7F never match.
bool AnySpecial(std::uint64_t w) {
  const std::uint64_t quote = w ^ Repeat('"'), slash = w ^ Repeat('\\');
  const std::uint64_t hit = (w - Repeat(0x20)) | (quote - Repeat(1)) | (slash - Repeat(1));
  return (hit & ~w & Repeat(0x80)) != 0;
}

bool Special(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\';
}

void AppendEscape(char c, std::string* out) {
  switch (c) {
    case '"':
      out->append("\\\"");
      return;
    case '\\':
      out->append("\\\\");
      return;
    case '\n':
      out->append("\\n");
      return;
    case '\r':
      out->append("\\r");
      return;
    case '\t':
      out->append("\\t");
      return;
    case '\b':
      out->append("\\b");
      return;
    case '\f':
      out->append("\\f");
      return;
    default:
      break;
  }
  constexpr char kHex[] = "0123456789abcdef";
  const auto u = static_cast<unsigned char>(c);
  out->append("\\u00");
  out->push_back(kHex[u >> 4]);
  out->push_back(kHex[u & 15]);
}

template <class T>
void AppendNumber(T value, std::string* out) {
  std::array<char, 40> buffer;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
  out->append(buffer.data(), end);
}

}  // namespace

void AppendJsonString(std::string_view value, std::string* out) {
  out->push_back('"');
  const char* p = value.data();
  const char* const end = p + value.size();
  const char* plain = p;
  while (p < end) {
    if (end - p >= 8) {
      std::uint64_t word;
      std::memcpy(&word, p, 8);
      if (!AnySpecial(word)) {
        p += 8;
        continue;
      }
    }
    // A word with (or possibly with) a special byte, or the tail: byte by byte.
    const char* const stop = end - p >= 8 ? p + 8 : end;
    for (; p < stop; ++p) {
      if (!Special(*p)) continue;
      out->append(plain, p);
      AppendEscape(*p, out);
      plain = p + 1;
    }
  }
  out->append(plain, end);
  out->push_back('"');
}

std::string JsonString(std::string_view value) {
  std::string out;
  out.reserve(value.size() + 2);
  AppendJsonString(value, &out);
  return out;
}

JsonWriter& JsonWriter::Open(char c) {
  Separate();
  out_.push_back(c);
  comma_ = false;
  return *this;
}

JsonWriter& JsonWriter::Close(char c) {
  out_.push_back(c);
  comma_ = true;
  return *this;
}

JsonWriter& JsonWriter::Key(std::string_view name) {
  Separate();
  AppendJsonString(name, &out_);
  out_.push_back(':');
  comma_ = false;
  return *this;
}

JsonWriter& JsonWriter::String(std::string_view value) {
  Separate();
  AppendJsonString(value, &out_);
  return *this;
}

JsonWriter& JsonWriter::Int(std::int64_t value) {
  Separate();
  AppendNumber(value, &out_);
  return *this;
}

JsonWriter& JsonWriter::Double(double value) {
  if (!std::isfinite(value)) return Null();
  Separate();
  AppendNumber(value, &out_);
  return *this;
}

JsonWriter& JsonWriter::Float(float value) {
  if (!std::isfinite(value)) return Null();
  Separate();
  AppendNumber(value, &out_);
  return *this;
}

JsonWriter& JsonWriter::Raw(std::string_view json) {
  Separate();
  out_.append(json);
  return *this;
}

}  // namespace baton::provider
