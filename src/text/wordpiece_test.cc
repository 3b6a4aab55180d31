#include "text/wordpiece.h"

#include <gtest/gtest.h>

namespace baton::text {
namespace {

WordPiece Small() {
  auto w = WordPiece::Create(
      {"[UNK]", "un", "##aff", "##able", "aff", "able", ",", "hello", "##h", "h", "中", "ecole"});
  EXPECT_TRUE(w) << w.error().message;
  return std::move(w).value();
}

std::vector<std::string> Pieces(const WordPiece& w, std::string_view text, std::size_t most = 100) {
  std::vector<std::uint32_t> ids;
  w.Encode(text, most, &ids);
  std::vector<std::string> pieces;
  for (auto id : ids) pieces.push_back(w.pieces()[id]);
  return pieces;
}

using Words = std::vector<std::string>;

TEST(WordPiece, CutsTheLongestPiecesFirst) {
  const WordPiece w = Small();
  EXPECT_EQ(Pieces(w, "Unaffable, HELLO"), (Words{"un", "##aff", "##able", ",", "hello"}));
  EXPECT_EQ(Pieces(w, "hh"), (Words{"h", "##h"}));
}

TEST(WordPiece, AWordWithAnUnknownPartIsUnknownAsAWhole) {
  EXPECT_EQ(Pieces(Small(), "unzable able"), (Words{"[UNK]", "able"}));
}

TEST(WordPiece, AccentsFallAndChineseStandsAlone) {
  EXPECT_EQ(Pieces(Small(), "École 中able"), (Words{"ecole", "中", "able"}));
  EXPECT_EQ(Pieces(Small(),
                   "e\xcc\x81"
                   "cole\xc2\xad"),
            (Words{"ecole"}));  // combining accent, soft hyphen
}

TEST(WordPiece, MoreThanAHundredCharactersAreUnknown) {
  EXPECT_EQ(Pieces(Small(), std::string(100, 'h')).size(), 100U);
  EXPECT_EQ(Pieces(Small(), std::string(101, 'h'), 1000), (Words{"[UNK]"}));
  EXPECT_EQ(Pieces(Small(), std::string(100'000, 'h'), 1000), (Words{"[UNK]"}));
}

TEST(WordPiece, GivesNoMoreThanAskedFor) {
  EXPECT_EQ(Pieces(Small(), "unaffable hello", 2), (Words{"un", "##aff"}));
  EXPECT_EQ(Pieces(Small(), "hello hello hello", 1), (Words{"hello"}));
  EXPECT_TRUE(Pieces(Small(), "hello", 0).empty());
}

TEST(WordPiece, BytesThatAreNoTextAreSkipped) {
  EXPECT_EQ(Pieces(Small(), "he\xffl\xc0\xafl\xed\xa0\x80o"), (Words{"hello"}));
  EXPECT_EQ(Pieces(Small(), "\xe4\xb8"), Words{});
}

TEST(WordPiece, RefusesAVocabularyWithoutUnknown) {
  EXPECT_EQ(WordPiece::Create({"a"}).error().reason, "bad_vocabulary");
  EXPECT_EQ(WordPiece::Create({}).error().reason, "bad_vocabulary");
}

}  // namespace
}  // namespace baton::text
