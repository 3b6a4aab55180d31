// Any text is a URL or refused; what was read says the same when it is written out again.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "net/client.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto url = baton::net::ParseUrl({reinterpret_cast<const char*>(data), size});
  if (!url) return 0;
  const auto& o = url->origin;
  if (o.host.empty() || o.port == 0 || o.host.find_first_of("/@ ") != std::string::npos) std::abort();
  const std::string host = o.host.find(':') == std::string::npos ? o.host : "[" + o.host + "]";
  const auto again = baton::net::ParseUrl((o.tls ? "https://" : "http://") + host + ":" +
                                          std::to_string(o.port) + url->path);
  if (!again || again->origin.host != o.host || again->origin.port != o.port || again->path != url->path)
    std::abort();
  return 0;
}
