#include "record/encode.h"

#include <gtest/gtest.h>

#include "record/sample.h"

namespace baton::record {
namespace {

Provenance Back(const std::string& bytes) {
  Provenance p;
  auto decoded = Decode(bytes, p);
  EXPECT_TRUE(decoded) << (decoded ? "" : decoded.error().message);
  return p;
}

TEST(Encode, RoundTripsWhatIsKept) {
  Random random(1);
  for (int calls = 0; calls < 4; ++calls) {
    Provenance p = Sample(SampleId(calls), random, calls);
    p.steps = {{"draft", "thinker", 1}, {"check", "verifier", 0}};
    p.cost.v = -5;  // nothing here says that a number is small or positive
    EXPECT_TRUE(Same(Back(Encode(p)), p)) << calls;
  }
}

TEST(Encode, ExtremeNumbersSurvive) {
  Provenance p;
  p.id = std::numeric_limits<std::int64_t>::max();
  p.input_tokens = std::numeric_limits<std::int64_t>::min();
  p.output_tokens = std::numeric_limits<std::int64_t>::max();
  p.http_status = -1;
  p.propensity = 1e-300;
  const Provenance back = Back(Encode(p));
  EXPECT_EQ(back.id, p.id);
  EXPECT_EQ(back.input_tokens, p.input_tokens);
  EXPECT_EQ(back.output_tokens, p.output_tokens);
  EXPECT_EQ(back.http_status, -1);
  EXPECT_EQ(back.propensity, 1e-300);
}

TEST(Encode, LongTextIsCutAtACharacter) {
  Provenance p;
  for (int i = 0; i < 2000; ++i) p.model += "é";
  const std::string model = Back(Encode(p)).model;
  EXPECT_LE(model.size(), kMaxText);
  EXPECT_GT(model.size(), kMaxText - 8);
  EXPECT_TRUE(model.ends_with("é…"));
}

// Everything a client or a provider can send at once, each field far above its limit.
TEST(Encode, FullestRecordFitsItsBuffer) {
  Provenance p;
  const auto fill = [](Field f, auto& v) {
    if constexpr (std::is_same_v<std::decay_t<decltype(v)>, std::string>) {
      v.assign(20'000, 'x');
    } else if constexpr (std::is_same_v<std::decay_t<decltype(v)>, std::int64_t>) {
      v = std::numeric_limits<std::int64_t>::min();
    }
    (void)f;
  };
  EachRecordColumn(p, fill);
  p.calls.resize(1'000);
  for (auto& c : p.calls) EachCallField(c, fill);
  p.steps.resize(500);
  for (auto& s : p.steps) EachStepColumn(s, fill);
  const std::string bytes = Encode(p);
  EXPECT_LE(bytes.size(), kMaxRecordBytes);
  EXPECT_GT(bytes.size(), kMaxRecordBytes * 8 / 10);  // or the bound says nothing
  const Provenance back = Back(bytes);
  EXPECT_EQ(back.calls.size(), kMaxCalls);
  EXPECT_EQ(back.steps.size(), kMaxSteps);
  EXPECT_EQ(back.calls_cut, 1'000 + 500 - static_cast<int>(kMaxCalls + kMaxSteps));
}

TEST(Encode, EveryTruncationIsRefused) {
  Random random(2);
  const std::string bytes = Encode(Sample(SampleId(1), random, 2));
  RecordView view;
  for (std::size_t n = 0; n < bytes.size(); ++n) {
    EXPECT_FALSE(Decode(std::string_view(bytes).substr(0, n), view)) << n;
  }
  EXPECT_FALSE(Decode(bytes + "x", view));
  EXPECT_TRUE(Decode(bytes, view));
}

// Garbage must end in a value or an error, never in a crash or a gigabyte (sanitizers watch).
TEST(Encode, DamagedBytesNeverHurt) {
  Random random(3);
  const std::string good = Encode(Sample(SampleId(1), random, 3));
  RecordView view;
  Provenance owned;
  for (int round = 0; round < 20'000; ++round) {
    std::string bad = good;
    for (std::uint64_t i = 0, n = 1 + random.Below(4); i < n; ++i) {
      bad[random.Below(bad.size())] = static_cast<char>(random.Below(256));
    }
    const bool viewed = Decode(bad, view).has_value();
    EXPECT_EQ(viewed, Decode(bad, owned).has_value());
  }
}

}  // namespace
}  // namespace baton::record
