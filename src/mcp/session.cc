// Starting is nobody's and everybody's: the first caller starts the server, but its patience must not decide
// for the others, and a server that takes twenty seconds to load must not be killed by callers that wait ten.
// So connecting runs on its own, with its own limit, and callers wait for it as long as they like.
#include "mcp/session.h"

#include <fmt/format.h>

#include <algorithm>

namespace baton::mcp {
namespace {

// A pause this short is waited for; a longer one is told to the caller.
constexpr Duration kShortPause = std::chrono::seconds(1);

chat::ToolResult Wrong(const chat::ToolCall& call, std::string words) {
  chat::ToolResult result;
  result.call_id = call.id;
  result.name = call.name;
  result.is_error = true;
  result.content.emplace_back(chat::Text{std::move(words), {}});
  return result;
}

struct Counted {
  explicit Counted(int& n) : count(n) { ++count; }
  ~Counted() { --count; }
  Counted(const Counted&) = delete;
  int& count;
};

}  // namespace

std::shared_ptr<Session> Session::Create(Loop& loop, Connector connector, SessionOptions options) {
  return std::make_shared<Session>(Key(), loop, std::move(connector), std::move(options));
}

Session::~Session() {
  Close();
}

void Session::Close() {
  if (closed_) return;
  closed_ = true;
  closing_.Fire(Cancel::Why::kShutdown);
  if (transport_) transport_->Close();
  transport_.reset();
  for (auto& w : waiting_) w->Set();
}

bool Session::Allowed(std::string_view tool) const {
  return options_.allow.empty() ||
         std::find(options_.allow.begin(), options_.allow.end(), tool) != options_.allow.end();
}

Error Session::Impatience(Cancel* cancel) const {
  if (cancel && cancel->fired()) return Fail(Code::kCancelled, "whoever asked has left", "cancelled");
  return Fail(Code::kDeadline, fmt::format("tool server '{}' was not ready in time", options_.name),
              "tool_timeout");
}

void Session::NoteFailure() {
  ++failures_;
  Duration pause = options_.limits.first_backoff;
  for (int i = 1; i < failures_ && pause < options_.limits.max_backoff; ++i) pause *= 2;
  next_try_ = loop_.Now() + std::min(pause, options_.limits.max_backoff);
}

// One that has worked may start again soon; one that dies every time it starts may not.
void Session::NoteDeath() {
  transport_.reset();
  tools_at_.reset();
  if (std::exchange(served_, false)) failures_ = 0;
  NoteFailure();
}

Task<Result<Session::Shared>> Session::Ready(Deadline deadline, Cancel* cancel) {
  while (!closed_) {
    if (transport_ && transport_->alive()) co_return transport_;
    if (transport_) NoteDeath();
    if (!connecting_) {
      connecting_ = true;
      connect_error_.reset();
      Spawn(Connect(shared_from_this()));
    }
    if (connecting_) {
      const auto signal = waiting_.emplace_back(std::make_shared<Signal>(loop_));
      const bool ended = co_await signal->Wait(cancel, deadline);
      if (!ended) co_return Impatience(cancel);
    }
    if (connect_error_) co_return *connect_error_;
  }
  co_return Fail(Code::kUnavailable, "the tool server was closed", "tool_server_closed");
}

Task<void> Session::Connect(std::shared_ptr<Session> self) {
  auto opened = co_await self->Open();
  self->connecting_ = false;
  if (opened) {
    self->transport_ = std::move(*opened);
  } else if (!self->closed_) {
    self->connect_error_ = opened.error();
    self->options_.log.Warn("event=tool_server_not_ready worker={} error=\"{}\"", self->options_.name,
                            opened.error().message);
  }
  for (auto& w : std::exchange(self->waiting_, {})) w->Set();
}

Task<Result<Session::Shared>> Session::Open() {
  const Duration pause = next_try_ - loop_.Now();
  if (pause > kShortPause) {
    Error e =
        Fail(Code::kUnavailable,
             fmt::format("tool server '{}' has failed {} times in a row; it is started again in a while",
                         options_.name, failures_),
             "tool_server_restarting");
    e.retry_after = std::chrono::duration_cast<std::chrono::milliseconds>(pause);
    co_return e;
  }
  if (pause > Duration::zero()) (void)co_await loop_.Sleep(pause, &closing_);
  if (closed_) co_return Fail(Code::kUnavailable, "the tool server was closed", "tool_server_closed");
  auto connected = connector_();
  if (!connected) {
    NoteFailure();
    co_return std::move(connected).error();
  }
  Shared transport = std::move(*connected);
  transport->on_notification = [weak = weak_from_this()](const Message& m) {
    const auto self = weak.lock();
    if (self && m.method == "notifications/tools/list_changed") self->tools_at_.reset();
  };
  const Status ready = co_await Initialize(*transport);
  if (!ready || closed_) {
    transport->Close();
    NoteFailure();
    if (!ready) co_return ready.error();
    co_return Fail(Code::kUnavailable, "the tool server was closed", "tool_server_closed");
  }
  co_return transport;
}

Task<Status> Session::Initialize(Transport& transport) {
  Question question;
  question.id = ++last_id_;
  question.message = MakeRequest(question.id, "initialize", InitializeParams(kVersions[0]));
  question.cancellable = false;
  bool sent = false;
  const Deadline deadline(loop_.Now() + options_.limits.start);
  CO_TRY(Message reply, co_await transport.Call(std::move(question), deadline, &closing_, &sent));
  if (reply.kind == Message::Kind::kErrorReply) co_return ReadError(reply.payload);
  CO_TRY(info_, ReadInitialize(reply.payload));
  transport.SetVersion(info_.protocol);
  std::string initialized = MakeNotification("notifications/initialized", "");
  co_return co_await transport.Tell(std::move(initialized));
}

// A request on a connection that is there or is made; once more when the server has forgotten our session,
// since then it has done nothing.
Task<Result<Message>> Session::Ask(std::string_view method, std::string params, Deadline deadline,
                                   Cancel* cancel, bool* sent) {
  for (int tries = 0;; ++tries) {
    CO_TRY(const Shared transport, co_await Ready(deadline, cancel));
    Question question;
    question.id = ++last_id_;
    question.message = MakeRequest(question.id, method, params);
    auto reply = co_await transport->Call(std::move(question), deadline, cancel, sent);
    if (reply) served_ = true;
    if (reply || reply.error().reason != "tool_session_gone" || tries > 0) co_return reply;
    *sent = false;
    // No fault of the server's: no pause.
    if (transport_ == transport) {
      transport_.reset();
      tools_at_.reset();
    }
  }
}

Task<Result<std::vector<chat::Tool>>> Session::Tools(Deadline deadline, Cancel* cancel) {
  const auto self = shared_from_this();
  const bool fresh = transport_ && transport_->alive() && tools_at_ &&
                     loop_.Now() - *tools_at_ < options_.limits.tools_fresh;
  if (fresh) co_return tools_;
  // Marked before the list is asked for: a change that is told meanwhile makes it stale again.
  CO_TRY([[maybe_unused]] const Shared transport, co_await Ready(deadline, cancel));
  tools_at_ = loop_.Now();
  auto listed = co_await List(deadline, cancel);
  if (!listed) {
    tools_at_.reset();
    co_return std::move(listed).error();
  }
  tools_ = std::move(*listed);
  co_return tools_;
}

Task<Result<std::vector<chat::Tool>>> Session::List(Deadline deadline, Cancel* cancel) {
  std::vector<chat::Tool> all;
  if (!info_.tools) co_return all;
  std::string cursor;
  for (int pages = 0; pages < options_.limits.max_pages; ++pages) {
    bool sent = false;
    std::string params = ListParams(cursor);
    CO_TRY(Message reply, co_await Ask("tools/list", std::move(params), deadline, cancel, &sent));
    if (reply.kind == Message::Kind::kErrorReply) co_return ReadError(reply.payload);
    CO_TRY(ToolPage page, ReadToolPage(reply.payload, options_.limits));
    for (const auto& why : page.left_out)
      options_.log.Warn("event=tool_left_out worker={} tool=\"{}\"", options_.name, why);
    for (auto& tool : page.tools) {
      if (Allowed(tool.name)) all.push_back(std::move(tool));
    }
    if (all.size() > options_.limits.max_tools) {
      co_return Fail(
          Code::kBadUpstream,
          fmt::format("tool server '{}' offers more than {} tools; name the ones you need under `tools:`",
                      options_.name, options_.limits.max_tools),
          "too_many_tools");
    }
    cursor = std::move(page.next_cursor);
    if (cursor.empty()) co_return all;
  }
  co_return Fail(Code::kBadUpstream, fmt::format("the list of tools of '{}' has no end", options_.name),
                 "too_many_tools");
}

Task<Session::Called> Session::CallTool(const chat::ToolCall& call, Deadline deadline, Cancel* cancel) {
  const auto self = shared_from_this();
  Called out;
  auto params = CallParams(call.name, call.arguments);
  if (!Allowed(call.name)) {
    out.result =
        Fail(Code::kPermissionDenied,
             fmt::format("tool '{}' of '{}' is not on its list of allowed tools", call.name, options_.name),
             "tool_not_allowed");
    co_return out;
  }
  if (!params) {
    out.result = Wrong(call, params.error().message);
    co_return out;
  }
  if (calls_ >= options_.limits.max_calls) {
    out.result = Fail(Code::kOverloaded,
                      fmt::format("tool server '{}' has {} calls to do", options_.name, calls_), "tool_busy");
    co_return out;
  }
  const Counted counted(calls_);
  deadline = deadline.Earlier(Deadline(loop_.Now() + options_.limits.call));
  auto reply = co_await Ask("tools/call", std::move(*params), deadline, cancel, &out.sent);
  if (!reply) {
    out.result = std::move(reply).error();
  } else if (reply->kind == Message::Kind::kErrorReply) {
    Error error = ReadError(reply->payload);
    if (error.reason == "tool_refused") {
      out.result = Wrong(call, std::move(error.message));
    } else {
      out.result = std::move(error);
    }
  } else {
    out.result = ReadToolResult(reply->payload);
    if (out.result) {
      out.result->call_id = call.id;
      out.result->name = call.name;
    }
  }
  co_return out;
}

Task<Status> Session::Ping(Deadline deadline, Cancel* cancel) {
  const auto self = shared_from_this();
  bool sent = false;
  CO_TRY(Message reply, co_await Ask("ping", {}, deadline, cancel, &sent));
  if (reply.kind == Message::Kind::kErrorReply) co_return ReadError(reply.payload);
  co_return Status();
}

}  // namespace baton::mcp
