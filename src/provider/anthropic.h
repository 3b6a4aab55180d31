// The Anthropic Messages dialect, inside: shared by its codec files and nobody else.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "chat/types.h"
#include "provider/dialect.h"
#include "provider/fields.h"
#include "provider/json_reader.h"
#include "provider/json_writer.h"
#include "provider/loss.h"

namespace baton::provider::anthropic {

// anthropic_request_encode.cc
Result<Encoded> EncodeRequest(const chat::Request& request, const Target& target);
// Models that decide by themselves how long to think (4.6 and later) take an effort, not a budget.
bool ThinksAdaptively(std::string_view model);

// anthropic_block_encode.cc. One content block; `plan` null: part of a reply to a client, where everything is
// shown.
void WriteBlock(const chat::Part& part, Plan* plan, JsonWriter* w);
// Anthropic's ids match ^[a-zA-Z0-9_-]+$; others are made to, call and result alike.
std::string CallId(std::string_view id);

// anthropic_request_decode.cc, anthropic_block_decode.cc
Result<chat::Request> DecodeRequest(std::string body);
// One content block of a message or (worker == true, lenient) of a reply.
Status ReadBlock(JsonView v, const Place& at, bool worker, std::vector<chat::Part>* out);
// `content` as a string or a list of blocks; `plain` tells which.
Status ReadContent(JsonView v, const Place& at, bool worker, bool* plain, std::vector<chat::Part>* out);

// anthropic_reply_decode.cc
Result<chat::Response> DecodeReply(std::string body);
chat::Usage DecodeUsage(JsonView usage);
chat::Finish FinishOf(std::string_view word);

// anthropic_stream_decode.cc
std::unique_ptr<StreamDecoder> NewStreamDecoder();

// anthropic_reply_encode.cc, anthropic_stream_encode.cc
std::string EncodeReply(const chat::Response& response, const ReplyShape& shape);
void WriteUsage(const chat::Usage& usage, JsonWriter* w);
std::string_view StopReason(chat::Finish finish, std::string_view raw);
std::string EncodeError(const baton::Error& error, int status);
std::unique_ptr<StreamEncoder> NewStreamEncoder(ReplyShape shape);

// A signature shown to an Anthropic client that another vendor made carries its origin in front, and loses it
// again on the way back: "gemini:...". Anthropic's own are base64 and hold no colon.
std::string MarkSignature(const std::string& signature, chat::Dialect origin);
std::string UnmarkSignature(std::string_view signature, chat::Dialect* origin);

}  // namespace baton::provider::anthropic
