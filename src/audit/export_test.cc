// The chain, its signatures and an export of it, without a store.
#include "audit/export.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "audit/base64.h"
#include "audit/event.h"

namespace baton::audit {
namespace {

// A chain in memory.
class Rows : public Source {
 public:
  explicit Rows(int n) {
    signer_ = std::move(*Signer::Open(""));
    Chain chain;
    for (int i = 1; i <= n; ++i) {
      Item item;
      item.row = Item::Row::kWhole;
      item.canonical = Encode(Event{i, "ann", i == 1 ? "chain_begin" : "reload", "x", "{}"});
      item.link = chain.Add(Kind::kEvent, 0, chain.DigestOf(Kind::kEvent, item.canonical));
      if (i % 10 == 0) item.checkpoint = Seal(*signer_, store(), i, item.link.hash, i);
      items.push_back(std::move(item));
    }
  }
  std::uint64_t store() const override { return 0x1234'5678'9abc'def0; }
  const std::optional<Checkpoint>& cut() const override { return none_; }
  const std::vector<Claim>& claims() const override { return claims_; }
  const std::optional<Counts>& counts() const override { return no_counts_; }
  Result<bool> Next(Item& item) override {
    if (next_ == items.size()) return false;
    item = items[next_++];
    return true;
  }
  Checkpoint Head() const {
    return Seal(*signer_, store(), items.back().link.seq, items.back().link.hash, 7);
  }
  std::vector<Item> items;

 private:
  std::unique_ptr<Signer> signer_;
  std::optional<Checkpoint> none_;
  std::optional<Counts> no_counts_;
  std::vector<Claim> claims_;
  std::size_t next_ = 0;
};

class ExportTest : public ::testing::Test {
 protected:
  ExportTest()
      : path_(std::filesystem::temp_directory_path() / ("baton-export-" + std::to_string(::getpid()))) {}
  ~ExportTest() override { std::filesystem::remove(path_); }
  void Write(int n, bool head = true) {
    Rows rows(n);
    ExportOptions options;
    if (head) options.head = rows.Head();
    std::FILE* to = std::fopen(path_.c_str(), "wb");
    ASSERT_TRUE(WriteExport(rows, options, to));
    std::fclose(to);
  }
  std::vector<std::string> Lines() {
    std::ifstream in(path_);
    std::vector<std::string> lines;
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
  }
  void Put(const std::vector<std::string>& lines) {
    std::ofstream out(path_, std::ios::trunc);
    for (const auto& line : lines) out << line << "\n";
  }
  // The name of the first finding, "" where there is none, the error's name where it cannot be read.
  std::string Outcome() {
    auto source = OpenExport(path_);
    if (!source) return std::string(source.error().Name());
    auto report = Verify(**source, {});
    if (!report) return std::string(report.error().Name());
    if (!report->ok()) return report->findings.front().name;
    if (!(*source)->complete()) return "incomplete";
    return (*source)->head() && (*source)->head()->seq > report->last ? "truncated" : "";
  }
  const std::string path_;
};

TEST_F(ExportTest, ReadsBackAsTheChainItWas) {
  Write(35);
  EXPECT_TRUE(LooksLikeExport(path_));
  EXPECT_EQ(Outcome(), "");
  auto source = OpenExport(path_);
  Rows rows(35);
  Item item;
  for (int i = 0; i < 35; ++i) {
    ASSERT_TRUE(*(*source)->Next(item));
    EXPECT_EQ(item.canonical, rows.items[static_cast<std::size_t>(i)].canonical);
    EXPECT_EQ(item.checkpoint.has_value(), i % 10 == 9);
  }
}

TEST_F(ExportTest, EveryChangeOfALineIsFound) {
  Write(25);
  const auto lines = Lines();
  auto changed = lines;
  std::swap(changed[5], changed[6]);
  Put(changed);
  EXPECT_EQ(Outcome(), "link_missing");
  changed = lines;
  changed.erase(changed.begin() + 12);
  Put(changed);
  EXPECT_EQ(Outcome(), "link_missing");
  changed = lines;
  changed.insert(changed.begin() + 3, changed[9]);
  Put(changed);
  EXPECT_EQ(Outcome(), "link_missing");
  changed = lines;
  changed.pop_back();
  Put(changed);
  EXPECT_EQ(Outcome(), "incomplete");
  changed = lines;
  changed.erase(changed.end() - 2);
  Put(changed);
  EXPECT_EQ(Outcome(), "truncated");
  // Any one character of any link's line: an error, or a finding.
  int tried = 0;
  for (std::size_t line = 1; line + 1 < lines.size(); line += 5) {
    for (std::size_t at = 0; at < lines[line].size(); at += 7) {
      changed = lines;
      char& c = changed[line][at];
      c = c == '7' ? '8' : '7';
      Put(changed);
      EXPECT_NE(Outcome(), "") << changed[line];
      ++tried;
    }
  }
  EXPECT_GT(tried, 100);
}

TEST_F(ExportTest, WhatIsNoExportIsRefused) {
  for (const char* text : {"", "{}", "nonsense", R"({"baton_audit_export":1})",
                           R"({"baton_audit_export":2,"store":"0000000000000001"})"}) {
    Put({text});
    EXPECT_FALSE(OpenExport(path_)) << text;
  }
  EXPECT_FALSE(OpenExport("/no/such/file"));
}

TEST(Checkpoints, SignatureCoversEveryField) {
  auto signer = *Signer::Open("");
  Checkpoint c = Seal(*signer, 1, 2, Digest{3}, 4);
  EXPECT_TRUE(Holds(c));
  EXPECT_EQ(*ParseCheckpoint(ToJson(c)), c);
  Checkpoint other = c;
  other.store = 2;
  EXPECT_FALSE(Holds(other));
  other = c;
  other.seq = 3;
  EXPECT_FALSE(Holds(other));
  other = c;
  other.at_unix_ns = 5;
  EXPECT_FALSE(Holds(other));
  other = c;
  other.hash[31] ^= 1;
  EXPECT_FALSE(Holds(other));
  other = c;
  other.key = (*Signer::Open(""))->public_key();
  EXPECT_FALSE(Holds(other));
}

TEST(Keys, PublicKeyIsReadAsPemAndAsHex) {
  auto signer = *Signer::Open("");
  EXPECT_EQ(*ParsePublicKey(ToPem(signer->public_key())), signer->public_key());
  EXPECT_EQ(*ParsePublicKey(Hex(signer->public_key()) + "\n"), signer->public_key());
  for (const char* text : {"", "00", "-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n"})
    EXPECT_FALSE(ParsePublicKey(text)) << text;
}

TEST(Base64, OneFormPerValue) {
  for (const std::string bytes : {"", "a", "ab", "abc", "abcd", std::string("\0\xff\0", 3).c_str()})
    EXPECT_EQ(*FromBase64(ToBase64(bytes)), bytes);
  for (const char* text : {"a", "YQ=", "YR==", "YQ==YQ==", " YQ==", "YQ\n=", "===="})
    EXPECT_FALSE(FromBase64(text)) << text;
}

}  // namespace
}  // namespace baton::audit
