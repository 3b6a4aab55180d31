#include "access/key.h"

#include <gtest/gtest.h>

#include <set>

#include "base/random.h"

namespace baton::access {
namespace {

TEST(Key, IsRecognisedAndItsIdMayBeShown) {
  std::set<std::string> seen;
  for (int i = 0; i < 200; ++i) {
    const std::string key = MintKey();
    ASSERT_EQ(key.size(), kKeySize);
    EXPECT_TRUE(key.starts_with("btk_"));
    const auto id = KeyId(key);
    ASSERT_TRUE(id);
    EXPECT_EQ(*id, key.substr(4, 10));
    EXPECT_TRUE(seen.insert(std::string(*id)).second);
  }
}

TEST(Key, OneWrongCharacterIsNoticedWithoutALookUp) {
  const std::string key = MintKey();
  for (std::size_t i = 0; i < key.size(); ++i) {
    for (char c : {'0', 'a', 'z', 'A', ' ', '\n', '\0', '\x7f', '\xff'}) {
      std::string other = key;
      if (other[i] == c) continue;
      other[i] = c;
      EXPECT_FALSE(KeyId(other)) << i;
    }
  }
}

TEST(Key, WhatIsNoKeyIsNone) {
  const std::string key = MintKey();
  EXPECT_FALSE(KeyId(""));
  EXPECT_FALSE(KeyId(key.substr(1)));
  EXPECT_FALSE(KeyId(key + "x"));
  EXPECT_FALSE(KeyId(key.substr(0, key.size() - 1)));
  EXPECT_FALSE(KeyId("sk-planted-7f3a9c51d2e84b06-never-shown-and-some-more"));
  EXPECT_FALSE(KeyId(std::string(10'000'000, 'a')));
  EXPECT_FALSE(KeyId("btk_" + std::string(10'000'000, '0')));
  Random random(3);
  for (int i = 0; i < 10'000; ++i) {
    std::string text = "btk_";
    while (text.size() < kKeySize) text += static_cast<char>(random.Below(256));
    EXPECT_FALSE(KeyId(text));
  }
}

TEST(Key, TheHashDependsOnPepperAndKey) {
  const Pepper a = MintPepper(), b = MintPepper();
  const std::string key = MintKey();
  EXPECT_TRUE(SameHash(HashKey(a, key), HashKey(a, key)));
  EXPECT_FALSE(SameHash(HashKey(a, key), HashKey(b, key)));
  EXPECT_FALSE(SameHash(HashKey(a, key), HashKey(a, MintKey())));
  const KeyHash hash = HashKey(a, key);
  EXPECT_EQ(FromHex(ToHex(hash.data(), hash.size())), hash);
  EXPECT_FALSE(FromHex("zz"));
}

}  // namespace
}  // namespace baton::access
