// How messages get to a tool server and back: standard input and output of a child, or HTTP.
//
// Everything happens on one loop. A Transport is shared: whoever waits in Call() keeps it.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/cancel.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/result.h"
#include "base/task.h"
#include "mcp/limits.h"
#include "mcp/message.h"
#include "net/client.h"
#include "net/endpoint.h"
#include "net/process.h"

namespace baton::mcp {

// What a call of the transport is about.
struct Question {
  std::int64_t id = 0;
  std::string message;      // the whole JSON-RPC request, on one line
  bool cancellable = true;  // `initialize` must not be cancelled
};

class Transport {
 public:
  virtual ~Transport() = default;
  // Sends the request and waits for the message that answers it (kReply or kErrorReply). When `cancel` fires
  // or the deadline passes, the server is told that the answer is no longer wanted. `*sent` becomes true when
  // the server may have seen the request. Errors: kCancelled "cancelled", kDeadline "tool_timeout",
  // kUnavailable "tool_server_died" and "tool_session_gone" (the server forgot us and did nothing),
  // kBadUpstream "tool_garbage", "tool_message_too_large", kUnauthenticated "tool_auth", those of
  // net/client.h.
  virtual Task<Result<Message>> Call(Question question, Deadline deadline, Cancel* cancel, bool* sent) = 0;
  // A notification: nobody answers.
  virtual Task<Status> Tell(std::string message) = 0;
  // The version agreed on, for the messages to come.
  virtual void SetVersion(const std::string& /*version*/) {}
  // False: every further call fails.
  virtual bool alive() const = 0;
  // Ends it at once: whoever waits gets an error. The last call.
  virtual void Close() = 0;

  // Called for notifications of the server, on the loop. Set once, before the first call.
  std::function<void(const Message&)> on_notification;
};

// Makes a connection that has not said anything yet.
using Connector = std::function<Result<std::shared_ptr<Transport>>()>;

struct StdioOptions {
  net::ProcessOptions process;
  std::string name;  // of the worker, for messages and the log
  Limits limits;
  Log log = Log::Null();
};
// `loop` must be one of net/loop.h's and outlive the transports.
Connector OverStdio(Loop& loop, StdioOptions options);

struct HttpOptions {
  std::shared_ptr<const net::Endpoint> endpoint;  // where it is, and its credential
  std::string name;
  Limits limits;
  Duration connect = std::chrono::seconds(5);
  Log log = Log::Null();
};
// `client` belongs to `loop`; both outlive the transports.
Connector OverHttp(Loop& loop, net::Client& client, HttpOptions options);

// The answer to what a server asks of us: a pong, or that we cannot do it.
std::string AnswerRequest(const Message& request);

}  // namespace baton::mcp
