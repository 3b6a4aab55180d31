#include "pool/http_backend.h"

#include <algorithm>

#include "chat/assemble.h"
#include "pool/credential.h"
#include "pool/http_failure.h"
#include "pool/replay.h"

namespace baton::pool {
namespace {

enum class Shape { kWhole, kStream, kPage };

bool Mentions(std::string_view value, std::string_view word) {
  const auto same = [](char a, char b) { return (a | 0x20) == b; };
  return std::search(value.begin(), value.end(), word.begin(), word.end(), same) != value.end();
}

// By what the reply says it is; some servers answer a stream whole, or forget to say anything.
Shape ShapeOf(std::string_view content_type, bool asked_for_stream) {
  if (Mentions(content_type, "event-stream")) return Shape::kStream;
  if (Mentions(content_type, "json")) return Shape::kWhole;
  if (Mentions(content_type, "html")) return Shape::kPage;
  return asked_for_stream ? Shape::kStream : Shape::kWhole;
}

provider::Failure Gone() {
  return {provider::Fault::kTransport, Fail(Code::kCancelled, "whoever asked has left", "cancelled")};
}

}  // namespace

HttpBackend::HttpBackend(std::shared_ptr<const Worker> worker, Loop& loop, net::Client& client,
                         HttpLimits limits)
    : worker_(std::move(worker)), loop_(loop), client_(client), limits_(limits) {
  codec_ = provider::FindWorkerCodec(worker_->dialect);
  if (!codec_) {
    broken_ = Fail(Code::kUnavailable,
                   "worker '" + worker_->name + "' has the unknown dialect '" + worker_->dialect + "'",
                   "unknown_dialect");
    return;
  }
  auto endpoint = EndpointOf(*worker_, codec_->auth());
  if (!endpoint) {
    broken_ = Fail(Code::kUnavailable, "worker '" + worker_->name + "': " + endpoint.error().message,
                   "bad_base_url");
    return;
  }
  endpoint_ = std::move(*endpoint);
  takes_idempotency_key_ = codec_->dialect() != chat::Dialect::kGemini;
}

net::ClientRequest HttpBackend::MakeRequest(provider::Encoded encoded,
                                            const std::string& idempotency_key) const {
  net::ClientRequest request;
  request.target = std::move(encoded.target);
  request.headers = std::move(encoded.headers);
  request.headers.reserve(request.headers.size() + 3);
  request.headers.emplace_back("User-Agent", "baton");
  if (takes_idempotency_key_ && !idempotency_key.empty()) {
    request.headers.emplace_back("Idempotency-Key", idempotency_key);
  }
  request.body = std::move(encoded.body);
  return request;
}

net::PhaseTimeouts HttpBackend::Phases(Deadline deadline) const {
  net::PhaseTimeouts phases;
  phases.connect = worker_->timeouts.connect;
  phases.first_byte = worker_->timeouts.first_byte;
  phases.between_bytes = worker_->timeouts.between_bytes;
  phases.whole = deadline;
  return phases;
}

Task<AttemptResult> HttpBackend::Chat(const Attempt& attempt) {
  AttemptResult out;
  const TimePoint began = loop_.Now();
  if (broken_) {
    out.failure = provider::Failure{provider::Fault::kTransport, *broken_};
    co_return out;
  }
  Result<provider::Encoded> encoded = codec_->EncodeChat(*attempt.request, worker_->target);
  if (!encoded) {
    out.failure = NotSent(std::move(encoded).error());
    co_return out;
  }
  out.losses = std::move(encoded->losses);
  out.passthrough = encoded->passthrough;
  out.injected_usage = encoded->injected_usage;
  if (attempt.watch) attempt.watch->OnEncoded(out.losses, out.passthrough, out.injected_usage);

  Leave leave(loop_, *worker_, attempt.cancel);
  if (leave.gone()) {
    out.failure = Gone();
    co_return out;
  }
  net::ClientRequest request = MakeRequest(std::move(*encoded), attempt.idempotency_key);
  request.sent = &out.sent;
  Opened opened =
      co_await endpoint_->Send(client_, std::move(request), Phases(attempt.deadline), leave.connection());
  if (!opened) {
    out.failure = NetFailure(std::move(opened).error(), *worker_);
  } else {
    out.to_first_byte = loop_.Now() - began;
    co_await ReadReply(**opened, attempt, leave, &out);
  }
  // Drained for its usage, or cut: either way nobody is left who wants the answer.
  if (leave.gone() && (out.failure || worker_->on_client_gone == OnClientGone::kDrainForUsage))
    out.failure = Gone();
  out.whole = loop_.Now() - began;
  co_return out;
}

Task<void> HttpBackend::ReadReply(net::ClientResponse& response, const Attempt& attempt, Leave& leave,
                                  AttemptResult* out) {
  const bool good = response.status() >= 200 && response.status() < 300;
  const Shape shape = ShapeOf(net::FindHeader(response.headers(), "content-type"), attempt.request->stream);
  if (!good || shape == Shape::kPage) {
    out->failure = co_await ReadErrorReply(*codec_, *worker_, loop_, response, limits_, attempt.deadline);
    co_return;
  }
  out->first_byte_seen = true;
  if (attempt.watch) attempt.watch->OnFirstByte();
  if (shape == Shape::kStream) {
    co_await ReadStream(response, attempt, leave, out);
  } else {
    co_await ReadWhole(response, attempt, leave, out);
  }
}

Task<void> HttpBackend::ReadWhole(net::ClientResponse& response, const Attempt& attempt, Leave& leave,
                                  AttemptResult* out) {
  Result<std::string> body = co_await response.ReadAll(limits_.max_reply_bytes);
  if (!body) {
    out->failure = NetFailure(std::move(body).error(), *worker_);
    co_return;
  }
  Result<chat::Response> decoded = codec_->DecodeChat(std::move(*body));
  if (!decoded) {
    out->failure = ReplyFailure(std::move(decoded).error());
    Scrub(worker_->key, &out->failure->error.message);
    co_return;
  }
  out->response = std::move(*decoded);
  if (!attempt.sink || leave.gone()) co_return;
  // A stream was asked for and the server gave the answer in one piece: its bytes are no stream.
  out->response.raw.clear();
  for (chat::Event& e : AsEvents(out->response)) attempt.sink->Put(std::move(e));
  const Status flushed = co_await attempt.sink->Flush();
  if (!flushed) out->failure = Gone();
}

Task<void> HttpBackend::ReadStream(net::ClientResponse& response, const Attempt& attempt, Leave& leave,
                                   AttemptResult* out) {
  const auto decoder = codec_->NewStreamDecoder();
  chat::Assembler seen;
  std::vector<chat::Event> events;
  std::size_t bytes = 0;
  bool tail = false, ended = false;
  while (!ended && !out->failure) {
    Result<std::string_view> piece = co_await response.Read();
    Status decoded;
    if (!piece) {
      // After the regular end of the answer, how the connection ends is of no interest.
      if (decoder->complete()) break;
      out->failure = NetFailure(std::move(piece).error(), *worker_);
      break;
    }
    ended = piece->empty();
    bytes += piece->size();
    if (bytes > limits_.max_reply_bytes) {
      out->failure = ReplyFailure(Fail(
          Code::kBadUpstream, "the worker's stream is longer than any answer may be", "reply_too_large"));
      break;
    }
    decoded = ended ? decoder->Finish(&events) : decoder->Feed(*piece, &events);
    for (chat::Event& e : events) {
      seen.Add(e);
      if (attempt.sink && !leave.gone()) attempt.sink->Put(std::move(e));
    }
    const bool told = !events.empty();
    events.clear();
    if (!decoded) {
      out->failure = ReplyFailure(std::move(decoded).error());
      Scrub(worker_->key, &out->failure->error.message);
    }
    if (told && attempt.sink && !leave.gone()) {
      const Status flushed = co_await attempt.sink->Flush();
      if (!flushed)
        leave.Gone(flushed.error().reason == "lost_race" ? Cancel::Why::kLostRace : Cancel::Why::kClientGone);
    }
    if (decoder->complete() && !tail) {
      tail = true;
      response.SetDeadline(attempt.deadline.Earlier(Deadline(loop_.Now() + limits_.tail)));
    }
  }
  out->response = seen.Take();
}

Task<Backend::EmbedResult> HttpBackend::Embed(const chat::EmbedRequest& request, Deadline deadline,
                                              Cancel* cancel) {
  EmbedResult out;
  if (broken_) {
    out.failure = provider::Failure{provider::Fault::kTransport, *broken_};
    co_return out;
  }
  Result<provider::Encoded> encoded = codec_->EncodeEmbed(request, worker_->target);
  if (!encoded) {
    out.failure = NotSent(std::move(encoded).error());
    co_return out;
  }
  out.losses = std::move(encoded->losses);
  net::ClientRequest asked = MakeRequest(std::move(*encoded), {});
  asked.sent = &out.sent;
  Opened opened = co_await endpoint_->Send(client_, std::move(asked), Phases(deadline), cancel);
  if (!opened) {
    out.failure = NetFailure(std::move(opened).error(), *worker_);
    co_return out;
  }
  net::ClientResponse& response = **opened;
  const bool good = response.status() >= 200 && response.status() < 300;
  if (!good || Mentions(net::FindHeader(response.headers(), "content-type"), "html")) {
    out.failure = co_await ReadErrorReply(*codec_, *worker_, loop_, response, limits_, deadline);
    co_return out;
  }
  Result<std::string> body = co_await response.ReadAll(limits_.max_reply_bytes);
  if (!body) {
    out.failure = NetFailure(std::move(body).error(), *worker_);
    co_return out;
  }
  Result<chat::EmbedResponse> decoded = codec_->DecodeEmbed(std::move(*body));
  if (decoded) {
    out.response = std::move(*decoded);
  } else {
    out.failure = ReplyFailure(std::move(decoded).error());
  }
  co_return out;
}

Result<std::vector<provider::Loss>> HttpBackend::Explain(const chat::Request& request) const {
  if (broken_) return *broken_;
  TRY(provider::Encoded encoded, codec_->EncodeChat(request, worker_->target));
  return std::move(encoded.losses);
}

std::unique_ptr<Backend> CreateHttpBackend(std::shared_ptr<const Worker> worker, Loop& loop,
                                           net::Client& client, HttpLimits limits) {
  return std::make_unique<HttpBackend>(std::move(worker), loop, client, limits);
}

}  // namespace baton::pool
