#include "verify/schema.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "verify/test_util.h"

namespace baton::verify {
namespace {

using Kind = Schema::Outcome::Kind;
using ::testing::HasSubstr;

Schema::Outcome Try(std::string_view schema, std::string_view json) {
  auto s = Schema::Compile(schema);
  if (!s) return {Kind::kNotJson, "schema: " + s.error().message, ""};
  return s->Check(json);
}
bool Valid(std::string_view schema, std::string_view json) {
  auto o = Try(schema, json);
  EXPECT_TRUE(o.kind == Kind::kValid || o.kind == Kind::kInvalid) << schema << " " << json << ": " << o.what;
  return o.kind == Kind::kValid;
}

TEST(Schema, TypesAndAllowedValues) {
  EXPECT_TRUE(Valid(R"({"type":"integer"})", "3"));
  EXPECT_TRUE(Valid(R"({"type":"integer"})", "3.0"));
  EXPECT_FALSE(Valid(R"({"type":"integer"})", "3.5"));
  EXPECT_TRUE(Valid(R"({"type":["string","null"]})", "null"));
  EXPECT_FALSE(Valid(R"({"type":"boolean"})", "1"));
  EXPECT_TRUE(Valid(R"({"enum":["a",1,null]})", "1"));
  EXPECT_FALSE(Valid(R"({"enum":["a",1,null]})", "\"b\""));
  EXPECT_FALSE(Valid(R"({"const":{"a":1}})", R"({"a":2})"));
  EXPECT_TRUE(Valid("true", "1"));
  EXPECT_FALSE(Valid("false", "1"));
}

TEST(Schema, ObjectsAreClosedOnlyWhereTheySaySo) {
  const char* open = R"({"type":"object","properties":{"a":{"type":"integer"}},"required":["a"]})";
  EXPECT_TRUE(Valid(open, R"({"a":1,"b":2})"));
  EXPECT_FALSE(Valid(open, R"({"b":2})"));
  EXPECT_FALSE(Valid(open, R"({"a":"1"})"));
  EXPECT_FALSE(Valid(R"({"properties":{"a":{}},"additionalProperties":false})", R"({"a":1,"b":2})"));
  EXPECT_FALSE(Valid(R"({"additionalProperties":{"type":"string"}})", R"({"b":2})"));
  EXPECT_TRUE(Valid(R"({"patternProperties":{"^x-":{}},"additionalProperties":false})", R"({"x-a":1})"));
  EXPECT_FALSE(Valid(R"({"propertyNames":{"maxLength":2}})", R"({"abc":1})"));
  EXPECT_FALSE(Valid(R"({"dependentRequired":{"a":["b"]}})", R"({"a":1})"));
  EXPECT_FALSE(Valid(R"({"minProperties":2})", R"({"a":1})"));
}

TEST(Schema, ArraysNumbersAndStrings) {
  EXPECT_FALSE(Valid(R"({"items":{"type":"integer"}})", "[1,2,\"x\"]"));
  EXPECT_TRUE(Valid(R"({"prefixItems":[{"type":"string"}],"items":{"type":"integer"}})", "[\"x\",1]"));
  EXPECT_FALSE(Valid(R"({"minItems":1})", "[]"));
  EXPECT_FALSE(Valid(R"({"uniqueItems":true})", R"([{"a":1},2,{"a":1}])"));
  EXPECT_FALSE(Valid(R"({"contains":{"const":1},"maxContains":1})", "[1,1]"));
  EXPECT_FALSE(Valid(R"({"minimum":0})", "-1"));
  EXPECT_FALSE(Valid(R"({"exclusiveMaximum":5})", "5"));
  EXPECT_TRUE(Valid(R"({"multipleOf":0.1})", "0.3"));
  EXPECT_FALSE(Valid(R"({"multipleOf":2})", "3"));
  EXPECT_TRUE(Valid(R"({"maxLength":2})", "\"\u00e4\u00f6\"")) << "characters, not bytes";
  EXPECT_FALSE(Valid(R"({"pattern":"^a+$"})", "\"ab\""));
  EXPECT_FALSE(Valid(R"({"format":"date"})", "\"2024-13-01\""));
  EXPECT_FALSE(Valid(R"({"format":"email"})", "\"nobody\""));
  EXPECT_TRUE(Valid(R"({"format":"uuid"})", "\"123e4567-e89b-12d3-a456-426614174000\""));
}

TEST(Schema, AlternativesAndReferences) {
  EXPECT_FALSE(Valid(R"({"oneOf":[{"type":"integer"},{"minimum":2}]})", "3")) << "fits both";
  EXPECT_TRUE(Valid(R"({"anyOf":[{"type":"integer"},{"type":"null"}]})", "null"));
  EXPECT_FALSE(Valid(R"({"not":{"type":"null"}})", "null"));
  EXPECT_FALSE(Valid(R"({"if":{"type":"integer"},"then":{"minimum":5}})", "3"));
  const char* tree =
      R"({"$defs":{"node":{"type":"object","properties":{"next":{"anyOf":[{"$ref":"#/$defs/node"},
    {"type":"null"}]}},"required":["next"],"additionalProperties":false}},"$ref":"#/$defs/node"})";
  EXPECT_TRUE(Valid(tree, R"({"next":{"next":null}})"));
  EXPECT_FALSE(Valid(tree, R"({"next":{"nxt":null}})"));
  // A property's name with a slash is not a path to another place.
  EXPECT_FALSE(
      Valid(R"({"properties":{"a":{"not":{"type":"string"}},"a/not":{"type":"string"}}})", R"({"a/not":1})"));
}

TEST(Schema, SaysWhatIsWrongInTheSchemasWordsAndWhere) {
  auto o = Try(R"({"properties":{"list":{"items":{"required":["id"]}}}})", R"({"list":[{"id":1},{}]})");
  EXPECT_EQ(o.kind, Kind::kInvalid);
  EXPECT_EQ(o.what, "the property 'id' is missing");
  EXPECT_EQ(o.where, "/list/1");
}

TEST(Schema, HostileInputIsBounded) {
  const std::string deep = std::string(100'000, '[');
  EXPECT_EQ(Try("{}", deep).kind, Kind::kNotJson);
  EXPECT_FALSE(Schema::Compile(deep));
  EXPECT_EQ(Try(R"({"$ref":"#"})", "1").kind, Kind::kTooMuchWork) << "a reference to itself";
  // Doubles at every level: 2^60 paths.
  std::string bomb = R"({"$defs":{"d0":{"type":"integer"})";
  for (int i = 1; i <= 60; ++i) {
    std::string ref = R"({"$ref":"#/$defs/d)" + std::to_string(i - 1) + "\"}";
    bomb += ",\"d" + std::to_string(i) + R"(":{"allOf":[)" + ref + "," + ref + "]}";
  }
  bomb += R"(},"$ref":"#/$defs/d20"})";
  EXPECT_EQ(Try(bomb, "1").kind, Kind::kTooMuchWork);
  EXPECT_FALSE(Schema::Compile(R"({"$ref":"http://example.com/x"})"));
  EXPECT_FALSE(Schema::Compile(R"({"$ref":"#/nowhere"})"));
  EXPECT_FALSE(Schema::Compile("[1]"));
}

TEST(JsonSchema, UsesTheRequestsSchemaStrictlyAndItsOwnLeniently) {
  Case c;
  c.request.response_format.kind = chat::ResponseFormat::Kind::kJsonSchema;
  c.request.response_format.schema.text = R"({"type":"object","required":["a"]})";
  c.answer = R"({"a":1})";
  EXPECT_EQ(JudgeNow({"json_schema", {}}, c).verdict, Verdict::kAccept);
  c.answer = "Here you are:\n```json\n{\"a\":1}\n```";
  EXPECT_EQ(JudgeNow({"json_schema", {}}, c).verdict, Verdict::kReject);
  const Spec own{"json_schema", {{"schema", R"({"required":["b"]})"}}};
  EXPECT_EQ(JudgeNow(own, "Here:\n```json\n{\"b\":1}\n```\nDone").verdict, Verdict::kAccept);
  EXPECT_EQ(JudgeNow(own, "{}").verdict, Verdict::kReject);
  EXPECT_EQ(JudgeNow({"json_schema", {}}, "{}").verdict, Verdict::kUnknown) << "none was asked for";
  c.request.response_format.kind = chat::ResponseFormat::Kind::kJsonObject;
  c.answer = "[1]";
  EXPECT_EQ(JudgeNow({"json_schema", {}}, c).verdict, Verdict::kReject);
}

TEST(JsonSchema, AKeywordThatIsNotCheckedIsNamedAndNeverAnAccept) {
  const Spec spec{"json_schema", {{"schema", R"({"type":"object","unevaluatedProperties":false})"}}};
  auto j = JudgeNow(spec, "{}");
  EXPECT_EQ(j.verdict, Verdict::kUnknown);
  EXPECT_THAT(j.reason, HasSubstr("unevaluatedProperties"));
  EXPECT_EQ(JudgeNow(spec, "1").verdict, Verdict::kReject) << "what is checked still rejects";
}

}  // namespace
}  // namespace baton::verify
