#include "estimate/evidence_file.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "estimate/evidence_world.h"

namespace baton::estimate {
namespace {

EvidenceModel Model() {
  World world{.right = {0.8, 0.75, 0.9}, .usd = {1, 2, 10}, .mistakes = 9, .shared = 0, .family = {}};
  auto evidence = Evidence::Fit(world.Table(200, 1), {});
  EXPECT_TRUE(evidence);
  return {.version = {},
          .trained_on = "simulated",
          .workers = {"a", "b", "c"},
          .out_tokens = {10, -1, 30},
          .evidence = std::move(*evidence)};
}

TEST(EvidenceFile, WhatIsReadDecidesAsWhatWasWritten) {
  EvidenceModel m = Model();
  const std::string text = ToText(&m);
  auto back = EvidenceFromText(text, "x");
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(back->version, m.version);
  EXPECT_EQ(back->workers, m.workers);
  EXPECT_EQ(back->out_tokens, m.out_tokens);
  EXPECT_EQ(ToText(&*back), text);
  const std::vector<double> usd{1, 2, 10};
  for (double value : m.evidence.values()) {
    const auto a = m.evidence.Choose(usd, value), b = back->evidence.Choose(usd, value);
    ASSERT_EQ(a.plan->workers, b.plan->workers);
    const std::vector<Opinion> first{{.worker = a.plan->workers[0], .group = 0}};
    const Advice x = m.evidence.Next(a, first, {}, usd, value),
                 y = back->evidence.Next(b, first, {}, usd, value);
    EXPECT_EQ(x.ask, y.ask);
    EXPECT_EQ(x.gain, y.gain);
    EXPECT_EQ(x.quality, y.quality);
  }
}

// The file of before there were routers: no tilt, no usual estimates.
std::string OfVersion1(std::string_view text) {
  auto j = nlohmann::json::parse(text);
  j["version"] = 1;
  for (auto& plan : j["body"]["plans"]) {
    plan.erase("usual");
    for (auto& rule : plan["rules"]) rule.erase("tilt");
  }
  std::uint64_t h = 0xcbf29ce484222325;
  for (const char c : j["body"].dump()) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  j["checksum"] = fmt::format("{:016x}", h);
  return j.dump();
}

TEST(EvidenceFile, AFileOfTheFirstVersionStillDecides) {
  EvidenceModel m = Model();
  const auto old = EvidenceFromText(OfVersion1(ToText(&m)), "x");
  ASSERT_TRUE(old) << old.error().message;
  const std::vector<double> usd{1, 2, 10};
  for (double value : m.evidence.values()) {
    const auto a = m.evidence.Choose(usd, value),
               b = old->evidence.Choose(usd, value, std::vector<float>(3, 0.9F));
    EXPECT_EQ(a.plan->workers, b.plan->workers) << "without a router's estimates it needs none";
  }
}

TEST(EvidenceFile, AnyChangedOrMissingByteIsFound) {
  EvidenceModel m = Model();
  const std::string text = ToText(&m);
  for (std::size_t at = 0; at < text.size(); at += 97) {
    EXPECT_FALSE(EvidenceFromText(text.substr(0, at), "x")) << at;
    std::string changed = text;
    changed[at] = changed[at] == '7' ? '8' : '7';
    auto read = EvidenceFromText(changed, "x");
    if (!read) continue;
    EXPECT_EQ(ToText(&*read), text) << at;
  }
}

TEST(EvidenceFile, OtherFilesAreRefusedByName) {
  EXPECT_EQ(EvidenceFromText("{}", "x").error().Name(), "not_evidence");
  EXPECT_EQ(EvidenceFromText("PK\x03\x04", "x").error().Name(), "not_evidence");
  EXPECT_EQ(EvidenceFromText(R"({"format":"baton evidence","version":9})", "x").error().Name(),
            "evidence_version");
  EXPECT_EQ(EvidenceFromText(R"({"format":"baton evidence","version":1,"body":{}})", "x").error().Name(),
            "evidence_damaged");
  EXPECT_EQ(LoadEvidence("/nowhere/at/all").error().code, Code::kNotFound);
}

}  // namespace
}  // namespace baton::estimate
