// Talking to a running Baton from the command line.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "net/http.h"

namespace baton::cli {

struct Fetched {
  int status = 0;
  net::HeaderList headers;
  std::string body;  // empty when `on_data` took it
};

// One request on a loop of its own; blocks. A server that is not there gives an error that says how to start
// one. With `on_data` a 200's body is handed over piece by piece as it arrives.
Result<Fetched> Fetch(const std::string& base_url, std::string_view method, const std::string& path,
                      std::string body, net::HeaderList headers = {},
                      std::function<void(std::string_view)> on_data = nullptr);

// The message in an OpenAI-shaped error body, or a short excerpt of whatever else came.
Error ErrorFromReply(const Fetched& reply);

}  // namespace baton::cli
