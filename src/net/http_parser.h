// One HTTP/1.x message after another out of a byte stream: pure, incremental, strict. llhttp behind.
//
// Strict means that whatever two parsers could read differently is refused: Content-Length beside
// Transfer-Encoding, repeated lengths, line folding, bare line feeds, any coding but "chunked", HTTP/1.0 with
// a coding, two Host headers. A proxy in front of us and we must never disagree where a request ends.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "net/http.h"

namespace baton::net {

// Why a message was refused: `status` is what a server answers, `reason` the stable name it is counted under.
struct HttpFault {
  int status = 400;
  std::string_view reason;
  std::string message;
};

class HttpParser {
 public:
  enum class Kind { kRequest, kResponse };
  struct Limits {
    std::size_t head_bytes = 64 * 1024;
    std::size_t head_count = 200;
  };
  enum class Stop {
    kMore,   // everything was used; give more
    kHead,   // the head is complete (and not yet a byte of the body used); call Feed again for the rest
    kDone,   // the message is complete; bytes not used belong to the next one
    kError,  // see fault(); the parser is unusable until Reset()
  };
  // Receives the body without chunk framing, in pieces that lie in the fed bytes.
  class BodySink {
   public:
    virtual void OnBody(const char* data, std::size_t size) = 0;

   protected:
    ~BodySink() = default;
  };

  HttpParser(Kind kind, Limits limits);
  ~HttpParser();
  HttpParser(const HttpParser&) = delete;
  HttpParser& operator=(const HttpParser&) = delete;

  // Prepares for the next message.
  void Reset();
  // Parses `size` bytes at `data` and says in `used` how many were consumed. Until kHead, the bytes of all
  // calls of one message must lie in one contiguous buffer (which may move as a whole between calls).
  Stop Feed(const char* data, std::size_t size, BodySink& sink, std::size_t& used);
  // The peer closed: kDone when that is how this message ends, kError when it was cut.
  Stop FeedEof();
  // For the reply to a HEAD request: it has a Content-Length but no body. Call before its head is parsed.
  void ExpectNoBody();

  bool head_done() const;
  // True once any byte of the message (leading empty lines aside) was seen.
  bool started() const;
  const HttpFault& fault() const;

  // The following are valid from kHead to Reset(). `message` is where the message's first byte lies now.
  std::size_t head_size() const;
  void Headers(const char* message, HeaderViews& out) const;
  std::string_view Target(const char* message) const;
  std::string_view Method() const;  // static text
  int status() const;
  bool http_1_0() const;
  bool keep_alive() const;
  bool chunked() const;
  bool expects_continue() const;
  bool ends_at_close() const;
  std::optional<std::uint64_t> content_length() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace baton::net
