#include "pool/gate.h"

#include <gtest/gtest.h>

#include "pool/pool_fixture.h"

namespace baton::pool {
namespace {

using Kind = chat::Event::Kind;
using std::chrono::seconds;

chat::Event Of(Kind kind, std::string text = {}) {
  chat::Event e;
  e.kind = kind;
  e.text = std::move(text);
  return e;
}

class GateTest : public ::testing::Test {
 protected:
  GateTest() { worker.name = "w"; }
  Gate::To To() {
    Gate::To to;
    to.loop = &loop;
    to.sink = &sink;
    to.worker = &worker;
    to.observer = &observer;
    to.started = loop.Now();
    return to;
  }
  SimLoop loop;
  Worker worker;
  RecordingSink sink;
  RecordingObserver observer;
};

TEST_F(GateTest, KeepsTheEnvelopeBackUntilTheFirstEventOfSubstance) {
  Gate gate(To());
  gate.Put(Of(Kind::kStart));
  gate.Put(Of(Kind::kPassthrough));
  gate.Put(Of(Kind::kUsage));
  gate.Put(Of(Kind::kText));
  EXPECT_EQ(sink.events, 0);
  EXPECT_FALSE(gate.delivered());
  EXPECT_TRUE(gate.first_byte_seen());
  loop.Advance(seconds(1));
  gate.Put(Of(Kind::kText, "x"));
  EXPECT_EQ(sink.events, 5);
  EXPECT_EQ(observer.times, 1);
  EXPECT_EQ(observer.took, seconds(1));
  gate.Put(Of(Kind::kStart));
  EXPECT_EQ(sink.events, 6);
  EXPECT_EQ(observer.times, 1);
}

TEST_F(GateTest, EveryKindOfSubstanceOpensIt) {
  for (Kind k : {Kind::kReasoning, Kind::kReasoningSignature, Kind::kToolCall, Kind::kToolArguments,
                 Kind::kLogprobs, Kind::kFinish, Kind::kOpaque}) {
    Gate gate(To());
    gate.Put(Of(k));
    EXPECT_TRUE(gate.delivered()) << static_cast<int>(k);
  }
}

TEST_F(GateTest, ALongOrOldEnvelopeGoesOut) {
  Gate many(To());
  for (std::size_t i = 0; i <= Gate::kMaxHeld; ++i) many.Put(Of(Kind::kPassthrough));
  EXPECT_TRUE(many.delivered());
  Gate large(To());
  chat::Event e = Of(Kind::kPassthrough);
  e.raw.assign(Gate::kMaxHeldBytes + 1, 'x');
  large.Put(std::move(e));
  EXPECT_TRUE(large.delivered());
  Gate old(To());
  old.Put(Of(Kind::kStart));
  loop.Advance(Gate::kMaxHeldFor);
  EXPECT_FALSE(old.delivered());
  old.Put(Of(Kind::kPassthrough));
  EXPECT_TRUE(old.delivered()) << "a client behind a slow model sees the keep-alives";
}

TEST_F(GateTest, ALostClaimShutsItForGood) {
  Gate::To to = To();
  to.claim = [] { return false; };
  Gate gate(std::move(to));
  gate.Put(Of(Kind::kStart));
  gate.Put(Of(Kind::kText, "x"));
  EXPECT_EQ(sink.events, 0);
  EXPECT_EQ(observer.times, 0);
  EXPECT_FALSE(gate.Release());
}

TEST_F(GateTest, NothingGoesThroughAfterShut) {
  Gate gate(To());
  gate.Put(Of(Kind::kText, "x"));
  gate.Shut();
  gate.Put(Of(Kind::kText, "y"));
  EXPECT_EQ(sink.text, "x");
  EXPECT_TRUE(gate.delivered());
}

TEST_F(GateTest, TellsOnceThatTheProviderBegan) {
  int told = 0;
  Gate::To to = To();
  to.on_first_byte = [&told] { ++told; };
  Gate gate(std::move(to));
  gate.OnFirstByte();
  gate.Put(Of(Kind::kStart));
  EXPECT_EQ(told, 1);
}

}  // namespace
}  // namespace baton::pool
