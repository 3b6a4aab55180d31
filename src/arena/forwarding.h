// A backend over another one: everything is passed on but Chat().
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "pool/backend.h"

namespace baton::arena {

class Forwarding : public pool::Backend {
 public:
  explicit Forwarding(std::unique_ptr<pool::Backend> inner) : inner_(std::move(inner)) {}

  Task<EmbedResult> Embed(const chat::EmbedRequest& r, Deadline d, Cancel* c) override {
    return inner_->Embed(r, d, c);
  }
  Task<Result<std::vector<chat::Tool>>> Tools(Deadline d, Cancel* c) override { return inner_->Tools(d, c); }
  Task<ToolCallResult> CallTool(const chat::ToolCall& call, Deadline d, Cancel* c) override {
    return inner_->CallTool(call, d, c);
  }
  Result<std::vector<provider::Loss>> Explain(const chat::Request& request) const override {
    return inner_->Explain(request);
  }

 protected:
  const std::unique_ptr<pool::Backend> inner_;
};

}  // namespace baton::arena
