#include "text/wordpiece.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "lm/engine_test_util.h"
#include "text/distil.h"

namespace baton::text {
namespace {

using lm::ModelPath;
constexpr const char* kMiniLm = "all-minilm-l6-v2";

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

std::uint64_t Fnv(const std::vector<std::uint32_t>& ids, std::uint64_t h = 0xCBF29CE484222325) {
  for (auto id : ids) h = (h ^ id) * 0x100000001B3;
  return h;
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

// Golden files: test/golden/text/make_golden.py.
TEST(WordPiece, EveryCharacterThereIsAgreesWithTheReference) {
  NEED_MODEL(kMiniLm);
  auto vocabulary = VocabularyOf(ModelPath(kMiniLm));
  ASSERT_TRUE(vocabulary) << vocabulary.error().message;
  auto w = WordPiece::Create(std::move(*vocabulary));
  ASSERT_TRUE(w);
  std::ifstream in("test/golden/text/characters.txt");
  ASSERT_TRUE(in) << "run in the repository's root";
  std::string want;
  for (char32_t block = 0; block < 0x110000; block += 256) {
    std::vector<std::uint32_t> ids;
    for (char32_t c = block; c < block + 256; ++c) {
      if (c >= 0xD800 && c < 0xE000) continue;
      std::string text = "a";
      if (c < 0x80) {
        text += static_cast<char>(c);
      } else {
        const int more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
        constexpr unsigned kLead[] = {0, 0xC0, 0xE0, 0xF0};
        text += static_cast<char>(kLead[more] | c >> (6 * more));
        for (int i = more - 1; i >= 0; --i) text += static_cast<char>(0x80 | (c >> (6 * i) & 0x3F));
      }
      w->Encode(text + "b", 100, &ids);
    }
    ASSERT_TRUE(std::getline(in, want));
    EXPECT_EQ(fmt::format("{:016x}", Fnv(ids)), want) << "block " << static_cast<unsigned>(block);
  }
}

TEST(WordPiece, AThousandTextsAgreeWithTheReference) {
  NEED_MODEL(kMiniLm);
  auto w = WordPiece::Create(std::move(*VocabularyOf(ModelPath(kMiniLm))));
  ASSERT_TRUE(w);
  std::ifstream in("test/golden/text/minilm_1000.jsonl");
  ASSERT_TRUE(in) << "run in the repository's root";
  std::string line;
  int n = 0;
  for (; std::getline(in, line); ++n) {
    const auto row = nlohmann::json::parse(line);
    std::vector<std::uint32_t> ids;
    w->Encode(row["text"].get<std::string>(), 10'000, &ids);
    EXPECT_EQ(ids.size() + 2, row["tokens"].get<std::size_t>()) << row["text"];
    EXPECT_EQ(fmt::format("{:016x}", Fnv(ids)), row["ids"].get<std::string>()) << row["text"];
  }
  EXPECT_EQ(n, 1000);
}

}  // namespace
}  // namespace baton::text
