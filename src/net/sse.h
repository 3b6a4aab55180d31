// Server-sent events (WHATWG HTML, 9.2), the receiving side: pure, incremental, any slicing of the bytes.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace baton::net {

struct SseEvent {
  std::string_view event;  // "" means "message"
  std::string_view data;   // data lines joined with \n
  std::string_view raw;    // the exact bytes, from after the previous event through the blank line
  bool has_data = false;   // false: a block of comments only
};

class SseParser {
 public:
  // Calls `out` for each complete block; views are valid during the call. Handles LF, CRLF and CR line ends,
  // a leading BOM, comments, a missing space after the colon, multi-line data. Blocks come out the same
  // however the bytes were sliced, which is why a CR at the very end of a slice waits for the byte after it.
  // The raw bytes of all blocks, joined, are the stream.
  // kTooLarge ("event_too_large") when one event exceeds `max_event`; the parser is then unusable.
  explicit SseParser(std::size_t max_event = 8 * 1024 * 1024) : max_event_(max_event) {}
  Status Feed(std::string_view bytes, const std::function<void(const SseEvent&)>& out);
  // End of stream: an unfinished block is reported too if it has data (some servers forget the last blank
  // line).
  void Finish(const std::function<void(const SseEvent&)>& out);

 private:
  using Out = std::function<void(const SseEvent&)>;
  std::size_t BlockEnd(std::string_view bytes, bool at_end);
  std::size_t EmitBlocks(std::string_view bytes, bool at_end, const Out& out);
  SseEvent ParseBlock(std::string_view raw);

  std::size_t max_event_;
  std::string buffer_;       // the unfinished block
  std::size_t line_ = 0;     // where in it the unfinished line begins
  std::size_t scanned_ = 0;  // up to where no line end was found
  std::string data_;         // joined data lines, when there are several
  bool first_ = true;
  bool dead_ = false;
};

}  // namespace baton::net
