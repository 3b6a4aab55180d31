// Simulated workers for tests: a Backend that plays scripts on whatever loop it is given (a SimLoop,
// usually).
#pragma once

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/loop.h"
#include "chat/assemble.h"
#include "pool/backend.h"
#include "pool/create.h"

namespace baton::pool {

inline chat::Usage FakeUsage(std::int64_t input, std::int64_t output) {
  chat::Usage u;
  u.input = input;
  u.output = output;
  u.known = true;
  return u;
}

// What one attempt does.
struct FakeScript {
  Duration before_first{};  // until it begins to answer
  bool starts = true;       // streams: begins with the opening event
  std::vector<std::string> pieces = {"hello"};
  Duration between{};                        // before each piece
  std::optional<provider::Failure> failure;  // after the pieces; without any piece: instead of an answer
  bool sent = true;
  chat::Usage usage = FakeUsage(10, 5);
  Duration drain{};  // how long it goes on after the client has left
};

inline provider::Failure FakeFailure(provider::Fault fault, Code code, std::string reason, int status = 0) {
  provider::Failure f;
  f.fault = fault;
  f.error = Fail(code, "scripted: " + reason, reason);
  f.error.upstream_status = status;
  return f;
}

class FakeBackend : public Backend {
 public:
  // What a worker plays, by the number of the attempt (from 0), and what was seen of it.
  struct Stage {
    std::function<FakeScript(int)> play = [](int) { return FakeScript{}; };
    int asked = 0, running = 0, most_running = 0;
    std::vector<std::string> keys;
    // Asked at every operation (each wait, each event put); what it returns happens instead.
    std::function<std::optional<provider::Failure>()> fault;
  };

  FakeBackend(Loop& loop, Stage& stage) : loop_(loop), stage_(stage) {}

  Task<AttemptResult> Chat(const Attempt& attempt) override {
    const FakeScript script = Enter();
    stage_.keys.push_back(attempt.idempotency_key);
    AttemptResult out;
    const TimePoint began = loop_.Now();
    out.sent = script.sent;
    if (attempt.watch) attempt.watch->OnEncoded(out.losses, false, false);
    co_await Play(script, attempt, began, &out);
    out.whole = loop_.Now() - began;
    --stage_.running;
    co_return out;
  }

  Task<EmbedResult> Embed(const chat::EmbedRequest& /*request*/, Deadline deadline, Cancel* cancel) override {
    const FakeScript script = Enter();
    EmbedResult out;
    out.sent = script.sent;
    out.failure = co_await Wait(script.before_first, deadline, cancel);
    if (!out.failure) out.failure = script.failure;
    if (!out.failure) {
      out.response.vectors = {{1.0f, 2.0f}};
      out.response.usage = script.usage;
    }
    --stage_.running;
    co_return out;
  }

  Result<std::vector<provider::Loss>> Explain(const chat::Request& /*request*/) const override {
    return std::vector<provider::Loss>{{"seed", provider::Loss::How::kDropped, "scripted"}};
  }

 private:
  FakeScript Enter() {
    stage_.most_running = std::max(stage_.most_running, ++stage_.running);
    return stage_.play(stage_.asked++);
  }

  static chat::Event EventOf(chat::Event::Kind kind, std::string text = {}) {
    chat::Event e;
    e.kind = kind;
    e.text = std::move(text);
    return e;
  }

  // Time passes, unless the asker leaves or the deadline comes first.
  Task<std::optional<provider::Failure>> Wait(Duration d, Deadline deadline, Cancel* cancel) {
    const Duration left = deadline.Left(loop_.Now());
    if (!(cancel && cancel->fired()) && d > Duration::zero())
      (void)co_await loop_.Sleep(std::min(d, left), cancel);
    std::optional<provider::Failure> out;
    if (stage_.fault) out = stage_.fault();
    if (cancel && cancel->fired()) {
      out = FakeFailure(provider::Fault::kTransport, Code::kCancelled, "cancelled");
    } else if (deadline.Passed(loop_.Now())) {
      out = FakeFailure(provider::Fault::kTimeout, Code::kDeadline, "deadline");
    }
    co_return out;
  }

  Task<void> Put(const Attempt& attempt, chat::Assembler* seen, chat::Event event, AttemptResult* out) {
    seen->Add(event);
    if (!attempt.sink) co_return;
    attempt.sink->Put(std::move(event));
    const Status flushed = co_await attempt.sink->Flush();
    if (!flushed)
      out->failure = FakeFailure(provider::Fault::kTransport, Code::kCancelled, flushed.error().reason);
  }

  Task<void> Play(const FakeScript& script, const Attempt& attempt, TimePoint began, AttemptResult* out) {
    chat::Assembler seen;
    out->failure = co_await Wait(script.before_first, attempt.deadline, attempt.cancel);
    if (!out->failure && !(script.failure && script.pieces.empty() && !script.starts)) {
      out->first_byte_seen = true;
      out->to_first_byte = loop_.Now() - began;
      if (attempt.watch) attempt.watch->OnFirstByte();
      if (script.starts) co_await Put(attempt, &seen, EventOf(chat::Event::Kind::kStart), out);
    }
    for (const std::string& piece : script.pieces) {
      if (out->failure) break;
      out->failure = co_await Wait(script.between, attempt.deadline, attempt.cancel);
      if (!out->failure) co_await Put(attempt, &seen, EventOf(chat::Event::Kind::kText, piece), out);
    }
    if (!out->failure) out->failure = script.failure;
    if (!out->failure) {
      co_await Put(attempt, &seen, EventOf(chat::Event::Kind::kFinish, "stop"), out);
      chat::Event usage = EventOf(chat::Event::Kind::kUsage);
      usage.usage = script.usage;
      if (!out->failure) co_await Put(attempt, &seen, std::move(usage), out);
    }
    const bool left = attempt.cancel && attempt.cancel->why() == Cancel::Why::kClientGone;
    if (left && script.drain > Duration::zero()) (void)co_await loop_.Sleep(script.drain);
    out->response = seen.Take();
    if (!out->failure || (left && script.drain > Duration::zero())) out->response.usage = script.usage;
  }

  Loop& loop_;
  Stage& stage_;
};

}  // namespace baton::pool
