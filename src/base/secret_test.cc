#include "base/secret.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <fstream>
#include <ostream>
#include <string>
#include <type_traits>

namespace baton {
namespace {

// Is `out << Secret` an expression that compiles?
template <class T, class = void>
struct Printable : std::false_type {};
template <class T>
struct Printable<T, std::void_t<decltype(std::declval<std::ostream&>() << std::declval<const T&>())>>
    : std::true_type {};

TEST(Secret, IsRevealedOnlyByName) {
  const Secret s(std::string("sk-test"));
  EXPECT_EQ(s.Reveal(), "sk-test");
  EXPECT_FALSE(s.empty());
  EXPECT_TRUE(Secret().empty());
  EXPECT_EQ(Secret().Reveal(), "");
}

TEST(Secret, CannotBePrintedComparedOrCopied) {
  static_assert(!Printable<Secret>::value);
  static_assert(Printable<std::string>::value);
  static_assert(!std::is_copy_constructible_v<Secret>);
  static_assert(!std::is_copy_assignable_v<Secret>);
  static_assert(!std::is_convertible_v<Secret, std::string>);
  static_assert(!std::is_convertible_v<Secret, std::string_view>);
}

TEST(Secret, MovesAndLeavesNothingBehind) {
  Secret a(std::string("short"));
  Secret b = std::move(a);
  EXPECT_EQ(b.Reveal(), "short");
  EXPECT_TRUE(a.empty());  // NOLINT: looking at the moved-from value is the point
  Secret c(std::string("other"));
  c = std::move(b);
  EXPECT_EQ(c.Reveal(), "short");
  EXPECT_TRUE(b.empty());  // NOLINT
}

TEST(Secret, AForkedChildFindsItEmpty) {
  const Secret s(std::string("sk-test"));
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) _exit(s.Reveal().find('s') == std::string_view::npos ? 0 : 1);
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

// The flags of the mapping that holds it: "dd" no core dump, "lo" locked, "wf" wiped on fork.
TEST(Secret, LiesOnPagesThatAreNotDumpedAndLockedWhereAllowed) {
  const Secret s(std::string("sk-test"));
  std::ifstream maps("/proc/self/smaps");
  const auto at = reinterpret_cast<std::uintptr_t>(s.Reveal().data());
  bool inside = false;
  for (std::string line; std::getline(maps, line);) {
    std::uintptr_t from = 0, to = 0;
    if (sscanf(line.c_str(), "%lx-%lx ", &from, &to) == 2) inside = from <= at && at < to;
    if (!inside || line.compare(0, 8, "VmFlags:") != 0) continue;
    EXPECT_NE(line.find(" dd"), std::string::npos) << line;
    EXPECT_NE(line.find(" wf"), std::string::npos) << line;
#ifndef __SANITIZE_ADDRESS__  // which turns locking of memory into nothing
    EXPECT_EQ(line.find(" lo") != std::string::npos, s.locked()) << line;
#endif
    return;
  }
  GTEST_SKIP() << "this kernel shows no smaps";
}

}  // namespace
}  // namespace baton
