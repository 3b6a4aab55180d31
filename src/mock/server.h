// The mock provider on a real socket: all three dialects on one port, answers by script or built in, faults
// by script. For demos, tests and as the upstream of load tests; never part of `baton serve`.
//
//   POST /v1/chat/completions, /v1/embeddings; GET /v1/models                      OpenAI
//   POST /v1/messages                                                             Anthropic
//   POST /v1beta/models/{m}:generateContent, :streamGenerateContent, :embedContent, :batchEmbedContents
//   Gemini GET /mock/requests, /mock/stats; POST /mock/script, /mock/reset               control
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "base/task.h"
#include "mock/script.h"
#include "net/loop.h"
#include "net/server.h"

namespace baton::mock {

struct Options {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;  // 0: any free one, see MockServer::port()
  Script script;
  // Calls without exactly this key are answered 401 in the dialect's shape. Empty: every caller is welcome.
  std::string require_key;
  // Non-empty: any other model is answered 404. Empty: every name is a model, "mock" is listed.
  std::vector<std::string> models;

  // Load tests: one constant reply, prepared once; requests are neither decoded, checked nor recorded.
  bool fast = false;
  std::size_t fast_reply_bytes = 1200;
  int fast_chunks = 50;  // content chunks of a streamed fast reply

  std::size_t keep_requests = 100;        // how many requests /mock/requests remembers
  std::size_t keep_body_bytes = 1 << 20;  // and how much of each body
  net::ServerLimits limits;
  Log log = Log::Null();
};

struct Stats {
  std::uint64_t requests = 0;   // model calls, errors included
  std::uint64_t completed = 0;  // replies sent to their scripted end
  std::uint64_t aborted = 0;    // the client left before that
  int running = 0, peak = 0;    // concurrent calls now, and the most there have been
};

// All on the loop's thread. The loop must outlive the server; Drain() before destroying it.
class MockServer {
 public:
  virtual ~MockServer() = default;
  virtual std::uint16_t port() const = 0;
  virtual const Stats& stats() const = 0;
  virtual void SetScript(Script script) = 0;
  virtual Task<void> Drain(Duration grace) = 0;
};

// Listens from now on. kConflict when the port is in use.
Result<std::unique_ptr<MockServer>> Start(net::IoLoop& loop, Options options);

}  // namespace baton::mock
