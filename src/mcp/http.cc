// The streamable HTTP transport: every message is a POST of its own, answered with one JSON object or with a
// stream of events that ends with the answer. The stream that a server could push messages on by itself (GET)
// is not opened: nothing it carries is needed to call a tool, and lists of tools are asked for anew in time.

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "mcp/transport.h"
#include "net/sse.h"

namespace baton::mcp {
namespace {

constexpr Duration kNoticeTime = std::chrono::seconds(2);  // for what nobody waits for
constexpr std::size_t kErrorBody = 4096;

bool Mentions(std::string_view value, std::string_view word) {
  const auto same = [](char a, char b) { return (a | 0x20) == b; };
  return std::search(value.begin(), value.end(), word.begin(), word.end(), same) != value.end();
}

bool IsVisible(std::string_view text) {
  return !text.empty() && text.size() <= 1024 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

class Http : public Transport, public std::enable_shared_from_this<Http> {
 public:
  Http(Loop& loop, net::Client& client, const HttpOptions& options)
      : loop_(loop), client_(client), options_(options) {}

  Task<Result<Message>> Call(Question question, Deadline deadline, Cancel* cancel, bool* sent) override;
  Task<Status> Tell(std::string message) override;
  void SetVersion(const std::string& version) override { version_ = version; }
  bool alive() const override { return alive_; }
  void Close() override {
    alive_ = false;
    closing_.Fire(Cancel::Why::kShutdown);
  }

 private:
  using Response = std::unique_ptr<net::ClientResponse>;
  net::ClientRequest MakeRequest(std::string message) const;
  net::PhaseTimeouts Phases(Deadline deadline) const;
  Task<Result<Message>> Ask(Question question, Deadline deadline, Cancel* cancel, bool* sent);
  Error BadStatus(int status, std::string_view retry_after);
  Status KeepSession(const net::ClientResponse& response);
  Task<Result<Message>> ReadWhole(net::ClientResponse& response, std::int64_t id);
  Task<Result<Message>> ReadStream(net::ClientResponse& response, std::int64_t id);
  Error Garbage(const char* what) const {
    return Fail(Code::kBadUpstream, fmt::format("tool server '{}': {}", options_.name, what), "tool_garbage");
  }

  Loop& loop_;
  net::Client& client_;
  const HttpOptions options_;
  std::string session_, version_;
  bool alive_ = true;
  Cancel closing_;
};

net::ClientRequest Http::MakeRequest(std::string message) const {
  net::ClientRequest request;
  if (options_.endpoint->url().path.empty()) request.target = "/";
  request.headers.emplace_back("Content-Type", "application/json");
  request.headers.emplace_back("Accept", "application/json, text/event-stream");
  request.headers.emplace_back("User-Agent", "baton");
  if (!session_.empty()) request.headers.emplace_back("Mcp-Session-Id", session_);
  if (!version_.empty()) request.headers.emplace_back("MCP-Protocol-Version", version_);
  request.body = std::move(message);
  return request;
}

// A tool may think as long as the call may take.
net::PhaseTimeouts Http::Phases(Deadline deadline) const {
  net::PhaseTimeouts phases;
  phases.connect = options_.connect;
  phases.first_byte = phases.between_bytes = std::chrono::hours(24);
  phases.whole = deadline;
  return phases;
}

Task<Result<Message>> Http::Call(Question question, Deadline deadline, Cancel* cancel, bool* sent) {
  const auto self = shared_from_this();
  const std::int64_t id = question.id;
  const bool cancellable = question.cancellable;
  auto answer = co_await Ask(std::move(question), deadline, cancel, sent);
  if (answer) co_return answer;
  Error error = std::move(answer).error();
  const bool gave_up = error.code == Code::kCancelled || error.code == Code::kDeadline;
  if (gave_up && cancellable && *sent && alive_) {
    // A dropped connection is no cancellation here; the server is told, in a bounded time.
    std::string notice = MakeNotification("notifications/cancelled", CancelledParams(id, "no longer wanted"));
    (void)co_await Tell(std::move(notice));
  }
  if (error.code == Code::kDeadline) {
    error = Fail(Code::kDeadline, fmt::format("tool server '{}' did not answer in time", options_.name),
                 "tool_timeout");
  }
  co_return error;
}

Task<Result<Message>> Http::Ask(Question question, Deadline deadline, Cancel* cancel, bool* sent) {
  if (!alive_) co_return Fail(Code::kUnavailable, "the tool server was closed", "tool_server_closed");
  Cancel both(cancel ? cancel : &closing_);
  net::ClientRequest request = MakeRequest(std::move(question.message));
  request.sent = sent;
  CO_TRY(Response response,
         co_await options_.endpoint->Send(client_, std::move(request), Phases(deadline), &both));
  if (response->status() != 200)
    co_return BadStatus(response->status(), net::FindHeader(response->headers(), "retry-after"));
  CO_TRY_VOID(KeepSession(*response));
  const std::string_view type = net::FindHeader(response->headers(), "content-type");
  Result<Message> message = Error{};
  if (Mentions(type, "text/event-stream")) {
    message = co_await ReadStream(*response, question.id);
  } else if (Mentions(type, "json")) {
    message = co_await ReadWhole(*response, question.id);
  } else {
    message = Garbage("it answers neither with JSON nor with events; is this the address of an MCP server?");
  }
  response.reset();  // before the cancel it refers to
  co_return message;
}

Error Http::BadStatus(int status, std::string_view retry_after) {
  const auto fail = [&](Code code, const char* reason, const char* words) {
    Error e = Fail(
        code, fmt::format("tool server '{}' answers with HTTP {}: {}", options_.name, status, words), reason);
    e.upstream_status = status;
    return e;
  };
  if (status == 401 || status == 403)
    return fail(Code::kUnauthenticated, "tool_auth", "it does not take our key");
  if (status == 404 && !session_.empty()) {
    alive_ = false;
    return fail(Code::kUnavailable, "tool_session_gone", "it has ended our session");
  }
  if (status == 404 || status == 405)
    return fail(Code::kNotFound, "tool_http_status", "there is no MCP server here");
  if (status >= 300 && status < 400)
    return fail(Code::kBadUpstream, "tool_http_status",
                "it is elsewhere; give its final address in base_url");
  if (status == 429 || status == 503) {
    Error e = fail(Code::kOverloaded, "tool_overloaded", "it has too much to do");
    const bool number = !retry_after.empty() && retry_after.size() < 7 &&
                        retry_after.find_first_not_of("0123456789") == std::string_view::npos;
    if (number) e.retry_after = std::chrono::seconds(std::stoi(std::string(retry_after)));
    return e;
  }
  if (status >= 500) return fail(Code::kUnavailable, "tool_http_status", "it has failed");
  return fail(Code::kBadUpstream, "tool_http_status", "it does not take our message");
}

Status Http::KeepSession(const net::ClientResponse& response) {
  const std::string_view id = net::FindHeader(response.headers(), "mcp-session-id");
  if (id.empty()) return {};
  if (!IsVisible(id)) return Garbage("its session id is none");
  session_ = id;
  return {};
}

Task<Result<Message>> Http::ReadWhole(net::ClientResponse& response, std::int64_t id) {
  CO_TRY(std::string body, co_await response.ReadAll(options_.limits.max_message));
  CO_TRY(Message message, ReadMessage(body));
  const bool reply = message.kind == Message::Kind::kReply || message.kind == Message::Kind::kErrorReply;
  if (!reply || message.id != id) co_return Garbage("it answers another question than was asked");
  co_return message;
}

Task<Result<Message>> Http::ReadStream(net::ClientResponse& response, std::int64_t id) {
  net::SseParser parser(options_.limits.max_message);
  std::vector<Message> messages;
  int noise = 0;
  const auto take = [&messages, &noise](const net::SseEvent& event) {
    if (!event.has_data || event.data.empty()) return;
    auto message = ReadMessage(event.data);
    if (message) {
      messages.push_back(std::move(*message));
    } else {
      ++noise;
    }
  };
  for (bool ended = false; !ended;) {
    CO_TRY(std::string_view piece, co_await response.Read());
    ended = piece.empty();
    if (ended) {
      parser.Finish(take);
    } else {
      CO_TRY_VOID(parser.Feed(piece, take));
    }
    for (Message& m : messages) {
      const bool reply = m.kind == Message::Kind::kReply || m.kind == Message::Kind::kErrorReply;
      if (reply && m.id == id) co_return std::move(m);
      if (m.kind == Message::Kind::kNotification && on_notification) on_notification(m);
      if (m.kind == Message::Kind::kRequest) {
        std::string answer = AnswerRequest(m);
        (void)co_await Tell(std::move(answer));
      }
    }
    messages.clear();
    if (noise > options_.limits.max_noise)
      co_return Garbage("its stream is full of things that are no messages");
  }
  co_return Fail(Code::kUnavailable,
                 fmt::format("tool server '{}' ended its stream without an answer", options_.name),
                 "tool_server_died");
}

Task<Status> Http::Tell(std::string message) {
  const auto self = shared_from_this();
  net::ClientRequest request = MakeRequest(std::move(message));
  const Deadline deadline(loop_.Now() + kNoticeTime);
  CO_TRY(Response response,
         co_await options_.endpoint->Send(client_, std::move(request), Phases(deadline), &closing_));
  const int status = response->status();
  // Read to its end, so that the connection can be used again.
  if (status != 202) (void)co_await response->ReadAll(kErrorBody);
  if (status < 200 || status > 299) co_return BadStatus(status, "");
  co_return Status();
}

}  // namespace

Connector OverHttp(Loop& loop, net::Client& client, HttpOptions options) {
  return [&loop, &client, options = std::move(options)]() -> Result<std::shared_ptr<Transport>> {
    return std::shared_ptr<Transport>(std::make_shared<Http>(loop, client, options));
  };
}

}  // namespace baton::mcp
