// GGUF models in process, through llama.cpp. No llama.cpp type leaves this folder.
//
// One Engine per model file, with one compute thread that owns the llama context and decodes all running
// generations together (continuous batching). Callers submit from any thread and get events on the compute
// thread; whoever needs them elsewhere posts them there (pool/local_backend.cc does).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/metric.h"
#include "base/result.h"
#include "chat/types.h"

namespace baton::lm {

struct EngineOptions {
  std::string path = {};
  std::string sha256 =
      {};           // lower-case hex; empty: not checked. Mismatch: kInvalidRequest "model_hash_mismatch"
  int threads = 0;  // 0: physical cores
  int max_parallel = 8;          // sequences decoded together; more wait in a bounded queue
  int max_queue = 256;           // beyond: kOverloaded "local_queue_full"
  int context_per_sequence = 0;  // 0: the model's own, capped at 8192
  // Tokens of cache per sequence to begin with; doubled, up to the context, when a conversation needs more.
  int first_context = 1024;
  std::string adapter = {};  // GGUF LoRA laid over the model; empty: none
};

struct GenerateRequest {
  chat::Request chat;          // template, tools, response_format, sampling, stop, seed, logprobs
  bool return_hidden = false;  // keep the last hidden state of the prompt's final token
};

// What a generation reports, in order, all on the compute thread. The callback must be quick and must not
// call back into the engine (except Job::Cancel).
using OnEvent = std::function<void(chat::Event)>;
// Exactly once, after the last event. The usage is exact (our own count); it also comes as the last event,
// when the generation had begun, whether it succeeded or not.
struct Generated {
  chat::Usage usage;
  std::vector<float> hidden;  // empty unless asked for
};
using OnDone = std::function<void(Result<Generated>)>;

// Handle to a running generation. Dropping it does not cancel.
class Job {
 public:
  virtual ~Job() = default;
  // Takes effect between two tokens; OnDone then gets kCancelled. Thread safe, idempotent.
  virtual void Cancel() = 0;
};

struct ModelInfo {
  std::string name, architecture, chat_template;
  std::int64_t context = 0, parameters = 0, embedding_width = 0, vocabulary = 0, file_bytes = 0;
  bool is_encoder = false;
  bool native_tools = false;      // the chat template knows tools; otherwise they are emulated
  bool native_reasoning = false;  // the model reasons before it answers
};

class Engine {
 public:
  virtual ~Engine() = default;  // cancels what runs, joins the thread
  // Seconds of work. kNotFound, kInvalidRequest ("model_hash_mismatch", "not_gguf", "foreign_adapter"),
  // kInternal.
  static Result<std::shared_ptr<Engine>> Load(EngineOptions options);
  virtual const ModelInfo& info() const = 0;

  // Renders the template, checks the length and queues. Errors at once: kTooLarge "context_length_exceeded"
  // (with both counts), kInvalidRequest (bad schema, roles the template cannot render), kUnsupported
  // (images), kOverloaded. On error no callback is made.
  virtual Result<std::shared_ptr<Job>> Generate(GenerateRequest request, OnEvent on_event,
                                                OnDone on_done) = 0;

  // Another adapter (empty: none) while the engine serves. What runs ends with the old one; what is submitted
  // after the return begins with the new one, once the last old one has ended. Errors as LoadedModel's
  // LoadAdapter, and then nothing changes; kUnsupported for encoders. Thread safe.
  virtual Status SetAdapter(const std::string& path) = 0;
  virtual std::string adapter() const = 0;

  // The rendered prompt and its token count, without running anything (for cost estimates and tests).
  struct Rendered {
    std::string prompt;
    std::int64_t tokens = 0;
  };
  virtual Result<Rendered> Render(const chat::Request& request) const = 0;
  virtual Result<std::int64_t> CountTokens(std::string_view text) const = 0;

  // One normalised vector per text (mean pooling for encoders, last token for decoders). Runs on the compute
  // thread; `done` is called there, exactly once.
  struct Embedded {
    std::vector<std::vector<float>> vectors;
    std::int64_t tokens = 0;
  };
  virtual void Embed(std::vector<std::string> texts, std::function<void(Result<Embedded>)> done) = 0;
  // The last layer's output, as a vector of length 1, at the token `before_end` places before each text's
  // last one. The text is read as it stands: no template, control tokens are plain text. A beginning that an
  // earlier call has read is not read again, so the last bits depend on what came before. kInvalidRequest for
  // encoders and for texts with fewer tokens, kTooLarge; `done` as in Embed.
  virtual void States(std::vector<std::string> texts, int before_end,
                      std::function<void(Result<Embedded>)> done) = 0;
};

}  // namespace baton::lm
