// The encoder, as llama.cpp runs it, against the original weights run by other code: 1,000 texts in many
// scripts (test/golden/text/make_golden.py).
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "lm/engine_test_util.h"

namespace baton::text {
namespace {

using lm::ModelPath;
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
  std::promise<Result<lm::Engine::Embedded>> promise;
  lm::LoadOnce(kMiniLm)->Embed(texts,
                               [&](Result<lm::Engine::Embedded> r) { promise.set_value(std::move(r)); });
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
}  // namespace baton::text
