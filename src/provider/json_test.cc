#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <random>

#include "provider/base64.h"
#include "provider/json_reader.h"
#include "provider/json_writer.h"

namespace baton::provider {
namespace {

using J = nlohmann::json;

TEST(JsonReader, GivesExactBytesInAnyOrder) {
  const std::string text = " {\"a\" : [1 , 2.50,\"x\\u0041\"] ,\"b\":{ \"c\":null }, \"a2\":true}\n";
  const auto doc = JsonDoc::Parse(text);
  ASSERT_TRUE(doc);
  const auto root = doc->root();
  EXPECT_EQ(root["b"].raw(), "{ \"c\":null }");
  EXPECT_EQ(root["a"].raw(), "[1 , 2.50,\"x\\u0041\"]");
  EXPECT_EQ(root["a2"].raw(), "true");
  EXPECT_EQ(root.raw(), text.substr(1, text.size() - 2));
  std::vector<std::string> items;
  for (const auto v : root["a"].items()) items.emplace_back(v.raw());
  EXPECT_EQ(items, (std::vector<std::string>{"1", "2.50", "\"x\\u0041\""}));
  EXPECT_EQ(root["a"].size(), 3u);
  EXPECT_EQ((*root["a"].items().begin()).integer(), 1);
  EXPECT_TRUE(root["nothing"]["deeper"].missing());
  EXPECT_EQ(text.substr(root["a2"].offset(), 4), "true");
}

// The judge is another parser: both must accept and refuse the same texts.
TEST(JsonReader, AgreesWithAnotherParserOnWhatIsJson) {
  const char* kTexts[] = {
      "{}",
      "[]",
      "{\"a\":1}",
      "[1,2]",
      "[1,]",
      "[,1]",
      "{\"a\":1,}",
      "{a:1}",
      "{\"a\"}",
      "{\"a\":}",
      "[1 2]",
      "[",
      "{",
      "]",
      "\"",
      "\"a\"",
      "tru",
      "true",
      "nul",
      "null",
      "01",
      "-",
      "-0",
      "1.",
      ".5",
      "1e",
      "1e+",
      "1E5",
      "-1.5e-3",
      "+1",
      "[1]]",
      "{}{}",
      "[\"\\x\"]",
      "[\"\\u12\"]",
      "[\"\\ud83d\\ude00\"]",
      "[\"\\/\"]",
      "[\"a\tb\"]",
      "[nan]",
      "[1,null,true,false]",
      "{\"a\":{\"b\":[{}]}}",
      "[\"\\\\\"]",
      "[\"\\\\\\\"\"]",
      "[1}",
      "{\"a\":1]",
      "[\"a\" \"b\"]",
      "{\"a\":1 \"b\":2}",
      "[truex]",
      "[\"a\"x]",
      "[1\"a\"]",
      " [ ] ",
      "",
      "  ",
      "[-]",
      "[0.0]",
      "[00]",
      "[1,\n2]",
  };
  for (const char* text : kTexts) EXPECT_EQ(IsJson(text), J::accept(text)) << text;
}

TEST(JsonReader, AgreesOnDamagedTexts) {
  const std::string good =
      R"({"model":"m","messages":[{"role":"user","content":"h\u00e9\n\"x\""},{"a":[1,-2.5e3,true,null]}],"n":1})";
  std::mt19937 rng(7);
  for (int i = 0; i < 20000; ++i) {
    std::string text = good;
    for (int k = 0; k < 1 + static_cast<int>(rng() % 3); ++k) {
      const auto at = rng() % text.size();
      if (rng() % 2) {
        text[at] = "{}[],:\"\\0aetn1-. \x01\x80\xff"[rng() % 21];
      } else {
        text.erase(at, 1 + rng() % 3);
      }
      if (text.empty()) text = " ";
    }
    ASSERT_EQ(IsJson(text), J::accept(text)) << text;
  }
}

TEST(JsonReader, LoneSurrogatesAreRefusedOrReplaced) {
  for (const char* text : {"[\"\\ud800\"]", "[\"\\ud83dx\"]", "[\"\\udc00\"]", "[\"\\ud800\\u0041\"]"}) {
    EXPECT_FALSE(JsonDoc::Parse(text)) << text;
    EXPECT_TRUE(JsonDoc::Parse(text, JsonDoc::Surrogates::kReplace)) << text;
  }
  const auto doc = JsonDoc::Parse("[\"\\ud800\\u0041\"]", JsonDoc::Surrogates::kReplace);
  EXPECT_EQ((*doc->root().items().begin()).str(),
            "\xEF\xBF\xBD"
            "A");
}

TEST(JsonReader, NumbersKeepTheirRange) {
  const auto doc = JsonDoc::Parse("[9223372036854775807,9223372036854775808,1e3,1.5,1e999,1e-999,-0]");
  std::vector<JsonView> v;
  for (const auto item : doc->root().items()) v.push_back(item);
  EXPECT_EQ(v[0].integer(), 9223372036854775807);
  EXPECT_FALSE(v[1].integer());
  EXPECT_EQ(v[2].integer(), 1000);
  EXPECT_FALSE(v[3].integer());
  EXPECT_FALSE(v[4].number());
  EXPECT_EQ(v[5].number(), 0.0);
  EXPECT_EQ(v[6].integer(), 0);
}

TEST(JsonReader, SaysWhereTheMistakeIs) {
  const auto doc = JsonDoc::Parse("{\n  \"a\": 1,\n  \"b\" 2}");
  ASSERT_FALSE(doc);
  EXPECT_NE(doc.error().message.find("line 3, column 7"), std::string::npos) << doc.error().message;
}

TEST(JsonReader, DocumentsInDocumentsDoNotDisturbEachOther) {
  const std::string a = "{\"x\":\"\\u0041\\u0042\"}", b = "[\"\\u0043\"]";
  const auto outer = JsonDoc::Parse(a);
  const std::string_view x = outer->root()["x"].str();
  {
    const auto inner = JsonDoc::Parse(b);
    EXPECT_EQ((*inner->root().items().begin()).str(), "C");
  }
  EXPECT_EQ(x, "AB");
}

TEST(JsonWriter, EscapesWhatMustBeAndNothingElse) {
  std::mt19937 rng(3);
  for (int i = 0; i < 5000; ++i) {
    std::string text;
    for (auto n = rng() % 40; n > 0; --n) {
      const auto c = rng() % 130;
      if (c < 128) {
        text += static_cast<char>(c);
      } else {
        text += c == 128 ? "é" : "🌍";
      }
    }
    const std::string written = JsonString(text);
    ASSERT_EQ(J::parse(written).get<std::string>(), text);
    const auto doc = JsonDoc::Parse(written);
    ASSERT_TRUE(doc);
    ASSERT_EQ(doc->root().str(), text);
  }
  EXPECT_EQ(JsonString("é\x7f/"), "\"é\x7f/\"");
}

TEST(JsonWriter, NumbersComeBack) {
  std::string out;
  JsonWriter w(&out);
  w.BeginArray().Double(0.1).Double(1e300).Double(std::nan("")).Int(-5).Float(0.1f).EndArray();
  EXPECT_EQ(out, "[0.1,1e+300,null,-5,0.1]");
}

TEST(Base64, FloatsAndBytesComeBack) {
  for (const std::string text : {"", "a", "ab", "abc", "abcd"}) EXPECT_EQ(FromBase64(ToBase64(text)), text);
  EXPECT_EQ(ToBase64("hello"), "aGVsbG8=");
  EXPECT_FALSE(FromBase64("a"));
  EXPECT_FALSE(FromBase64("a*bc"));
  const std::vector<float> values = {0.1f, -2.5f, 1e30f};
  EXPECT_EQ(FloatsFromBase64(FloatsToBase64(values)), values);
  EXPECT_FALSE(FloatsFromBase64("AAA="));
}

}  // namespace
}  // namespace baton::provider
