#include "text/static_table.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>

#include "base/random.h"
#include "base/vectors.h"
#include "text/pca.h"
#include "text/reduce.h"

namespace baton::text {
namespace {

constexpr std::size_t kWidth = 8;

StaticTable Small(double noise = 0) {
  Random random(1), jitter(2);
  std::vector<std::string> pieces = {"[UNK]", "cat", "dog", "tax",   "law",
                                     "sun",   "the", "##s", "##ing", "run"};
  std::vector<float> rows;
  for (std::size_t i = 0; i < pieces.size() * 2 * kWidth; ++i)
    rows.push_back(static_cast<float>(random.Unit() - 0.5 + noise * (jitter.Unit() - 0.5)));
  return TableFromRows("test-1", std::move(WordPiece::Create(pieces)).value(), rows, 2 * kWidth, kWidth);
}

std::vector<float> Embed(const StaticTable& t, std::vector<std::string_view> texts) {
  std::vector<float> v(t.width());
  t.Embed(texts, v);
  return v;
}

class File {
 public:
  File() : path_(std::filesystem::temp_directory_path() / ("table_test." + std::to_string(getpid()))) {}
  ~File() { std::filesystem::remove(path_); }
  Result<std::shared_ptr<const StaticTable>> Load(std::string_view bytes) const {
    std::ofstream(path_, std::ios::binary) << bytes;
    return StaticTable::Load(path_);
  }

 private:
  std::string path_;
};

TEST(StaticTable, VectorsHaveLengthOneAndTextsOfOneMessageAddUp) {
  const StaticTable t = Small();
  const auto v = Embed(t, {"the cats run"});
  EXPECT_NEAR(Dot(v.data(), v.data(), v.size()), 1, 1e-6);
  EXPECT_EQ(v, Embed(t, {"the cats", "run"}));
  EXPECT_EQ(Embed(t, {""}), std::vector<float>(kWidth, 0));
  EXPECT_NE(v, Embed(t, {"tax law"}));
}

TEST(StaticTable, ReadsBackWhatItWrote) {
  const StaticTable t = Small();
  const File file;
  auto read = file.Load(t.ToBytes());
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ((*read)->recipe(), "test-1");
  EXPECT_EQ(Embed(**read, {"running dogs"}), Embed(t, {"running dogs"}));
}

TEST(StaticTable, RefusesWhatIsCutShortChangedOrSomethingElse) {
  const std::string bytes = Small().ToBytes();
  const File file;
  for (std::size_t n = 0; n < bytes.size(); n += 7) EXPECT_FALSE(file.Load(bytes.substr(0, n))) << n;
  for (std::size_t at = 8; at < bytes.size(); at += 5) {
    std::string changed = bytes;
    changed[at] = static_cast<char>(changed[at] ^ 4);
    auto read = file.Load(changed);
    ASSERT_FALSE(read) << at;
    EXPECT_EQ(read.error().reason, "table_damaged");
  }
  EXPECT_EQ(file.Load("GGUF and so on").error().reason, "not_a_table");
  EXPECT_EQ(StaticTable::Load("/nowhere/at/all").error().code, Code::kNotFound);
}

// What two processors' encoders may differ by changes a table by steps of one, and a text's direction by
// little.
TEST(StaticTable, LastBitDifferencesOfTheEncoderHardlyTurnAVector) {
  const StaticTable a = Small(), b = Small(1e-5);
  for (std::string_view text : {"the cats run", "tax law", "sun dog running"}) {
    const auto x = Embed(a, {text}), y = Embed(b, {text});
    EXPECT_GT(Dot(x.data(), y.data(), x.size()), 0.9995F) << text;
  }
}

TEST(Pca, FindsTheDirectionsOfAKnownEllipse) {
  Random random(3);
  std::vector<float> rows;
  for (int i = 0; i < 4000; ++i) {
    const auto along = static_cast<float>(4 * (random.Unit() - 0.5)),
               across = static_cast<float>(random.Unit() - 0.5);
    rows.insert(rows.end(), {1 + 0.6F * along - 0.8F * across, 2 + 0.8F * along + 0.6F * across, 7});
  }
  const Components c = PrincipalComponents(rows, 3, 3);
  EXPECT_NEAR(c.mean[0], 1, 0.05);
  EXPECT_NEAR(c.vectors[0], 0.6, 0.02);
  EXPECT_NEAR(c.vectors[1], 0.8, 0.02);
  EXPECT_NEAR(c.variance[0], 16.0 / 12, 0.05);
  EXPECT_NEAR(c.variance[1], 1.0 / 12, 0.01);
  EXPECT_NEAR(c.variance[2], 0, 1e-9);
}

}  // namespace
}  // namespace baton::text
