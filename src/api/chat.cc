// POST /v1/chat/completions: decode, hand to the exchange, encode.

#include <algorithm>

#include "api/call.h"
#include "api/cases.h"
#include "api/controls.h"
#include "api/stream_reply.h"

namespace baton::api {
namespace {

using Ticket = IdempotencyCache::Ticket;

void AddCost(const exchange::ChatOutcome& outcome, net::HeaderList& headers) {
  // An unknown price is said, never shown as a free call.
  headers.emplace_back("x-baton-cost-usd", outcome.unpriced ? "unpriced" : budget::FormatUsd(outcome.cost));
}

// One key's replies are nobody else's.
std::string IdempotencyOwner(const Call& call) {
  if (!call.principal) return call.tenant();
  return call.tenant() + '\n' + call.principal->user + '\n' + call.principal->key;
}

Task<void> Replay(Call& call, std::shared_ptr<const StoredReply> stored) {
  call.status = stored->status;
  net::HeaderList headers = stored->headers;
  headers.emplace_back("x-baton-idempotent-replay", "true");
  (void)co_await call.reply.Send(stored->status, headers, stored->body);
}

// A person will answer, but not on this connection: 202 with the case's link. Kept under the idempotency key,
// so that asking again does not lay a second case.
Task<void> AnswerPending(Call& call, exchange::ChatOutcome& outcome, std::optional<Ticket> ticket) {
  StoredReply reply;
  reply.status = call.status = 202;
  reply.headers = call.Headers("application/json");
  AddHeading(outcome.heading, reply.headers);
  reply.headers.emplace_back("location", CaseUrl(outcome.pending_case));
  reply.headers.emplace_back("retry-after", "5");
  reply.body = PendingBody(outcome.pending_case, outcome.heading.id);
  outcome.Close(202);
  if (ticket) ticket->Keep(reply);
  (void)co_await call.reply.Send(202, reply.headers, reply.body);
}

// Nothing of an answer has gone out: the error is the whole reply.
Task<void> AnswerError(Call& call, exchange::ChatOutcome& outcome) {
  const Error error = std::move(outcome.response).error();
  call.status = Describe(error).status;
  net::HeaderList headers = call.Headers("application/json");
  AddHeading(outcome.heading, headers);
  AddErrorHeaders(error, headers);
  outcome.Close(call.status);
  const std::string body = ErrorBody(error);
  (void)co_await call.reply.Send(call.status, headers, body);
}

Task<void> AnswerWhole(Call& call, exchange::House& house, exchange::Envelope envelope,
                       const chat::Request& request, std::optional<Ticket> ticket) {
  auto outcome =
      co_await call.deps.conductor->Chat(house, std::move(envelope), request, nullptr, &call.reply.gone());
  if (!outcome.response) {
    if (outcome.pending_case.empty()) {
      co_await AnswerError(call, outcome);
    } else {
      co_await AnswerPending(call, outcome, std::move(ticket));
    }
    co_return;
  }
  StoredReply reply;
  reply.headers = call.Headers("application/json");
  AddHeading(outcome.heading, reply.headers);
  AddCost(outcome, reply.headers);
  if (outcome.heading.passthrough && !outcome.response->raw.empty()) {
    reply.body = std::move(outcome.response->raw);
  } else {
    provider::ReplyShape shape;
    shape.id = "chatcmpl-" + FormatExchangeId(outcome.heading.id);
    shape.created = call.deps.loop->clock().UnixNanos() / 1'000'000'000;
    reply.body = provider::FindClientCodec("openai")->EncodeChat(*outcome.response, shape);
  }
  call.status = 200;
  outcome.Close(200);
  // The reply is kept before it is sent: a client that loses it on the way asks again with the same key.
  if (ticket && reply.body.size() <= call.deps.idempotency->max_reply()) ticket->Keep(reply);
  (void)co_await call.reply.Send(200, reply.headers, reply.body);
}

Task<void> AnswerStreaming(Call& call, exchange::House& house, exchange::Envelope envelope,
                           const chat::Request& request, std::optional<Ticket> ticket) {
  provider::ReplyShape shape;
  shape.created = call.deps.loop->clock().UnixNanos() / 1'000'000'000;
  shape.include_usage = request.include_usage;
  StreamReply stream(call, std::move(shape), ticket ? call.deps.idempotency->max_reply() : 0);
  auto outcome =
      co_await call.deps.conductor->Chat(house, std::move(envelope), request, &stream, &call.reply.gone());
  if (outcome.response) {
    outcome.Close(200);
    if (!stream.started()) stream.OnHeading(outcome.heading);  // an answer without a single event
    co_await stream.Finish();
    if (auto kept = stream.Kept(); ticket && kept) ticket->Keep(std::move(*kept));
    co_return;
  }
  if (stream.started()) {
    outcome.Close(200);  // the status line has long gone out; the record's outcome says how it ended
    co_await stream.Fail(outcome.response.error());
    co_return;
  }
  if (!outcome.pending_case.empty()) {
    co_await AnswerPending(call, outcome, std::move(ticket));
    co_return;
  }
  co_await AnswerError(call, outcome);
}

}  // namespace

Task<void> HandleChat(Call& call, std::string_view) {
  std::optional<Ticket> ticket;
  if (const auto key = call.request.Header("idempotency-key"); !key.empty()) {
    auto began = call.deps.idempotency->Begin(IdempotencyOwner(call), key, call.request.body);
    if (!began) {
      co_await call.SendError(began.error());
      co_return;
    }
    if (auto* stored = std::get_if<std::shared_ptr<const StoredReply>>(&*began)) {
      co_await Replay(call, *stored);
      co_return;
    }
    ticket.emplace(std::move(std::get<Ticket>(*began)));
  }

  auto request = provider::FindClientCodec("openai")->DecodeChat(std::move(call.request.body), {}, false);
  if (!request) {
    co_await call.SendError(request.error());
    co_return;
  }
  bool stripped = false;
  auto controls = ReadControls(call.request.headers, request->metadata, stripped);
  if (!controls) {
    co_await call.SendError(controls.error());
    co_return;
  }
  if (stripped) request->raw.clear();

  const std::shared_ptr<exchange::House> house = call.deps.house();
  const auto& contracts = house->policies->rules.options().workflows;
  if (std::find(contracts.begin(), contracts.end(), request->model) != contracts.end()) {
    if (Status fine = ReadInputs(&*request); !fine) {
      co_await call.SendError(fine.error());
      co_return;
    }
  }
  exchange::Envelope envelope = call.MakeEnvelope(std::move(*controls));
  if (request->stream) {
    co_await AnswerStreaming(call, *house, std::move(envelope), *request, std::move(ticket));
  } else {
    co_await AnswerWhole(call, *house, std::move(envelope), *request, std::move(ticket));
  }
}

}  // namespace baton::api
