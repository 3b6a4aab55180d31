#include <nlohmann/json.hpp>
#include <set>

#include "record/encode.h"
#include "record/recorder_fixture.h"

namespace baton::record {
namespace {

TEST(RecordJson, ComesBackFromItsJson) {
  Random random(9);
  for (int calls = 0; calls < 4; ++calls) {
    Provenance p = Sample(SampleId(calls), random, calls);
    p.rails_reasons = "one\ntwo";
    p.losses = "seed=dropped, top_k=dropped";
    p.data_classes = "internal,personal";
    if (calls == 3) p.steps = {{"plan", "planner", 0}, {"answer", "worker", 3}};
    auto back = FromJson(ToJson(p));
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_EQ(ToJson(*back), ToJson(p));
    EXPECT_EQ(back->id, p.id);
    EXPECT_EQ(back->steps, p.steps);
  }
}

TEST(RecordJson, BytesThatAreNoTextDoNotThrow) {
  Provenance p;
  p.id = SampleId(1);
  p.model =
      "\xff\xfe"
      "a";
  p.features = "{\"a\":\"\xff\"}";
  EXPECT_TRUE(nlohmann::json::accept(ToJson(p)));
}

// After a cut the steps promise more calls than there are.
TEST(RecordJson, CutCallsLeaveStepsShort) {
  Provenance p;
  p.id = SampleId(1);
  p.steps = {{"a", "worker", 60}, {"b", "worker", 60}};
  p.calls.resize(120);
  Provenance kept;
  ASSERT_TRUE(Decode(Encode(p), kept));
  const auto j = nlohmann::json::parse(ToJson(kept));
  EXPECT_EQ(j["steps"][0]["calls"].size(), 60u);
  EXPECT_EQ(j["steps"][1]["calls"].size(), kMaxCalls - 60);
  EXPECT_EQ(j["calls_cut"], 120 - static_cast<int>(kMaxCalls));
}

TEST(RecordJson, WhatIsNoExchangeIsRefused) {
  for (const char* text :
       {"", "null", "[]", "{}", "{\"id\":1}", "{\"id\":\"ex_nonsense\"}", "{\"error\":{}}", "{"}) {
    EXPECT_EQ(FromJson(text).error().code, Code::kInvalidRequest) << text;
  }
}

// The JSON comes over the wire from a server of any version, or from something that is none.
TEST(RecordJson, AnyTypeInAnyPlaceIsSurvived) {
  Random random(10);
  const auto whole = nlohmann::json::parse(ToJson(Sample(SampleId(1), random, 2)));
  const nlohmann::json odd[] = {nullptr,
                                true,
                                -1,
                                1e300,
                                "text",
                                nlohmann::json::array({1, "a", nullptr}),
                                nlohmann::json::object({{"calls", 5}}),
                                18446744073709551615u};
  std::set<std::string> places;  // every member and everything above it
  const auto flat = whole.flatten();
  for (const auto& [path, value] : flat.items()) {
    for (std::string at = path; !at.empty(); at.resize(at.rfind('/'))) places.insert(at);
  }
  places.erase("/id");
  for (const auto& at : places) {
    for (const auto& other : odd) {
      auto changed = whole;
      changed[nlohmann::json::json_pointer(at)] = other;
      auto back = FromJson(changed.dump());
      ASSERT_TRUE(back) << at;
      EXPECT_FALSE(ToJson(*back).empty());
    }
  }
}

}  // namespace
}  // namespace baton::record
