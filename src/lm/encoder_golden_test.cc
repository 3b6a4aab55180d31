// The encoder, as llama.cpp runs it, against the original weights run by other code: 1,000 texts in many
// scripts (test/golden/text/make_golden.py).
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "lm/engine_test_util.h"
#include "lm/loaded_model.h"

namespace baton::lm {
namespace {

constexpr const char* kMiniLm = "all-minilm-l6-v2";

std::vector<float> FromBase64(const std::string& text, float scale) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::vector<float> values;
  unsigned held = 0, bits = 0;
  for (char c : text) {
    if (c == '=') break;
    held = held << 6 | static_cast<unsigned>(kDigits.find(c));
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    values.push_back(scale * static_cast<float>(static_cast<std::int8_t>(held >> bits & 0xFF)));
  }
  return values;
}

std::uint64_t Fnv(const std::vector<std::uint32_t>& ids, std::uint64_t h = 0xCBF29CE484222325) {
  for (auto id : ids) h = (h ^ id) * 0x100000001B3;
  return h;
}

TEST(WordPiece, EveryCharacterThereIsAgreesWithTheReference) {
  NEED_MODEL(kMiniLm);
  auto model = LoadedModel::Load(ModelPath(kMiniLm), "");
  ASSERT_TRUE(model) << model.error().message;
  const text::WordPiece* w = model->words();
  ASSERT_NE(w, nullptr);
  std::ifstream in("test/golden/text/characters.txt");
  ASSERT_TRUE(in) << "run in the repository's root";
  std::string want;
  for (char32_t block = 0; block < 0x110000; block += 256) {
    std::vector<std::uint32_t> ids;
    for (char32_t c = block; c < block + 256; ++c) {
      if (c >= 0xD800 && c < 0xE000) continue;
      std::string text = "a";
      if (c < 0x80) {
        text += static_cast<char>(c);
      } else {
        const int more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
        constexpr unsigned kLead[] = {0, 0xC0, 0xE0, 0xF0};
        text += static_cast<char>(kLead[more] | c >> (6 * more));
        for (int i = more - 1; i >= 0; --i) text += static_cast<char>(0x80 | (c >> (6 * i) & 0x3F));
      }
      w->Encode(text + "b", 100, &ids);
    }
    ASSERT_TRUE(std::getline(in, want));
    EXPECT_EQ(fmt::format("{:016x}", Fnv(ids)), want) << "block " << static_cast<unsigned>(block);
  }
}

TEST(WordPiece, AThousandTextsAgreeWithTheReference) {
  NEED_MODEL(kMiniLm);
  auto model = LoadedModel::Load(ModelPath(kMiniLm), "");
  ASSERT_TRUE(model) << model.error().message;
  const text::WordPiece* w = model->words();
  ASSERT_NE(w, nullptr);
  std::ifstream in("test/golden/text/minilm_1000.jsonl");
  ASSERT_TRUE(in) << "run in the repository's root";
  std::string line;
  int n = 0;
  for (; std::getline(in, line); ++n) {
    const auto row = nlohmann::json::parse(line);
    std::vector<std::uint32_t> ids;
    w->Encode(row["text"].get<std::string>(), 10'000, &ids);
    EXPECT_EQ(ids.size() + 2, row["tokens"].get<std::size_t>()) << row["text"];
    EXPECT_EQ(fmt::format("{:016x}", Fnv(ids)), row["ids"].get<std::string>()) << row["text"];
  }
  EXPECT_EQ(n, 1000);
}

TEST(EncoderGolden, AThousandTextsHaveTheReferencesVectors) {
  NEED_MODEL(kMiniLm);
  std::ifstream in("test/golden/text/minilm_1000.jsonl");
  ASSERT_TRUE(in) << "run in the repository's root";
  std::vector<std::string> texts;
  std::vector<std::vector<float>> want;
  std::int64_t tokens = 0;
  for (std::string line; std::getline(in, line);) {
    const auto row = nlohmann::json::parse(line);
    texts.push_back(row["text"]);
    want.push_back(FromBase64(row["vector"], row["scale"]));
    tokens += row["tokens"].get<std::int64_t>();
  }
  ASSERT_EQ(texts.size(), 1000U);
  std::promise<Result<Engine::Embedded>> promise;
  LoadOnce(kMiniLm)->Embed(texts, [&](Result<Engine::Embedded> r) { promise.set_value(std::move(r)); });
  const auto got = promise.get_future().get();
  ASSERT_TRUE(got) << got.error().message;
  double worst = 1;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    double dot = 0, length = 0;
    for (std::size_t k = 0; k < want[i].size(); ++k) {
      dot += static_cast<double>(want[i][k]) * static_cast<double>(got->vectors[i][k]);
      length += static_cast<double>(want[i][k]) * static_cast<double>(want[i][k]);
    }
    const double cosine = dot / std::sqrt(length);
    worst = std::min(worst, cosine);
    EXPECT_GT(cosine, 0.999) << texts[i];
  }
  EXPECT_EQ(got->tokens, tokens);
  std::printf("worst cosine of %zu texts: %.6f\n", texts.size(), worst);
}

}  // namespace
}  // namespace baton::lm
