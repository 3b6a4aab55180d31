// OpenAI chat completions and every server compatible with them. The two codecs only name the functions of
// the openai_*.cc files.
#include "provider/codecs.h"
#include "provider/openai.h"
#include "provider/upstream_error.h"

namespace baton::provider {
namespace {

class Worker final : public WorkerCodec {
 public:
  chat::Dialect dialect() const override { return chat::Dialect::kOpenAi; }
  Auth auth() const override { return {"Authorization", "Bearer "}; }
  Result<Encoded> EncodeChat(const chat::Request& request, const Target& target) const override {
    return openai::EncodeRequest(request, target);
  }
  Result<chat::Response> DecodeChat(std::string body) const override {
    return openai::DecodeReply(std::move(body));
  }
  std::unique_ptr<StreamDecoder> NewStreamDecoder() const override { return openai::NewStreamDecoder(); }
  Failure DecodeError(int status, std::string_view content_type, std::string_view retry_after,
                      std::string_view body) const override {
    return ReadFailure(status, content_type, retry_after, body);
  }
  Result<Encoded> EncodeEmbed(const chat::EmbedRequest& request, const Target& target) const override {
    return openai::EncodeEmbed(request, target);
  }
  Result<chat::EmbedResponse> DecodeEmbed(std::string body) const override {
    return openai::DecodeEmbed(std::move(body));
  }
};

class Client final : public ClientCodec {
 public:
  chat::Dialect dialect() const override { return chat::Dialect::kOpenAi; }
  Result<chat::Request> DecodeChat(std::string body, std::string_view, bool) const override {
    return openai::DecodeRequest(std::move(body));
  }
  std::string EncodeChat(const chat::Response& response, const ReplyShape& shape) const override {
    return openai::EncodeReply(response, shape);
  }
  std::unique_ptr<StreamEncoder> NewStreamEncoder(ReplyShape shape) const override {
    return openai::NewStreamEncoder(std::move(shape));
  }
  Result<chat::EmbedRequest> DecodeEmbed(std::string body, std::string_view) const override {
    return openai::DecodeEmbedRequest(std::move(body));
  }
  std::string EncodeEmbed(const chat::EmbedResponse& response, const chat::EmbedRequest& request,
                          const ReplyShape& shape) const override {
    return openai::EncodeEmbedReply(response, request, shape);
  }
  std::string EncodeError(const baton::Error& error, int status) const override {
    return openai::EncodeError(error, status);
  }
};

}  // namespace

const WorkerCodec& OpenAiWorkerCodec() {
  static const Worker codec;
  return codec;
}
const ClientCodec& OpenAiClientCodec() {
  static const Client codec;
  return codec;
}

}  // namespace baton::provider
