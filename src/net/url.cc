#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

#include "net/client.h"

namespace baton::net {
namespace {

Error BadUrl(std::string message) {
  return Fail(Code::kInvalidRequest, std::move(message), "bad_url");
}

bool IsUrlText(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

Result<std::uint16_t> ParsePort(std::string_view digits) {
  unsigned port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc() || end != digits.data() + digits.size() || port == 0 || port > 65535) {
    return BadUrl("the port must be a number from 1 to 65535");
  }
  return static_cast<std::uint16_t>(port);
}

// What would need escaping elsewhere (a Host header, a key "host:port") is no host.
Status CheckHost(const std::string& host, bool bracketed) {
  unsigned char ignored[sizeof(in6_addr)];
  if (bracketed) {
    return inet_pton(AF_INET6, host.c_str(), ignored) == 1 ? Status()
                                                           : BadUrl("'[...]' holds no IPv6 address");
  }
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
  };
  if (std::all_of(host.begin(), host.end(), fits)) return {};
  return BadUrl("the host holds a character that names do not have");
}

// "host", "host:port", "[::1]", "[::1]:port".
Status ParseAuthority(std::string_view text, Origin& origin) {
  std::string_view host = text, port;
  if (text.starts_with('[')) {
    const auto close = text.find(']');
    if (close == std::string_view::npos) return BadUrl("the IPv6 address has no closing ']'");
    host = text.substr(1, close - 1);
    port = text.substr(close + 1);
    if (!port.empty() && port.front() != ':') return BadUrl("only ':port' may follow ']'");
  } else if (const auto colon = text.find(':'); colon != std::string_view::npos) {
    host = text.substr(0, colon);
    port = text.substr(colon);
  }
  if (host.empty()) return BadUrl("the host is missing");
  origin.host = host;
  std::transform(origin.host.begin(), origin.host.end(), origin.host.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
  TRY_VOID(CheckHost(origin.host, text.starts_with('[')));
  origin.port = origin.tls ? 443 : 80;
  if (!port.empty()) {
    TRY(origin.port, ParsePort(port.substr(1)));
  }
  return {};
}

}  // namespace

Result<Url> ParseUrl(std::string_view text) {
  if (!IsUrlText(text)) return BadUrl("a URL holds no spaces, control or non-ASCII characters");
  Url url;
  if (text.starts_with("https://")) {
    url.origin.tls = true;
    text.remove_prefix(8);
  } else if (text.starts_with("http://")) {
    text.remove_prefix(7);
  } else {
    return BadUrl("a URL begins with http:// or https://");
  }
  if (text.find_first_of("?#") != std::string_view::npos)
    return BadUrl("the URL must have no query or fragment");
  const auto slash = std::min(text.find('/'), text.size());
  const std::string_view authority = text.substr(0, slash);
  if (authority.find('@') != std::string_view::npos) {
    return BadUrl("the URL must not hold a user or password; give the key in the worker's key setting");
  }
  TRY_VOID(ParseAuthority(authority, url.origin));
  std::string_view path = text.substr(slash);
  while (path.ends_with('/')) path.remove_suffix(1);
  url.path = path;
  return url;
}

}  // namespace baton::net
