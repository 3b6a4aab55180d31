// The Gemini dialect (generateContent), inside: shared by its codec files and nobody else.
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

namespace baton::provider::gemini {

// gemini_request_encode.cc
Result<Encoded> EncodeRequest(const chat::Request& request, const Target& target);
// "/models/{m}:method", with the characters a path cannot hold escaped.
std::string MethodPath(std::string_view model, std::string_view method);
// Major version in "gemini-3-pro"; 0 when there is none.
int Generation(std::string_view model);

// gemini_part_encode.cc. The parts of one message; `names` finds the tool's name for a call id. `plan` null:
// a reply for a client, where everything is shown.
class PartWriter {
 public:
  PartWriter(const chat::Request* request, Plan* plan, bool fake_signatures, JsonWriter* w)
      : request_(request), plan_(plan), fake_signatures_(fake_signatures), w_(*w) {}
  void WriteParts(const chat::Message& message);

 private:
  void Text(const chat::Text& text, const chat::Reasoning* signature);
  void Media(const chat::Media& media);
  void Thought(const chat::Reasoning& r);
  void Call(const chat::ToolCall& call, bool first);
  void Result(const chat::ToolResult& result);
  void Extra(const chat::Extra& extra);
  std::string NameOf(const chat::ToolResult& result) const;

  const chat::Request* request_;
  Plan* plan_;
  bool fake_signatures_;
  JsonWriter& w_;
};

// Signatures of other vendors shown to a Gemini client: base64 of "anthropic:..." (the field holds bytes).
std::string MarkSignature(const std::string& signature, chat::Dialect origin, bool encrypted);
void UnmarkSignature(std::string_view text, chat::Reasoning* out);

// gemini_part_decode.cc. Reads one part; members in camelCase or snake_case. `seed` makes ids for calls
// without one.
struct PartReader {
  bool worker = false;
  std::string seed;
  std::int64_t choice = 0;
  std::int64_t calls = 0;
  Status Read(JsonView v, const Place& at, std::vector<chat::Part>* out);

 private:
  Status ReadCall(JsonView v, JsonView signature, const Place& at, std::vector<chat::Part>* out);
  Status ReadResult(JsonView v, const Place& at, std::vector<chat::Part>* out);
};
// The member under its camelCase name, or its snake_case one.
JsonView Get(JsonView v, std::string_view camel);
std::string Camel(std::string_view name);
// A Gemini Schema as JSON Schema: type names in lower case, `nullable` as a type. JSON Schema comes back
// unchanged.
chat::Json JsonSchemaOf(JsonView schema);

// gemini_request_decode.cc
Result<chat::Request> DecodeRequest(std::string body, std::string_view model, bool stream);

// gemini_reply_decode.cc
Result<chat::Response> DecodeReply(std::string body);
chat::Usage DecodeUsage(JsonView usage);
chat::Finish FinishOf(std::string_view word, bool has_calls);
// logprobsResult in OpenAI's form.
chat::Json LogprobsOf(JsonView result);
std::unique_ptr<StreamDecoder> NewStreamDecoder();

// gemini_reply_encode.cc
std::string EncodeReply(const chat::Response& response, const ReplyShape& shape);
void WriteUsage(const chat::Usage& usage, JsonWriter* w);
std::string_view FinishWord(chat::Finish finish, std::string_view raw);
std::string EncodeError(const baton::Error& error, int status);
std::unique_ptr<StreamEncoder> NewStreamEncoder(ReplyShape shape);

// gemini_embed.cc
Result<Encoded> EncodeEmbed(const chat::EmbedRequest& request, const Target& target);
Result<chat::EmbedResponse> DecodeEmbed(std::string body);
Result<chat::EmbedRequest> DecodeEmbedRequest(std::string body, std::string_view model);
std::string EncodeEmbedReply(const chat::EmbedResponse& response, const chat::EmbedRequest& request);

}  // namespace baton::provider::gemini
