#include "rails/disguise.h"

#include <algorithm>

#include "base/lanes.h"
#include "rails/characters.h"
#include "rails/finding.h"

namespace baton::rails {
namespace {

// ---- single characters ----

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

}  // namespace

std::optional<Unmasked> Unmask(std::string_view text) {
  return Unmasker(text).Run();
}

}  // namespace baton::rails
