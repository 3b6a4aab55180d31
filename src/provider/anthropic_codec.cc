// Anthropic's Messages API. The two codecs only name the functions of the anthropic_*.cc files.
#include "provider/anthropic.h"
#include "provider/codecs.h"
#include "provider/upstream_error.h"

namespace baton::provider {
namespace {

Error NoEmbeddings() {
  return Fail(Code::kUnsupported, "The Anthropic API has no embeddings; name a model of another worker.",
              "unsupported_endpoint", "model");
}

class Worker final : public WorkerCodec {
 public:
  chat::Dialect dialect() const override { return chat::Dialect::kAnthropic; }
  Auth auth() const override { return {"x-api-key", ""}; }
  Result<Encoded> EncodeChat(const chat::Request& request, const Target& target) const override {
    return anthropic::EncodeRequest(request, target);
  }
  Result<chat::Response> DecodeChat(std::string body) const override {
    return anthropic::DecodeReply(std::move(body));
  }
  std::unique_ptr<StreamDecoder> NewStreamDecoder() const override { return anthropic::NewStreamDecoder(); }
  Failure DecodeError(int status, std::string_view content_type, std::string_view retry_after,
                      std::string_view body) const override {
    return ReadFailure(status, content_type, retry_after, body);
  }
  Result<Encoded> EncodeEmbed(const chat::EmbedRequest&, const Target&) const override {
    return NoEmbeddings();
  }
  Result<chat::EmbedResponse> DecodeEmbed(std::string) const override { return NoEmbeddings(); }
};

class Client final : public ClientCodec {
 public:
  chat::Dialect dialect() const override { return chat::Dialect::kAnthropic; }
  Result<chat::Request> DecodeChat(std::string body, std::string_view, bool) const override {
    return anthropic::DecodeRequest(std::move(body));
  }
  std::string EncodeChat(const chat::Response& response, const ReplyShape& shape) const override {
    return anthropic::EncodeReply(response, shape);
  }
  std::unique_ptr<StreamEncoder> NewStreamEncoder(ReplyShape shape) const override {
    return anthropic::NewStreamEncoder(std::move(shape));
  }
  Result<chat::EmbedRequest> DecodeEmbed(std::string, std::string_view) const override {
    return NoEmbeddings();
  }
  std::string EncodeEmbed(const chat::EmbedResponse&, const chat::EmbedRequest&,
                          const ReplyShape&) const override {
    return EncodeError(NoEmbeddings(), 404);
  }
  std::string EncodeError(const baton::Error& error, int status) const override {
    return anthropic::EncodeError(error, status);
  }
};

}  // namespace

const WorkerCodec& AnthropicWorkerCodec() {
  static const Worker codec;
  return codec;
}
const ClientCodec& AnthropicClientCodec() {
  static const Client codec;
  return codec;
}

}  // namespace baton::provider
