// Runs a route. In this version one workflow exists, `single`: one worker answers, its fallbacks stand behind it.
// The plan type, the step wrapper and the named workflows grow here.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/cancel.h"
#include "base/task.h"
#include "chat/sink.h"
#include "pool/pool.h"
#include "rails/rails.h"
#include "route/route.h"

namespace baton::workflow {

struct Step {
  std::string name = "answer";
  std::string role = "worker";
  std::vector<pool::CallRecord> calls;
};

// What a run did. Only workflow/ makes one.
class Trace {
 public:
  const Result<chat::Response>& answer() const { return answer_; }
  Result<chat::Response>& answer() { return answer_; }
  const std::vector<Step>& steps() const { return steps_; }
  std::vector<Step>& steps() { return steps_; }
  const pool::Worker* worker() const { return worker_; }  // whose answer it is; may be null on failure
  const std::vector<provider::Loss>& losses() const { return losses_; }
  bool passthrough() const { return passthrough_; }
  bool injected_usage() const { return injected_usage_; }
  bool delivered() const { return delivered_; }  // something reached the sink

 private:
  friend class Runner;
  Trace() = default;
  Result<chat::Response> answer_ = Error{};
  std::vector<Step> steps_;
  const pool::Worker* worker_ = nullptr;
  std::vector<provider::Loss> losses_;
  bool passthrough_ = false, injected_usage_ = false, delivered_ = false;
};

class Runner {
 public:
  explicit Runner(pool::RetryPolicy retry) : retry_(retry) {}
  // Needs a Permit and a Route made from it: nothing is asked without both. `sink` null: whole answer.
  // The permit's lease is settled for every call when this returns.
  Task<Trace> Run(rails::Permit& permit, const route::Route& route, const chat::Request& request,
                  std::int64_t input_tokens, pool::Pool& pool, chat::Sink* sink, pool::CallObserver* observer,
                  Cancel* cancel) const;
  // Embeddings: the same candidates, one call, no steps.
  Task<pool::Pool::EmbedOutcome> Embed(rails::Permit& permit, const route::Route& route,
                                       const chat::EmbedRequest& request, pool::Pool& pool, Cancel* cancel) const;

 private:
  pool::RetryPolicy retry_;
};

}  // namespace baton::workflow
