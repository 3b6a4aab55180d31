// May a request go to this address? Asked of every address at the moment of connecting, whatever its name
// said.
//
// An address in a configuration may come from a template, a chart or a colleague, and what a name resolves to
// may change after it was checked (DNS rebinding). Neither may turn Baton into a tunnel to a cloud's metadata
// service, which hands out credentials, or to machines that only this one can reach.
#pragma once

#include <array>
#include <cstdint>
#include <string>

namespace baton::net {

enum class Neighbourhood {
  kPublic,
  kPrivate,  // this machine and private ranges: only where the operator declares it
  kNever,    // metadata, link-local, multicast, reserved: no worker can be there
};

Neighbourhood JudgeIpv4(std::uint32_t ip);  // host byte order
Neighbourhood JudgeIpv6(const std::array<unsigned char, 16>& ip);
// A host as it stands in a URL: an address in any form that resolvers take, or a name. Nothing is resolved; a
// name that is none of the known private ones is public.
Neighbourhood JudgeHost(std::string host);

}  // namespace baton::net
