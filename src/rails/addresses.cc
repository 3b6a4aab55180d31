// E-mail and IPv6, found from the one character they cannot do without.
//
// As a pattern, an e-mail address costs half of the whole scan, because almost every byte may begin one. '@'
// is rare: from it the address is read to both sides, 64 bytes to the left (RFC 5321's limit of a local part)
// and as far to the right as a host name goes.

#include <string_view>

#include "rails/finding.h"
#include "rails/validators.h"

namespace baton::rails {
namespace {

bool IsLocalByte(char c) {
  return IsAlnum(c) || c == '.' || c == '_' || c == '%' || c == '+' || c == '-' || c == '\'';
}
bool IsHostByte(char c) {
  return IsAlnum(c) || c == '.' || c == '-';
}

bool IsHex(char c) {
  char l = LowerAscii(c);
  return IsDigit(c) || (l >= 'a' && l <= 'f');
}

// The end of a host name with at least one dot and a last label of two letters or more; `from` when there is
// none.
std::size_t HostEnd(std::string_view t, std::size_t from) {
  std::size_t end = from;
  while (end < t.size() && end - from < 254 && IsHostByte(t[end])) ++end;
  while (end > from && !IsAlnum(t[end - 1])) --end;
  std::size_t dot = t.substr(from, end - from).rfind('.');
  if (dot == std::string_view::npos || dot == 0) return from;
  std::string_view last = t.substr(from + dot + 1, end - from - dot - 1);
  if (last.size() < 2) return from;
  for (char c : last) {
    if (!IsLetter(c) && last.substr(0, 4) != "xn--") return from;
  }
  return end;
}

// "scheme://user:password@host": where the credentials begin, or npos.
std::size_t UrlCredentials(std::string_view t, std::size_t at) {
  std::size_t low = at > 128 ? at - 128 : 0, p = at;
  std::size_t colon = std::string_view::npos;
  while (p > low && !IsSpace(t[p - 1]) && t[p - 1] != '"' && t[p - 1] != '/') {
    --p;
    if (t[p] == ':') colon = p;
  }
  bool scheme = p >= 3 && t.substr(p - 3, 3) == "://";
  return scheme && colon != std::string_view::npos && colon + 1 < at ? p : std::string_view::npos;
}

}  // namespace

std::size_t FindEmail(std::string_view t, std::size_t at, Findings* out) {
  if (std::size_t p = UrlCredentials(t, at); p != std::string_view::npos) {
    out->push_back({"url_credentials", Sensitivity::kSecret, p, at});
    return at + 1;
  }
  std::size_t begin = at, low = at > 64 ? at - 64 : 0;
  while (begin > low && IsLocalByte(t[begin - 1])) --begin;
  while (begin < at && !IsAlnum(t[begin]) && t[begin] != '_' && t[begin] != '+') ++begin;
  if (begin == at) return at + 1;
  std::size_t end = HostEnd(t, at + 1);
  if (end == at + 1) return at + 1;
  // git@host.example:group/project is an address of a repository.
  bool repository = t.substr(begin, at - begin) == "git" && end < t.size() && t[end] == ':';
  if (!repository) out->push_back({"email", Sensitivity::kPersonal, begin, end});
  return end;
}

std::size_t FindIpv6(std::string_view t, std::size_t at, Findings* out) {
  std::size_t begin = at;
  while (begin > 0 && at - begin < 5 && IsHex(t[begin - 1])) --begin;
  std::size_t end = at;
  bool digit = false;
  int colons = 0;
  while (end < t.size() && end - begin < 40 && (IsHex(t[end]) || t[end] == ':')) {
    colons += t[end] == ':';
    ++end;
  }
  if (end > begin && t[end - 1] == ':' && (end < 2 || t[end - 2] != ':')) --end;
  std::string_view token = t.substr(begin, end - begin);
  for (char c : token) digit = digit || IsDigit(c);
  // A digit and three characters in front keep C++'s scope operator out ("std::", "a::b").
  bool plausible = colons >= 2 && digit && token.size() >= 6 && (colons >= 7 || token.find("::") >= 3);
  // What follows may be a number of another kind ("card:4111...").
  if (!plausible || !BoundaryBefore(t, begin) || !BoundaryAfter(t, end) || !IsIpv6(token)) return at + 1;
  char a = LowerAscii(token[0]), b = LowerAscii(token[1]);
  bool own = a == 'f' && (b == 'e' || b == 'c' || b == 'd');  // link-local and unique local
  out->push_back({"ip", own ? Sensitivity::kInternal : Sensitivity::kPersonal, begin, end});
  return end;
}

}  // namespace baton::rails
