#include "base/lanes.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/random.h"

namespace baton {
namespace {

bool Wanted(char c) {
  return (c >= '0' && c <= '9') || c == '@' || c == '\0' || static_cast<unsigned char>(c) >= 0xf0;
}
Lanes WantedLanes(Lanes v) {
  return InRange(v, '0', '9') | IsByte(v, '@') | IsByte(v, '\0') | InRange(v, 0xf0, 0xff);
}

// Lengths around one, two and three registers, every byte value, hits at both ends.
std::vector<std::string> Texts() {
  Random random(3);
  std::vector<std::string> texts;
  for (std::size_t length = 0; length <= 50; ++length) {
    for (int i = 0; i < 40; ++i) {
      std::string t;
      while (t.size() < length) {
        const std::uint64_t r = random.Next();
        t += i % 2 == 0 ? static_cast<char>(r) : "0123456789@a"[r % 12];
      }
      texts.push_back(t);
    }
  }
  return texts;
}

TEST(Lanes, RunLengthIsThatOfAByteLoop) {
  for (const std::string& t : Texts()) {
    for (std::size_t at = 0; at <= t.size(); ++at) {
      std::size_t want = 0;
      while (at + want < t.size() && Wanted(t[at + want])) ++want;
      ASSERT_EQ(RunLength(t, at, WantedLanes), want) << t.size() << " from " << at;
    }
  }
}

TEST(Lanes, EveryByteOfTheSetIsVisitedOnceInOrder) {
  for (const std::string& t : Texts()) {
    std::vector<std::size_t> want, got;
    for (std::size_t i = 0; i < t.size(); ++i) {
      if (Wanted(t[i])) want.push_back(i);
    }
    ForEachIn(t, WantedLanes, [&](std::size_t i) { got.push_back(i); });
    ASSERT_EQ(got, want) << t.size();
  }
}

}  // namespace
}  // namespace baton
