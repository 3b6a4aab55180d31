#include "net/head_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <ctime>

#include "base/lanes.h"
#include "net/ascii.h"

namespace baton::net {
namespace {

// RFC 9110, 5.6.2.
constexpr std::array<bool, 256> kToken = [] {
  std::array<bool, 256> t{};
  for (char c = '0'; c <= '9'; ++c) t[static_cast<unsigned char>(c)] = true;
  for (char c = 'a'; c <= 'z'; ++c) t[static_cast<unsigned char>(c)] = true;
  for (char c = 'A'; c <= 'Z'; ++c) t[static_cast<unsigned char>(c)] = true;
  for (const char c : std::string_view("!#$%&'*+-.^_`|~")) t[static_cast<unsigned char>(c)] = true;
  return t;
}();

bool IsToken(std::string_view name) {
  for (const char c : name) {
    if (!kToken[static_cast<unsigned char>(c)]) return false;
  }
  return !name.empty();
}

bool IsSafeValue(std::string_view value) {
  const auto safe = [](Lanes v) { return ~(IsByte(v, '\r') | IsByte(v, '\n') | IsByte(v, '\0')); };
  return RunLength(value, 0, safe) == value.size();
}

// Framing belongs to the sender. The lengths come first: nearly every header fails there.
bool IsFraming(std::string_view name) {
  switch (name.size()) {
    case 4:
      return EqualsIgnoreCase(name, "date") || EqualsIgnoreCase(name, "host");
    case 10:
      return EqualsIgnoreCase(name, "connection");
    case 14:
      return EqualsIgnoreCase(name, "content-length");
    case 17:
      return EqualsIgnoreCase(name, "transfer-encoding");
    default:
      return false;
  }
}

}  // namespace

std::string_view StatusPhrase(int status) {
  switch (status) {
    case 100:
      return "Continue";
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 206:
      return "Partial Content";
    case 301:
      return "Moved Permanently";
    case 302:
      return "Found";
    case 303:
      return "See Other";
    case 304:
      return "Not Modified";
    case 307:
      return "Temporary Redirect";
    case 308:
      return "Permanent Redirect";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 402:
      return "Payment Required";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 406:
      return "Not Acceptable";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 410:
      return "Gone";
    case 411:
      return "Length Required";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 417:
      return "Expectation Failed";
    case 421:
      return "Misdirected Request";
    case 422:
      return "Unprocessable Content";
    case 424:
      return "Failed Dependency";
    case 425:
      return "Too Early";
    case 426:
      return "Upgrade Required";
    case 428:
      return "Precondition Required";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 451:
      return "Unavailable For Legal Reasons";
    case 499:
      return "Client Closed Request";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 505:
      return "HTTP Version Not Supported";
    case 507:
      return "Insufficient Storage";
    case 529:
      return "Overloaded";
    default:
      return "Unknown";
  }
}

void AppendStatusLine(std::string& to, int status) {
  if (status == 200) {
    to += "HTTP/1.1 200 OK\r\n";
    return;
  }
  fmt::format_to(std::back_inserter(to), "HTTP/1.1 {} {}\r\n", status, StatusPhrase(status));
}

bool AppendHeader(std::string& to, std::string_view name, std::string_view value) {
  if (!IsToken(name) || !IsSafeValue(value)) return false;
  // One growth and one copy each, instead of four appends.
  const std::size_t before = to.size();
  to.resize(before + name.size() + value.size() + 4);
  char* at = to.data() + before;
  at = std::copy(name.begin(), name.end(), at);
  *at++ = ':';
  *at++ = ' ';
  at = std::copy(value.begin(), value.end(), at);
  *at++ = '\r';
  *at = '\n';
  return true;
}

void AppendNumberHeader(std::string& to, std::string_view name, std::uint64_t value) {
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  AppendHeader(to, name, {digits, static_cast<std::size_t>(end - digits)});
}

int AppendHeaders(std::string& to, const HeaderList& headers) {
  int refused = 0;
  for (const auto& [name, value] : headers) {
    if (!IsFraming(name) && !AppendHeader(to, name, value)) ++refused;
  }
  return refused;
}

std::string_view DateText::Now() {
  const std::int64_t second = clock_.UnixNanos() / 1'000'000'000;
  if (second != second_) {
    second_ = second;
    const std::time_t t = second;
    std::tm parts{};
    gmtime_r(&t, &parts);
    static constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                              "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    text_ =
        fmt::format("{}, {:02} {} {} {:02}:{:02}:{:02} GMT", kDays[parts.tm_wday], parts.tm_mday,
                    kMonths[parts.tm_mon], parts.tm_year + 1900, parts.tm_hour, parts.tm_min, parts.tm_sec);
  }
  return text_;
}

}  // namespace baton::net
