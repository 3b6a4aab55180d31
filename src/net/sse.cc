#include "net/sse.h"

#include <cstring>

namespace baton::net {
namespace {

constexpr std::string_view kBom = "\xEF\xBB\xBF";

std::size_t FindByte(std::string_view bytes, char c, std::size_t from) {
  if (from >= bytes.size()) return std::string_view::npos;
  const void* at = std::memchr(bytes.data() + from, c, bytes.size() - from);
  return at ? static_cast<std::size_t>(static_cast<const char*>(at) - bytes.data()) : std::string_view::npos;
}

// The first CR or LF at or after `from`; npos when there is none.
std::size_t FindLineEnd(std::string_view bytes, std::size_t from) {
  const std::size_t lf = FindByte(bytes, '\n', from);
  // Two searches by memchr beat one by hand; the second looks only at the line itself.
  const std::size_t cr = FindByte(bytes.substr(0, std::min(lf, bytes.size())), '\r', from);
  return std::min(lf, cr);
}

// How many bytes the line end at `at` takes.
std::size_t LineEndSize(std::string_view bytes, std::size_t at) {
  return bytes[at] == '\r' && at + 1 < bytes.size() && bytes[at + 1] == '\n' ? 2 : 1;
}

struct Field {
  std::string_view name, value;
};

Field SplitField(std::string_view line) {
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return {line, {}};
  std::string_view value = line.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  return {line.substr(0, colon), value};
}

}  // namespace

// Looks for the blank line that ends the block at the start of `bytes`, from where the last search stopped.
// Gives the block's size with its blank line, or npos.
std::size_t SseParser::BlockEnd(std::string_view bytes, bool at_end) {
  for (;;) {
    const std::size_t end = FindLineEnd(bytes, scanned_);
    if (end == std::string_view::npos) {
      scanned_ = bytes.size();
      return end;
    }
    if (bytes[end] == '\r' && end + 1 == bytes.size() && !at_end) {
      scanned_ = end;  // perhaps half of a CRLF
      return std::string_view::npos;
    }
    // A BOM is no part of the first line; a first line of nothing else is blank.
    const bool blank = end == line_ || (first_ && line_ == 0 && bytes.substr(0, end) == kBom);
    scanned_ = line_ = end + LineEndSize(bytes, end);
    if (blank) return scanned_;
  }
}

SseEvent SseParser::ParseBlock(std::string_view raw) {
  SseEvent event;
  event.raw = raw;
  std::string_view rest = raw;
  if (std::exchange(first_, false) && rest.starts_with(kBom)) rest.remove_prefix(kBom.size());
  while (!rest.empty()) {
    const std::size_t end = std::min(FindLineEnd(rest, 0), rest.size());
    const Field field = SplitField(rest.substr(0, end));
    rest.remove_prefix(end == rest.size() ? end : end + LineEndSize(rest, end));
    if (field.name == "event") event.event = field.value;
    if (field.name != "data") continue;
    if (!event.has_data) {
      event.has_data = true;
      event.data = field.value;
      continue;
    }
    if (event.data.data() != data_.data()) data_.assign(event.data);
    data_ += '\n';
    data_ += field.value;
    event.data = data_;
  }
  return event;
}

// Reports every complete block and gives the number of bytes they take.
std::size_t SseParser::EmitBlocks(std::string_view bytes, bool at_end, const Out& out) {
  std::size_t used = 0;
  for (;;) {
    const std::size_t size = BlockEnd(bytes.substr(used), at_end);
    if (size == std::string_view::npos) return used;
    line_ = scanned_ = 0;
    if (size > max_event_) {
      dead_ = true;
      return used;
    }
    out(ParseBlock(bytes.substr(used, size)));
    used += size;
  }
}

Status SseParser::Feed(std::string_view bytes, const Out& out) {
  if (!dead_) {
    if (buffer_.empty()) {
      const std::size_t used = EmitBlocks(bytes, false, out);
      buffer_.assign(bytes.substr(used));
    } else {
      buffer_.append(bytes);
      buffer_.erase(0, EmitBlocks(buffer_, false, out));
    }
    if (buffer_.size() > max_event_) dead_ = true;
  }
  if (!dead_) return {};
  return Fail(Code::kTooLarge,
              "one event of the stream is longer than " + std::to_string(max_event_) + " bytes",
              "event_too_large");
}

void SseParser::Finish(const Out& out) {
  if (dead_) return;
  buffer_.erase(0, EmitBlocks(buffer_, true, out));
  if (!buffer_.empty() && !dead_) {
    const SseEvent last = ParseBlock(buffer_);
    if (last.has_data) out(last);
  }
  buffer_.clear();
  line_ = scanned_ = 0;
}

}  // namespace baton::net
