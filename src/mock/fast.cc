#include "mock/fast.h"

#include "mock/play.h"

namespace baton::mock {
namespace {

std::string Filler(std::size_t bytes) {
  constexpr std::string_view kText = "[simulated] All work and no play makes a short reply a long one. ";
  std::string text;
  while (text.size() < bytes) text += kText;
  text.resize(bytes);
  return text;
}

Prepared Whole(const provider::ClientCodec& codec, const chat::Response& response,
               const provider::ReplyShape& shape) {
  Prepared p;
  p.headers = {{"content-type", "application/json"}};
  p.chunks = {codec.EncodeChat(response, shape)};
  return p;
}

}  // namespace

FastReplies::FastReplies(std::size_t bytes, int chunks) {
  for (const std::string_view name : {"openai", "anthropic", "gemini"}) {
    const auto* codec = provider::FindClientCodec(name);
    if (!codec) continue;
    chat::Request request;
    request.model = "fast";
    provider::ReplyShape shape;
    shape.model = "fast";
    shape.created = kCreated;
    shape.include_usage = true;
    Reply reply;
    reply.text = "x";
    const std::size_t bare =
        Whole(*codec, Play(reply, request, codec->dialect()), shape).chunks.front().size();
    reply.text = Filler(bytes > bare ? bytes - bare + 1 : 1);
    const chat::Response response = Play(reply, request, codec->dialect());
    shape.id = response.id;
    Pair pair;
    pair.whole = Whole(*codec, response, shape);
    pair.stream.stream = true;
    pair.stream.headers = {{"content-type", "text/event-stream"}, {"cache-control", "no-cache"}};
    pair.stream.chunks = EncodeStream(*codec, Stream(response, chunks), shape, Fault{});
    replies_[codec->dialect()] = std::move(pair);
  }
}

const Prepared& FastReplies::Find(const Call& call, std::string_view body) const {
  const auto found = replies_.find(call.codec->dialect());
  const Pair& pair = found == replies_.end() ? replies_.begin()->second : found->second;
  const bool stream = call.stream || body.find("\"stream\":true") != std::string_view::npos ||
                      body.find("\"stream\": true") != std::string_view::npos;
  return stream ? pair.stream : pair.whole;
}

}  // namespace baton::mock
