#include "audit/vault.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace baton::audit {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kMaster = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

class VaultTest : public ::testing::Test {
 protected:
  VaultTest()
      : folder_((fs::temp_directory_path() / ("baton-vault-" + std::to_string(::getpid()))).string()) {}
  ~VaultTest() override { fs::remove_all(folder_); }
  std::unique_ptr<Vault> Open(std::string_view master = kMaster) {
    auto v = Vault::Open(folder_, Secret(std::string(master)));
    EXPECT_TRUE(v);
    return std::move(*v);
  }
  const std::string folder_;
};

TEST_F(VaultTest, WhatWasSealedOpensAfterARestartAndOnlyInItsPlace) {
  auto v = Open();
  const auto sealed = v->Seal("acme", "ex_1", "the secret text");
  ASSERT_TRUE(sealed);
  EXPECT_EQ(sealed->find("secret"), std::string::npos);
  EXPECT_NE(*sealed, *v->Seal("acme", "ex_1", "the secret text"));
  v = Open();
  EXPECT_EQ(*v->Open("acme", "ex_1", *sealed), "the secret text");
  EXPECT_EQ(v->Open("acme", "ex_2", *sealed).error().reason, "content_damaged");
  EXPECT_EQ(v->Open("other", "ex_1", *sealed).error().reason, "content_erased");
  EXPECT_EQ(*v->Open("acme", "", *v->Seal("acme", "", "")), "");
}

TEST_F(VaultTest, EveryChangedByteIsNoticed) {
  auto v = Open();
  const auto sealed = v->Seal("acme", "ex_1", "text");
  for (std::size_t i = 0; i < sealed->size(); ++i) {
    std::string changed = *sealed;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_FALSE(v->Open("acme", "ex_1", changed)) << i;
  }
  for (std::size_t n = 0; n < sealed->size(); ++n)
    EXPECT_FALSE(v->Open("acme", "ex_1", sealed->substr(0, n))) << n;
}

TEST_F(VaultTest, ErasureLeavesNothingToOpenItWithAndTheTenantGoesOnWithANewKey) {
  auto v = Open();
  const auto before = v->Seal("acme", "c", "old"), other = v->Seal("umbra", "c", "theirs");
  ASSERT_TRUE(v->Erase("acme"));
  ASSERT_TRUE(v->Erase("nobody"));
  EXPECT_EQ(v->Open("acme", "c", *before).error().reason, "content_erased");
  const auto after = v->Seal("acme", "c", "new");
  EXPECT_EQ(*v->Open("acme", "c", *after), "new");
  EXPECT_EQ(v->Open("acme", "c", *before).error().reason, "content_erased");
  EXPECT_EQ(*v->Open("umbra", "c", *other), "theirs");
  EXPECT_EQ(Open()->Open("acme", "c", *before).error().reason, "content_erased");
}

TEST_F(VaultTest, KeysLieWrappedForTheirOwnerAlone) {
  auto v = Open();
  ASSERT_TRUE(v->Seal("../../acme", "c", "x"));
  int files = 0;
  for (const auto& entry : fs::directory_iterator(folder_)) {
    ++files;
    EXPECT_EQ(entry.status().permissions() & fs::perms::all, fs::perms::owner_read | fs::perms::owner_write);
  }
  EXPECT_EQ(files, 1);
  const auto sealed = v->Seal("../../acme", "c", "x");
  auto wrong = Open("ff112233445566778899aabbccddeeff00112233445566778899aabbccddeeff");
  EXPECT_EQ(wrong->Open("../../acme", "c", *sealed).error().reason, "content_damaged");
  EXPECT_FALSE(wrong->Seal("../../acme", "c", "x"));
}

TEST_F(VaultTest, MasterKeyIsHexOrBase64OfThirtyTwoBytes) {
  EXPECT_TRUE(Vault::Open(folder_, Secret("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")));
  EXPECT_TRUE(Vault::Open(folder_, Secret(std::string(kMaster) + "\n")));
  for (const char* text : {"", "secret", "0011", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8", "zz"})
    EXPECT_EQ(Vault::Open(folder_, Secret(text)).error().reason, "bad_master_key") << text;
}

}  // namespace
}  // namespace baton::audit
