// The OpenAI dialect, inside: shared by its codec files and nobody else.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "chat/types.h"
#include "provider/dialect.h"
#include "provider/json_reader.h"
#include "provider/json_writer.h"
#include "provider/loss.h"

namespace baton::provider {
struct Place;
}

namespace baton::provider::openai {

// openai_request_decode.cc, openai_message_decode.cc
Result<chat::Request> DecodeRequest(std::string body);
Status DecodeMessages(JsonView messages, std::vector<chat::Message>* out);
// openai_tool_decode.cc. Fields of a request; the deprecated forms are checked and travel as they came.
Status DecodeTools(JsonView v, const Place& at, chat::Request& r);
Status DecodeToolChoice(JsonView v, const Place& at, chat::Request& r);
Status CheckFunctions(JsonView v, const Place& at, chat::Request&);
Status CheckFunctionCall(JsonView v, const Place& at, chat::Request&);
// openai_content_decode.cc. A string (*plain) or a list of parts.
Status ReadContent(JsonView v, const Place& at, bool* plain, std::vector<chat::Part>* out);
// openai_answer_decode.cc. The assistant's message of a request (worker == false) or of a reply, whose checks
// are lenient (worker == true).
Status DecodeAssistant(JsonView v, const Place& at, bool worker, chat::Message* out);

// openai_request_encode.cc
Result<Encoded> EncodeRequest(const chat::Request& request, const Target& target);
// openai_message_encode.cc. Roles, parts and fields of one message of a request.
void WriteMessage(const chat::Message& message, Plan* plan, JsonWriter* w);
// The members `reasoning_content`, `reasoning_details`, `content`, `refusal`, `tool_calls` of an answer.
void WriteAnswer(const chat::Message& message, JsonWriter* w);
// One entry of reasoning_details.
void WriteReasoningDetail(const chat::Reasoning& r, std::int64_t index, JsonWriter* w);
// {"google":{"thought_signature":...}} and who made it.
void WriteSignature(const std::string& signature, chat::Dialect origin, JsonWriter* w);
// Whose signature a reasoning_details entry with this `format` is.
chat::Dialect OriginOf(std::string_view format);

// openai_reply_decode.cc
Result<chat::Response> DecodeReply(std::string body);
chat::Usage DecodeUsage(JsonView usage);
chat::Finish FinishOf(std::string_view word);
std::unique_ptr<StreamDecoder> NewStreamDecoder();
// An in-band {"error": ...} of a stream or a 200 reply.
Error InBandError(JsonView error);

// openai_reply_encode.cc
std::string EncodeReply(const chat::Response& response, const ReplyShape& shape);
void WriteUsage(const chat::Usage& usage, JsonWriter* w);
std::string_view FinishWord(chat::Finish finish);
std::unique_ptr<StreamEncoder> NewStreamEncoder(ReplyShape shape);
std::string EncodeError(const baton::Error& error, int status);

// openai_embed.cc
Result<Encoded> EncodeEmbed(const chat::EmbedRequest& request, const Target& target);
Result<chat::EmbedResponse> DecodeEmbed(std::string body);
Result<chat::EmbedRequest> DecodeEmbedRequest(std::string body);
std::string EncodeEmbedReply(const chat::EmbedResponse& response, const chat::EmbedRequest& request,
                             const ReplyShape& shape);

// Marks of the origin in reasoning_details[].format and extra_content.origin, for blocks that did not come
// from an OpenAI-compatible worker. Different from the marks other gateways use, whose blocks go back to
// those gateways.
inline constexpr std::string_view kAnthropicMark = "anthropic", kGeminiMark = "gemini";

}  // namespace baton::provider::openai
