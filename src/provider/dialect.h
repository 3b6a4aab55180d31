// A dialect is a vendor's wire format as pure functions: no socket, no clock, no thread.
//
// Two sides. WorkerCodec speaks to a provider: encode the request, decode the reply. ClientCodec is its
// mirror: decode a request somebody sends in that dialect, encode the reply. Baton's own surface uses
// openai's client codec, `baton mock` uses all of them, and the mirror lets tests send every conversation
// around A -> neutral -> B -> neutral -> A and name what was lost.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "chat/types.h"

namespace baton::provider {

// What a worker can do; from its `can:` list.
struct Abilities {
  bool tools = true;
  bool vision = true;
  bool audio = false;
  bool files = true;
  bool json_schema = true;
  bool reasoning = true;
  bool logprobs = true;
  bool embeddings = true;
  bool chat = true;  // false: an encoder, good for embeddings only
};

// The worker's side of an encoding: what to call it and what it can.
struct Target {
  std::string model;  // the provider's name for it
  Abilities can;
  std::int64_t max_output =
      4096;             // sent where the dialect demands a cap (Anthropic) and the client gave none
  bool strict = false;  // true: refuse instead of dropping with a declared loss
  // Names of neutral parameters this worker rejects ("seed", "temperature"): each is then lost, by the rule
  // table.
  std::vector<std::string> rejects;
};

// A parameter the worker could not honour. The header is built from these: "x-baton-loss: seed=dropped".
struct Loss {
  enum class How { kDropped, kEmulated, kApproximated };
  std::string param;
  How how = How::kDropped;
  std::string note;  // one sentence, for `baton route` and the record
};
std::string_view LossName(Loss::How how);
// "seed=dropped, response_format=emulated"; empty without losses. Header-safe.
std::string LossHeader(const std::vector<Loss>& losses);

// A request ready to be sent, but for the host and the credential.
struct Encoded {
  std::string target;  // path and query below the worker's base_url, e.g. "/chat/completions"
  std::vector<std::pair<std::string, std::string>> headers;  // content-type, accept, anthropic-version, ...
  std::string body;
  std::vector<Loss> losses;
  // True when the body is the client's own bytes but for the model name: then the reply may be passed on as
  // is.
  bool passthrough = false;
  // The client did not ask for stream usage but we did: the API strips it again downstream.
  bool injected_usage = false;
};

// How the provider wants its key: header name and prefix ("Authorization", "Bearer ").
struct Auth {
  std::string header;
  std::string prefix;
};

// Whose fault a failed call is. Only the last group counts against the worker's health.
enum class Fault {
  kClientRequest,    // 400/404/413/422: the request is wrong, whoever serves it
  kContextOverflow,  // too long for this worker; a larger one may serve
  kContentRefused,   // the provider's policy refused the content
  kAuth,             // our key is wrong or has no access: the operator must act
  kQuota,            // our account is out of credit: retry cannot help
  kRateLimited,      // 429 with a time: try another worker, come back later
  kOverloaded,       // 503/529
  kServer,           // 5xx
  kMalformed,        // not an answer: HTML, broken JSON, broken stream
  kTransport,        // connect, reset, TLS
  kTimeout,
};
std::string_view FaultName(Fault fault);

struct Failure {
  Fault fault = Fault::kServer;
  Error
      error;  // code, provider's message (bounded, control characters removed), retry_after, upstream_status
};

class StreamDecoder {
 public:
  virtual ~StreamDecoder() = default;
  // Any slicing of the bytes gives the same events. Appends to `out`. An in-band error event of the provider
  // and undecodable bytes come back as error; events decoded before it are in `out`.
  virtual Status Feed(std::string_view bytes, std::vector<chat::Event>* out) = 0;
  // End of the body. kBadUpstream ("stream_truncated") when the stream did not come to its regular end.
  virtual Status Finish(std::vector<chat::Event>* out) = 0;
  // The regular end of the answer was seen (finish reason, terminator): a close after that is no failure.
  virtual bool complete() const = 0;
};

class WorkerCodec {
 public:
  virtual ~WorkerCodec() = default;
  virtual chat::Dialect dialect() const = 0;
  virtual Auth auth() const = 0;
  // kUnsupported when the request cannot be honoured and must not be degraded (the rule table in
  // provider/loss.h), kInvalidRequest when it makes no sense in any dialect.
  virtual Result<Encoded> EncodeChat(const chat::Request& request, const Target& target) const = 0;
  // `body` must have kBodyPadding readable bytes after its end. kBadUpstream when it is not an answer.
  virtual Result<chat::Response> DecodeChat(std::string body) const = 0;
  virtual std::unique_ptr<StreamDecoder> NewStreamDecoder() const = 0;
  // Reads an error reply of any shape (vendor JSON, foreign JSON, HTML, empty).
  virtual Failure DecodeError(int status, std::string_view content_type, std::string_view retry_after,
                              std::string_view body) const = 0;
  virtual Result<Encoded> EncodeEmbed(const chat::EmbedRequest& request, const Target& target) const = 0;
  virtual Result<chat::EmbedResponse> DecodeEmbed(std::string body) const = 0;
};

// Encodes a streamed answer for a client. Appends wire bytes to `out`.
class StreamEncoder {
 public:
  virtual ~StreamEncoder() = default;
  virtual void Event(const chat::Event& event, std::string* out) = 0;
  // After the last event: terminator (and usage where asked for).
  virtual void Finish(std::string* out) = 0;
  // In-band error after the first byte, in the dialect's own shape.
  virtual void Error(const baton::Error& error, std::string* out) = 0;
};

// How a reply is to look to this client.
struct ReplyShape {
  std::string id;     // used when the worker gave none
  std::string model;  // name shown when the answer is re-encoded
  std::int64_t created = 0;
  bool include_usage = false;
  bool injected_usage = false;
  // Raw bytes may be passed on untouched (same dialect, one worker, nothing rewritten).
  bool passthrough = false;
};

class ClientCodec {
 public:
  virtual ~ClientCodec() = default;
  virtual chat::Dialect dialect() const = 0;
  // Every wrong type, range and missing field gives kInvalidRequest with `param` and a sentence saying what
  // to do. `body` is kept in Request::raw. For dialects that carry them in the path (Gemini), `model` and
  // `stream` come from there; otherwise they are empty / false.
  virtual Result<chat::Request> DecodeChat(std::string body, std::string_view model, bool stream) const = 0;
  virtual std::string EncodeChat(const chat::Response& response, const ReplyShape& shape) const = 0;
  virtual std::unique_ptr<StreamEncoder> NewStreamEncoder(ReplyShape shape) const = 0;
  virtual Result<chat::EmbedRequest> DecodeEmbed(std::string body, std::string_view model) const = 0;
  virtual std::string EncodeEmbed(const chat::EmbedResponse& response, const chat::EmbedRequest& request,
                                  const ReplyShape& shape) const = 0;
  // The dialect's error object. (HTTP status: api/error_reply.cc for our surface, the script for the mock.)
  virtual std::string EncodeError(const baton::Error& error, int status) const = 0;
};

// One line per vendor in registry.cc; null for names that are not a wire dialect ("local").
const WorkerCodec* FindWorkerCodec(std::string_view dialect_name);
const ClientCodec* FindClientCodec(std::string_view dialect_name);
std::vector<std::string_view> DialectNames();

}  // namespace baton::provider
