#include "net/http_parser.h"

#include <gtest/gtest.h>

#include <ostream>
#include <vector>

namespace baton::net {
namespace {

using Kind = HttpParser::Kind;
using Stop = HttpParser::Stop;

// What a run over some bytes came to.
struct Outcome {
  std::vector<std::string> messages;  // "METHOD target [name=value ]|body"
  int fault = 0;
  std::string reason;
  bool operator==(const Outcome&) const = default;
};
std::ostream& operator<<(std::ostream& os, const Outcome& o) {
  for (const auto& m : o.messages) os << '<' << m << '>';
  return os << o.fault << ' ' << o.reason;
}

class Collect final : public HttpParser::BodySink {
 public:
  void OnBody(const char* data, std::size_t size) override { body.append(data, size); }
  std::string body;
};

// Feeds the pieces the way a connection does: each message's head stays contiguous in one buffer.
Outcome ParseAll(const std::vector<std::string>& pieces, Kind kind = Kind::kRequest,
                 HttpParser::Limits limits = {}) {
  Outcome out;
  HttpParser parser(kind, limits);
  Collect sink;
  std::string buffer;
  std::size_t parsed = 0;
  for (const std::string& piece : pieces) {
    buffer += piece;
    for (;;) {
      if (!parser.head_done() && parsed == buffer.size()) break;
      std::size_t used = 0;
      const Stop stop = parser.Feed(buffer.data() + parsed, buffer.size() - parsed, sink, used);
      parsed += used;
      if (stop == Stop::kMore) break;
      if (stop == Stop::kHead) continue;
      if (stop == Stop::kError) {
        out.fault = parser.fault().status;
        out.reason = parser.fault().reason;
        return out;
      }
      HeaderViews headers;
      parser.Headers(buffer.data(), headers);
      std::string text = kind == Kind::kRequest
                             ? std::string(parser.Method()) + " " + std::string(parser.Target(buffer.data()))
                             : std::to_string(parser.status());
      for (const auto& h : headers) text += " " + std::string(h.name) + "=" + std::string(h.value);
      out.messages.push_back(text + "|" + sink.body);
      sink.body.clear();
      buffer.erase(0, parsed);
      parsed = 0;
      parser.Reset();
    }
  }
  return out;
}

TEST(HttpParser, ReadsARequest) {
  const auto out = ParseAll({"POST /a?b=c HTTP/1.1\r\nHost: h\r\nX:  v \t\r\nContent-Length: 3\r\n\r\nabc"});
  EXPECT_EQ(out.messages, std::vector<std::string>{"POST /a?b=c Host=h X=v Content-Length=3|abc"});
}

const std::string kTwo =
    "\r\nPOST /one HTTP/1.1\r\nHost: a\r\nX-Empty:\r\nTransfer-Encoding: chunked\r\n\r\n"
    "4\r\nwiki\r\n5;ext=\"v\"\r\npedia\r\n0\r\nTrailer-Field: z\r\n\r\n"
    "GET /two?x HTTP/1.1\r\nhost: b\r\nConnection: keep-alive, x\r\n\r\n"
    "PUT /three HTTP/1.1\r\nHost: c\r\nContent-Length: 2\r\n\r\nhi";

TEST(HttpParser, EverySplitGivesTheSameMessages) {
  const Outcome whole = ParseAll({kTwo});
  ASSERT_EQ(whole.messages.size(), 3u);
  EXPECT_EQ(whole.messages[0], "POST /one Host=a X-Empty= Transfer-Encoding=chunked|wikipedia");
  EXPECT_EQ(whole.messages[1], "GET /two?x host=b Connection=keep-alive, x|");
  for (std::size_t at = 0; at <= kTwo.size(); ++at) {
    EXPECT_EQ(ParseAll({kTwo.substr(0, at), kTwo.substr(at)}), whole) << "split at " << at;
  }
  std::vector<std::string> bytes;
  for (const char c : kTwo) bytes.emplace_back(1, c);
  EXPECT_EQ(ParseAll(bytes), whole);
}

struct Bad {
  const char* name;
  std::string bytes;
  int status;
  const char* reason;
};

const std::string kHost = "Host: a\r\n";

// Two servers in a row that read one of these differently is how requests are smuggled.
TEST(HttpParser, RefusesWhatTwoParsersCouldReadDifferently) {
  const Bad table[] = {
      {"both lengths",
       "POST / HTTP/1.1\r\n" + kHost + "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
       400, "ambiguous_length"},
      {"both lengths, other order",
       "POST / HTTP/1.1\r\n" + kHost + "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n",
       400, "ambiguous_length"},
      {"two lengths", "POST / HTTP/1.1\r\n" + kHost + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400,
       "ambiguous_length"},
      {"the same length twice",
       "POST / HTTP/1.1\r\n" + kHost + "Content-Length: 1\r\nContent-Length: 1\r\n\r\na", 400,
       "ambiguous_length"},
      {"list of lengths", "POST / HTTP/1.1\r\n" + kHost + "Content-Length: 1, 1\r\n\r\na", 400,
       "ambiguous_length"},
      {"negative length", "POST / HTTP/1.1\r\n" + kHost + "Content-Length: -1\r\n\r\n", 400,
       "ambiguous_length"},
      {"signed length", "POST / HTTP/1.1\r\n" + kHost + "Content-Length: +1\r\n\r\na", 400,
       "ambiguous_length"},
      {"hex length", "POST / HTTP/1.1\r\n" + kHost + "Content-Length: 0x1\r\n\r\na", 400, "ambiguous_length"},
      {"length over 64 bits", "POST / HTTP/1.1\r\n" + kHost + "Content-Length: 99999999999999999999\r\n\r\n",
       400, "ambiguous_length"},
      {"empty length", "POST / HTTP/1.1\r\n" + kHost + "Content-Length:\r\n\r\n", 400, "ambiguous_length"},
      {"unknown coding", "POST / HTTP/1.1\r\n" + kHost + "Transfer-Encoding: identity\r\n\r\n", 400,
       "ambiguous_length"},
      {"coding not last", "POST / HTTP/1.1\r\n" + kHost + "Transfer-Encoding: chunked, gzip\r\n\r\n", 400,
       "ambiguous_length"},
      {"coding before chunked",
       "POST / HTTP/1.1\r\n" + kHost + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 400,
       "ambiguous_length"},
      {"coding in disguise", "POST / HTTP/1.1\r\n" + kHost + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
       400, "ambiguous_length"},
      {"two codings",
       "POST / HTTP/1.1\r\n" + kHost +
           "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
       400, "ambiguous_length"},
      {"coding in HTTP/1.0", "POST / HTTP/1.0\r\n" + kHost + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
       400, "ambiguous_length"},
      {"space before the colon", "POST / HTTP/1.1\r\n" + kHost + "Content-Length : 1\r\n\r\na", 400,
       "malformed_head"},
      {"folded line", "GET / HTTP/1.1\r\n" + kHost + "X: a\r\n b\r\n\r\n", 400, "malformed_head"},
      {"folded coding", "POST / HTTP/1.1\r\n" + kHost + "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
       400, nullptr},
      {"bare LF after the request line", "GET / HTTP/1.1\n" + kHost + "\r\n", 0, nullptr},
      {"bare LF after a header", "GET / HTTP/1.1\r\nHost: a\n\r\n", 400, nullptr},
      {"bare LF at the end", "GET / HTTP/1.1\r\n" + kHost + "\n", 400, nullptr},
      {"bare CR in a value", "GET / HTTP/1.1\r\n" + kHost + "X: a\rb\r\n\r\n", 400, nullptr},
      {"NUL in a value", "GET / HTTP/1.1\r\n" + kHost + std::string("X: a\0b\r\n\r\n", 10), 400, nullptr},
      {"NUL in a name", "GET / HTTP/1.1\r\n" + kHost + std::string("X\0: a\r\n\r\n", 9), 400, nullptr},
      {"empty name", "GET / HTTP/1.1\r\n" + kHost + ": a\r\n\r\n", 400, nullptr},
      {"no colon", "GET / HTTP/1.1\r\n" + kHost + "nonsense\r\n\r\n", 400, nullptr},
      {"header line begins with space", "GET / HTTP/1.1\r\n X: a\r\n" + kHost + "\r\n", 400, nullptr},
      {"no host", "GET / HTTP/1.1\r\n\r\n", 400, "bad_host"},
      {"two hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400, "bad_host"},
      {"chunk size with sign", "POST / HTTP/1.1\r\n" + kHost + "Transfer-Encoding: chunked\r\n\r\n-1\r\n",
       400, "malformed_chunk"},
      {"chunk size in 0x", "POST / HTTP/1.1\r\n" + kHost + "Transfer-Encoding: chunked\r\n\r\n0x1\r\na\r\n",
       400, nullptr},
      {"chunk size over 64 bits",
       "POST / HTTP/1.1\r\n" + kHost + "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n", 400,
       "malformed_chunk"},
      {"chunk without its CRLF",
       "POST / HTTP/1.1\r\n" + kHost + "Transfer-Encoding: chunked\r\n\r\n1\r\naX\r\n", 400, nullptr},
      {"chunk size ended by LF",
       "POST / HTTP/1.1\r\n" + kHost + "Transfer-Encoding: chunked\r\n\r\n1\na\r\n0\r\n\r\n", 400, nullptr},
      {"space after the chunk size",
       "POST / HTTP/1.1\r\n" + kHost + "Transfer-Encoding: chunked\r\n\r\n1 \r\na\r\n0\r\n\r\n", 400,
       nullptr},
      {"garbage", "\x01\x02\x03\x04\r\n\r\n", 400, "malformed_head"},
      {"TLS hello", "\x16\x03\x01\x02", 400, "malformed_head"},
      {"unknown method", "FROB / HTTP/1.1\r\n\r\n", 400, "malformed_head"},
      {"HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 0, nullptr},
      {"HTTP/3", "GET / HTTP/3.0\r\n" + kHost + "\r\n", 505, "unsupported_version"},
      {"HTTP/0.9", "GET /\r\n\r\n", 0, nullptr},
      {"connect", "CONNECT a:443 HTTP/1.1\r\n" + kHost + "\r\n", 400, "bad_target"},
      {"target without slash", "GET x HTTP/1.1\r\n" + kHost + "\r\n", 400, "bad_target"},
      {"space in the target", "GET /a b HTTP/1.1\r\n" + kHost + "\r\n", 400, nullptr},
      {"control character in the target", "GET /a\x01 HTTP/1.1\r\n" + kHost + "\r\n", 400, "bad_target"},
      {"unknown expectation", "POST / HTTP/1.1\r\n" + kHost + "Expect: wonders\r\nContent-Length: 1\r\n\r\na",
       417, "unknown_expectation"},
  };
  for (const Bad& bad : table) {
    const Outcome out = ParseAll({bad.bytes});
    EXPECT_TRUE(out.messages.empty()) << bad.name << ": " << out;
    EXPECT_GE(out.fault, 400) << bad.name;
    if (bad.status) {
      EXPECT_EQ(out.fault, bad.status) << bad.name << ": " << out;
    }
    if (bad.reason) {
      EXPECT_EQ(out.reason, bad.reason) << bad.name;
    }
    // Byte by byte it is refused all the same, and for the same reason.
    std::vector<std::string> bytes;
    for (const char c : bad.bytes) bytes.emplace_back(1, c);
    EXPECT_EQ(ParseAll(bytes), out) << bad.name << " byte by byte";
  }
}

TEST(HttpParser, LimitsTheHead) {
  const HttpParser::Limits limits{1000, 10};
  std::string many = "GET / HTTP/1.1\r\nHost: a\r\n";
  for (int i = 0; i < 10; ++i) many += "a:b\r\n";
  EXPECT_EQ(ParseAll({many + "\r\n"}, Kind::kRequest, limits).reason, "too_many_headers");
  const std::string longer = "GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(2000, 'x') + "\r\n\r\n";
  EXPECT_EQ(ParseAll({longer}, Kind::kRequest, limits).reason, "header_too_large");
  EXPECT_EQ(ParseAll({longer.substr(0, 1500)}, Kind::kRequest, limits).fault, 431)
      << "refused before the end is known";
  const std::string url = "GET /" + std::string(2000, 'x') + " HTTP/1.1\r\nHost: a\r\n\r\n";
  EXPECT_EQ(ParseAll({url}, Kind::kRequest, limits).fault, 431);
  std::string trailers = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n";
  for (int i = 0; i < 300; ++i) trailers += "abc: def\r\n";
  EXPECT_EQ(ParseAll({trailers}, Kind::kRequest, limits).reason, "header_too_large");
  const std::string extension =
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;" + std::string(20000, 'e');
  EXPECT_EQ(ParseAll({extension}, Kind::kRequest, limits).reason, "malformed_chunk");
}

TEST(HttpParser, LeavesUpgradesAlone) {
  const auto out =
      ParseAll({"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
                "GET /next HTTP/1.1\r\nHost: a\r\n\r\n"});
  EXPECT_EQ(out.messages.size(), 2u);
}

TEST(HttpParser, ReadsReplies) {
  const auto out = ParseAll({"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
                             "HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: "
                             "chunked\r\n\r\n1\r\na\r\n0\r\n\r\n"},
                            Kind::kResponse);
  EXPECT_EQ(out.messages, (std::vector<std::string>{"100|", "200 Content-Length=2|ok", "204|",
                                                    "200 Transfer-Encoding=chunked|a"}));
}

TEST(HttpParser, RefusesRepliesOfTwoLengths) {
  EXPECT_NE(
      ParseAll({"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc"}, Kind::kResponse)
          .fault,
      0);
  EXPECT_NE(ParseAll({"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\nabc"},
                     Kind::kResponse)
                .fault,
            0);
  EXPECT_NE(ParseAll({"<html>hello</html>"}, Kind::kResponse).fault, 0);
}

TEST(HttpParser, ABodyWithoutLengthEndsWithTheConnection) {
  HttpParser parser(Kind::kResponse, {});
  Collect sink;
  const std::string bytes = "HTTP/1.1 200 OK\r\n\r\nsome";
  std::size_t used = 0;
  ASSERT_EQ(parser.Feed(bytes.data(), bytes.size(), sink, used), Stop::kHead);
  EXPECT_TRUE(parser.ends_at_close());
  EXPECT_FALSE(parser.keep_alive());
  const std::size_t head = used;
  EXPECT_EQ(parser.Feed(bytes.data() + head, bytes.size() - head, sink, used), Stop::kMore);
  EXPECT_EQ(sink.body, "some");
  EXPECT_EQ(parser.FeedEof(), Stop::kDone);
}

TEST(HttpParser, ACutMessageIsNoMessage) {
  for (const std::string_view bytes :
       {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nsome", "HTTP/1.1 200 OK\r\nConte",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nsome\r\n"}) {
    HttpParser parser(Kind::kResponse, {});
    Collect sink;
    std::size_t used = 0, parsed = 0;
    while (parser.Feed(bytes.data() + parsed, bytes.size() - parsed, sink, used) != Stop::kMore)
      parsed += used;
    EXPECT_EQ(parser.FeedEof(), Stop::kError) << bytes;
  }
}

TEST(HttpParser, TheReplyToHeadHasNoBody) {
  HttpParser parser(Kind::kResponse, {});
  parser.ExpectNoBody();
  Collect sink;
  const std::string bytes = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n";
  std::size_t used = 0;
  ASSERT_EQ(parser.Feed(bytes.data(), bytes.size(), sink, used), Stop::kHead);
  EXPECT_EQ(parser.Feed(bytes.data() + used, 0, sink, used), Stop::kDone);
}

TEST(HttpParser, KnowsWhetherTheConnectionMayStay) {
  const auto keeps = [](const std::string& bytes) {
    HttpParser parser(Kind::kRequest, {});
    Collect sink;
    std::size_t used = 0;
    EXPECT_EQ(parser.Feed(bytes.data(), bytes.size(), sink, used), Stop::kHead);
    return parser.keep_alive();
  };
  EXPECT_TRUE(keeps("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
  EXPECT_FALSE(keeps("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"));
  EXPECT_FALSE(keeps("GET / HTTP/1.0\r\n\r\n"));
  EXPECT_TRUE(keeps("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
}

}  // namespace
}  // namespace baton::net
