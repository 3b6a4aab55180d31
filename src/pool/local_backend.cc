// Between the engine's compute thread and the caller's loop.
//
// The engine reports each token on its own thread; a post per token would wake the loop eighty times a second
// for every stream. Instead events gather in a Channel: the first of a burst posts one wake-up, the others
// find it posted. The call always waits for the engine's last word, also when it has been cancelled (one
// decode step), so that nothing of the engine's refers to a loop that is gone.
#include "pool/local_backend.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "base/mutex.h"
#include "base/signal.h"
#include "chat/assemble.h"
#include "pool/local_plan.h"

namespace baton::pool {
namespace {

using provider::Failure;
using provider::Fault;

// T: what the engine's last word is.
template <class T>
class Channel : public std::enable_shared_from_this<Channel<T>> {
 public:
  explicit Channel(Loop& loop) : loop_(loop), ready_(loop) {}

  // The compute thread's side.
  void Put(chat::Event event) {
    MutexLock lock(m_);
    events_.push_back(std::move(event));
    Wake();
  }
  void End(Result<T> result) {
    MutexLock lock(m_);
    result_ = std::move(result);
    Wake();
  }

  // The loop's side: waits for something to happen.
  Task<bool> Wait() { return ready_.Wait(); }
  void Take(std::vector<chat::Event>* events, std::optional<Result<T>>* result) {
    MutexLock lock(m_);
    events->swap(events_);
    *result = std::exchange(result_, std::nullopt);
    posted_ = false;
  }

 private:
  void Wake() REQUIRES_LOCK(m_) {
    if (std::exchange(posted_, true)) return;
    loop_.Post([self = this->shared_from_this()] { self->ready_.Set(); });
  }

  Loop& loop_;
  Signal ready_;  // the loop's
  Mutex m_;
  std::vector<chat::Event> events_ GUARDED_BY(m_);
  std::optional<Result<T>> result_ GUARDED_BY(m_);
  bool posted_ GUARDED_BY(m_) = false;
};

Failure Gone() {
  return {Fault::kTransport, Fail(Code::kCancelled, "whoever asked has left", "cancelled")};
}

Failure TooLate(const Worker& worker) {
  return {Fault::kTimeout,
          Fail(Code::kDeadline, "worker '" + worker.name + "' did not finish its answer in time",
               "whole_timeout")};
}

Failure EngineFailure(Error error) {
  Fault fault = Fault::kServer;
  switch (error.code) {
    case Code::kTooLarge:
      fault = Fault::kContextOverflow;
      break;
    case Code::kInvalidRequest:
    case Code::kUnsupported:
      fault = Fault::kClientRequest;
      break;
    case Code::kOverloaded:
      fault = Fault::kOverloaded;
      break;
    default:
      break;
  }
  if (error.reason == "context_length_exceeded") fault = Fault::kContextOverflow;
  return {fault, std::move(error)};
}

class LocalBackend : public Backend {
 public:
  LocalBackend(std::shared_ptr<const Worker> worker, Loop& loop, std::shared_ptr<lm::Engine> engine)
      : worker_(std::move(worker)), loop_(loop), engine_(std::move(engine)) {}

  Task<AttemptResult> Chat(const Attempt& attempt) override;
  Task<EmbedResult> Embed(const chat::EmbedRequest& request, Deadline deadline, Cancel* cancel) override;

  Result<std::vector<provider::Loss>> Explain(const chat::Request& request) const override {
    if (!engine_) return NotLoaded();
    TRY(LocalPlan plan, PlanLocal(request, worker_->target, engine_->info()));
    TRY([[maybe_unused]] lm::Engine::Rendered rendered, engine_->Render(plan.request));
    return std::move(plan.losses);
  }

 private:
  using Answers = Channel<lm::Generated>;

  Error NotLoaded() const {
    return Fail(Code::kUnavailable, "the model of worker '" + worker_->name + "' is not loaded",
                "model_not_loaded");
  }
  Task<void> Read(Answers& answers, lm::Job& job, const Attempt& attempt, AttemptResult* out);
  void Name(chat::Event* start);

  // Constant after construction.
  std::shared_ptr<const Worker> worker_;
  Loop& loop_;
  std::shared_ptr<lm::Engine> engine_;

  std::uint32_t ids_ = 0;
};

void LocalBackend::Name(chat::Event* start) {
  const std::int64_t now = loop_.clock().UnixNanos();
  // Unique enough for a log line; the exchange has an id of its own.
  start->id = fmt::format("chatcmpl-local-{:x}{:04x}", now / 1000, ids_++ & 0xffff);
  start->created = now / 1'000'000'000;
  start->model = worker_->target.model.empty() ? engine_->info().name : worker_->target.model;
}

Task<AttemptResult> LocalBackend::Chat(const Attempt& attempt) {
  AttemptResult out;
  const TimePoint began = loop_.Now();
  if (!engine_) {
    out.failure = Failure{Fault::kServer, NotLoaded()};
    co_return out;
  }
  Result<LocalPlan> plan = PlanLocal(*attempt.request, worker_->target, engine_->info());
  if (!plan) {
    out.failure = EngineFailure(std::move(plan).error());
    co_return out;
  }
  out.losses = std::move(plan->losses);
  if (attempt.watch) attempt.watch->OnEncoded(out.losses, false, false);
  if (attempt.cancel && attempt.cancel->fired()) {
    out.failure = Gone();
    co_return out;
  }
  auto answers = std::make_shared<Answers>(loop_);
  lm::GenerateRequest request;
  request.chat = std::move(plan->request);
  Result<std::shared_ptr<lm::Job>> job = engine_->Generate(
      std::move(request), [answers](chat::Event e) { answers->Put(std::move(e)); },
      [answers](Result<lm::Generated> r) { answers->End(std::move(r)); });
  if (!job) {
    out.failure = EngineFailure(std::move(job).error());
    co_return out;
  }
  out.sent = true;
  co_await Read(*answers, **job, attempt, &out);
  out.to_first_byte = out.first_byte_seen ? out.to_first_byte - began.time_since_epoch() : Duration{};
  out.whole = loop_.Now() - began;
  co_return out;
}

Task<void> LocalBackend::Read(Answers& answers, lm::Job& job, const Attempt& attempt, AttemptResult* out) {
  bool gone = false, late = false;
  Cancel::Registration left;
  if (attempt.cancel) {
    left = attempt.cancel->OnFire([&job, &gone] {
      gone = true;
      job.Cancel();
    });
  }
  Loop::TimerId timer = 0;
  if (attempt.deadline.IsSet()) {
    timer = loop_.CallAt(attempt.deadline.at(), [&job, &late, &timer] {
      timer = 0;
      late = true;
      job.Cancel();
    });
  }
  chat::Assembler seen;
  std::vector<chat::Event> events;
  std::optional<Result<lm::Generated>> result;
  while (!result) {
    co_await answers.Wait();
    events.clear();
    answers.Take(&events, &result);
    if (!events.empty() && !out->first_byte_seen) {
      out->first_byte_seen = true;
      out->to_first_byte = loop_.Now().time_since_epoch();
      if (attempt.watch) attempt.watch->OnFirstByte();
    }
    for (chat::Event& e : events) {
      if (e.kind == chat::Event::Kind::kStart) Name(&e);
      seen.Add(e);
      if (attempt.sink && !gone) {
        out->delivered |= e.kind != chat::Event::Kind::kStart;
        attempt.sink->Put(std::move(e));
      }
    }
    if (events.empty() || !attempt.sink || gone) continue;
    const Status flushed = co_await attempt.sink->Flush();
    if (!flushed) {
      gone = true;
      job.Cancel();
    }
  }
  if (timer != 0) loop_.CancelTimer(timer);
  out->response = seen.Take();
  if (*result) co_return;
  out->failure = gone ? Gone() : late ? TooLate(*worker_) : EngineFailure(std::move(*result).error());
}

Task<Backend::EmbedResult> LocalBackend::Embed(const chat::EmbedRequest& request, Deadline deadline,
                                               Cancel* cancel) {
  EmbedResult out;
  const auto refuse = [&out](Error e) { out.failure = EngineFailure(std::move(e)); };
  if (!engine_) {
    out.failure = Failure{Fault::kServer, NotLoaded()};
  } else if (!request.tokens.empty()) {
    refuse(Fail(Code::kUnsupported, "a local encoder takes texts: token ids belong to another tokenizer", "",
                "input"));
  } else if (request.dimensions && *request.dimensions != engine_->info().embedding_width) {
    refuse(Fail(Code::kUnsupported,
                fmt::format("this encoder gives {} dimensions; leave 'dimensions' out",
                            engine_->info().embedding_width),
                "", "dimensions"));
  } else if (cancel && cancel->fired()) {
    out.failure = Gone();
  } else if (deadline.Passed(loop_.Now())) {
    out.failure = TooLate(*worker_);
  }
  if (out.failure) co_return out;
  if (!request.user.empty())
    out.losses.push_back({"user", provider::Loss::How::kDropped, "nobody would see it"});
  for (const auto& [name, value] : request.extra) {
    out.losses.push_back({name, provider::Loss::How::kDropped, "a local encoder has no such parameter"});
  }
  auto channel = std::make_shared<Channel<lm::Engine::Embedded>>(loop_);
  out.sent = true;
  engine_->Embed(request.texts, [channel](Result<lm::Engine::Embedded> r) { channel->End(std::move(r)); });
  std::vector<chat::Event> none;
  std::optional<Result<lm::Engine::Embedded>> result;
  while (!result) {
    co_await channel->Wait();
    channel->Take(&none, &result);
  }
  if (cancel && cancel->fired()) {
    out.failure = Gone();
  } else if (!*result) {
    refuse(std::move(*result).error());
  } else {
    out.response.model = worker_->target.model.empty() ? engine_->info().name : worker_->target.model;
    out.response.vectors = std::move((*result)->vectors);
    out.response.usage.input = (*result)->tokens;
    out.response.usage.known = true;
  }
  co_return out;
}

}  // namespace

std::unique_ptr<Backend> CreateLocalBackend(std::shared_ptr<const Worker> worker, Loop& loop,
                                            std::shared_ptr<lm::Engine> engine) {
  return std::make_unique<LocalBackend>(std::move(worker), loop, std::move(engine));
}

}  // namespace baton::pool
