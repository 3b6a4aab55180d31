#include "base/machine.h"

#include <gtest/gtest.h>
#include <sys/utsname.h>

namespace baton {
namespace {

TEST(Machine, IsOneLineWithCoresAndSystem) {
  utsname system{};
  ASSERT_EQ(uname(&system), 0);
  const std::string m = Machine();
  EXPECT_EQ(m.find('\n'), std::string::npos);
  EXPECT_NE(m.find(" cores, "), std::string::npos) << m;
  EXPECT_TRUE(m.ends_with(std::string(system.sysname) + " " + system.release)) << m;
  EXPECT_NE(m.front(), ',') << m;
}

}  // namespace
}  // namespace baton
