#include "text/characters.h"

#include <algorithm>

namespace baton::text {
namespace {

constexpr char32_t kHangulFirst = 0xAC00, kHangulLast = 0xD7A3;

void Append(char32_t c, Normal* n) {
  auto put = [&](char32_t byte) { n->bytes[n->size++] = static_cast<char>(byte); };
  if (c < 0x80) return put(c);
  if (c < 0x800) return put(0xC0 | c >> 6), put(0x80 | (c & 0x3F));
  if (c < 0x10000) return put(0xE0 | c >> 12), put(0x80 | (c >> 6 & 0x3F)), put(0x80 | (c & 0x3F));
  put(0xF0 | c >> 18), put(0x80 | (c >> 12 & 0x3F)), put(0x80 | (c >> 6 & 0x3F)), put(0x80 | (c & 0x3F));
}

// 0 for bytes that are no character.
char32_t Decode(std::string_view text, std::size_t* at) {
  const auto lead = static_cast<unsigned char>(text[*at]);
  const int more = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : 1;
  constexpr char32_t kLeast[] = {0, 0x80, 0x800, 0x10000};
  if (lead < 0xC2 || lead > 0xF4 || *at + static_cast<std::size_t>(more) >= text.size()) return ++*at, 0;
  char32_t c = lead & (0x3FU >> more);
  for (int i = 1; i <= more; ++i) {
    const auto byte = static_cast<unsigned char>(text[*at + static_cast<std::size_t>(i)]);
    if ((byte & 0xC0) != 0x80) return ++*at, 0;
    c = c << 6 | (byte & 0x3F);
  }
  if (c < kLeast[more] || c > 0x10FFFF || (c >= 0xD800 && c < 0xE000)) return ++*at, 0;
  *at += static_cast<std::size_t>(more) + 1;
  return c;
}

CharKind KindOf(char32_t c) {
  const auto ranges = CharRanges();
  auto it = std::upper_bound(ranges.begin(), ranges.end(), c,
                             [](char32_t v, const CharRange& r) { return v < r.first; });
  return it != ranges.begin() && c <= std::prev(it)->last ? std::prev(it)->kind : CharKind::kKeep;
}

void Replace(char32_t c, Normal* n) {
  if (c >= kHangulFirst && c <= kHangulLast) {
    const char32_t s = c - kHangulFirst;
    Append(0x1100 + s / 588, n);
    Append(0x1161 + s % 588 / 28, n);
    if (s % 28 != 0) Append(0x11A7 + s % 28, n);
    return;
  }
  // Runs of odd and even letters interleave: look back over those that begin before c.
  const auto runs = CharRuns();
  auto run =
      std::upper_bound(runs.begin(), runs.end(), c, [](char32_t v, const CharRun& r) { return v < r.first; });
  for (int back = 0; back < 4 && run != runs.begin(); ++back) {
    --run;
    if (c <= run->last && (c - run->first) % static_cast<char32_t>(run->step) == 0)
      return Append(static_cast<char32_t>(static_cast<std::int32_t>(c) + run->offset), n);
  }
  const auto texts = CharTexts();
  auto it = std::lower_bound(texts.begin(), texts.end(), c,
                             [](const CharText& t, char32_t v) { return t.code < v; });
  if (it == texts.end() || it->code != c) return Append(c, n);
  for (char32_t part : it->text) {
    if (part != 0 && n->size + 4U <= sizeof n->bytes) Append(part, n);
  }
}

}  // namespace

Normal NormalAt(std::string_view text, std::size_t* at) {
  Normal n;
  if (const auto lead = static_cast<unsigned char>(text[*at]); lead < 0x80) {
    ++*at;
    n.kind = kAscii[lead].kind;
    if (n.kind != CharKind::kDrop && n.kind != CharKind::kSpace) n.size = 1, n.bytes[0] = kAscii[lead].byte;
    return n;
  }
  const char32_t c = Decode(text, at);
  n.kind = c == 0 ? CharKind::kDrop : KindOf(c);
  if (n.kind == CharKind::kKeep || n.kind == CharKind::kAlone) Replace(c, &n);
  return n;
}

}  // namespace baton::text
