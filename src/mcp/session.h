// A tool server as the rest of Baton sees it: what tools it has, and what they answer.
//
// A Session starts its server when it is first needed, agrees on a protocol version, and starts it again,
// with a pause that grows, when it dies. Many calls run at the same time over one connection. One loop.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/cancel.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/signal.h"
#include "chat/types.h"
#include "mcp/reply.h"
#include "mcp/transport.h"

namespace baton::mcp {

struct SessionOptions {
  std::string name;                // of the worker, for messages
  std::vector<std::string> allow;  // tools that may be seen and called; empty: all
  Limits limits;
  Log log = Log::Null();
};

class Session : public std::enable_shared_from_this<Session> {
 public:
  static std::shared_ptr<Session> Create(Loop& loop, Connector connector, SessionOptions options);
  ~Session();

  // The tools that may be called, with their schemas; kept for a while and asked for anew when the server
  // says that they have changed.
  Task<Result<std::vector<chat::Tool>>> Tools(Deadline deadline, Cancel* cancel);

  struct Called {
    Result<chat::ToolResult> result = Error{};
    bool sent = false;  // the tool may have run
  };
  // One call, never repeated: it may have an effect. What the caller did wrong in a way that a model can mend
  // (arguments that are no JSON object, an unknown tool, -32602) is a result with is_error; a tool that is
  // not on the allow-list is kPermissionDenied "tool_not_allowed". `call` must outlive the task.
  Task<Called> CallTool(const chat::ToolCall& call, Deadline deadline, Cancel* cancel);
  Task<Status> Ping(Deadline deadline, Cancel* cancel);

  // Ends the server; whoever waits gets an error. The last call; the owner makes it before letting go.
  void Close();
  // Of the server that is there; empty before the first use.
  const ServerInfo& server() const { return info_; }

 private:
  struct Key {};

 public:
  Session(Key, Loop& loop, Connector connector, SessionOptions options)
      : loop_(loop), connector_(std::move(connector)), options_(std::move(options)) {}

 private:
  using Shared = std::shared_ptr<Transport>;
  Task<Result<Shared>> Ready(Deadline deadline, Cancel* cancel);
  static Task<void> Connect(std::shared_ptr<Session> self);
  Task<Result<Shared>> Open();
  Task<Status> Initialize(Transport& transport);
  Task<Result<Message>> Ask(std::string_view method, std::string params, Deadline deadline, Cancel* cancel,
                            bool* sent);
  Task<Result<std::vector<chat::Tool>>> List(Deadline deadline, Cancel* cancel);
  bool Allowed(std::string_view tool) const;
  void NoteDeath();
  void NoteFailure();
  Error Impatience(Cancel* cancel) const;

  Loop& loop_;
  const Connector connector_;
  const SessionOptions options_;
  Shared transport_;  // null: not connected
  ServerInfo info_;
  std::int64_t last_id_ = 0;
  int calls_ = 0;

  bool connecting_ = false, closed_ = false;
  Cancel closing_;
  std::vector<std::shared_ptr<Signal>> waiting_;  // for the end of connecting
  std::optional<Error> connect_error_;            // how the last attempt ended
  int failures_ = 0;                              // in a row
  bool served_ = false;                           // this connection has answered a call
  TimePoint next_try_{};

  std::vector<chat::Tool> tools_;
  std::optional<TimePoint> tools_at_;  // unset: ask
};

}  // namespace baton::mcp
