#include <gtest/gtest.h>

#include "net/client.h"

namespace baton::net {
namespace {

std::string Text(std::string_view url) {
  const auto parsed = ParseUrl(url);
  if (!parsed) return std::string(parsed.error().Name());
  return std::string(parsed->origin.tls ? "tls " : "") + parsed->origin.host + " " +
         std::to_string(parsed->origin.port) + " " + parsed->path;
}

TEST(Url, Table) {
  EXPECT_EQ(Text("http://a"), "a 80 ");
  EXPECT_EQ(Text("https://api.Example.com/v1/"), "tls api.example.com 443 /v1");
  EXPECT_EQ(Text("http://127.0.0.1:8080"), "127.0.0.1 8080 ");
  EXPECT_EQ(Text("http://[::1]:9/x/y"), "::1 9 /x/y");
  EXPECT_EQ(Text("https://[2001:db8::1]"), "tls 2001:db8::1 443 ");
  EXPECT_EQ(Text("http://a///"), "a 80 ");
}

TEST(Url, RefusesWhatIsNotAnOriginAndAPath) {
  for (const char* url : {"",
                          "a",
                          "ftp://a",
                          "http://",
                          "http:///x",
                          "http://:80",
                          "http://a:",
                          "http://a:0",
                          "http://a:65536",
                          "http://a:8x",
                          "http://a?q",
                          "http://a/#f",
                          "http://u:p@a",
                          "http://a b",
                          "http://a\r\nX: y",
                          "http://[::1",
                          "http://[::1]x",
                          "https://[[1]:8",
                          "http://[1.2.3.4]",
                          "http://[a]",
                          "http://a[b",
                          "http://a%00",
                          "http://a\"b",
                          "http://a,b",
                          "http://\xC3\xA9",
                          "HTTP:/a"}) {
    EXPECT_EQ(Text(url), "bad_url") << url;
  }
}

TEST(Url, TheErrorDoesNotRepeatThePassword) {
  const auto parsed = ParseUrl("http://user:hunter2@host");
  EXPECT_EQ(parsed.error().message.find("hunter2"), std::string::npos);
}

}  // namespace
}  // namespace baton::net
