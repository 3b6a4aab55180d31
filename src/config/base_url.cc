// May Baton call this address?
//
// A config file may come from a template, a chart or a colleague; an address in it must not turn Baton into a
// tunnel to a cloud's metadata service (which hands out credentials) or to machines that only this one can
// reach. So: metadata and link-local addresses are refused always; loopback and private ranges unless the
// worker says `private: true`, which is how a mock or a server in the next room is meant on purpose. Only
// what stands in the file is judged here: names are not resolved (a check must work offline, and the answer
// may change later). What a name resolves to is judged by net/ whenever a connection is made.

#include <fmt/format.h>

#include "config/draft.h"
#include "net/address_rule.h"
#include "net/client.h"

namespace baton::config {

void CheckBaseUrl(const std::string& url, bool private_allowed, const Place& place, const std::string& who,
                  Problems* problems) {
  auto parsed = net::ParseUrl(url);
  // The address is not repeated where it may hold a password.
  if (!parsed) return problems->Add(place, fmt::format("base_url of {}: {}", who, parsed.error().message));
  const auto& origin = parsed->origin;
  switch (net::JudgeHost(origin.host)) {
    case net::Neighbourhood::kNever:
      return problems->Add(
          place,
          fmt::format(
              "base_url of {}: '{}' is a metadata, link-local or reserved address, which no worker can be",
              who, origin.host));
    case net::Neighbourhood::kPrivate:
      if (private_allowed) return;
      return problems->Add(place, fmt::format("base_url of {}: '{}' is on this machine or in a private "
                                              "network; if that is meant, add `private: true` to the worker",
                                              who, origin.host));
    case net::Neighbourhood::kPublic:
      if (!origin.tls)
        problems->Warn(place, fmt::format("base_url of {} is plain http: prompts, answers and the key can be "
                                          "read on the way; use https",
                                          who));
  }
}

}  // namespace baton::config
