// One request being generated: its choices, from prompt tokens to events. Everything here runs on the compute
// thread, except Cancel().
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "lm/answer.h"
#include "lm/engine.h"
#include "lm/loaded_model.h"
#include "lm/prompt.h"
#include "lm/sampler.h"
#include "lm/text_out.h"

namespace baton::lm {

// One answer (n > 1 has several). Owned by its Generation.
class Choice {
 public:
  Choice(const LoadedModel& model, const Prompt& prompt, const SamplingOptions& sampling,
         Constraint constraint, std::int64_t index, CallIds ids);

  // Samples from `logits`, reports what may be shown. True when the answer is complete. `most`: tokens it may
  // have.
  Result<bool> Next(float* logits, std::int64_t most, std::vector<chat::Event>* out);

  std::int64_t index() const { return index_; }
  // The token to decode next. REQUIRES: Next() has returned false.
  llama_token last() const { return last_; }
  std::int64_t written() const { return written_; }

 private:
  void Show(std::string text, std::vector<chat::Event>* out);
  void Finish(chat::Finish finish, const char* word, std::vector<chat::Event>* out);
  void NoteLogprob(const Picked& picked, const std::string& piece);

  const LoadedModel& model_;
  const Prompt& prompt_;
  std::int64_t index_;
  bool logprobs_;
  Sampler sampler_;
  Constraint constraint_;
  TextOut text_;
  std::unique_ptr<Answer> answer_;
  llama_token last_ = 0;
  std::int64_t written_ = 0;
  // Log-probability entries of tokens whose text has not been shown yet, and where that text starts.
  std::vector<std::pair<std::size_t, std::string>> held_logprobs_;
  std::size_t bytes_made_ = 0, bytes_shown_ = 0;
};

// Job as callers see it, and all its choices. Created by any thread, then the compute thread's.
struct Generation : public Job {
  Prompt prompt;
  SamplingOptions sampling;
  std::int64_t most_tokens = 0;  // per choice
  std::int64_t choices_wanted = 1;
  bool want_hidden = false;
  bool hidden_only = false;      // an embedding of a decoder: no answer at all
  bool reuse_beginning = false;  // hidden_only: start from what a slot has read already
  OnEvent on_event;
  OnDone on_done;
  std::function<void()> wake;  // the scheduler's, for Cancel

  std::vector<std::unique_ptr<Choice>> choices;  // as they are started
  std::int64_t started = 0, finished = 0;
  bool announced = false;  // kStart is out
  Generated result;
  std::optional<Error> failed;

  void Cancel() override {
    cancelled.store(true, std::memory_order_relaxed);
    if (wake) wake();
  }
  std::atomic<bool> cancelled{false};
};

}  // namespace baton::lm
