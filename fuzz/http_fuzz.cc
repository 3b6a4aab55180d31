// The HTTP parser must never crash, and must never read a message differently when it comes in other slices:
// where two slicings disagree, a request can be smuggled.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "net/http_parser.h"

namespace {

using baton::net::HttpParser;

class Collect final : public HttpParser::BodySink {
 public:
  void OnBody(const char* data, std::size_t size) override { body.append(data, size); }
  std::string body;
};

// One line per message, then the fault.
std::string Describe(std::string_view bytes, HttpParser::Kind kind, std::size_t step) {
  HttpParser parser(kind, {4096, 50});
  Collect sink;
  std::string out, buffer;
  std::size_t parsed = 0;
  while (true) {
    const bool starved = !parser.head_done() && parsed == buffer.size();
    std::size_t used = 0;
    const auto stop = starved ? HttpParser::Stop::kMore
                              : parser.Feed(buffer.data() + parsed, buffer.size() - parsed, sink, used);
    if (used > buffer.size() - parsed) std::abort();
    parsed += used;
    if (stop == HttpParser::Stop::kHead) continue;
    if (stop == HttpParser::Stop::kError)
      return out + "refused";  // for a reason that may differ: a limit or the error behind it
    if (stop == HttpParser::Stop::kDone) {
      baton::net::HeaderViews headers;
      parser.Headers(buffer.data(), headers);
      out += std::string(parser.Method()) + ' ' + std::string(parser.Target(buffer.data()));
      for (const auto& h : headers) out += ' ' + std::string(h.name) + '=' + std::string(h.value);
      out += '|' + sink.body + (parser.keep_alive() ? "+\n" : "-\n");
      sink.body.clear();
      buffer.erase(0, parsed);
      parsed = 0;
      parser.Reset();
      continue;
    }
    if (bytes.empty()) return out;
    buffer += bytes.substr(0, step);
    bytes.remove_prefix(std::min(step, bytes.size()));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const auto kind = data[0] & 1 ? HttpParser::Kind::kRequest : HttpParser::Kind::kResponse;
  const std::size_t step = 1 + data[1];
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 2, size - 2);
  if (Describe(bytes, kind, bytes.size() + 1) != Describe(bytes, kind, step)) std::abort();
  return 0;
}
