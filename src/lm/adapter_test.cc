// Adapters: written, laid over a model that serves, changed while it does, refused where they do not belong.
#include "lm/adapter.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/random.h"
#include "lm/engine_test_util.h"
#include "lm/loaded_model.h"
#include "lm/tiny_model.h"
#include "lm/token_sampler.h"

namespace baton::lm {
namespace {

constexpr const char* kSmol = "smollm2-135m-instruct";

std::string Tiny(const std::string& name, const std::string& architecture = "llama", int width = 64) {
  const std::string path = testing::TempDir() + "/" + name + ".gguf";
  TinyModel m;
  m.architecture = architecture;
  m.tokenizer = ModelPath(kSmol);
  m.width = width;
  EXPECT_TRUE(WriteTinyModel(m, path));
  return path;
}

// Loud enough to change what is written.
std::string WriteSome(const std::string& base, const std::string& name, std::uint64_t seed,
                      bool vocabulary = true) {
  auto sampler = TokenSampler::Load({.path = base, .threads = 1, .sequences = 1, .context = 128});
  EXPECT_TRUE(sampler);
  Adapter a;
  a.architecture = "llama";
  a.alpha = 8;
  a.base = "tiny llama";
  a.vocabulary = vocabulary ? (*sampler)->vocabulary_digest() : "another";
  Adapter::Part part{"blk.1.ffn_down.weight", 96, 64, 4, {}, {}};
  Random random(seed);
  for (int i = 0; i < 96 * 4; ++i) part.a.push_back(static_cast<float>(random.Unit() - 0.5));
  for (int i = 0; i < 64 * 4; ++i) part.b.push_back(static_cast<float>(random.Unit() - 0.5) * 4);
  a.parts.push_back(std::move(part));
  const std::string path = testing::TempDir() + "/" + name;
  const Status written = WriteAdapter(a, path);
  EXPECT_TRUE(written) << (written ? "" : written.error().message);
  return path;
}

std::string Refusal(const std::string& base, const std::string& adapter) {
  const auto engine = Engine::Load(
      {.path = base, .threads = 1, .max_parallel = 1, .context_per_sequence = 128, .adapter = adapter});
  return engine ? "" : engine.error().reason;
}

TEST(Adapter, IsLaidOverChangedAndTakenAwayWhileTheModelServes) {
  NEED_MODEL(kSmol);
  const std::string base = Tiny("adapted"), one = WriteSome(base, "one.gguf", 1),
                    two = WriteSome(base, "two.gguf", 2);
  auto engine = Engine::Load(
      {.path = base, .threads = 1, .max_parallel = 2, .context_per_sequence = 256, .adapter = one});
  ASSERT_TRUE(engine) << engine.error().message;
  const auto say = [&] { return Finish(**engine, Ask("Hello", 8))->Text(); };
  const std::string first = say();
  EXPECT_EQ((*engine)->adapter(), one);
  ASSERT_TRUE((*engine)->SetAdapter(two));
  const std::string second = say();
  ASSERT_TRUE((*engine)->SetAdapter(""));
  const std::string bare = say();
  EXPECT_NE(first, second);
  EXPECT_NE(first, bare);
  ASSERT_TRUE((*engine)->SetAdapter(one));
  EXPECT_EQ(say(), first);
}

TEST(Adapter, AChangeWaitsForWhatRuns) {
  NEED_MODEL(kSmol);
  const std::string base = Tiny("running"), one = WriteSome(base, "r1.gguf", 1),
                    two = WriteSome(base, "r2.gguf", 2);
  auto engine = Engine::Load(
      {.path = base, .threads = 1, .max_parallel = 2, .context_per_sequence = 512, .adapter = one});
  ASSERT_TRUE(engine);
  const std::string alone = Finish(**engine, Ask("Count", 64))->Text();
  std::promise<void> started;
  bool told = false;
  auto run = Start(**engine, Ask("Count", 64), [&](Running&, const chat::Event&) {
    if (!std::exchange(told, true)) started.set_value();
  });
  ASSERT_FALSE(run->refused);
  started.get_future().wait();
  ASSERT_TRUE((*engine)->SetAdapter(two));
  ASSERT_TRUE(run->done.get());
  EXPECT_EQ(run->Text(), alone) << "it ended with the adapter that it began with";
}

TEST(Adapter, ForAnotherModelItIsRefusedByName) {
  NEED_MODEL(kSmol);
  const std::string base = Tiny("own"), adapter = WriteSome(base, "own-adapter.gguf", 1);
  EXPECT_EQ(Refusal(base, adapter), "");
  EXPECT_EQ(Refusal(Tiny("other", "qwen3"), adapter), "foreign_adapter");
  EXPECT_EQ(Refusal(Tiny("wide", "llama", 128), adapter), "adapter_unusable");
  EXPECT_EQ(Refusal(base, WriteSome(base, "words.gguf", 1, false)), "foreign_adapter");
  EXPECT_EQ(Refusal(base, base), "not_an_adapter");
  EXPECT_EQ(Refusal(base, testing::TempDir() + "/nowhere.gguf"), "model_not_found");
  std::filesystem::resize_file(adapter, std::filesystem::file_size(adapter) / 2);
  EXPECT_EQ(Refusal(base, adapter), "gguf_truncated");
}

TEST(Adapter, ARefusedChangeChangesNothing) {
  NEED_MODEL(kSmol);
  const std::string base = Tiny("kept"), one = WriteSome(base, "k1.gguf", 1);
  auto engine = Engine::Load(
      {.path = base, .threads = 1, .max_parallel = 1, .context_per_sequence = 256, .adapter = one});
  ASSERT_TRUE(engine);
  const std::string before = Finish(**engine, Ask("Hello", 8))->Text();
  EXPECT_FALSE((*engine)->SetAdapter(base));
  EXPECT_EQ((*engine)->adapter(), one);
  EXPECT_EQ(Finish(**engine, Ask("Hello", 8))->Text(), before);
}

TEST(Adapter, OnAFullDiskTheOldFileStays) {
  Adapter a;
  a.architecture = "llama";
  a.parts.push_back({"blk.0.attn_q.weight", 4, 4, 1, {1, 2, 3, 4}, {1, 2, 3, 4}});
  const std::string path = testing::TempDir() + "/full.gguf";
  ASSERT_TRUE(WriteAdapter(a, path));
  const auto size = std::filesystem::file_size(path);
  const Status nowhere = WriteAdapter(a, "/proc/adapter.gguf");
  ASSERT_FALSE(nowhere);
  EXPECT_EQ(nowhere.error().reason, "cannot_write");
  EXPECT_EQ(std::filesystem::file_size(path), size);
  a.parts[0].a.pop_back();
  EXPECT_EQ(WriteAdapter(a, path).error().reason, "bad_shape");
}

}  // namespace
}  // namespace baton::lm
