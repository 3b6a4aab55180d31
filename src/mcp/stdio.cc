// Lines of JSON over a child's standard streams.
//
// Servers are told to write nothing else to their standard output, and some print a banner all the same:
// lines that are no message are passed over up to a limit. A line longer than the limit ends the server,
// since there is no telling where its next message begins. Replies come in any order; one with an unknown id
// belongs to a call that was given up.

#include <fmt/format.h>

#include <map>
#include <optional>

#include "base/signal.h"
#include "mcp/transport.h"

namespace baton::mcp {
namespace {

constexpr std::size_t kLogLine = 400;

class Stdio : public Transport, public std::enable_shared_from_this<Stdio>, private net::Process::Owner {
 public:
  Stdio(Loop& loop, const StdioOptions& options) : loop_(loop), options_(options) {}

  Status Start() {
    TRY(process_, net::Process::Spawn(loop_, options_.process, *this));
    options_.log.Info("event=tool_server_started worker={} pid={}", options_.name, process_->pid());
    return {};
  }

  Task<Result<Message>> Call(Question question, Deadline deadline, Cancel* cancel, bool* sent) override;
  Task<Status> Tell(std::string message) override { co_return Send(std::move(message)); }
  bool alive() const override { return !dead_; }
  void Close() override { Die(Fail(Code::kUnavailable, "the tool server was closed", "tool_server_closed")); }

 private:
  struct Waiter {
    explicit Waiter(Loop& loop) : ready(loop) {}
    Signal ready;
    std::optional<Message> message;
  };
  struct Listed;  // a waiter's place in waiters_

  Status Send(std::string message);
  void OnOutput(std::string_view bytes) override;
  void OnErrors(std::string_view bytes) override;
  void OnEnd(int exit_code) override;
  void OnLine(std::string_view line);
  void OnMessage(Message message);
  void Die(Error why);

  Loop& loop_;
  const StdioOptions options_;
  std::unique_ptr<net::Process> process_;
  std::optional<Error> dead_;
  std::string line_, error_line_;  // what has come of an unfinished line
  int noise_ = 0;
  std::map<std::int64_t, Waiter*> waiters_;
};

struct Stdio::Listed {
  Listed(Stdio& s, std::int64_t i, Waiter& w) : stdio(s), id(i) { stdio.waiters_[id] = &w; }
  ~Listed() { stdio.waiters_.erase(id); }
  Listed(const Listed&) = delete;
  Stdio& stdio;
  const std::int64_t id;
};

Status Stdio::Send(std::string message) {
  if (dead_) return *dead_;
  message += '\n';
  if (!process_->Write(message))
    return Fail(Code::kOverloaded,
                fmt::format("tool server '{}' does not read what it is sent", options_.name),
                "tool_server_stuck");
  return {};
}

Task<Result<Message>> Stdio::Call(Question question, Deadline deadline, Cancel* cancel, bool* sent) {
  const auto self = shared_from_this();
  if (cancel && cancel->fired()) co_return Fail(Code::kCancelled, "whoever asked has left", "cancelled");
  CO_TRY_VOID(Send(std::move(question.message)));
  *sent = true;
  Waiter waiter(loop_);
  const Listed listed(*this, question.id, waiter);
  (void)co_await waiter.ready.Wait(cancel, deadline);
  if (waiter.message) co_return std::move(*waiter.message);
  if (dead_) co_return *dead_;
  const bool left = cancel && cancel->fired();
  if (question.cancellable) {
    (void)Send(
        MakeNotification("notifications/cancelled",
                         CancelledParams(question.id, left ? "the client has left" : "it took too long")));
  }
  if (left) co_return Fail(Code::kCancelled, "whoever asked has left", "cancelled");
  co_return Fail(Code::kDeadline, fmt::format("tool server '{}' did not answer in time", options_.name),
                 "tool_timeout");
}

void Stdio::OnOutput(std::string_view bytes) {
  const auto self = shared_from_this();  // a message may close us
  while (!bytes.empty() && !dead_) {
    const auto end = bytes.find('\n');
    if (line_.size() + std::min(end, bytes.size()) > options_.limits.max_message) {
      return Die(Fail(Code::kBadUpstream,
                      fmt::format("tool server '{}' sent a message of more than {} bytes", options_.name,
                                  options_.limits.max_message),
                      "tool_message_too_large"));
    }
    line_.append(bytes.substr(0, end));
    if (end == std::string_view::npos) return;
    bytes.remove_prefix(end + 1);
    const std::string line = std::exchange(line_, {});
    OnLine(line);
  }
}

void Stdio::OnLine(std::string_view line) {
  if (line.find_first_not_of(" \t\r") == std::string_view::npos) return;
  auto message = ReadMessage(line);
  if (message) return OnMessage(std::move(*message));
  options_.log.Debug("event=tool_server_noise worker={} bytes={}", options_.name, line.size());
  if (++noise_ <= options_.limits.max_noise) return;
  Die(Fail(
      Code::kBadUpstream,
      fmt::format("tool server '{}' writes lines to its standard output that are no messages", options_.name),
      "tool_garbage"));
}

void Stdio::OnMessage(Message message) {
  switch (message.kind) {
    case Message::Kind::kReply:
    case Message::Kind::kErrorReply: {
      const auto at = waiters_.find(message.id);
      if (at == waiters_.end() || at->second->message) return;
      at->second->message = std::move(message);
      at->second->ready.Set();
      return;
    }
    case Message::Kind::kRequest:
      (void)Send(AnswerRequest(message));
      return;
    case Message::Kind::kNotification:
      if (on_notification) on_notification(message);
      return;
  }
}

// To the log, line by line, never more than a screen's width of each.
void Stdio::OnErrors(std::string_view bytes) {
  if (!options_.log.Enabled(Log::Level::kDebug)) return;
  while (!bytes.empty()) {
    const auto end = bytes.find('\n');
    if (error_line_.size() < kLogLine) error_line_.append(bytes.substr(0, std::min(end, kLogLine)));
    if (end == std::string_view::npos) return;
    bytes.remove_prefix(end + 1);
    options_.log.Debug("event=tool_server_says worker={} text=\"{}\"", options_.name, error_line_);
    error_line_.clear();
  }
}

void Stdio::OnEnd(int exit_code) {
  const auto self = shared_from_this();
  options_.log.Warn("event=tool_server_ended worker={} exit_code={}", options_.name, exit_code);
  Die(Fail(Code::kUnavailable,
           fmt::format("tool server '{}' ended with exit code {}", options_.name, exit_code),
           "tool_server_died"));
}

void Stdio::Die(Error why) {
  if (dead_) return;
  dead_ = std::move(why);
  process_.reset();
  for (auto& [id, waiter] : waiters_) waiter->ready.Set();
}

}  // namespace

std::string AnswerRequest(const Message& request) {
  if (request.method == "ping") return MakeReply(request.request_id, "{}");
  return MakeErrorReply(request.request_id, -32601, "this client offers nothing that a server could call");
}

Connector OverStdio(Loop& loop, StdioOptions options) {
  return [&loop, options = std::move(options)]() -> Result<std::shared_ptr<Transport>> {
    auto transport = std::make_shared<Stdio>(loop, options);
    TRY_VOID(transport->Start());
    return std::shared_ptr<Transport>(std::move(transport));
  };
}

}  // namespace baton::mcp
