#include "arena/memo.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <thread>
#include <vector>

namespace baton::arena {
namespace {

std::string Path(const char* name) {
  const std::string path = testing::TempDir() + "/" + name;
  for (const char* end : {"", "-wal", "-shm"}) std::remove((path + end).c_str());
  return path;
}

TEST(Memo, RemembersOverItsOwnEnd) {
  const std::string path = Path("memo.db");
  {
    auto memo = Memo::Open({path});
    ASSERT_TRUE(memo);
    EXPECT_FALSE((*memo)->Find("a"));
    (*memo)->Keep("a", std::string("x\0y", 3));
    (*memo)->Keep("a", "another");
    EXPECT_EQ((*memo)->Find("a")->size(), 3U);
  }
  auto again = Memo::Open({path});
  ASSERT_TRUE(again);
  EXPECT_EQ((*again)->Find("a"), std::string("x\0y", 3));
  EXPECT_EQ((*again)->counts().hits, 1U);
}

TEST(Memo, IsBoundedAndSaysWhatItRefused) {
  auto memo = Memo::Open({.path = "", .max_bytes = 10});
  (*memo)->Keep("key", "value");
  (*memo)->Keep("other", "value");
  EXPECT_TRUE((*memo)->Find("key"));
  EXPECT_FALSE((*memo)->Find("other"));
  EXPECT_EQ((*memo)->counts().refused, 1U);
}

TEST(Memo, AForeignFileIsRefusedAndAFullDiskCostsOnlyTheFile) {
  const std::string path = Path("foreign.db");
  std::ofstream(path) << "this is no database, but a long enough text to be read as one";
  EXPECT_FALSE(Memo::Open({path}));

  struct Full : store::Faults {
    Status Before(Op op, std::string_view sql) override {
      if (on && op == Op::kStep && sql.starts_with("INSERT"))
        return Fail(Code::kUnavailable, "full", "disk_full");
      return {};
    }
    Status After(Op, std::string_view) override { return {}; }
    bool on = false;
  } faults;
  auto memo = Memo::Open({.path = Path("full.db"), .faults = &faults});
  ASSERT_TRUE(memo);
  faults.on = true;
  (*memo)->Keep("a", "b");
  EXPECT_EQ((*memo)->Find("a"), "b");
  EXPECT_EQ((*memo)->counts().write_errors, 1U);
}

TEST(Memo, ServesManyThreads) {
  auto memo = Memo::Open({Path("threads.db")});
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 200; ++i) {
        const std::string key = std::to_string(i % 50);
        if (auto v = (*memo)->Find(key)) {
          EXPECT_EQ(*v, "v" + key);
        }
        (*memo)->Keep(key, "v" + key);
      }
    });
  }
  for (auto& t : threads) t.join();
  EXPECT_EQ((*memo)->counts().kept, 50U);
}

}  // namespace
}  // namespace baton::arena
