// The pool as one exchange sees it while guards stand: whoever asks a worker through it gets back only what
// the guards let through. A workflow's step, a check that asks a model and the client's own call all ask the
// pool, and nobody asks anybody else, so this one place covers them all, streamed or whole.
#pragma once

#include <string>
#include <vector>

#include "guard/rule.h"
#include "pool/pool.h"
#include "rails/rails.h"

namespace baton::guard {

class GuardedPool : public pool::Pool {
 public:
  // All outlive this.
  GuardedPool(const Rules& rules, const rails::Permit& permit, pool::Pool& inner) noexcept
      : rules_(rules), permit_(permit), inner_(inner) {}

  Task<pool::CallOutcome> Chat(const pool::CallSpec& spec, pool::CallObserver* observer) override;
  // Vectors say nothing a guard could read.
  Task<EmbedOutcome> Embed(const chat::EmbedRequest& request, std::vector<const pool::Worker*> candidates,
                           budget::Lease* lease, std::int64_t input_tokens, Cancel* cancel) override {
    return inner_.Embed(request, std::move(candidates), lease, input_tokens, cancel);
  }
  Task<Result<std::vector<chat::Tool>>> Tools(const pool::Worker& worker, Cancel* cancel) override {
    return inner_.Tools(worker, cancel);
  }
  Task<Result<chat::ToolResult>> CallTool(const pool::Worker& worker, const chat::ToolCall& call,
                                          budget::Lease* lease, Deadline deadline, Cancel* cancel,
                                          pool::CallRecord* record) override;
  Loop& loop() override { return inner_.loop(); }
  const std::vector<std::shared_ptr<const pool::Worker>>& workers() const override {
    return inner_.workers();
  }
  const pool::Worker* Find(std::string_view name) const override { return inner_.Find(name); }
  bool Available(const pool::Worker& worker) const override { return inner_.Available(worker); }
  std::vector<pool::WorkerStatus> Status() const override { return inner_.Status(); }
  Result<std::vector<provider::Loss>> Explain(const pool::Worker& worker,
                                              const chat::Request& request) const override {
    return inner_.Explain(worker, request);
  }

  // What guards did so far.
  const Notes& notes() const { return notes_; }

 private:
  struct Asked;
  Task<pool::CallOutcome> Streamed(const pool::CallSpec& spec, pool::CallObserver* observer);
  Task<pool::CallOutcome> Whole(const pool::CallSpec& spec, pool::CallObserver* observer);
  void Note(const Rule& rule, std::string_view did, std::string_view what, const pool::Worker* worker);
  void NoteSeen(const std::vector<std::pair<const Rule*, std::string>>& seen, const pool::Worker* worker);

  const Rules& rules_;
  const rails::Permit& permit_;
  pool::Pool& inner_;
  Notes notes_;
};

}  // namespace baton::guard
