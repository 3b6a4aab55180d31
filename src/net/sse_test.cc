#include "net/sse.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace baton::net {
namespace {

struct Seen {
  std::string event, data, raw;
  bool has_data = false;
  bool operator==(const Seen&) const = default;
};
std::ostream& operator<<(std::ostream& os, const Seen& s) {
  return os << '{' << s.event << '|' << s.data << '|' << s.raw << '|' << s.has_data << '}';
}

// Feeds the pieces, then the end.
std::vector<Seen> Parse(const std::vector<std::string>& pieces, bool finish = true) {
  std::vector<Seen> seen;
  const auto out = [&](const SseEvent& e) {
    seen.push_back({std::string(e.event), std::string(e.data), std::string(e.raw), e.has_data});
  };
  SseParser parser;
  for (const std::string& piece : pieces) {
    // A copy of its own, so that a view into a piece fed earlier would be caught by the sanitizer.
    const auto copy = std::make_unique<std::string>(piece);
    EXPECT_TRUE(parser.Feed(*copy, out));
  }
  if (finish) parser.Finish(out);
  return seen;
}

std::vector<std::string> Data(const std::vector<Seen>& seen) {
  std::vector<std::string> data;
  for (const Seen& s : seen) {
    if (s.has_data) data.push_back(s.data);
  }
  return data;
}

TEST(Sse, ReadsTheUsualStream) {
  EXPECT_EQ(Parse({"data: {\"a\":1}\n\ndata: [DONE]\n\n"}),
            (std::vector<Seen>{{"", "{\"a\":1}", "data: {\"a\":1}\n\n", true},
                               {"", "[DONE]", "data: [DONE]\n\n", true}}));
}

struct Case {
  const char* name;
  std::string stream;
  std::vector<std::string> data;
};

TEST(Sse, TableOfForms) {
  const Case cases[] = {
      {"CRLF", "data: a\r\n\r\ndata: b\r\n\r\n", {"a", "b"}},
      {"CR", "data: a\r\rdata: b\r\r", {"a", "b"}},
      {"mixed ends", "data: a\n\r\ndata: b\r\n\ndata: c\r\r\n", {"a", "b", "c"}},
      {"no space", "data:a\n\n", {"a"}},
      {"only one space goes", "data:  a\n\n", {" a"}},
      {"several lines", "data: a\ndata: b\ndata: c\n\n", {"a\nb\nc"}},
      {"empty data", "data:\n\n", {""}},
      {"data without colon", "data\n\n", {""}},
      {"two empty lines of data", "data\ndata\n\n", {"\n"}},
      {"BOM",
       "\xEF\xBB\xBF"
       "data: a\n\n",
       {"a"}},
      {"BOM only at the start",
       "data: a\n\n\xEF\xBB\xBF"
       "data: b\n\n",
       {"a"}},
      {"comment between lines", "data: a\n: hm\ndata: b\n\n", {"a\nb"}},
      {"comments alone", ": ping\n\n:\n\n", {}},
      {"unknown fields", "id: 5\nretry: 10\nx: y\ndata: a\n\n", {"a"}},
      {"colon in the value", "data: a: b\n\n", {"a: b"}},
      {"a field that begins like data", "database: a\n\ndata2\n\n", {}},
      {"extra blank lines", "\n\n\ndata: a\n\n\n\n", {"a"}},
      {"forgotten blank line", "data: a\n\ndata: b", {"a", "b"}},
      {"forgotten blank line after CR", "data: a\n\ndata: b\r", {"a", "b"}},
      {"UTF-8", "data: h\xC3\xA9\xF0\x9F\x98\x80\n\n", {"h\xC3\xA9\xF0\x9F\x98\x80"}},
      {"NUL inside", std::string("data: a\0b\n\n", 11), {std::string("a\0b", 3)}},
      {"nothing", "", {}},
  };
  for (const Case& c : cases) EXPECT_EQ(Data(Parse({c.stream})), c.data) << c.name;
}

TEST(Sse, NamesTheEvent) {
  const auto seen =
      Parse({"event: message_start\ndata: {}\n\nevent: ping\n\nevent: a\nevent:b\ndata: x\n\n"});
  ASSERT_EQ(seen.size(), 3u);
  EXPECT_EQ(seen[0].event, "message_start");
  EXPECT_EQ(seen[1].event, "ping");
  EXPECT_FALSE(seen[1].has_data);
  EXPECT_EQ(seen[2].event, "b");
}

const std::string kSample =
    "\xEF\xBB\xBF: hello\r\n\r\nevent: a\r\ndata: {\"t\":\"h\xC3\xA9\"}\r\n\r\ndata: one\ndata: two\n\n"
    "data:cr\r\rdata: \xF0\x9F\x98\x80 split me\n\r\n: c\n\n\n\ndata: last\n\n";

TEST(Sse, EverySplitIntoTwoGivesTheSameEvents) {
  const auto whole = Parse({kSample}, false);
  for (std::size_t at = 0; at <= kSample.size(); ++at) {
    EXPECT_EQ(Parse({kSample.substr(0, at), kSample.substr(at)}, false), whole) << "split at " << at;
  }
}

TEST(Sse, EverySplitIntoThreeAndIntoBytesGivesTheSameEvents) {
  const auto whole = Parse({kSample}, false);
  for (std::size_t a = 0; a <= kSample.size(); ++a) {
    for (std::size_t b = a; b <= kSample.size(); ++b) {
      ASSERT_EQ(Parse({kSample.substr(0, a), kSample.substr(a, b - a), kSample.substr(b)}, false), whole)
          << a << ' ' << b;
    }
  }
  std::vector<std::string> bytes;
  for (const char c : kSample) bytes.emplace_back(1, c);
  EXPECT_EQ(Parse(bytes, false), whole);
}

TEST(Sse, TheRawBytesJoinedAreTheStream) {
  std::string joined;
  for (const Seen& s : Parse({kSample})) joined += s.raw;
  EXPECT_EQ(joined, kSample);
}

TEST(Sse, RefusesAnEventAboveTheLimitHoweverItComes) {
  const std::string big = "data: " + std::string(200, 'x') + "\n\n";
  for (const std::size_t step : {std::size_t{1}, std::size_t{7}, big.size()}) {
    SseParser parser(100);
    int events = 0;
    Status last;
    for (std::size_t i = 0; i < big.size() && last; i += step) {
      last = parser.Feed(std::string_view(big).substr(i, step), [&](const SseEvent&) { ++events; });
    }
    ASSERT_FALSE(last) << step;
    EXPECT_EQ(last.error().Name(), "event_too_large");
    EXPECT_EQ(events, 0);
    EXPECT_FALSE(parser.Feed("data: a\n\n", [&](const SseEvent&) { ++events; })) << "unusable afterwards";
    EXPECT_EQ(events, 0);
  }
}

TEST(Sse, ManyEventsInOneFeedAreNotOneLargeEvent) {
  SseParser parser(100);
  std::string many;
  for (int i = 0; i < 1000; ++i) many += "data: x\n\n";
  int events = 0;
  EXPECT_TRUE(parser.Feed(many, [&](const SseEvent&) { ++events; }));
  EXPECT_EQ(events, 1000);
}

TEST(Sse, WholeEventsAreReadInPlace) {
  const std::string stream = "data: abc\n\n";
  SseParser parser;
  const char* at = nullptr;
  EXPECT_TRUE(parser.Feed(stream, [&](const SseEvent& e) { at = e.data.data(); }));
  EXPECT_EQ(at, stream.data() + 6);
}

}  // namespace
}  // namespace baton::net
