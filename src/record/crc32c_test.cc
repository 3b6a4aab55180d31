#include "record/crc32c.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace baton::record {
namespace {

// The check value of the CRC catalogues, and 32 zero bytes (RFC 3720, B.4).
TEST(Crc32c, MatchesPublishedValues) {
  EXPECT_EQ(Crc32c("123456789"), 0xe3069283u);
  EXPECT_EQ(Crc32c(std::string(32, '\0')), 0x8a9136aau);
  EXPECT_EQ(Crc32c(""), 0u);
}

TEST(Crc32c, InstructionAndTableAgreeAtEveryLengthAndSplit) {
  Random random(4);
  std::string bytes(200, '\0');
  for (char& c : bytes) c = static_cast<char>(random.Next());
  for (std::size_t n = 0; n <= bytes.size(); ++n) {
    const std::string_view s = std::string_view(bytes).substr(0, n);
    EXPECT_EQ(Crc32c(s), Crc32cTable(s)) << n;
    EXPECT_EQ(Crc32c(s.substr(n / 3), Crc32c(s.substr(0, n / 3))), Crc32cTable(s)) << n;
  }
}

}  // namespace
}  // namespace baton::record
