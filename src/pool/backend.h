// One attempt at one worker, whatever it is made of: HTTP to a provider, or a model in this process.
// The pool owns everything around it (slots, breaker, retry, fallback, money).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/cancel.h"
#include "base/result.h"
#include "base/task.h"
#include "chat/sink.h"
#include "chat/types.h"
#include "pool/worker.h"

namespace baton::pool {

// Told how an attempt goes while it runs, on its loop. A backend may leave all of it out.
class AttemptWatch {
 public:
  virtual ~AttemptWatch() = default;
  // What the encoding for this worker lost, before anything is sent. Once at most.
  virtual void OnEncoded(const std::vector<provider::Loss>& /*losses*/, bool /*passthrough*/,
                         bool /*injected_usage*/) {}
  // The provider began to answer, not with an error. Once at most.
  virtual void OnFirstByte() {}
};

struct Attempt {
  // Valid during the call.
  const chat::Request* request = nullptr;
  // Where streamed events go; null for a whole answer.
  chat::Sink* sink = nullptr;
  Deadline deadline;
  Cancel* cancel = nullptr;       // client gone, lost race, shutdown
  AttemptWatch* watch = nullptr;  // may be null; valid during the call
  std::string idempotency_key;    // sent to providers that honour one; the same for all attempts of one call
};

struct AttemptResult {
  // On success the answer (assembled when streamed; `raw` only when whole). On failure what was seen so far.
  chat::Response response;
  std::optional<provider::Failure> failure;
  bool first_byte_seen = false;  // the provider began to answer
  // It may have had an effect (a tool that ran): nobody may try it again.
  bool acted = false;
  int billable = 1;        // calls, where the price has an amount per call
  bool delivered = false;  // something of the answer reached the sink: no silent second try after that
  bool sent = false;       // the request may have reached the provider: it may cost money
  std::vector<provider::Loss> losses;
  bool passthrough = false;  // reply bytes may go to the client untouched
  bool injected_usage = false;
  Duration to_first_byte{}, whole{};
};

class Backend {
 public:
  virtual ~Backend() = default;
  // Runs on the calling loop. Never fails as a call: failures are in the result. When `attempt.cancel` fires
  // it ends soon with Fault-free kCancelled in failure->error, having drained or dropped the provider by the
  // worker's rule, with the usage seen (or estimated, usage.known == false).
  virtual Task<AttemptResult> Chat(const Attempt& attempt) = 0;
  struct EmbedResult {
    chat::EmbedResponse response;
    std::optional<provider::Failure> failure;
    std::vector<provider::Loss> losses;
    bool sent = false;
  };
  virtual Task<EmbedResult> Embed(const chat::EmbedRequest& request, Deadline deadline, Cancel* cancel) = 0;
  // Tool workers: what they offer, and one call of it, which is never repeated. Of a tool's own failure
  // (`is_error`) the result tells; `failure` is the server's.
  virtual Task<Result<std::vector<chat::Tool>>> Tools(Deadline /*deadline*/, Cancel* /*cancel*/) {
    co_return std::vector<chat::Tool>();
  }
  struct ToolCallResult {
    chat::ToolResult result;
    std::optional<provider::Failure> failure;
    bool sent = false;
  };
  virtual Task<ToolCallResult> CallTool(const chat::ToolCall& /*call*/, Deadline /*deadline*/,
                                        Cancel* /*cancel*/) {
    ToolCallResult none;
    none.failure =
        provider::Failure{provider::Fault::kClientRequest,
                          Fail(Code::kUnsupported, "this worker has no tools of its own", "no_tools")};
    co_return none;
  }
  // What would be sent and what would be lost; calls nobody. For `baton route`.
  virtual Result<std::vector<provider::Loss>> Explain(const chat::Request& request) const = 0;
};

}  // namespace baton::pool
