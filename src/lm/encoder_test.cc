#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "lm/engine_test_util.h"

namespace baton::lm {
namespace {

constexpr const char* kMiniLm = "all-minilm-l6-v2";

Result<Engine::Embedded> Embed(Engine& engine, std::vector<std::string> texts) {
  std::promise<Result<Engine::Embedded>> promise;
  engine.Embed(std::move(texts), [&](Result<Engine::Embedded> r) { promise.set_value(std::move(r)); });
  return promise.get_future().get();
}

double Dot(const std::vector<float>& a, const std::vector<float>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += static_cast<double>(a[i]) * b[i];
  return sum;
}

TEST(Encoder, AgreesWithTheReferenceOnEveryGoldenText) {
  NEED_MODEL(kMiniLm);
  std::ifstream in("test/golden/lm/minilm.json");
  ASSERT_TRUE(in) << "run in the repository's root";
  const auto golden = nlohmann::json::parse(in);
  std::vector<std::string> texts;
  for (const auto& row : golden) texts.push_back(row["text"]);
  auto got = Embed(*LoadOnce(kMiniLm), texts);
  ASSERT_TRUE(got) << got.error().message;
  ASSERT_EQ(got->vectors.size(), texts.size());
  std::int64_t tokens = 0;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    auto want = golden[i]["vector"].get<std::vector<float>>();
    const double cosine = Dot(got->vectors[i], want) / std::sqrt(Dot(want, want));
    EXPECT_GE(cosine, 0.999) << texts[i];
    EXPECT_NEAR(Dot(got->vectors[i], got->vectors[i]), 1, 1e-5);
    tokens += golden[i]["tokens"].get<std::int64_t>();
  }
  EXPECT_EQ(got->tokens, tokens);
}

TEST(Encoder, ATextMeansTheSameAloneAndInABatch) {
  NEED_MODEL(kMiniLm);
  auto engine = LoadOnce(kMiniLm);
  auto alone = Embed(*engine, {"The cat sat on the mat."});
  auto batch = Embed(*engine, {"something else entirely", "The cat sat on the mat.", "and a third"});
  ASSERT_TRUE(alone);
  ASSERT_TRUE(batch);
  EXPECT_GT(Dot(alone->vectors[0], batch->vectors[1]), 0.99999);
}

TEST(Encoder, RefusesWhatItCannotRead) {
  NEED_MODEL(kMiniLm);
  auto engine = LoadOnce(kMiniLm);
  std::string text;
  for (int i = 0; i < 600; ++i) text += "word ";
  auto r = Embed(*engine, {text});
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().code, Code::kTooLarge);
  EXPECT_EQ(r.error().reason, "context_length_exceeded");
  EXPECT_EQ(Embed(*engine, {}).error().code, Code::kInvalidRequest);
  auto chat = Start(*engine, Ask("hello"));
  ASSERT_TRUE(chat->refused);
  EXPECT_EQ(chat->refused->reason, "model_is_encoder");
}

}  // namespace
}  // namespace baton::lm
