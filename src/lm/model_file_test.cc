// What Engine::Load makes of files that are not the model they should be. A tiny encoder, made here, stands
// in for real ones.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/random.h"
#include "lm/convert_bert.h"
#include "lm/engine.h"
#include "lm/gguf_check.h"
#include "lm/models.h"

namespace baton::lm {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr int kWidth = 32, kInner = 64, kWords = 40, kPositions = 16;

class ModelFile : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "baton-gguf-XXXXXX").string();
    ASSERT_TRUE(mkdtemp(pattern.data()));
    dir_ = pattern;
    MakeTinyBert();
    Status made = ConvertBert(Files(), "tiny", Path("tiny.gguf"));
    ASSERT_TRUE(made) << made.error().message;
  }
  void TearDown() override { fs::remove_all(dir_); }

  std::string Path(const std::string& name) const { return dir_ + "/" + name; }
  BertFiles Files() const { return {Path("model.safetensors"), Path("tokenizer.json"), Path("config.json")}; }
  std::string Write(const std::string& name, std::string_view text) {
    std::ofstream(Path(name), std::ios::binary) << text;
    return Path(name);
  }
  std::string Read(const std::string& name) {
    std::ifstream in(Path(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  static Error LoadError(const std::string& path, const std::string& sha = {}) {
    auto engine = Engine::Load({.path = path, .sha256 = sha, .threads = 1});
    EXPECT_FALSE(engine);
    return engine ? Error{} : engine.error();
  }

  void MakeTinyBert() {
    Json config = {{"model_type", "bert"},        {"hidden_size", kWidth},
                   {"num_hidden_layers", 1},      {"num_attention_heads", 2},
                   {"intermediate_size", kInner}, {"vocab_size", kWords},
                   {"type_vocab_size", 2},        {"max_position_embeddings", kPositions}};
    Write("config.json", config.dump());
    Json vocab = Json::object(), added = Json::array();
    for (const char* s : {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"}) {
      added.push_back({{"id", vocab.size()}, {"content", s}});
      vocab[s] = vocab.size();
    }
    while (vocab.size() < kWords) vocab["w" + std::to_string(vocab.size())] = vocab.size();
    Write("tokenizer.json",
          Json{{"model", {{"type", "WordPiece"}, {"vocab", vocab}}}, {"added_tokens", added}}.dump());
    WriteWeights();
  }

  void WriteWeights() {
    Json head = Json::object();
    std::string data;
    Random random(9);
    auto tensor = [&](const std::string& name, std::vector<int> shape) {
      std::size_t n = 1, start = data.size();
      for (int d : shape) n *= static_cast<std::size_t>(d);
      for (std::size_t i = 0; i < n; ++i) {
        const float x = static_cast<float>(random.Unit() - 0.5);
        data.append(reinterpret_cast<const char*>(&x), sizeof x);
      }
      head[name] = {{"dtype", "F32"}, {"shape", shape}, {"data_offsets", {start, data.size()}}};
    };
    tensor("embeddings.word_embeddings.weight", {kWords, kWidth});
    tensor("embeddings.position_embeddings.weight", {kPositions, kWidth});
    tensor("embeddings.token_type_embeddings.weight", {2, kWidth});
    for (const char* p : {"weight", "bias"}) tensor(std::string("embeddings.LayerNorm.") + p, {kWidth});
    auto linear = [&](const std::string& name, int out, int in) {
      tensor("encoder.layer.0." + name + ".weight", {out, in});
      tensor("encoder.layer.0." + name + ".bias", {out});
    };
    for (const char* s : {"query", "key", "value"})
      linear(std::string("attention.self.") + s, kWidth, kWidth);
    linear("attention.output.dense", kWidth, kWidth);
    linear("intermediate.dense", kInner, kWidth);
    linear("output.dense", kWidth, kInner);
    for (const char* n : {"attention.output.LayerNorm", "output.LayerNorm"}) {
      for (const char* p : {"weight", "bias"})
        tensor(std::string("encoder.layer.0.") + n + "." + p, {kWidth});
    }
    const std::string text = head.dump();
    const std::uint64_t size = text.size();
    Write("model.safetensors", std::string(reinterpret_cast<const char*>(&size), 8) + text + data);
  }

  std::string dir_;
};

TEST_F(ModelFile, TheTinyEncoderIsAModelAndIsMadeTheSameTwice) {
  auto engine = Engine::Load({.path = Path("tiny.gguf"), .threads = 1});
  ASSERT_TRUE(engine) << engine.error().message;
  EXPECT_TRUE((*engine)->info().is_encoder);
  EXPECT_EQ((*engine)->info().embedding_width, kWidth);
  ASSERT_TRUE(ConvertBert(Files(), "tiny", Path("again.gguf")));
  EXPECT_EQ(*FileSha256(Path("tiny.gguf")), *FileSha256(Path("again.gguf")));
}

TEST_F(ModelFile, MissingWrongAndCutFilesAreToldApart) {
  EXPECT_EQ(LoadError(Path("nowhere.gguf")).code, Code::kNotFound);
  EXPECT_EQ(LoadError(Write("page.gguf", "<html>Not Found</html>")).reason, "not_gguf");
  EXPECT_EQ(LoadError(Write("empty.gguf", "")).reason, "not_gguf");
  const std::string whole = Read("tiny.gguf");
  for (std::size_t n : {whole.size() - 1, whole.size() / 2, std::size_t{200}, std::size_t{30}}) {
    EXPECT_EQ(LoadError(Write("cut.gguf", whole.substr(0, n))).reason, "gguf_truncated") << n;
  }
  const Error hash = LoadError(Path("tiny.gguf"), std::string(64, '0'));
  EXPECT_EQ(hash.reason, "model_hash_mismatch");
  EXPECT_EQ(hash.code, Code::kInvalidRequest);
}

TEST_F(ModelFile, AnArchitectureNobodyKnowsIsSaidSo) {
  std::string whole = Read("tiny.gguf");
  const std::size_t at = whole.find("bert");
  ASSERT_NE(at, std::string::npos);
  whole.replace(at, 4, "zert");
  const Error e = LoadError(Write("other.gguf", whole));
  EXPECT_EQ(e.reason, "model_unusable");
  EXPECT_NE(e.message.find("zert"), std::string::npos) << e.message;
}

// A child process per file, so that a crash is a finding and not the end of the suite.
bool SurvivesLoading(const std::string& path) {
  const pid_t child = fork();
  if (child == 0) {
    auto engine = Engine::Load({.path = path, .threads = 1});
    _exit(engine ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) <= 1;
}

TEST_F(ModelFile, DamagedHeadersGiveErrorsAndNoCrash) {
  const std::string whole = Read("tiny.gguf");
  const std::size_t header = 3000;
  ASSERT_GT(whole.size(), header);
  Random random(20261122);
  for (int round = 0; round < 150; ++round) {
    std::string bad = whole;
    const int flips = 1 + static_cast<int>(random.Below(3));
    for (int i = 0; i < flips; ++i) bad[random.Below(header)] = static_cast<char>(random.Next());
    const std::string path = Write("bad.gguf", bad);
    EXPECT_TRUE(SurvivesLoading(path)) << "round " << round;
  }
}

TEST_F(ModelFile, ImpossibleSizesInTheHeaderAreRefused) {
  const std::string whole = Read("tiny.gguf");
  for (std::size_t at : {8u, 16u}) {  // number of tensors, number of keys
    std::string bad = whole;
    const std::uint64_t huge = ~std::uint64_t{0} / 3;
    std::memcpy(bad.data() + at, &huge, 8);
    EXPECT_EQ(LoadError(Write("bad.gguf", bad)).reason, "gguf_damaged");
  }
}

TEST_F(ModelFile, FilesThatAreNoEncoderAreNotConverted) {
  BertFiles f = Files();
  Write("config.json", R"({"model_type":"gpt2"})");
  EXPECT_EQ(ConvertBert(f, "x", Path("x.gguf")).error().reason, "not_a_bert");
  MakeTinyBert();
  std::string weights = Read("model.safetensors");
  Write("model.safetensors", weights.substr(0, weights.size() / 2));
  EXPECT_EQ(ConvertBert(f, "x", Path("x.gguf")).error().reason, "bad_safetensors");
  Write("model.safetensors", "short");
  EXPECT_EQ(ConvertBert(f, "x", Path("x.gguf")).error().reason, "bad_safetensors");
}

}  // namespace
}  // namespace baton::lm
