#include "lm/distil.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/vectors.h"
#include "lm/engine_test_util.h"
#include "text/static_table.h"

namespace baton::lm {
namespace {

// The table is derived from the encoder, so it has to say of texts roughly what the encoder says.
TEST(StaticTable, DistilledFromTheEncoderItPutsLikeWithLike) {
  const std::string path =
      (std::filesystem::path(ModelPath("all-minilm-l6-v2")).parent_path() / kTableFile).string();
  if (!std::filesystem::exists(path))
    GTEST_SKIP() << path << " is not there: run 'baton models pull minilm-static'";
  auto table = text::StaticTable::Load(path);
  ASSERT_TRUE(table) << table.error().message;
  auto of = [&](std::string_view text) {
    std::vector<float> v((*table)->width());
    (*table)->Embed({&text, 1}, v);
    return v;
  };
  auto cosine = [&](std::string_view a, std::string_view b) {
    const auto x = of(a), y = of(b);
    return Dot(x.data(), y.data(), x.size());
  };
  EXPECT_GT(cosine("My card was stolen, what should I do?", "I lost my debit card"),
            cosine("My card was stolen, what should I do?", "Integrate x squared from 0 to 1") + 0.2F);
  EXPECT_GT(
      cosine("Write a function that sorts a list in Python", "def sort(items): return sorted(items)"),
      cosine("Write a function that sorts a list in Python", "What are the symptoms of malaria?") + 0.2F);
}

}  // namespace
}  // namespace baton::lm
