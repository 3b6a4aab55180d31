#include "base/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace baton {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

template <class Fn>
std::string Captured(Fn fn) {
  testing::internal::CaptureStderr();
  fn();
  return testing::internal::GetCapturedStderr();
}

TEST(Log, WritesOneLineWithItsLevel) {
  const std::string out = Captured([] { Log().Info("started port={}", 8080); });
  EXPECT_THAT(out, HasSubstr(" info started port=8080\n"));
}

TEST(Log, KeepsQuietBelowItsLevel) {
  const Log log(Log::Level::kWarn);
  EXPECT_FALSE(log.Enabled(Log::Level::kInfo));
  EXPECT_TRUE(log.Enabled(Log::Level::kError));
  const std::string out = Captured([&] { log.Info("nothing"); });
  EXPECT_EQ(out, "");
}

TEST(Log, TextFromOutsideCannotForgeALine) {
  const std::string out = Captured([] { Log().Warn("path={}", "/x\n2026 error forged\x1b[31m\x7f"); });
  EXPECT_THAT(out, HasSubstr("path=/x\\x0a2026 error forged\\x1b[31m\\x7f\n"));
  EXPECT_EQ(std::count(out.begin(), out.end(), '\n'), 1);
}

TEST(Log, LeavesOtherLanguagesAlone) {
  const std::string out = Captured([] { Log().Info("{}", "déjà vu"); });
  EXPECT_THAT(out, HasSubstr("déjà vu"));
}

TEST(Log, NullSwallowsErrorsToo) {
  const Log log = Log::Null();
  EXPECT_FALSE(log.Enabled(Log::Level::kError));
  const std::string out = Captured([&] { log.Err("nothing"); });
  EXPECT_EQ(out, "");
}

TEST(Log, CopiesShareTheSink) {
  const Log a(Log::Level::kError);
  const Log b = a;
  EXPECT_FALSE(b.Enabled(Log::Level::kWarn));
}

}  // namespace
}  // namespace baton
