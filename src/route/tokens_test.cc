#include "route/tokens.h"

#include <gtest/gtest.h>

#include <string>

#include "base/random.h"
#include "text/lexicon.h"

namespace baton::route {
namespace {

// Text as it may come: words, capitals, figures, indentation, rows of signs, bytes that mean nothing.
std::string AnyAscii(Random& random) {
  constexpr std::string_view kPieces[] = {"word", "a",    "HTTP", "Server", " ",   "  ",    "\t",
                                          "\n",   "\r\n", "1",    "12",     "345", "-",     "--",
                                          "=-",   "....", "c++",  "c#",     "how", " many "};
  std::string text;
  for (std::uint64_t n = random.Next() % 60; n > 0; --n) {
    const std::uint64_t r = random.Next();
    if (r % 16 == 0) {
      text += static_cast<char>(r >> 8 & 0x7f);
    } else {
      text += kPieces[(r >> 8) % std::size(kPieces)];
    }
  }
  return text;
}

// A lone continuation byte costs nothing and means nothing, but the text is no ASCII any more.
TEST(Tokens, AsciiCostsTheSameInBlocksAsByteByByte) {
  Random random(1);
  for (int i = 0; i < 5'000; ++i) {
    const std::string text = AnyAscii(random);
    ASSERT_EQ(EstimateTokens(text), EstimateTokens(text + "\x80")) << '"' << text << '"';
  }
}

TEST(Tokens, StateCrossesBlocks) {
  for (std::size_t n = 55; n < 75; ++n) {
    for (std::string_view end : {"abcdef", "ABC", "1234567", "    x", "....", "\n\n"}) {
      const std::string text = std::string(n, 'x') + std::string(end);
      EXPECT_EQ(EstimateTokens(text), EstimateTokens(text + "\x80")) << n << end;
    }
  }
}

// The same for words: a typographic quote between spaces is no word.
TEST(Words, AsciiScoresTheSameByMasksAsByteByByte) {
  Random random(2);
  for (int i = 0; i < 5'000; ++i) {
    const std::string text =
        AnyAscii(random) + (i % 3 == 0 ? " pneumonoultramicroscopic code" : " Code,des les");
    text::Scores masks, bytes;
    text::ScoreWords(text, &masks);
    text::ScoreWords(text + " \xe2\x80\x99", &bytes);
    ASSERT_EQ(masks.words, bytes.words) << '"' << text << '"';
    ASSERT_EQ(masks.task, bytes.task) << '"' << text << '"';
    ASSERT_EQ(masks.domain, bytes.domain) << '"' << text << '"';
    ASSERT_EQ(masks.lang, bytes.lang) << '"' << text << '"';
    ASSERT_EQ(masks.hard + masks.easy * 100, bytes.hard + bytes.easy * 100) << '"' << text << '"';
  }
}

}  // namespace
}  // namespace baton::route
