// A load generator: raw keep-alive connections on one thread, so that what is measured is the server.
//
// Closed loop: each connection sends the next request when its reply is complete. Fixed rate: requests leave
// on a schedule whatever the replies do, and latency counts from the scheduled time (no coordinated
// omission).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace baton::bench {

struct LoadOptions {
  std::uint16_t port = 0;  // on 127.0.0.1
  std::string request;     // the whole request, head and body
  int connections = 64;
  double seconds = 2;
  double rate = 0;        // requests per second; 0: closed loop
  bool streamed = false;  // replies are chunked and end with the zero chunk
};

struct LoadResult {
  std::uint64_t replies = 0, errors = 0;  // error: status other than 200, or a broken connection
  std::uint64_t bytes = 0;
  double seconds = 0;
  std::vector<double> latencies_us;   // sorted; fixed rate only
  double Percentile(double p) const;  // 0 when there are none
};

// Blocks for about `seconds`. kUnavailable when nothing listens.
Result<LoadResult> Load(const LoadOptions& options);

// A 2 KB chat completion request for `model`, ready to send.
std::string ChatRequest(const std::string& model, bool stream, std::size_t bytes = 2048);

}  // namespace baton::bench
