#include "budget/price.h"

#include <gtest/gtest.h>

#include <limits>

#include "base/random.h"

namespace baton::budget {
namespace {

Nanos Usd(const char* text) {
  return *ParseUsd(text);
}

PriceRow FullRow() {
  PriceRow row;
  row.input = Usd("3");
  row.output = Usd("15");
  row.cached_input = Usd("0.3");
  row.cache_write = Usd("3.75");
  row.cache_write_1h = Usd("6");
  row.reasoning = Usd("20");
  row.audio_input = Usd("40");
  row.audio_output = Usd("80");
  return row;
}

TEST(Price, PlainTokensCostInputAndOutputPrice) {
  PriceRow row;
  row.input = Usd("2.5");
  row.output = Usd("10");
  chat::Usage u;
  u.input = 1000;
  u.output = 200;
  EXPECT_EQ(Cost(row, u), Usd("0.0045"));
}

TEST(Price, EachKindIsChargedOnceAtItsOwnPrice) {
  chat::Usage u;
  u.input = 1'000'000;
  u.cached_input = 400'000;
  u.cache_write = 100'000;
  u.cache_write_1h = 50'000;
  u.audio_input = 10'000;
  u.output = 100'000;
  u.reasoning = 60'000;
  u.audio_output = 5'000;
  // 440k x 3 + 400k x 0.3 + 100k x 3.75 + 50k x 6 + 10k x 40 + 35k x 15 + 60k x 20 + 5k x 80
  EXPECT_EQ(Cost(FullRow(), u), Usd("4.64"));
}

TEST(Price, AKindWithoutPriceCostsWhatItIsPartOf) {
  PriceRow row;
  row.input = Usd("3");
  row.output = Usd("15");
  chat::Usage u;
  u.input = 1000;
  u.cached_input = 300;
  u.cache_write = 200;
  u.cache_write_1h = 100;
  u.audio_input = 50;
  u.output = 500;
  u.reasoning = 400;
  chat::Usage plain;
  plain.input = 1000;
  plain.output = 500;
  EXPECT_EQ(Cost(row, u), Cost(row, plain));
}

TEST(Price, OneHourWritesFallBackToTheWritePrice) {
  PriceRow row;
  row.input = Usd("1");
  row.cache_write = Usd("2");
  chat::Usage u;
  u.input = 1'000'000;
  u.cache_write_1h = 1'000'000;
  EXPECT_EQ(Cost(row, u), Usd("2"));
}

TEST(Price, AFractionOfANanoDollarIsRoundedUpOnceAtTheEnd) {
  PriceRow row;
  row.input = {1};
  row.output = {1};
  chat::Usage u;
  u.input = 1;
  u.output = 1;
  EXPECT_EQ(Cost(row, u).v, 1);  // not 2: the two fractions are added first
  u.input = 1'000'000;
  EXPECT_EQ(Cost(row, u).v, 2);
}

TEST(Price, NegativeCountsFromAWorkerAreNothing) {
  chat::Usage u;
  u.input = -5;
  u.cached_input = -100;
  u.output = -7;
  u.reasoning = -9;
  EXPECT_EQ(Cost(FullRow(), u).v, 0);
  u.input = 1'000'000;  // a negative part must not make the rest dearer
  EXPECT_EQ(Cost(FullRow(), u), Usd("3"));
}

TEST(Price, PartsLargerThanTheWholeAreChargedAsParts) {
  chat::Usage u;
  u.input = 10;
  u.cached_input = 1'000'000;
  EXPECT_EQ(Cost(FullRow(), u), Usd("0.3"));
}

TEST(Price, AbsurdFiguresSaturateInsteadOfWrapping) {
  constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
  PriceRow row;
  row.input = row.output = {kMost};
  chat::Usage u;
  u.input = u.output = u.cached_input = u.reasoning = kMost;
  EXPECT_EQ(Cost(row, u).v, kMost);
  EXPECT_EQ(WorstCase(row, kMost, kMost).v, kMost);
}

TEST(Price, TheWorstCaseBoundsEveryUsageThatKeepsToIt) {
  Random random(11);
  for (int i = 0; i < 20'000; ++i) {
    PriceRow row;
    row.input = {static_cast<std::int64_t>(random.Below(20'000'000'000))};
    row.output = {static_cast<std::int64_t>(random.Below(90'000'000'000))};
    const auto maybe = [&]() -> std::optional<Nanos> {
      if (random.Below(2)) return std::nullopt;
      return Nanos{static_cast<std::int64_t>(random.Below(90'000'000'000))};
    };
    row.cached_input = maybe();
    row.cache_write = maybe();
    row.cache_write_1h = maybe();
    row.reasoning = maybe();
    row.audio_input = maybe();
    row.audio_output = maybe();
    chat::Usage u;
    u.input = static_cast<std::int64_t>(random.Below(200'000));
    u.output = static_cast<std::int64_t>(random.Below(20'000));
    std::int64_t left = u.input;
    for (auto* part : {&u.cached_input, &u.cache_write, &u.cache_write_1h, &u.audio_input}) {
      *part = static_cast<std::int64_t>(random.Below(static_cast<std::uint64_t>(left) + 1));
      left -= *part;
    }
    u.reasoning = static_cast<std::int64_t>(random.Below(static_cast<std::uint64_t>(u.output) + 1));
    u.audio_output =
        static_cast<std::int64_t>(random.Below(static_cast<std::uint64_t>(u.output - u.reasoning) + 1));
    ASSERT_LE(Cost(row, u), WorstCase(row, u.input, u.output)) << "round " << i;
  }
}

TEST(Price, TheRowInForceIsTheLatestThatHasBegun) {
  PriceRow always, march, april;
  always.input = {1};
  march.valid_from = 300;
  march.input = {3};
  april.valid_from = 400;
  april.input = {4};
  const PriceTable table({april, always, march});
  EXPECT_EQ(table.At(0)->input.v, 1);
  EXPECT_EQ(table.At(299)->input.v, 1);
  EXPECT_EQ(table.At(300)->input.v, 3);
  EXPECT_EQ(table.At(399)->input.v, 3);
  EXPECT_EQ(table.At(1'000'000)->input.v, 4);
}

TEST(Price, BeforeTheFirstRowAWorkerIsUnpricedNotFree) {
  PriceRow later;
  later.valid_from = 500;
  EXPECT_EQ(PriceTable({later}).At(499), nullptr);
  EXPECT_EQ(PriceTable().At(499), nullptr);
}

}  // namespace
}  // namespace baton::budget
