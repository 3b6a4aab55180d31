// May Baton call this address?
//
// A config file may come from a template, a chart or a colleague; an address in it must not turn Baton into a
// tunnel to a cloud's metadata service (which hands out credentials) or to machines that only this one can
// reach. So: metadata and link-local addresses are refused always; loopback and private ranges unless the
// worker says `private: true`, which is how a mock or a server in the next room is meant on purpose. Only
// what stands in the file is judged here: names are not resolved (a check must work offline, and the answer
// may change later).

#include <arpa/inet.h>
#include <fmt/format.h>

#include <array>
#include <cstring>

#include "config/draft.h"
#include "net/client.h"

namespace baton::config {
namespace {

enum class Where { kPublic, kPrivate, kNever };

Where JudgeIpv4(std::uint32_t ip) {
  auto in = [&](std::uint32_t net, int bits) { return ip >> (32 - bits) == net >> (32 - bits); };
  if (in(0xa9fe0000, 16)) return Where::kNever;  // 169.254.0.0/16, with the metadata address
  if (ip == 0x646464c8) return Where::kNever;    // 100.100.100.200
  if (in(0xe0000000, 3) || in(0x00000000, 8)) return Where::kNever;  // multicast, reserved, "this network"
  bool inside = in(0x0a000000, 8) || in(0xac100000, 12) || in(0xc0a80000, 16) || in(0x7f000000, 8) ||
                in(0x64400000, 10);
  return inside ? Where::kPrivate : Where::kPublic;
}

Where JudgeIpv6(const std::array<unsigned char, 16>& a) {
  static constexpr std::array<unsigned char, 16> kMetadata = {0xfd, 0x00, 0x0e, 0xc2, 0, 0, 0,    0,
                                                              0,    0,    0,    0,    0, 0, 0x02, 0x54};
  if (a == kMetadata || a[0] == 0xff) return Where::kNever;
  if (a[0] == 0xfe && (a[1] & 0xc0) == 0x80) return Where::kNever;  // link-local
  bool zeros = true;
  for (std::size_t i = 0; i < 10; ++i) zeros = zeros && a[i] == 0;
  bool mapped = zeros && ((a[10] == 0xff && a[11] == 0xff) || (a[10] == 0 && a[11] == 0));
  bool nat64 = a[0] == 0 && a[1] == 0x64 && a[2] == 0xff && a[3] == 0x9b;
  if (mapped && a[10] == 0 && a[12] == 0 && a[13] == 0 && a[14] == 0)
    return a[15] == 1 ? Where::kPrivate : Where::kNever;
  if (mapped || nat64) {
    std::uint32_t v4 = 0;
    for (std::size_t i = 12; i < 16; ++i) v4 = v4 << 8 | a[i];
    return JudgeIpv4(v4);
  }
  return (a[0] & 0xfe) == 0xfc ? Where::kPrivate : Where::kPublic;
}

bool EndsWith(std::string_view s, std::string_view end) {
  return s.size() >= end.size() && s.substr(s.size() - end.size()) == end;
}

Where JudgeHost(std::string host) {
  if (!host.empty() && host.back() == '.') host.pop_back();
  std::array<unsigned char, 16> v6;
  if (inet_pton(AF_INET6, host.c_str(), v6.data()) == 1) return JudgeIpv6(v6);
  // inet_aton also takes 2130706433, 0x7f.1 and 0177.0.0.1, as resolvers do.
  in_addr v4;
  if (inet_aton(host.c_str(), &v4) != 0) return JudgeIpv4(ntohl(v4.s_addr));
  if (host == "metadata.google.internal" || host == "metadata" || host == "instance-data" ||
      host == "metadata.goog")
    return Where::kNever;
  bool inside = host == "localhost" || EndsWith(host, ".localhost") || EndsWith(host, ".local") ||
                EndsWith(host, ".internal") || EndsWith(host, ".lan") || EndsWith(host, ".home.arpa") ||
                host.find('.') == std::string::npos;
  return inside ? Where::kPrivate : Where::kPublic;
}

}  // namespace

void CheckBaseUrl(const std::string& url, bool private_allowed, const Place& place, const std::string& who,
                  Problems* problems) {
  auto parsed = net::ParseUrl(url);
  // The address is not repeated where it may hold a password.
  if (!parsed) return problems->Add(place, fmt::format("base_url of {}: {}", who, parsed.error().message));
  const auto& origin = parsed->origin;
  switch (JudgeHost(origin.host)) {
    case Where::kNever:
      return problems->Add(
          place,
          fmt::format(
              "base_url of {}: '{}' is a metadata, link-local or reserved address, which no worker can be",
              who, origin.host));
    case Where::kPrivate:
      if (private_allowed) return;
      return problems->Add(place, fmt::format("base_url of {}: '{}' is on this machine or in a private "
                                              "network; if that is meant, add `private: true` to the worker",
                                              who, origin.host));
    case Where::kPublic:
      if (!origin.tls)
        problems->Warn(place, fmt::format("base_url of {} is plain http: prompts, answers and the key can be "
                                          "read on the way; use https",
                                          who));
  }
}

}  // namespace baton::config
