#include "net/http_parser.h"

#include <llhttp.h>

#include <vector>

#include "net/ascii.h"

namespace baton::net {
namespace {

constexpr std::size_t kMaxChunkExtensions = 16 * 1024;

// Offsets from the first byte of the message, so that the buffer may move while a head trickles in.
struct Span {
  std::uint32_t begin = 0, end = 0;
};
struct HeaderSpan {
  Span name, value;
};

std::string_view View(const char* message, Span s) {
  return {message + s.begin, s.end - s.begin};
}

HttpFault FaultOf(llhttp_errno_t code) {
  switch (code) {
    case HPE_INVALID_METHOD:
      return {400, "malformed_head", "the request does not begin with an HTTP method"};
    case HPE_INVALID_URL:
      return {400, "bad_target", "the request target holds characters that a URL may not have"};
    case HPE_INVALID_VERSION:
      return {505, "unsupported_version", "only HTTP/1.1 and HTTP/1.0 are spoken here"};
    case HPE_INVALID_CONTENT_LENGTH:
    case HPE_UNEXPECTED_CONTENT_LENGTH:
      return {400, "ambiguous_length",
              "the message's length is ambiguous: send one Content-Length, or Transfer-Encoding alone"};
    case HPE_INVALID_TRANSFER_ENCODING:
      return {400, "ambiguous_length",
              "Transfer-Encoding must be exactly \"chunked\", without Content-Length"};
    case HPE_INVALID_CHUNK_SIZE:
      return {400, "malformed_chunk", "a chunk of the body has no valid size line"};
    case HPE_INVALID_EOF_STATE:
      return {400, "cut_message", "the connection closed in the middle of a message"};
    default:
      return {400, "malformed_head", "the message is not well-formed HTTP"};
  }
}

}  // namespace

struct HttpParser::Impl {
  llhttp_t llhttp;
  Kind kind;
  Limits limits;
  BodySink* sink = nullptr;
  const char* feed = nullptr;    // start of the bytes being parsed
  std::uint64_t fed_before = 0;  // bytes of this message before `feed`

  Span target;
  std::vector<HeaderSpan> headers;
  bool in_target = false, in_name = false, in_value = false;
  bool begun = false, head_done = false, no_body = false, expects_continue = false;
  std::size_t head_size = 0, trailer_bytes = 0, extension_bytes = 0;
  std::optional<std::uint64_t> length;
  bool chunked = false, keep_alive = false, ends_at_close = false;
  HttpFault fault;
  bool faulted = false;

  Impl(Kind k, Limits l) : kind(k), limits(l) { Reset(); }

  void Reset();
  void Extend(Span& span, bool& open, const char* at, std::size_t size) {
    const auto begin = static_cast<std::uint32_t>(fed_before + static_cast<std::size_t>(at - feed));
    if (!open) span.begin = begin;
    open = true;
    span.end = begin + static_cast<std::uint32_t>(size);
  }
  int Refuse(int status, std::string_view reason, std::string message) {
    if (!faulted) fault = {status, reason, std::move(message)};
    faulted = true;
    return HPE_USER;
  }
  Stop Faulted() {
    if (!faulted) fault = FaultOf(llhttp_get_errno(&llhttp));
    faulted = true;
    return Stop::kError;
  }
  int OnName(const char* at, std::size_t size);
  int OnValue(const char* at, std::size_t size);
  int OnHeadComplete();
  int OnExtension(std::size_t size);
  int OnTrailer(std::size_t size);
  bool CheckHead(const char* message);
  bool CheckRequest(const char* message, int hosts);
};

void HttpParser::Impl::Reset() {
  static const llhttp_settings_t settings = [] {
    llhttp_settings_t s;
    llhttp_settings_init(&s);
    s.on_message_begin = [](llhttp_t* p) {
      static_cast<Impl*>(p->data)->begun = true;
      return 0;
    };
    s.on_url = [](llhttp_t* p, const char* at, std::size_t n) {
      auto* self = static_cast<Impl*>(p->data);
      self->Extend(self->target, self->in_target, at, n);
      return 0;
    };
    s.on_header_field = [](llhttp_t* p, const char* at, std::size_t n) {
      return static_cast<Impl*>(p->data)->OnName(at, n);
    };
    s.on_header_value = [](llhttp_t* p, const char* at, std::size_t n) {
      return static_cast<Impl*>(p->data)->OnValue(at, n);
    };
    s.on_header_value_complete = [](llhttp_t* p) {
      auto* self = static_cast<Impl*>(p->data);
      self->in_name = self->in_value = false;
      return 0;
    };
    s.on_headers_complete = [](llhttp_t* p) { return static_cast<Impl*>(p->data)->OnHeadComplete(); };
    s.on_body = [](llhttp_t* p, const char* at, std::size_t n) {
      static_cast<Impl*>(p->data)->sink->OnBody(at, n);
      return 0;
    };
    s.on_chunk_extension_name = [](llhttp_t* p, const char*, std::size_t n) {
      return static_cast<Impl*>(p->data)->OnExtension(n);
    };
    s.on_chunk_extension_value = s.on_chunk_extension_name;
    s.on_message_complete = [](llhttp_t*) -> int { return HPE_PAUSED; };
    return s;
  }();
  llhttp_init(&llhttp, kind == Kind::kRequest ? HTTP_REQUEST : HTTP_RESPONSE, &settings);
  llhttp.data = this;
  fed_before = 0;
  target = {};
  headers.clear();
  in_target = in_name = in_value = false;
  begun = head_done = no_body = expects_continue = false;
  head_size = trailer_bytes = extension_bytes = 0;
  length.reset();
  chunked = keep_alive = ends_at_close = faulted = false;
}

int HttpParser::Impl::OnName(const char* at, std::size_t size) {
  if (head_done) return OnTrailer(size);
  if (!in_name) {
    if (headers.size() == limits.head_count) {
      return Refuse(431, "too_many_headers",
                    "more than " + std::to_string(limits.head_count) + " headers; send fewer");
    }
    headers.emplace_back();
  }
  Extend(headers.back().name, in_name, at, size);
  return 0;
}

int HttpParser::Impl::OnValue(const char* at, std::size_t size) {
  if (head_done) return OnTrailer(size);
  Extend(headers.back().value, in_value, at, size);
  return 0;
}

// Trailers are read over, not kept: nothing in them may change what the head said.
int HttpParser::Impl::OnTrailer(std::size_t size) {
  trailer_bytes += size + 1;
  if (trailer_bytes <= limits.head_bytes) return 0;
  return Refuse(431, "header_too_large", "the trailers after the body are too long");
}

int HttpParser::Impl::OnExtension(std::size_t size) {
  extension_bytes += size + 1;
  if (extension_bytes <= kMaxChunkExtensions) return 0;
  return Refuse(400, "malformed_chunk", "the chunk extensions are too long; send none");
}

int HttpParser::Impl::OnHeadComplete() {
  if (head_done) return 0;
  head_done = true;
  if (no_body) llhttp.flags |= F_SKIPBODY;
  llhttp.upgrade = 0;  // a wish to leave HTTP/1.1 is ignored, as RFC 9110 (7.8) allows
  chunked = llhttp.flags & F_CHUNKED;
  if (llhttp.flags & F_CONTENT_LENGTH) length = llhttp.content_length;
  keep_alive = llhttp_should_keep_alive(&llhttp);
  ends_at_close = llhttp_message_needs_eof(&llhttp);
  return HPE_PAUSED;
}

// What llhttp leaves to its user.
bool HttpParser::Impl::CheckHead(const char* message) {
  if (llhttp.http_major != 1 || llhttp.http_minor > 1) {
    Refuse(505, "unsupported_version", "only HTTP/1.1 and HTTP/1.0 are spoken here");
    return false;
  }
  int hosts = 0;
  for (const HeaderSpan& h : headers) {
    const std::string_view name = View(message, h.name);
    if (name.size() == 4 && EqualsIgnoreCase(name, "host")) {
      ++hosts;
    } else if (name.size() == 17 && EqualsIgnoreCase(name, "transfer-encoding")) {
      // Several codings would need decoding, and a second such header is how requests are smuggled.
      if (llhttp.http_minor == 0 || !EqualsIgnoreCase(TrimOws(View(message, h.value)), "chunked")) {
        Refuse(400, "ambiguous_length", "Transfer-Encoding must be exactly \"chunked\", in HTTP/1.1");
        return false;
      }
    } else if (name.size() == 6 && EqualsIgnoreCase(name, "expect")) {
      if (!EqualsIgnoreCase(TrimOws(View(message, h.value)), "100-continue")) {
        Refuse(417, "unknown_expectation", "the only expectation understood is 100-continue");
        return false;
      }
      expects_continue = llhttp.http_minor == 1;
    }
  }
  return kind == Kind::kResponse || CheckRequest(message, hosts);
}

bool HttpParser::Impl::CheckRequest(const char* message, int hosts) {
  if (hosts > 1 || (hosts == 0 && llhttp.http_minor == 1)) {
    Refuse(400, "bad_host", "a request needs exactly one Host header");
    return false;
  }
  const std::string_view to = View(message, target);
  if (llhttp.method == HTTP_CONNECT ||
      (!to.starts_with('/') && to != "*" && to.find("://") == std::string_view::npos)) {
    Refuse(400, "bad_target", "the request target must be a path that begins with '/'");
    return false;
  }
  return true;
}

HttpParser::HttpParser(Kind kind, Limits limits) : impl_(std::make_unique<Impl>(kind, limits)) {}
HttpParser::~HttpParser() = default;

void HttpParser::Reset() {
  impl_->Reset();
}

HttpParser::Stop HttpParser::Feed(const char* data, std::size_t size, BodySink& sink, std::size_t& used) {
  Impl& s = *impl_;
  used = 0;
  if (s.faulted) return Stop::kError;
  const bool had_head = s.head_done;
  s.sink = &sink;
  s.feed = data;
  if (llhttp_get_errno(&s.llhttp) == HPE_PAUSED) llhttp_resume(&s.llhttp);
  const llhttp_errno_t code = llhttp_execute(&s.llhttp, data, size);
  used = code == HPE_OK ? size : static_cast<std::size_t>(llhttp_get_error_pos(&s.llhttp) - data);
  s.fed_before += used;
  if (code != HPE_OK && code != HPE_PAUSED) return s.Faulted();
  if (!s.head_done || !had_head) {
    if (s.fed_before > s.limits.head_bytes) {
      s.Refuse(431, "header_too_large",
               "the request head is longer than " + std::to_string(s.limits.head_bytes) + " bytes");
      return Stop::kError;
    }
  }
  if (code == HPE_OK) return Stop::kMore;
  if (had_head) return Stop::kDone;
  s.head_size = static_cast<std::size_t>(s.fed_before);
  return s.CheckHead(data + used - s.head_size) ? Stop::kHead : Stop::kError;
}

HttpParser::Stop HttpParser::FeedEof() {
  Impl& s = *impl_;
  if (s.faulted) return Stop::kError;
  if (s.head_done && s.ends_at_close) return Stop::kDone;
  s.Refuse(400, "cut_message", "the connection closed in the middle of a message");
  return Stop::kError;
}

void HttpParser::ExpectNoBody() {
  impl_->no_body = true;
}
bool HttpParser::head_done() const {
  return impl_->head_done;
}
bool HttpParser::started() const {
  return impl_->begun;
}
const HttpFault& HttpParser::fault() const {
  return impl_->fault;
}
std::size_t HttpParser::head_size() const {
  return impl_->head_size;
}

void HttpParser::Headers(const char* message, HeaderViews& out) const {
  out.clear();
  for (const HeaderSpan& h : impl_->headers) {
    out.push_back({View(message, h.name), TrimOws(View(message, h.value))});
  }
}

std::string_view HttpParser::Target(const char* message) const {
  return View(message, impl_->target);
}
std::string_view HttpParser::Method() const {
  return llhttp_method_name(static_cast<llhttp_method_t>(impl_->llhttp.method));
}
int HttpParser::status() const {
  return impl_->llhttp.status_code;
}
bool HttpParser::http_1_0() const {
  return impl_->llhttp.http_minor == 0;
}
bool HttpParser::keep_alive() const {
  return impl_->keep_alive;
}
bool HttpParser::chunked() const {
  return impl_->chunked;
}
bool HttpParser::expects_continue() const {
  return impl_->expects_continue;
}
bool HttpParser::ends_at_close() const {
  return impl_->ends_at_close;
}
std::optional<std::uint64_t> HttpParser::content_length() const {
  return impl_->length;
}

}  // namespace baton::net
