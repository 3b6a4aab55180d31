// Two passes in one: characters are normalised into a small buffer until a word ends, then the buffer is cut
// into pieces, longest first, by walking a tree of the vocabulary. The tree has two roots, for pieces that
// begin a word and for those inside one.

#include "text/wordpiece.h"

#include <bit>

#include "text/characters.h"

namespace baton::text {
namespace {

constexpr std::uint32_t kBegin = 0, kInside = 1;
constexpr std::size_t kMaxPieces = 1'000'000, kMaxCharacters = 100;
// A word that is longer than this many bytes has too many characters to be cut: the rest of it is not kept.
constexpr std::size_t kMaxBytes = kMaxCharacters * 12 + 16;

}  // namespace

Result<WordPiece> WordPiece::Create(std::vector<std::string> pieces) {
  auto bad = [](const char* why) { return Fail(Code::kInvalidRequest, why, "bad_vocabulary"); };
  if (pieces.empty() || pieces.size() > kMaxPieces) return bad("a vocabulary has 1 to 1,000,000 pieces");
  std::size_t bytes = 0;
  for (const auto& p : pieces) bytes += p.size();
  if (bytes > (std::size_t{1} << 23))
    return bad("a vocabulary of more than 8 MB");  // keeps node ids below 2^24
  WordPiece w;
  const std::size_t table = std::bit_ceil(2 * bytes + 16);
  w.shift_ = 64 - static_cast<unsigned>(std::countr_zero(table));
  w.branches_.resize(table);
  w.piece_of_.assign(2, kNone);
  bool unknown = false;
  for (std::uint32_t id = 0; id < pieces.size(); ++id) {
    const std::string_view piece = pieces[id];
    if (piece == "[UNK]") unknown = true, w.unknown_ = id;
    const bool inside = piece.size() > 2 && piece.substr(0, 2) == "##";
    w.Insert(inside ? piece.substr(2) : piece, inside ? kInside : kBegin, id);
  }
  if (!unknown) return bad("the vocabulary has no [UNK]");
  w.pieces_ = std::move(pieces);
  return w;
}

void WordPiece::Insert(std::string_view piece, std::uint32_t root, std::uint32_t id) {
  std::uint32_t node = root;
  for (char c : piece) {
    std::uint32_t child = Child(node, static_cast<unsigned char>(c));
    if (child == kNone) {
      child = static_cast<std::uint32_t>(piece_of_.size());
      piece_of_.push_back(kNone);
      AddChild(node, static_cast<unsigned char>(c), child);
    }
    node = child;
  }
  if (node != root) piece_of_[node] = id;
}

std::uint32_t WordPiece::Child(std::uint32_t node, unsigned char byte) const {
  const std::uint32_t key = node << 8 | byte;
  for (std::size_t at = key * 0x9E3779B97F4A7C15U >> shift_;; at = (at + 1) & (branches_.size() - 1)) {
    if (branches_[at].key == key) return branches_[at].node;
    if (branches_[at].key == kNone) return kNone;
  }
}

void WordPiece::AddChild(std::uint32_t node, unsigned char byte, std::uint32_t child) {
  const std::uint32_t key = node << 8 | byte;
  std::size_t at = key * 0x9E3779B97F4A7C15U >> shift_;
  while (branches_[at].key != kNone) at = (at + 1) & (branches_.size() - 1);
  branches_[at] = {key, child};
}

void WordPiece::EncodeWord(std::string_view word, std::size_t characters, std::size_t most,
                           std::vector<std::uint32_t>* ids) const {
  const std::size_t before = ids->size();
  std::size_t at = 0;
  std::uint32_t path[kMaxBytes];
  while (at < word.size() && characters <= kMaxCharacters) {
    // As far as the tree goes, then back to the last place where a piece ends: most words are pieces
    // themselves, and need no step back.
    std::uint32_t node = at == 0 ? kBegin : kInside;
    std::size_t steps = 0;
    for (std::size_t i = at; i < word.size(); ++i) {
      node = Child(node, static_cast<unsigned char>(word[i]));
      if (node == kNone) break;
      path[steps++] = node;
    }
    while (steps > 0 && piece_of_[path[steps - 1]] == kNone) --steps;
    if (steps == 0) break;
    ids->push_back(piece_of_[path[steps - 1]]);
    at += steps;
  }
  // All or nothing.
  if (at < word.size() || word.empty()) {
    ids->resize(before);
    ids->push_back(unknown_);
  }
  if (ids->size() > most) ids->resize(most);
}

void WordPiece::Encode(std::string_view text, std::size_t most, std::vector<std::uint32_t>* ids) const {
  most += ids->size();
  char word[kMaxBytes];
  std::size_t size = 0, characters = 0;
  auto end_word = [&] {
    if (characters > 0 && ids->size() < most) EncodeWord({word, size}, characters, most, ids);
    size = characters = 0;
  };
  for (std::size_t at = 0; at < text.size() && ids->size() < most;) {
    const auto lead = static_cast<unsigned char>(text[at]);
    // Nearly everything is ASCII, most of that letters and figures.
    if (lead < 0x80) {
      const Ascii a = kAscii[lead];
      ++at;
      if (a.kind == CharKind::kDrop) continue;
      if (a.kind != CharKind::kKeep) end_word();
      if (a.kind == CharKind::kSpace) continue;
      ++characters;
      if (size < sizeof word) word[size++] = a.byte;
      if (a.kind == CharKind::kAlone) end_word();
      continue;
    }
    const Normal n = NormalAt(text, &at);
    if (n.kind == CharKind::kDrop) continue;
    if (n.kind != CharKind::kKeep) end_word();
    if (n.kind == CharKind::kSpace) continue;
    for (std::size_t i = 0; i < n.size && size < sizeof word; ++i) {
      // Characters are what does not continue one.
      characters += (static_cast<unsigned char>(n.bytes[i]) & 0xC0) != 0x80;
      word[size++] = n.bytes[i];
    }
    if (n.kind == CharKind::kAlone) end_word();
  }
  end_word();
}

}  // namespace baton::text
