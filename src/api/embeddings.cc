// POST /v1/embeddings.

#include "api/call.h"
#include "api/controls.h"
#include "provider/dialect.h"

namespace baton::api {

Task<void> HandleEmbeddings(Call& call, std::string_view) {
  const provider::ClientCodec* codec = provider::FindClientCodec("openai");
  auto request = codec->DecodeEmbed(std::move(call.request.body), {});
  if (!request) {
    co_await call.SendError(request.error());
    co_return;
  }
  std::vector<std::pair<std::string, std::string>> no_metadata;
  bool stripped = false;
  auto controls = ReadControls(call.request.headers, no_metadata, stripped);
  if (!controls) {
    co_await call.SendError(controls.error());
    co_return;
  }
  const std::shared_ptr<exchange::House> house = call.deps.house();
  exchange::Envelope envelope = call.MakeEnvelope(std::move(*controls));
  auto outcome =
      co_await call.deps.conductor->Embed(*house, std::move(envelope), *request, &call.reply.gone());

  net::HeaderList headers = call.Headers("application/json");
  AddHeading(outcome.heading, headers);
  std::string body;
  if (outcome.response) {
    call.status = 200;
    headers.emplace_back("x-baton-cost-usd", outcome.unpriced ? "unpriced" : budget::FormatUsd(outcome.cost));
    if (outcome.heading.passthrough) {
      body = std::move(outcome.response->raw);
    } else {
      provider::ReplyShape shape;
      shape.model = outcome.response->model;
      body = codec->EncodeEmbed(*outcome.response, *request, shape);
    }
  } else {
    call.status = Describe(outcome.response.error()).status;
    AddErrorHeaders(outcome.response.error(), headers);
    body = ErrorBody(outcome.response.error());
  }
  outcome.Close(call.status);
  (void)co_await call.reply.Send(call.status, headers, body);
}

}  // namespace baton::api
