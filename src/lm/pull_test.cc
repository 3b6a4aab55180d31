#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "lm/models.h"

namespace baton::lm {
namespace {

namespace fs = std::filesystem;
using Kind = ModelSource::Kind;

class Pulling : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "baton-pull-XXXXXX").string();
    ASSERT_TRUE(mkdtemp(pattern.data()));
    root_ = pattern;
    fs::create_directories(root_ + "/src");
  }
  void TearDown() override { fs::remove_all(root_); }

  std::string Write(const std::string& name, const std::string& text) {
    std::ofstream(root_ + "/" + name, std::ios::binary) << text;
    return root_ + "/" + name;
  }
  static std::string Read(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  std::string Sha(const std::string& path) { return *FileSha256(path); }

  // A model of two pieces, "hello " and "world".
  KnownModel Model() {
    const std::string a = Write("src/part0", "hello "), b = Write("src/part1", "world");
    KnownModel m;
    m.name = "greeting";
    m.file = "greeting.gguf";
    m.sha256 = Sha(Write("src/whole", "hello world"));
    m.bytes = 11;
    m.sources = {{Kind::kPath, {{a, "", Sha(a)}, {b, "", Sha(b)}}}};
    return m;
  }
  int FilesIn(const std::string& dir) {
    int n = 0;
    for (const auto& e : fs::directory_iterator(dir)) n += e.path().extension() != ".lock";
    return n;
  }

  std::string root_;
};

TEST_F(Pulling, JoinsPiecesAndLeavesNothingElseBehind) {
  auto path = Pull(Model(), root_ + "/models", "", nullptr);
  ASSERT_TRUE(path) << path.error().message;
  EXPECT_EQ(Read(*path), "hello world");
  EXPECT_EQ(FilesIn(root_ + "/models"), 1);
}

TEST_F(Pulling, AFileThatIsThereAndRightIsKept) {
  KnownModel m = Model();
  ASSERT_TRUE(Pull(m, root_ + "/models", "", nullptr));
  m.sources.clear();  // nothing to fetch from, and nothing is fetched
  EXPECT_TRUE(Pull(m, root_ + "/models", "", nullptr));
}

TEST_F(Pulling, AFileThatIsThereAndWrongIsReplaced) {
  fs::create_directories(root_ + "/models");
  Write("models/greeting.gguf", "hello wor");
  auto path = Pull(Model(), root_ + "/models", "", nullptr);
  ASSERT_TRUE(path);
  EXPECT_EQ(Read(*path), "hello world");
}

TEST_F(Pulling, ASourceThatFailsIsFollowedByTheNext) {
  KnownModel m = Model();
  m.sources.insert(m.sources.begin(), {Kind::kPath, {{root_ + "/nowhere", "", m.sha256}}});
  EXPECT_TRUE(Pull(m, root_ + "/models", "", nullptr));
}

TEST_F(Pulling, AForgedPieceIsRefusedAndNothingAppears) {
  KnownModel m = Model();
  Write("src/part1", "w0rld");
  auto path = Pull(m, root_ + "/models", "", nullptr);
  ASSERT_FALSE(path);
  EXPECT_EQ(path.error().reason, "model_unavailable");
  EXPECT_NE(path.error().message.find("part1"), std::string::npos) << path.error().message;
  EXPECT_NE(path.error().message.find("--from"), std::string::npos) << path.error().message;
  EXPECT_EQ(FilesIn(root_ + "/models"), 0);
}

TEST_F(Pulling, FromTakesTheFileItsFolderOrThePieces) {
  const KnownModel m = Model();
  KnownModel bare = m;
  bare.sources.clear();
  EXPECT_TRUE(Pull(bare, root_ + "/a", root_ + "/src/whole", nullptr));
  fs::create_directories(root_ + "/box");
  Write("box/greeting.gguf", "hello world");
  EXPECT_TRUE(Pull(bare, root_ + "/b", root_ + "/box", nullptr));
  EXPECT_TRUE(Pull(m, root_ + "/c", root_ + "/src", nullptr));
}

TEST_F(Pulling, AGivenFromThatDoesNotServeIsNotReplacedByTheNetwork) {
  auto path = Pull(Model(), root_ + "/models", root_ + "/src/part0", nullptr);
  ASSERT_FALSE(path);
  EXPECT_EQ(FilesIn(root_ + "/models"), 0);
  EXPECT_FALSE(Pull(Model(), root_ + "/models", root_ + "/models", nullptr));
}

TEST_F(Pulling, TwoAtOnceBothGetTheFile) {
  const KnownModel m = Model();
  std::vector<std::thread> threads;
  std::atomic<int> good{0};
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] { good += Pull(m, root_ + "/models", "", nullptr).has_value(); });
  }
  for (auto& t : threads) t.join();
  EXPECT_EQ(good, 4);
  EXPECT_EQ(FilesIn(root_ + "/models"), 1);
}

TEST_F(Pulling, AFolderThatCannotBeWrittenIsNamed) {
  Write("file", "x");
  auto path = Pull(Model(), root_ + "/file/models", "", nullptr);
  ASSERT_FALSE(path);
  EXPECT_EQ(path.error().code, Code::kInternal);
  EXPECT_NE(path.error().message.find("file/models"), std::string::npos);
}

TEST(Manifest, EveryModelHasHashLicenceAndASourceThatNeedsNoAccount) {
  for (const KnownModel& m : Manifest()) {
    EXPECT_EQ(m.sha256.size(), 64u) << m.name;
    EXPECT_GT(m.bytes, 0) << m.name;
    EXPECT_FALSE(m.licence.empty()) << m.name;
    ASSERT_GE(m.sources.size(), 2u) << m.name;
    EXPECT_EQ(m.sources[0].kind, Kind::kPythonPackage) << m.name;
    for (const auto& source : m.sources) {
      for (const auto& piece : source.pieces) EXPECT_EQ(piece.sha256.size(), 64u) << m.name;
    }
    EXPECT_EQ(FindModel(m.name), &m);
  }
  EXPECT_EQ(FindModel("unknown"), nullptr);
}

TEST(Sha256, OfAFileIsTheKnownOne) {
  const std::string path = (fs::temp_directory_path() / ("baton-sha-" + std::to_string(::getpid()))).string();
  std::ofstream(path) << "abc";
  EXPECT_EQ(*FileSha256(path), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  fs::remove(path);
  EXPECT_EQ(FileSha256(path).error().code, Code::kNotFound);
}

}  // namespace
}  // namespace baton::lm
