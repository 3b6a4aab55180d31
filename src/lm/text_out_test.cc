#include "lm/text_out.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace baton::lm {
namespace {

std::string All(TextOut& out, std::string_view bytes, std::size_t step) {
  std::string shown;
  for (std::size_t i = 0; i < bytes.size(); i += step) shown += out.Feed(bytes.substr(i, step));
  if (!out.stopped()) shown += out.Flush();
  return shown;
}

TEST(TextOut, GivesWholeCharactersHoweverTheBytesAreCut) {
  const std::string text = "naïve 東京 👍 end";
  for (std::size_t step = 1; step < 7; ++step) {
    TextOut out({});
    for (std::size_t i = 0; i < text.size(); i += step) {
      const std::string piece = out.Feed(std::string_view(text).substr(i, step));
      if (piece.empty()) continue;
      EXPECT_NE(static_cast<unsigned char>(piece[0]) & 0xc0, 0x80) << "starts mid-character";
    }
    TextOut again({});
    EXPECT_EQ(All(again, text, step), text);
  }
}

TEST(TextOut, BytesThatAreNoTextBecomeReplacementCharacters) {
  for (std::size_t step : {1u, 2u, 5u}) {
    TextOut out({});
    EXPECT_EQ(All(out,
                  "a\xff"
                  "b\xe6\x9d"
                  "c\xc0\xaf\xed\xa0\x80z\xf0\x9f",
                  step),
              "a\xef\xbf\xbd"
              "b\xef\xbf\xbd"
              "c\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"
              "z\xef\xbf\xbd")
        << step;
  }
}

TEST(TextOut, NoPartOfAStopStringIsEverShown) {
  const std::string text = "one two STOP three";
  for (std::size_t step = 1; step < 9; ++step) {
    TextOut out({"STOP", "unseen"});
    EXPECT_EQ(All(out, text, step), "one two ") << step;
    EXPECT_TRUE(out.stopped());
    EXPECT_EQ(out.Feed("more"), "");
  }
}

TEST(TextOut, WhatWasHeldBackComesOutWhenItWasNoStopString) {
  TextOut out({"</end>"});
  EXPECT_EQ(out.Feed("a </e"), "a ");
  EXPECT_EQ(out.Feed("mail> b </en"), "</email> b ");
  EXPECT_EQ(out.Flush(), "</en");
}

TEST(TextOut, TheEarliestOfSeveralStopStringsWins) {
  TextOut out({"later", "soon", ""});
  EXPECT_EQ(All(out, "x soon y later", 3), "x ");
}

// Against a model that looks at the whole text at once.
TEST(TextOut, AgreesWithASearchOverTheWholeText) {
  Random random(20261122);
  for (int round = 0; round < 2000; ++round) {
    std::string text, stop_a, stop_b;
    for (std::size_t i = 0, n = random.Below(40); i < n; ++i)
      text += static_cast<char>('a' + random.Below(3));
    for (std::size_t i = 0, n = 1 + random.Below(4); i < n; ++i)
      stop_a += static_cast<char>('a' + random.Below(3));
    for (std::size_t i = 0, n = 1 + random.Below(4); i < n; ++i)
      stop_b += static_cast<char>('a' + random.Below(3));
    const std::size_t step = 1 + random.Below(3);
    TextOut out({stop_a, stop_b});
    const std::string shown = All(out, text, step);
    // The one that is completed first counts, of two completed at once the one that began first.
    const auto end = [&](const std::string& stop) {
      const std::size_t found = text.find(stop);
      return found == std::string::npos ? found : found + stop.size();
    };
    if (end(stop_a) == end(stop_b)) {
      EXPECT_EQ(shown, text.substr(0, std::min(text.find(stop_a), text.find(stop_b))));
    } else {
      EXPECT_EQ(shown, text.substr(0, text.find(end(stop_a) < end(stop_b) ? stop_a : stop_b)))
          << text << " " << stop_a << " " << stop_b << " by " << step;
    }
  }
}

TEST(TextOut, HowTheTextIsCutDoesNotDecideWhichStopStringCounts) {
  for (const std::size_t step : {1u, 2u, 7u, 100u}) {
    TextOut out({"abcdef", "c"});
    EXPECT_EQ(All(out, "abcdefg", step), "ab") << step;
  }
}

}  // namespace
}  // namespace baton::lm
