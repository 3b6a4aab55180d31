#include "record/journal.h"

#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <set>
#include <thread>

#include "base/random.h"
#include "record/journal_form.h"
#include "record/scratch_dir.h"

namespace baton::record {
namespace {

class JournalTest : public ::testing::Test {
 protected:
  JournalTest() {
    options_.path = dir_.File("j.queue");
    options_.segment_bytes = 4096;
    options_.bytes = 8 * 4096;
  }
  std::unique_ptr<Journal> Open() {
    auto j = Journal::Open(options_);
    EXPECT_TRUE(j) << (j ? "" : j.error().message);
    return j ? std::move(*j) : nullptr;
  }
  Error OpenError() {
    auto j = Journal::Open(options_);
    EXPECT_FALSE(j);
    return j ? Error{} : j.error();
  }
  static std::string Payload(ExchangeId id) {
    return fmt::format("payload {} {}", id, std::string(id % 50, 'p'));
  }
  static void Append(Journal& j, ExchangeId from, ExchangeId to) {
    for (ExchangeId id = from; id <= to; ++id) ASSERT_TRUE(j.Append(id, Payload(id))) << id;
  }
  // Ids in order; checks payloads on the way.
  static std::vector<ExchangeId> ReadAll(Journal& j) {
    std::vector<Journal::Entry> entries;
    j.Read(1'000'000, entries);
    std::vector<ExchangeId> ids;
    for (const auto& e : entries) {
      EXPECT_EQ(e.payload, Payload(e.id));
      ids.push_back(e.id);
    }
    return ids;
  }
  static std::vector<ExchangeId> Range(ExchangeId from, ExchangeId to) {
    std::vector<ExchangeId> ids;
    for (; from <= to; ++from) ids.push_back(from);
    return ids;
  }
  void Poke(std::size_t offset, const std::string& bytes) const {
    std::fstream f(options_.path, std::ios::in | std::ios::out | std::ios::binary);
    f.seekp(static_cast<std::streamoff>(offset));
    f.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  }
  std::string Peek(std::size_t offset, std::size_t n) const {
    std::ifstream f(options_.path, std::ios::binary);
    f.seekg(static_cast<std::streamoff>(offset));
    std::string s(n, '\0');
    f.read(s.data(), static_cast<std::streamsize>(n));
    return s;
  }

  ScratchDir dir_;
  JournalOptions options_;
};

TEST_F(JournalTest, GivesBackInOrderWhatWasAppended) {
  auto j = Open();
  Append(*j, 1, 100);
  EXPECT_EQ(j->depth(), 100u);
  EXPECT_EQ(ReadAll(*j), Range(1, 100));
  EXPECT_TRUE(ReadAll(*j).empty());
  Append(*j, 101, 110);
  EXPECT_EQ(ReadAll(*j), Range(101, 110));
  j->Rewind();
  EXPECT_EQ(ReadAll(*j), Range(1, 110));
}

TEST_F(JournalTest, UnreleasedRecordsAreThereAfterReopening) {
  std::uint64_t id = 0;
  {
    auto j = Open();
    id = j->id();
    Append(*j, 1, 100);
    j->Release(30);
  }
  auto j = Open();
  EXPECT_EQ(j->id(), id);
  // Releasing is noted in the store, not here: a segment that still holds unreleased records comes back
  // whole.
  j->Release(30);
  EXPECT_EQ(j->depth(), 70u);
  EXPECT_EQ(ReadAll(*j), Range(31, 100));
  EXPECT_TRUE(j->recovery().damages.empty());
}

TEST_F(JournalTest, NumbersAreNeverReused) {
  std::uint64_t last = 0;
  for (int round = 0; round < 5; ++round) {
    auto j = Open();
    j->StartAfter(last);  // what the store remembers
    Append(*j, 1, 20);
    EXPECT_EQ(j->last_seq(), last + 20);
    last = j->last_seq();
    j->Release(last);
    EXPECT_EQ(j->depth(), 0u);
  }
}

TEST_F(JournalTest, SpaceIsUsedOverAndOver) {
  auto j = Open();
  for (int round = 0; round < 1'000; ++round) {
    Append(*j, 1, 40);
    EXPECT_EQ(ReadAll(*j).size(), 40u);
    j->Release(j->last_seq());
  }
  // A consumer that keeps up leaves everything but the first segments untouched.
  const std::size_t beyond = kFileHeaderBytes + 3 * options_.segment_bytes;
  const std::string rest = Peek(beyond, options_.bytes - 3 * options_.segment_bytes);
  EXPECT_EQ(rest.find_first_not_of('\0'), std::string::npos);
}

TEST_F(JournalTest, FullMeansFalseAndNothingLost) {
  auto j = Open();
  ExchangeId n = 0;
  while (j->Append(n + 1, Payload(n + 1))) ++n;
  EXPECT_GT(n, 200);
  EXPECT_FALSE(j->Append(n + 1, Payload(n + 1)));
  EXPECT_EQ(ReadAll(*j), Range(1, n));
  j->Release(static_cast<std::uint64_t>(n) / 2);
  EXPECT_TRUE(j->Append(n + 1, Payload(n + 1)));
  EXPECT_EQ(ReadAll(*j), Range(n + 1, n + 1));
}

TEST_F(JournalTest, CountLimitHoldsTheRecordsBack) {
  options_.max_records = 10;
  auto j = Open();
  Append(*j, 1, 10);
  EXPECT_FALSE(j->Append(11, "x"));
  j->Release(1);
  EXPECT_TRUE(j->Append(11, "x"));
}

TEST_F(JournalTest, RecordLargerThanASegmentIsRefused) {
  auto j = Open();
  EXPECT_FALSE(j->Append(1, std::string(options_.segment_bytes, 'x')));
  EXPECT_TRUE(
      j->Append(1, std::string(options_.segment_bytes - sizeof(SegmentHeader) - sizeof(RecordHeader), 'x')));
}

TEST_F(JournalTest, FindSeesExactlyWhatIsNotReleased) {
  auto j = Open();
  Append(*j, 1, 100);
  j->Release(40);
  EXPECT_FALSE(j->Find(40));
  EXPECT_EQ(j->Find(41), Payload(41));
  EXPECT_EQ(j->Find(100), Payload(100));
  EXPECT_FALSE(j->Find(101));
}

TEST_F(JournalTest, SecondProcessIsRefusedWithAdvice) {
  auto j = Open();
  const Error e = OpenError();
  EXPECT_EQ(e.reason, "store_in_use");
  EXPECT_NE(e.message.find("another `store:`"), std::string::npos) << e.message;
  j.reset();
  Open();
}

TEST_F(JournalTest, DamagedRecordEndsItsSegmentAndNoOther) {
  {
    auto j = Open();
    Append(*j, 1, 200);
  }
  // The third record of the first segment: one bit of its payload.
  std::size_t at = kFileHeaderBytes + sizeof(SegmentHeader);
  for (ExchangeId id = 1; id < 3; ++id) at += Padded(Payload(id).size());
  at += sizeof(RecordHeader);
  Poke(at, "P");
  auto j = Open();
  ASSERT_EQ(j->recovery().damages.size(), 1u);
  EXPECT_NE(j->recovery().damages[0].find("segment 0"), std::string::npos) << j->recovery().damages[0];
  const auto ids = ReadAll(*j);
  EXPECT_EQ(std::vector(ids.begin(), ids.begin() + 2), Range(1, 2));
  EXPECT_GT(ids[2], 3);
  EXPECT_EQ(ids.back(), 200);
  // And the journal works on.
  Append(*j, 201, 260);
  EXPECT_EQ(ReadAll(*j), Range(201, 260));
}

TEST_F(JournalTest, EveryDamagedHeaderByteIsSurvived) {
  {
    auto j = Open();
    Append(*j, 1, 60);
  }
  const std::size_t size = kFileHeaderBytes + options_.bytes;
  const std::string whole = Peek(0, size);
  // Segment header and the first two records' headers.
  for (std::size_t at = kFileHeaderBytes; at < kFileHeaderBytes + 120; ++at) {
    for (char value : {'\x00', '\xff', '\x41'}) {
      Poke(0, whole);
      if (whole[at] == value) continue;
      Poke(at, std::string(1, value));
      auto j = Open();
      std::vector<Journal::Entry> entries;
      j->Read(1'000, entries);
      for (const auto& e : entries) EXPECT_EQ(e.payload, Payload(e.id)) << at;
      EXPECT_LE(entries.size(), 60u);
    }
  }
}

TEST_F(JournalTest, TruncatedFileKeepsWhatIsLeft) {
  {
    auto j = Open();
    Append(*j, 1, 200);
  }
  std::filesystem::resize_file(options_.path, kFileHeaderBytes + options_.segment_bytes + 100);
  auto j = Open();
  EXPECT_FALSE(j->recovery().damages.empty());
  const auto ids = ReadAll(*j);
  ASSERT_GT(ids.size(), 30u);
  EXPECT_EQ(ids, Range(1, static_cast<ExchangeId>(ids.size())));
  EXPECT_EQ(std::filesystem::file_size(options_.path), kFileHeaderBytes + options_.bytes);
}

TEST_F(JournalTest, HalfCreatedFileIsCreatedAnew) {
  for (const std::size_t size : {0, 10, 10'000}) {
    std::ofstream(options_.path, std::ios::trunc) << std::string(size, '\0');
    auto j = Open();
    Append(*j, 1, 10);
    EXPECT_EQ(ReadAll(*j), Range(1, 10));
  }
}

TEST_F(JournalTest, ForeignFileIsRefusedAndLeftAsItIs) {
  const std::string text(5'000, 'x');
  std::ofstream(options_.path) << text;
  EXPECT_EQ(OpenError().reason, "journal_foreign");
  EXPECT_EQ(Peek(0, text.size()), text);
}

TEST_F(JournalTest, NewerFormIsRefusedWithAdvice) {
  Open().reset();
  Poke(offsetof(FileHeader, version), std::string("\x02\x00\x00\x00", 4));
  const Error e = OpenError();
  EXPECT_EQ(e.reason, "journal_newer");
  EXPECT_NE(e.message.find("newer Baton"), std::string::npos);
}

TEST_F(JournalTest, DamagedFileHeadIsRefused) {
  Open().reset();
  Poke(offsetof(FileHeader, segments), "\x77");
  EXPECT_EQ(OpenError().reason, "journal_damaged");
}

TEST_F(JournalTest, FolderThatIsNotThereIsAnErrorWithThePath) {
  options_.path = dir_.File("no/such/folder/j.queue");
  const Error e = OpenError();
  EXPECT_EQ(e.reason, "store_cannot_open");
  EXPECT_NE(e.message.find("no/such/folder"), std::string::npos);
}

// Producers, the consumer and readers at once; under TSan this is the test of the locking.
TEST_F(JournalTest, ProducersConsumerAndReadersShareIt) {
  options_.bytes = 64 * 4096;
  auto j = Open();
  constexpr int kProducers = 3, kEach = 3'000;
  std::atomic<int> refused = 0, producing = kProducers;
  std::vector<std::thread> threads;
  for (int p = 0; p < kProducers; ++p) {
    threads.emplace_back([&, p] {
      for (int i = 0; i < kEach; ++i) {
        const ExchangeId id = p * kEach + i + 1;
        if (!j->Append(id, Payload(id))) refused.fetch_add(1);
      }
      producing.fetch_sub(1);
    });
  }
  threads.emplace_back([&] {
    Random random(5);
    while (producing.load() > 0) {
      const auto id = static_cast<ExchangeId>(1 + random.Below(kProducers * kEach));
      auto found = j->Find(id);
      EXPECT_EQ(found.value_or(Payload(id)), Payload(id));
    }
  });
  std::set<ExchangeId> seen;
  std::vector<Journal::Entry> entries;
  while (producing.load() > 0 || j->depth() > 0) {
    entries.clear();
    j->Read(100, entries);
    for (const auto& e : entries) {
      EXPECT_EQ(e.payload, Payload(e.id));
      EXPECT_TRUE(seen.insert(e.id).second);
    }
    if (!entries.empty()) j->Release(entries.back().seq);
  }
  for (auto& t : threads) t.join();
  EXPECT_EQ(seen.size() + static_cast<std::size_t>(refused.load()),
            static_cast<std::size_t>(kProducers * kEach));
}

}  // namespace
}  // namespace baton::record
