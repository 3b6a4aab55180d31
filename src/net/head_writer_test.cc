#include "net/head_writer.h"

#include <gtest/gtest.h>

namespace baton::net {
namespace {

TEST(HeadWriter, LeavesOutWhatWouldBreakTheFraming) {
  std::string to;
  const int refused = AppendHeaders(to, {{"A", "1"},
                                         {"B", "x\r\nInjected: y"},
                                         {"C", "x\ny"},
                                         {"D", std::string("x\0y", 3)},
                                         {"E\r\nF", "x"},
                                         {"", "x"},
                                         {"with space", "x"},
                                         {"G:", "x"},
                                         {"H", ""}});
  EXPECT_EQ(to, "A: 1\r\nH: \r\n");
  EXPECT_EQ(refused, 7);
}

TEST(HeadWriter, LeavesFramingToTheSender) {
  std::string to;
  const int refused = AppendHeaders(to, {{"content-length", "5"},
                                         {"Transfer-Encoding", "chunked"},
                                         {"CONNECTION", "x"},
                                         {"date", "x"},
                                         {"Host", "x"}});
  EXPECT_EQ(to, "");
  EXPECT_EQ(refused, 0);
}

TEST(HeadWriter, WritesStatusLines) {
  std::string to;
  AppendStatusLine(to, 200);
  AppendStatusLine(to, 404);
  AppendStatusLine(to, 799);
  EXPECT_EQ(to, "HTTP/1.1 200 OK\r\nHTTP/1.1 404 Not Found\r\nHTTP/1.1 799 Unknown\r\n");
}

class WallClock : public Clock {
 public:
  TimePoint Now() const override { return TimePoint(); }
  std::int64_t UnixNanos() const override { return nanos; }
  std::int64_t nanos = 0;
};

TEST(DateText, FollowsTheClockBySeconds) {
  WallClock clock;
  DateText date(clock);
  clock.nanos = 784'111'777'000'000'000;  // the example of RFC 9110
  EXPECT_EQ(date.Now(), "Sun, 06 Nov 1994 08:49:37 GMT");
  clock.nanos += 999'999'999;
  EXPECT_EQ(date.Now(), "Sun, 06 Nov 1994 08:49:37 GMT");
  clock.nanos += 1;
  EXPECT_EQ(date.Now(), "Sun, 06 Nov 1994 08:49:38 GMT");
}

TEST(FindHeader, IgnoresCaseAndTakesTheFirst) {
  const HeaderViews headers = {{"Content-Type", "a"}, {"x", "b"}, {"X", "c"}};
  EXPECT_EQ(FindHeader(headers, "content-type"), "a");
  EXPECT_EQ(FindHeader(headers, "X"), "b");
  EXPECT_EQ(FindHeader(headers, "y"), "");
}

}  // namespace
}  // namespace baton::net
