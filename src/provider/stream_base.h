// What the stream decoders of all dialects share: cutting the bytes into server-sent events, giving each
// event's exact bytes to the first thing decoded from it, and failing once.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "net/sse.h"
#include "provider/dialect.h"
#include "provider/json_reader.h"

namespace baton::provider {

class StreamBase : public StreamDecoder {
 public:
  Status Feed(std::string_view bytes, std::vector<chat::Event>* out) override;
  Status Finish(std::vector<chat::Event>* out) override;
  bool complete() const override { return complete_; }

 protected:
  // One event of the stream, its data parsed. Appends what it means to `out`.
  virtual Status OnJson(JsonView root, std::vector<chat::Event>* out) = 0;
  // Data that needs no reading as JSON: OpenAI's "[DONE]", or what differs from the event before in a known
  // way. True when it was dealt with.
  virtual bool OnKnown(std::string_view data, std::vector<chat::Event>* out) {
    static_cast<void>(data), static_cast<void>(out);
    return false;
  }
  void Complete() { complete_ = true; }

 private:
  void OnEvent(const net::SseEvent& event);
  Status OnData(std::string_view data);

  net::SseParser parser_;
  std::vector<chat::Event>* out_ = nullptr;
  std::optional<Error> error_;
  bool complete_ = false;
};

}  // namespace baton::provider
