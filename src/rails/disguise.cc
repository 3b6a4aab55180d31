#include "rails/disguise.h"

#include <algorithm>

#include "base/lanes.h"
#include "rails/finding.h"

namespace baton::rails {
namespace {

// ---- single characters ----

struct CodePoint {
  std::uint32_t value = 0;
  std::size_t size = 0;  // bytes it takes; 0: no well-formed character
};

CodePoint ReadUtf8(std::string_view t, std::size_t at) {
  const auto byte = [&](std::size_t i) {
    return at + i < t.size() ? static_cast<unsigned char>(t[at + i]) : 0u;
  };
  const unsigned first = byte(0);
  const std::size_t size = first >= 0xf0 && first < 0xf8 ? 4 : first >= 0xe0 ? 3 : first >= 0xc2 ? 2 : 0;
  if (size == 0 || first >= 0xf8) return {};
  std::uint32_t value = first & (0x7fu >> size);
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return {};
    value = value << 6 | (byte(i) & 0x3f);
  }
  return {value, size};
}

struct Range {
  std::uint32_t first, last;
};

constexpr Range kInvisible[] = {{0x00ad, 0x00ad},   {0x034f, 0x034f},  {0x061c, 0x061c}, {0x115f, 0x1160},
                                {0x17b4, 0x17b5},   {0x180b, 0x180f},  {0x200b, 0x200f}, {0x202a, 0x202e},
                                {0x2060, 0x206f},   {0xfe00, 0xfe0f},  {0xfeff, 0xfeff}, {0xfff9, 0xfffb},
                                {0xe0000, 0xe001f}, {0xe0100, 0xe01ef}};
// First of ten digits each.
constexpr std::uint32_t kDigits[] = {0x0660, 0x06f0, 0x07c0, 0x0966, 0x09e6, 0x0a66, 0x0ae6, 0x0b66, 0x0be6,
                                     0x0c66, 0x0ce6, 0x0d66, 0x0e50, 0x0ed0, 0x0f20, 0x1040, 0x17e0, 0x1810};
constexpr Range kSpaces[] = {
    {0x00a0, 0x00a0}, {0x2000, 0x200a}, {0x202f, 0x202f}, {0x205f, 0x205f}, {0x3000, 0x3000}};

struct Twin {
  std::uint32_t letter;
  char ascii;
};
// Sorted. Cyrillic and Greek letters that look like Latin ones.
constexpr Twin kTwins[] = {
    {0x0391, 'A'}, {0x0392, 'B'}, {0x0395, 'E'}, {0x0396, 'Z'}, {0x0397, 'H'}, {0x0399, 'I'}, {0x039a, 'K'},
    {0x039c, 'M'}, {0x039d, 'N'}, {0x039f, 'O'}, {0x03a1, 'P'}, {0x03a4, 'T'}, {0x03a5, 'Y'}, {0x03a7, 'X'},
    {0x03b1, 'a'}, {0x03b9, 'i'}, {0x03bd, 'v'}, {0x03bf, 'o'}, {0x03c1, 'p'}, {0x0405, 'S'}, {0x0406, 'I'},
    {0x0408, 'J'}, {0x0410, 'A'}, {0x0412, 'B'}, {0x0415, 'E'}, {0x041a, 'K'}, {0x041c, 'M'}, {0x041d, 'H'},
    {0x041e, 'O'}, {0x0420, 'P'}, {0x0421, 'C'}, {0x0422, 'T'}, {0x0425, 'X'}, {0x0430, 'a'}, {0x0435, 'e'},
    {0x043e, 'o'}, {0x0440, 'p'}, {0x0441, 'c'}, {0x0443, 'y'}, {0x0445, 'x'}, {0x0455, 's'}, {0x0456, 'i'},
    {0x0458, 'j'}, {0x04bb, 'h'}, {0x0501, 'd'}, {0x051b, 'q'}, {0x051d, 'w'}};

template <std::size_t N>
bool InRanges(const Range (&ranges)[N], std::uint32_t c) {
  return std::any_of(std::begin(ranges), std::end(ranges),
                     [c](const Range& r) { return c >= r.first && c <= r.last; });
}

char TwinOf(std::uint32_t c) {
  const auto at = std::lower_bound(std::begin(kTwins), std::end(kTwins), c,
                                   [](const Twin& t, std::uint32_t v) { return t.letter < v; });
  return at != std::end(kTwins) && at->letter == c ? at->ascii : '\0';
}

enum class Change { kKeep, kDrop, kReplace };
struct Verdict {
  Change change = Change::kKeep;
  char by = '\0';
};
constexpr Verdict By(char c) {
  return {Change::kReplace, c};
}

// Characters that stand for an ASCII one wherever they are.
Verdict Judge(std::uint32_t c) {
  if (c < 0xad) return c == 0xa0 ? By(' ') : Verdict{};
  if (InRanges(kInvisible, c)) return {Change::kDrop};
  if (InRanges(kSpaces, c)) return By(' ');
  if (c >= 0xff01 && c <= 0xff5e) return By(static_cast<char>(c - 0xff01 + 0x21));
  if (c >= 0xe0020 && c <= 0xe007e) return By(static_cast<char>(c - 0xe0000));  // tag characters
  if (c >= 0x1d7ce && c <= 0x1d7ff) return By(static_cast<char>('0' + (c - 0x1d7ce) % 10));
  if (c >= 0x1d400 && c <= 0x1d6a3) {
    const auto letter = (c - 0x1d400) % 52;
    return By(static_cast<char>(letter < 26 ? 'A' + letter : 'a' + letter - 26));
  }
  if (c >= 0x2460 && c <= 0x2468) return By(static_cast<char>('1' + (c - 0x2460)));
  for (const std::uint32_t zero : kDigits) {
    if (c >= zero && c < zero + 10) return By(static_cast<char>('0' + (c - zero)));
  }
  return {};
}

// ---- escapes ----

int HexValue(char c) {
  if (IsDigit(c)) return c - '0';
  const char l = LowerAscii(c);
  return l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

// `digits` hexadecimal ones at `at`; -1: there are none.
std::int32_t ReadHex(std::string_view t, std::size_t at, std::size_t digits) {
  if (at + digits > t.size()) return -1;
  std::int32_t value = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    const int d = HexValue(t[at + i]);
    if (d < 0) return -1;
    value = value * 16 + d;
  }
  return value;
}

struct Piece {
  Verdict verdict;
  std::size_t size = 0;  // bytes of the original it takes; 0: nothing to change here
};

Piece Character(std::int32_t c, std::size_t size) {
  if (c >= 0x20 && c < 0x7f) return {By(static_cast<char>(c)), size};
  if (c < 0x80) return {};
  const Verdict v = Judge(static_cast<std::uint32_t>(c));
  return v.change == Change::kKeep ? Piece{} : Piece{v, size};
}

// &#64; &#x40;
Piece HtmlEscape(std::string_view t, std::size_t at) {
  if (t.substr(at, 2) != "&#") return {};
  std::size_t p = at + 2;
  const bool hex = p < t.size() && LowerAscii(t[p]) == 'x';
  p += hex;
  std::int32_t value = 0;
  const std::size_t from = p;
  for (; p < t.size() && p < from + 7; ++p) {
    const int d = hex ? HexValue(t[p]) : IsDigit(t[p]) ? t[p] - '0' : -1;
    if (d < 0) break;
    value = value * (hex ? 16 : 10) + d;
  }
  if (p == from || p >= t.size() || t[p] != ';') return {};
  return Character(value, p + 1 - at);
}

Piece Escape(std::string_view t, std::size_t at) {
  if (t[at] == '\\' && at + 1 < t.size() && t[at + 1] == 'u') return Character(ReadHex(t, at + 2, 4), 6);
  if (t[at] == '\\' && at + 1 < t.size() && t[at + 1] == 'x') return Character(ReadHex(t, at + 2, 2), 4);
  if (t[at] == '%') return Character(ReadHex(t, at + 1, 2), 3);
  return t[at] == '&' ? HtmlEscape(t, at) : Piece{};
}

// "(at)", "[dot]" with the spaces behind it; those in front are taken back by the caller.
Piece Spelled(std::string_view t, std::size_t at) {
  std::size_t p = at + 1;
  while (p < t.size() && t[p] == ' ' && p < at + 3) ++p;
  char word[4] = {};
  std::size_t n = 0;
  for (; n < 3 && p < t.size() && IsLetter(t[p]); ++n, ++p) word[n] = LowerAscii(t[p]);
  while (p < t.size() && t[p] == ' ' && p < at + 8) ++p;
  if (p >= t.size() || (t[p] != ')' && t[p] != ']' && t[p] != '}')) return {};
  const std::string_view w(word, n);
  if (w != "at" && w != "dot") return {};
  ++p;
  while (p < t.size() && t[p] == ' ') ++p;
  return {By(w == "at" ? '@' : '.'), p - at};
}

Lanes Triggers(Lanes v) {
  return InRange(v, 0x80, 0xff) | IsByte(v, '%') | IsByte(v, '\\') | IsByte(v, '&') | IsByte(v, '(') |
         IsByte(v, '[') | IsByte(v, '{');
}

bool IsAsciiWord(char c) {
  return IsDigit(c) || IsLower(c) || IsUpper(c) || c == '@';
}

class Unmasker {
 public:
  explicit Unmasker(std::string_view text) : t_(text) {}

  std::optional<Unmasked> Run() {
    ForEachIn(t_, Triggers, [this](std::size_t i) {
      if (i >= next_) Look(i);
    });
    if (done_ == 0) return std::nullopt;
    Copy(t_.size());
    out_.from.push_back(static_cast<std::uint32_t>(t_.size()));
    return std::move(out_);
  }

 private:
  void Look(std::size_t i) {
    Piece piece;
    const char c = t_[i];
    if (IsHigh(c)) {
      const CodePoint point = ReadUtf8(t_, i);
      next_ = i + std::max<std::size_t>(point.size, 1);
      if (point.size == 0) return;
      piece = {Judge(point.value), point.size};
      if (piece.verdict.change == Change::kKeep) piece = Twin(i, point);
    } else if (c == '(' || c == '[' || c == '{') {
      piece = Spelled(t_, i);
      if (piece.size > 0) TakeBackSpaces(i);
    } else {
      piece = Escape(t_, i);
    }
    if (piece.size > 0) Change_(i, piece);
  }

  // A look-alike is one when ASCII stands beside it, other look-alikes between them allowed: a Russian
  // sentence stays as it is.
  Piece Twin(std::size_t i, CodePoint point) const {
    const char ascii = TwinOf(point.value);
    if (ascii == '\0') return {};
    bool beside = i == done_ && done_ > 0 ? IsAsciiWord(out_.text.back()) : i > 0 && IsAsciiWord(t_[i - 1]);
    std::size_t p = i + point.size;
    for (int look = 0; !beside && look < 16 && p < t_.size(); ++look) {
      if (IsAsciiWord(t_[p])) beside = true;
      const CodePoint after = ReadUtf8(t_, p);
      if (after.size == 0 || (TwinOf(after.value) == '\0' && Judge(after.value).change == Change::kKeep))
        break;
      p += after.size;
    }
    return beside ? Piece{By(ascii), point.size} : Piece{};
  }

  void Change_(std::size_t i, Piece piece) {
    Copy(i);
    if (piece.verdict.change == Change::kReplace) Emit(piece.verdict.by, i);
    done_ = next_ = i + piece.size;
  }
  void TakeBackSpaces(std::size_t i) {
    Copy(i);
    done_ = i;
    while (!out_.text.empty() && out_.text.back() == ' ') {
      out_.text.pop_back();
      out_.from.pop_back();
    }
  }
  void Copy(std::size_t to) {
    out_.text.append(t_.substr(done_, to - done_));
    for (std::size_t i = done_; i < to; ++i) out_.from.push_back(static_cast<std::uint32_t>(i));
  }
  void Emit(char c, std::size_t from) {
    out_.text.push_back(c);
    out_.from.push_back(static_cast<std::uint32_t>(from));
  }

  std::string_view t_;
  Unmasked out_;
  std::size_t done_ = 0;  // everything before is in `out_`
  std::size_t next_ = 0;
};

// ---- runs ----

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

}  // namespace

std::optional<Unmasked> Unmask(std::string_view text) {
  return Unmasker(text).Run();
}

namespace {

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
