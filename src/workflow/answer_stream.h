// Sinks that stand between a step and the client's stream.
//
// AnswerStream: what every streamed answer of a workflow goes through: its finish and usage wait until the
// whole run is settled (the client's figures are those of the team), tool calls get ids that find their way
// back. CommitStream: a cascade's cheap answer is kept back until the rule says that it can no longer be
// retracted; then what was kept goes out and the rest streams. Splice: the rest of an answer that broke off,
// from another worker: what overlaps is cut, so that nothing is doubled; what contradicts what was already
// read is refused, so that nothing is made up.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "chat/sink.h"

namespace baton::workflow {

class AnswerStream : public chat::Sink {
 public:
  explicit AnswerStream(chat::Sink& client) : client_(client) {}
  // Applied to the id of every tool call that goes out.
  std::function<std::string(const std::string&)> rename_call;

  void Put(chat::Event event) override;
  Task<Status> Flush() override { return client_.Flush(); }

 private:
  chat::Sink& client_;
  bool started_ = false;
};

class CommitStream : public chat::Sink {
 public:
  // `commit` is asked with the number of pieces of text seen and their mean probability whenever one comes;
  // true opens the stream for good (and may have side effects: the run's decision).
  CommitStream(chat::Sink& to, std::function<bool(int, double)> commit)
      : to_(to), commit_(std::move(commit)) {}
  void Put(chat::Event event) override;
  Task<Status> Flush() override;
  bool open() const { return open_; }
  // What was kept back is no longer wanted.
  void Discard() { held_.clear(); }

 private:
  void Open();

  chat::Sink& to_;
  std::function<bool(int, double)> commit_;
  std::vector<chat::Event> held_;
  bool open_ = false;
  int tokens_ = 0;
  double sum_ = 0;
};

class Splice : public chat::Sink {
 public:
  // `said`: all text that went out before the break.
  Splice(chat::Sink& to, std::string said) : to_(to), said_(std::move(said)) {}
  void Put(chat::Event event) override;
  Task<Status> Flush() override { return to_.Flush(); }
  // The worker began anew and came out differently: its text is not a continuation.
  bool contradicts() const { return contradicts_; }
  // No more text comes: what is still kept back for comparison goes out.
  void End();
  // Text that went out behind the break.
  const std::string& added() const { return added_; }

 private:
  void Decide(bool end);
  void Emit(std::string text);

  chat::Sink& to_;
  std::string said_, kept_, added_;
  std::vector<chat::Event> behind_;  // finish and the like, behind the text that is kept back
  enum class State { kComparing, kRepeating, kPassing } state_ = State::kComparing;
  std::size_t matched_ = 0;
  bool contradicts_ = false;
};

// Natural logarithms of the probabilities of the tokens in OpenAI's logprobs object, alternatives left out.
std::vector<double> TokenLogprobs(std::string_view json);

}  // namespace baton::workflow
