#include "api/controls.h"

#include <gtest/gtest.h>

namespace baton::api {
namespace {

using Metadata = std::vector<std::pair<std::string, std::string>>;

Result<rails::Controls> FromHeader(std::string_view name, std::string_view value) {
  Metadata none;
  bool stripped = false;
  return ReadControls({{name, value}}, none, stripped);
}

TEST(Controls, HeadersAreReadWhateverTheirCase) {
  auto c = FromHeader("Baton-Max-Cost-USD", "0.05");
  ASSERT_TRUE(c);
  EXPECT_EQ(c->max_cost->v, 50'000'000);
  c = FromHeader("baton-deadline-ms", "1500");
  ASSERT_TRUE(c);
  EXPECT_EQ(c->deadline, std::chrono::milliseconds(1500));
}

TEST(Controls, MetadataWinsAndDoesNotTravelOn) {
  Metadata metadata = {{"team", "red"}, {"baton-deadline-ms", "7"}};
  bool stripped = false;
  auto c = ReadControls({{"baton-deadline-ms", "900"}}, metadata, stripped);
  ASSERT_TRUE(c);
  EXPECT_EQ(c->deadline, std::chrono::milliseconds(7));
  EXPECT_TRUE(stripped);
  EXPECT_EQ(metadata, (Metadata{{"team", "red"}}));
}

TEST(Controls, WrongValuesAreRefusedByName) {
  for (auto [name, value] : std::initializer_list<std::pair<const char*, const char*>>{
           {"baton-max-cost-usd", "five"},
           {"baton-max-cost-usd", "-1"},
           {"baton-max-cost-usd", "1e3"},
           {"baton-deadline-ms", "0"},
           {"baton-deadline-ms", "12x"},
           {"baton-deadline-ms", "99999999999999999999"},
           {"baton-explore", "maybe"},
           {"baton-quality", "nan"},
           {"baton-quality", "-2"},
           {"baton-task", ""},
           {"baton-maxcost", "1"}}) {
    auto c = FromHeader(name, value);
    ASSERT_FALSE(c) << name << "=" << value;
    EXPECT_EQ(c.error().param, name);
    EXPECT_EQ(c.error().code, Code::kInvalidRequest);
  }
}

TEST(Controls, OtherHeadersAreNoneOfOurBusiness) {
  EXPECT_TRUE(FromHeader("b3", "trace"));
}

}  // namespace
}  // namespace baton::api
