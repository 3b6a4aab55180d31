// The two things a worker can be asked for, as operations of a call.
#pragma once

#include <string>

#include "pool/call.h"

namespace baton::pool {

class ChatOperation : public Operation {
 public:
  // All outlive the operation; `observer` may be null.
  ChatOperation(const CallSpec& spec, CallObserver* observer, std::string idempotency_key)
      : spec_(spec), observer_(observer), key_(std::move(idempotency_key)) {}
  Task<AttemptResult> Ask(Try& t) override;
  std::int64_t MaxOutput(const Worker& worker) const override;
  int Billable(const Worker& worker) const override;
  bool hedgeable() const override { return spec_.hedge; }

 private:
  const CallSpec& spec_;
  CallObserver* observer_;
  std::string key_;
};

class EmbedOperation : public Operation {
 public:
  explicit EmbedOperation(const chat::EmbedRequest& request) : request_(request) {}
  Task<AttemptResult> Ask(Try& t) override;
  std::int64_t MaxOutput(const Worker& /*worker*/) const override { return 0; }
  // Of the last try that did not fail.
  chat::EmbedResponse& answer() { return answer_; }

 private:
  const chat::EmbedRequest& request_;
  chat::EmbedResponse answer_;
};

// One call of one tool.
class ToolOperation : public Operation {
 public:
  explicit ToolOperation(const chat::ToolCall& call) : call_(call) {}
  Task<AttemptResult> Ask(Try& t) override;
  std::int64_t MaxOutput(const Worker& /*worker*/) const override { return 0; }
  chat::ToolResult& result() { return result_; }

 private:
  const chat::ToolCall& call_;
  chat::ToolResult result_;
};

}  // namespace baton::pool
