#include "train/checkpoint.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>

namespace baton::train {
namespace {

Checkpoint Some() {
  Checkpoint c;
  c.settings = "base x seed 1";
  c.phase = "grpo";
  c.next = 7;
  c.learner = {9, {1, 2, 3}, {4, 5, 6}, {7, 8, 9}};
  CurveRow r;
  r.phase = "grpo";
  r.step = 7;
  r.reward = 0.625;
  r.tokens = 123;
  c.curve = {r};
  return c;
}

TEST(Checkpoint, ComesBackAsItWas) {
  const auto back = ReadCheckpoint(WriteCheckpoint(Some()));
  ASSERT_TRUE(back);
  EXPECT_TRUE(*back == Some());
}

TEST(Checkpoint, CutShortAnywhereItIsRefused) {
  const std::string whole = WriteCheckpoint(Some());
  for (std::size_t n = 0; n < whole.size(); ++n) {
    const auto back = ReadCheckpoint(std::string_view(whole).substr(0, n));
    ASSERT_FALSE(back) << n;
    EXPECT_EQ(back.error().reason, "bad_checkpoint");
  }
}

TEST(Checkpoint, WithOneBitChangedAnywhereItIsRefused) {
  std::string bytes = WriteCheckpoint(Some());
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<char>(bytes[i] ^ 4);
    EXPECT_FALSE(ReadCheckpoint(bytes)) << i;
    bytes[i] = static_cast<char>(bytes[i] ^ 4);
  }
}

TEST(Checkpoint, OfAnotherRunItIsRefusedAndSaysWhatDiffers) {
  const std::string path = testing::TempDir() + "/checkpoint";
  ASSERT_TRUE(SaveCheckpoint(Some(), path));
  const auto other = LoadCheckpoint(path, "base y seed 1");
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().reason, "other_checkpoint");
  EXPECT_NE(other.error().message.find("base x"), std::string::npos);
  EXPECT_TRUE(LoadCheckpoint(path, "base x seed 1"));
}

TEST(Checkpoint, OnAFullDiskTheLastOneStays) {
  // A disk that is always full.
  if (!std::filesystem::exists("/dev/full")) GTEST_SKIP() << "no /dev/full here";
  const std::string folder = testing::TempDir() + "/full";
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  const std::string path = folder + "/checkpoint";
  ASSERT_TRUE(SaveCheckpoint(Some(), path));
  // The file beside it, which is written first, leads to the full disk.
  std::filesystem::create_symlink("/dev/full", fmt::format("{}.{}.new", path, ::getpid()));
  Checkpoint next = Some();
  next.next = 8;
  const Status written = SaveCheckpoint(next, path);
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().reason, "cannot_write");
  EXPECT_EQ(LoadCheckpoint(path, Some().settings)->next, 7);
}

TEST(Checkpoint, CurveIsATableWithAHead) {
  const std::string csv = CurveCsv(Some().curve);
  EXPECT_TRUE(csv.starts_with("phase,step,loss,"));
  EXPECT_NE(csv.find("\ngrpo,7,"), std::string::npos);
}

}  // namespace
}  // namespace baton::train
