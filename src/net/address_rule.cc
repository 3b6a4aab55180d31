#include "net/address_rule.h"

#include <arpa/inet.h>

#include <cstddef>
#include <string_view>

namespace baton::net {
namespace {

bool EndsWith(std::string_view s, std::string_view end) {
  return s.size() >= end.size() && s.substr(s.size() - end.size()) == end;
}

}  // namespace

Neighbourhood JudgeIpv4(std::uint32_t ip) {
  auto in = [&](std::uint32_t net, int bits) { return ip >> (32 - bits) == net >> (32 - bits); };
  if (in(0xa9fe0000, 16)) return Neighbourhood::kNever;  // 169.254.0.0/16, with the metadata address
  if (ip == 0x646464c8) return Neighbourhood::kNever;    // 100.100.100.200
  if (in(0xe0000000, 3) || in(0x00000000, 8)) return Neighbourhood::kNever;  // multicast, reserved, "this"
  bool inside = in(0x0a000000, 8) || in(0xac100000, 12) || in(0xc0a80000, 16) || in(0x7f000000, 8) ||
                in(0x64400000, 10);
  return inside ? Neighbourhood::kPrivate : Neighbourhood::kPublic;
}

Neighbourhood JudgeIpv6(const std::array<unsigned char, 16>& a) {
  static constexpr std::array<unsigned char, 16> kMetadata = {0xfd, 0x00, 0x0e, 0xc2, 0, 0, 0,    0,
                                                              0,    0,    0,    0,    0, 0, 0x02, 0x54};
  if (a == kMetadata || a[0] == 0xff) return Neighbourhood::kNever;
  if (a[0] == 0xfe && (a[1] & 0xc0) == 0x80) return Neighbourhood::kNever;  // link-local
  bool zeros = true;
  for (std::size_t i = 0; i < 10; ++i) zeros = zeros && a[i] == 0;
  bool mapped = zeros && ((a[10] == 0xff && a[11] == 0xff) || (a[10] == 0 && a[11] == 0));
  bool nat64 = a[0] == 0 && a[1] == 0x64 && a[2] == 0xff && a[3] == 0x9b;
  if (mapped && a[10] == 0 && a[12] == 0 && a[13] == 0 && a[14] == 0)
    return a[15] == 1 ? Neighbourhood::kPrivate : Neighbourhood::kNever;
  std::uint32_t last = 0;
  for (std::size_t i = 12; i < 16; ++i) last = last << 8 | a[i];
  if (mapped || nat64) return JudgeIpv4(last);
  if (a[0] == 0x20 && a[1] == 0x02)  // 6to4 carries an IPv4 address behind its prefix
    return JudgeIpv4(std::uint32_t{a[2]} << 24 | std::uint32_t{a[3]} << 16 | std::uint32_t{a[4]} << 8 | a[5]);
  return (a[0] & 0xfe) == 0xfc ? Neighbourhood::kPrivate : Neighbourhood::kPublic;
}

Neighbourhood JudgeHost(std::string host) {
  if (!host.empty() && host.back() == '.') host.pop_back();
  std::array<unsigned char, 16> v6;
  if (inet_pton(AF_INET6, host.c_str(), v6.data()) == 1) return JudgeIpv6(v6);
  // inet_aton also takes 2130706433, 0x7f.1 and 0177.0.0.1, as resolvers do.
  in_addr v4;
  if (inet_aton(host.c_str(), &v4) != 0) return JudgeIpv4(ntohl(v4.s_addr));
  if (host == "metadata.google.internal" || host == "metadata" || host == "instance-data" ||
      host == "metadata.goog")
    return Neighbourhood::kNever;
  bool inside = host == "localhost" || EndsWith(host, ".localhost") || EndsWith(host, ".local") ||
                EndsWith(host, ".internal") || EndsWith(host, ".lan") || EndsWith(host, ".home.arpa") ||
                host.find('.') == std::string::npos;
  return inside ? Neighbourhood::kPrivate : Neighbourhood::kPublic;
}

}  // namespace baton::net
