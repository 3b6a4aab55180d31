// Intervals against published values, documents that hold whatever callers say, controls that exist.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <regex>
#include <sstream>

#include "record/sample.h"
#include "report/controls.h"
#include "report/evidence.h"
#include "report/focus.h"
#include "report/words.h"

namespace baton::report {
namespace {

constexpr const char* kHostile = "<script>alert(\"1\")</script>&'\x01\xff";

std::string FileText(const std::string& path) {
  std::ifstream in(path);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

std::vector<std::string> Words(std::string_view text) {
  std::istringstream in{std::string(text)};
  std::vector<std::string> words;
  for (std::string w; in >> w;) words.push_back(w);
  return words;
}

// Newcombe (1998), table I: 81 of 263, 15 of 148, 0 of 20, 1 of 29.
TEST(Wilson, AgreesWithPublishedValues) {
  const struct {
    std::int64_t hits, n;
    double low, high;
  } kCases[] = {
      {81, 263, 0.2553, 0.3662}, {15, 148, 0.0624, 0.1605}, {0, 20, 0, 0.1611}, {1, 29, 0.0061, 0.1718}};
  for (const auto& c : kCases) {
    const Interval i = Wilson(c.hits, c.n);
    EXPECT_NEAR(i.low, c.low, 5e-5) << c.hits;
    EXPECT_NEAR(i.high, c.high, 5e-5) << c.hits;
  }
  EXPECT_EQ(Wilson(0, 0).high, 1);
}

TEST(Bootstrap, IsRepeatableHoldsTheMeanAndSaysNothingOfOneValue) {
  std::vector<double> values;
  for (int i = 0; i < 200; ++i) values.push_back(i % 4 == 0);
  const Interval i = Bootstrap(values, 0, 1);
  EXPECT_LT(i.low, 0.25);
  EXPECT_GT(i.high, 0.25);
  EXPECT_LT(i.high - i.low, 0.15);
  EXPECT_EQ(Bootstrap(values, 0, 1).low, i.low);
  EXPECT_EQ(Bootstrap({0.5}, 0, 1).high, 1);
}

TEST(Times, AreUtcAndMonthsEnd) {
  EXPECT_EQ(Rfc3339(0), "1970-01-01T00:00:00Z");
  EXPECT_EQ(Rfc3339(1'790'000'000'000'000'000), "2026-09-21T14:13:20Z");
  EXPECT_EQ(MonthStart(1'790'000'000'000'000'000), "2026-09-01T00:00:00Z");
  EXPECT_EQ(NextMonthStart(1'797'000'000'000'000'000), "2027-01-01T00:00:00Z");
  EXPECT_EQ(HostOf("https://user:pass@api.example.com:8443/v1"), "api.example.com:8443");
}

TEST(Html, WhatCallersSayIsTextAndNoMarkup) {
  const std::string escaped = EscapeHtml(kHostile);
  EXPECT_EQ(escaped.find('<'), std::string::npos);
  EXPECT_EQ(escaped.find('"'), std::string::npos);
  EXPECT_NE(escaped.find("&lt;script&gt;"), std::string::npos);
  Measured m;
  record::Provenance p;
  p.id = record::SampleId(1);
  p.data_classes = p.contract = p.outcome = p.task = kHostile;
  m.Add(p);
  const EvidenceInput in{m, 3, kHostile, kHostile, 0};
  const std::string html = EvidenceHtml(in);
  EXPECT_EQ(html.find("<script"), std::string::npos);
  EXPECT_NE(html.find("&lt;script&gt;"), std::string::npos);
  EXPECT_FALSE(nlohmann::json::parse(EvidenceJson(in), nullptr, false).is_discarded());
}

// In a C++ file a test is TEST*(Suite, Name); in a Python file a function.
bool HasTest(const std::string& file, const std::string& name) {
  const std::string text = FileText(file);
  if (file.ends_with(".py")) return text.find("def " + name + "(") != std::string::npos;
  const auto dot = name.find('.');
  if (dot == std::string::npos) return false;
  const std::regex test("TEST(_F|_P)?\\(\\s*" + name.substr(0, dot) + ",\\s*" + name.substr(dot + 1) +
                        "\\s*\\)");
  return std::regex_search(text, test);
}

TEST(Controls, EveryFileAndEveryTestTheyNameExists) {
  ASSERT_TRUE(std::filesystem::exists("src/LAYERS")) << "run in the repository's root";
  int tests = 0;
  for (const Control& c : Controls()) {
    for (const auto& file : Words(c.where))
      EXPECT_TRUE(std::filesystem::exists(file)) << c.id << ": " << file;
    EXPECT_FALSE(Words(c.tests).empty()) << c.id << " is shown by nothing";
    for (const auto& test : Words(c.tests)) {
      const auto colon = test.find(':');
      ASSERT_NE(colon, std::string::npos) << test;
      EXPECT_TRUE(HasTest(test.substr(0, colon), test.substr(colon + 1))) << c.id << ": " << test;
      ++tests;
    }
  }
  EXPECT_GT(tests, 30);
  EXPECT_FALSE(HasTest("src/report/report_test.cc", "Controls.ATestThatIsNotThere"));
}

TEST(Controls, EveryFigureTheyNameIsOneOfTheStores) {
  Measured m;
  const auto j = nlohmann::json::parse(EvidenceJson({m, 0, "v", "c", 0}));
  for (const auto& c : j["controls"]) {
    for (const auto& [name, value] : c["live"].items()) EXPECT_NE(value, "") << c["id"] << ": " << name;
  }
}

}  // namespace
}  // namespace baton::report
