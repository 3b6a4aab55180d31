#include "provider/json_unescape.h"

#include <cstdint>
#include <cstring>

namespace baton::provider {
namespace {

int Hex(const char* p) {
  int value = 0;
  for (int i = 0; i < 4; ++i) {
    const char c = p[i];
    int digit;
    if (c >= '0' && c <= '9') {
      digit = c - '0';
    } else if (c >= 'a' && c <= 'f') {
      digit = c - 'a' + 10;
    } else if (c >= 'A' && c <= 'F') {
      digit = c - 'A' + 10;
    } else {
      return -1;
    }
    value = value * 16 + digit;
  }
  return value;
}

void AppendUtf8(std::uint32_t c, std::string* out) {
  if (c < 0x80) {
    out->push_back(static_cast<char>(c));
  } else if (c < 0x800) {
    out->push_back(static_cast<char>(0xC0 | (c >> 6)));
    out->push_back(static_cast<char>(0x80 | (c & 0x3F)));
  } else if (c < 0x10000) {
    out->push_back(static_cast<char>(0xE0 | (c >> 12)));
    out->push_back(static_cast<char>(0x80 | ((c >> 6) & 0x3F)));
    out->push_back(static_cast<char>(0x80 | (c & 0x3F)));
  } else {
    out->push_back(static_cast<char>(0xF0 | (c >> 18)));
    out->push_back(static_cast<char>(0x80 | ((c >> 12) & 0x3F)));
    out->push_back(static_cast<char>(0x80 | ((c >> 6) & 0x3F)));
    out->push_back(static_cast<char>(0x80 | (c & 0x3F)));
  }
}

// Reads \uXXXX at `p` (on the 'u'), a pair where it is one. Returns the position after it, or null.
const char* UnescapeUnicode(const char* p, const char* end, JsonDoc::Surrogates surrogates,
                            std::string* out) {
  if (end - p < 5) return nullptr;
  const int high = Hex(p + 1);
  if (high < 0) return nullptr;
  p += 5;
  if (high < 0xD800 || high > 0xDFFF) {
    AppendUtf8(static_cast<std::uint32_t>(high), out);
    return p;
  }
  if (high < 0xDC00 && end - p >= 6 && p[0] == '\\' && p[1] == 'u') {
    const int low = Hex(p + 2);
    if (low >= 0xDC00 && low <= 0xDFFF) {
      AppendUtf8(0x10000u + ((static_cast<std::uint32_t>(high) - 0xD800u) << 10) +
                     (static_cast<std::uint32_t>(low) - 0xDC00u),
                 out);
      return p + 6;
    }
  }
  if (surrogates == JsonDoc::Surrogates::kRefuse) return nullptr;
  AppendUtf8(0xFFFD, out);
  return p;
}

}  // namespace

const char* UnescapeJson(const char* p, const char* end, JsonDoc::Surrogates surrogates, std::string* out) {
  while (p < end) {
    const auto* slash = static_cast<const char*>(std::memchr(p, '\\', static_cast<std::size_t>(end - p)));
    if (!slash) {
      out->append(p, end);
      return nullptr;
    }
    out->append(p, slash);
    p = slash + 1;
    if (p == end) return slash;
    switch (*p) {
      case '"':
        out->push_back('"');
        break;
      case '\\':
        out->push_back('\\');
        break;
      case '/':
        out->push_back('/');
        break;
      case 'b':
        out->push_back('\b');
        break;
      case 'f':
        out->push_back('\f');
        break;
      case 'n':
        out->push_back('\n');
        break;
      case 'r':
        out->push_back('\r');
        break;
      case 't':
        out->push_back('\t');
        break;
      case 'u':
        p = UnescapeUnicode(p, end, surrogates, out);
        if (!p) return slash;
        continue;
      default:
        return slash;
    }
    ++p;
  }
  return nullptr;
}

}  // namespace baton::provider
