// Runs of base64 and hexadecimal that stand for readable text.

#include <algorithm>

#include "base/lanes.h"
#include "rails/characters.h"
#include "rails/disguise.h"
#include "rails/finding.h"

namespace baton::rails {
namespace {

constexpr std::size_t kLeastRun = 24;

bool IsBase64(char c) {
  return IsDigit(c) || IsLower(c) || IsUpper(c) || c == '+' || c == '/' || c == '-' || c == '_';
}

int Base64Value(char c) {
  if (IsUpper(c)) return c - 'A';
  if (IsLower(c)) return c - 'a' + 26;
  if (IsDigit(c)) return c - '0' + 52;
  return c == '+' || c == '-' ? 62 : c == '/' || c == '_' ? 63 : -1;
}

std::string FromBase64(std::string_view run, std::size_t most) {
  std::string out;
  std::uint32_t bits = 0;
  int have = 0;
  for (const char c : run) {
    const int v = Base64Value(c);
    if (v < 0) continue;  // padding and line ends
    bits = bits << 6 | static_cast<std::uint32_t>(v);
    have += 6;
    if (have < 8) continue;
    have -= 8;
    out.push_back(static_cast<char>(bits >> have & 0xff));
    if (out.size() >= most) break;
  }
  return out;
}

std::string FromHex(std::string_view run, std::size_t most) {
  std::string out;
  for (std::size_t i = 0; i + 1 < run.size() && out.size() < most; i += 2) {
    const int high = HexValue(run[i]), low = HexValue(run[i + 1]);
    if (high < 0 || low < 0) return {};
    out.push_back(static_cast<char>(high * 16 + low));
  }
  return out;
}

// Readable: nearly all of it printable ASCII or well-formed UTF-8. Text in two bytes per character loses the
// zeros.
bool MakeReadable(std::string* text) {
  if (text->size() < 8) return false;
  const auto zeros = static_cast<std::size_t>(std::count(text->begin(), text->end(), '\0'));
  if (zeros * 5 >= text->size() * 2) std::erase(*text, '\0');
  std::size_t bad = 0;
  for (std::size_t i = 0; i < text->size();) {
    const char c = (*text)[i];
    const std::size_t size = IsHigh(c) ? ReadUtf8(*text, i).size : 1;
    bad += size == 0 || (size == 1 && c < ' ' && !IsSpace(c));
    i += std::max<std::size_t>(size, 1);
  }
  return bad * 20 <= text->size();
}

// The end of the run that begins at `at`, over line ends inside longer ones (MIME breaks at 76).
std::size_t RunEnd(std::string_view t, std::size_t at) {
  std::size_t end = at;
  for (;;) {
    const std::size_t line = end;
    while (end < t.size() && IsBase64(t[end])) ++end;
    std::size_t next = end;
    while (next < t.size() && (t[next] == '\r' || t[next] == '\n') && next < end + 2) ++next;
    if (next == end || end - line < 40 || next >= t.size() || !IsBase64(t[next])) break;
    end = next;
  }
  while (end < t.size() && t[end] == '=') ++end;
  return end;
}

std::string DecodeRun(std::string_view run, std::size_t most) {
  std::string text;
  if (run.size() % 2 == 0 && std::all_of(run.begin(), run.end(), [](char c) { return HexValue(c) >= 0; })) {
    text = FromHex(run, most);
    if (MakeReadable(&text)) return text;
  }
  text = FromBase64(run, most);
  return MakeReadable(&text) ? text : std::string();
}

inline Lanes AreBase64(Lanes v) {
  return InRange(v, 'a', 'z') | InRange(v, 'A', 'Z') | InRange(v, '/', '9') | IsByte(v, '+') |
         IsByte(v, '-') | IsByte(v, '_');
}

// Where the first run of at least kLeastRun begins, from `from` on; t.size(): there is none. Most of a run is
// more than padding, so it covers eight bytes in a row at a multiple of eight; words of prose seldom do.
std::size_t NextRun(std::string_view t, std::size_t from) {
  std::size_t found = t.size();
  const auto is_run = [&](std::size_t inside) {
    std::size_t begin = inside;
    while (begin > from && IsBase64(t[begin - 1])) --begin;
    if (RunEnd(t, begin) - begin < kLeastRun) return false;
    found = begin;
    return true;
  };
  std::size_t i = from;
  for (; i + kLanes <= t.size(); i += kLanes) {
    const unsigned mask = MaskOf(AreBase64(LoadLanes(t.data() + i)));
    if ((mask & 0xff) == 0xff && is_run(i)) return found;
    if (mask >> 8 == 0xff && is_run(i + 8)) return found;
  }
  if (i + 8 <= t.size() && std::all_of(t.data() + i, t.data() + i + 8, IsBase64)) (void)is_run(i);
  return found;
}

}  // namespace

std::vector<Decoded> DecodeRuns(std::string_view t, std::size_t most_bytes) {
  std::vector<Decoded> out;
  std::size_t done = 0, left = most_bytes;
  while (left > 0) {
    const std::size_t begin = NextRun(t, done);
    if (begin == t.size()) break;
    done = RunEnd(t, begin);
    std::string text = DecodeRun(t.substr(begin, done - begin), left);
    left -= std::min(left, text.size());
    if (!text.empty()) out.push_back({begin, done, std::move(text)});
  }
  return out;
}

std::optional<std::string> DecodeValue(std::string_view value, std::size_t most_bytes) {
  if (value.starts_with("data:")) {
    const auto comma = value.find(',');
    if (comma == std::string_view::npos || value.substr(0, comma).find(";base64") == std::string_view::npos)
      return std::nullopt;
    value.remove_prefix(comma + 1);
  }
  // Enough to tell text from a picture, before the rest is decoded.
  std::string head = FromBase64(value.substr(0, 256), 192);
  if (!MakeReadable(&head)) return std::nullopt;
  std::string text = FromBase64(value, most_bytes);
  if (!MakeReadable(&text)) return std::nullopt;
  return text;
}

}  // namespace baton::rails
