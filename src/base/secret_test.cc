#include "base/secret.h"

#include <gtest/gtest.h>

#include <ostream>
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

}  // namespace
}  // namespace baton
