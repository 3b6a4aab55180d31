// Gemini's generateContent. The two codecs only name the functions of the gemini_*.cc files.
#include "provider/codecs.h"
#include "provider/gemini.h"
#include "provider/upstream_error.h"

namespace baton::provider {
namespace {

class Worker final : public WorkerCodec {
 public:
  chat::Dialect dialect() const override { return chat::Dialect::kGemini; }
  Auth auth() const override { return {"x-goog-api-key", ""}; }
  Result<Encoded> EncodeChat(const chat::Request& request, const Target& target) const override {
    return gemini::EncodeRequest(request, target);
  }
  Result<chat::Response> DecodeChat(std::string body) const override {
    return gemini::DecodeReply(std::move(body));
  }
  std::unique_ptr<StreamDecoder> NewStreamDecoder() const override { return gemini::NewStreamDecoder(); }
  Failure DecodeError(int status, std::string_view content_type, std::string_view retry_after,
                      std::string_view body) const override {
    return ReadFailure(status, content_type, retry_after, body);
  }
  Result<Encoded> EncodeEmbed(const chat::EmbedRequest& request, const Target& target) const override {
    return gemini::EncodeEmbed(request, target);
  }
  Result<chat::EmbedResponse> DecodeEmbed(std::string body) const override {
    return gemini::DecodeEmbed(std::move(body));
  }
};

class Client final : public ClientCodec {
 public:
  chat::Dialect dialect() const override { return chat::Dialect::kGemini; }
  Result<chat::Request> DecodeChat(std::string body, std::string_view model, bool stream) const override {
    return gemini::DecodeRequest(std::move(body), model, stream);
  }
  std::string EncodeChat(const chat::Response& response, const ReplyShape& shape) const override {
    return gemini::EncodeReply(response, shape);
  }
  std::unique_ptr<StreamEncoder> NewStreamEncoder(ReplyShape shape) const override {
    return gemini::NewStreamEncoder(std::move(shape));
  }
  Result<chat::EmbedRequest> DecodeEmbed(std::string body, std::string_view model) const override {
    return gemini::DecodeEmbedRequest(std::move(body), model);
  }
  std::string EncodeEmbed(const chat::EmbedResponse& response, const chat::EmbedRequest& request,
                          const ReplyShape&) const override {
    return gemini::EncodeEmbedReply(response, request);
  }
  std::string EncodeError(const baton::Error& error, int status) const override {
    return gemini::EncodeError(error, status);
  }
};

}  // namespace

const WorkerCodec& GeminiWorkerCodec() {
  static const Worker codec;
  return codec;
}
const ClientCodec& GeminiClientCodec() {
  static const Client codec;
  return codec;
}

}  // namespace baton::provider
