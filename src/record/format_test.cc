// The frozen forms: a store and a journal written by the first version, and the public JSON of what is in
// them. Later code must read the files of test/golden/format/ as they are; a new version adds files of its
// own.
#include <filesystem>
#include <fstream>

#include "record/encode.h"
#include "record/journal.h"
#include "record/recorder_fixture.h"

namespace baton::record {
namespace {

namespace fs = std::filesystem;

constexpr const char* kGolden = "test/golden/format/";

// Five exchanges that between them use every field. The last two lie in the journal only.
std::vector<Provenance> GoldenRecords() {
  Random random(1);
  std::vector<Provenance> list;
  for (int i = 0; i < 5; ++i) list.push_back(Sample(SampleId(i * 61'000), random, i % 3));
  list[0].outcome = "rate_limited";
  list[0].http_status = 429;
  list[0].rails_reasons = "limit: 61 of 60 requests this minute";
  Provenance& p = list[2];
  p.steps = {{"draft", "thinker", 1}, {"answer", "worker", 1}};
  p.losses = "seed=dropped, response_format=emulated";
  p.data_classes = "internal,personal";
  p.propensity = 0.25;
  p.unpriced = true;
  p.calls[0].priced = false;
  p.calls[0].usage_estimated = true;
  p.calls[0].usage.cache_write = 100;
  p.calls[0].usage.cache_write_1h = 50;
  p.calls[0].usage.audio_input = 3;
  p.calls[0].usage.audio_output = 4;
  p.calls[1].usage.reasoning = p.reasoning_tokens = 7;
  p.prompt_digest = "sha256:00";
  p.calls_cut = 2;
  list[4].model = "modèle \"guillemets\" \x1b[31m";
  list[4].features = "not JSON";
  return list;
}

std::vector<std::string> Lines(const std::string& path) {
  std::ifstream f(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(f, line);) lines.push_back(line);
  return lines;
}

class Format : public RecorderFixture {
 protected:
  void SetUp() override {
    ASSERT_TRUE(fs::exists(std::string(kGolden) + "provenance-1.jsonl")) << "run in the repository's root";
  }
};

TEST_F(Format, FirstVersionsFilesAreReadByTodaysCode) {
  fs::copy_file(std::string(kGolden) + "provenance-1.db", options_.path);
  fs::copy_file(std::string(kGolden) + "provenance-1.db.queue", options_.path + ".queue");
  auto r = Open();
  auto list = r->List({});
  ASSERT_TRUE(list) << list.error().message;
  const auto lines = Lines(std::string(kGolden) + "provenance-1.jsonl");
  ASSERT_EQ(list->size(), lines.size());
  for (std::size_t i = 0; i < lines.size(); ++i) EXPECT_EQ(ToJson((*list)[lines.size() - 1 - i]), lines[i]);
  EXPECT_EQ(Metric("baton_record_replayed_total"), 2);
  EXPECT_EQ(r->dropped(), 0u);
}

TEST_F(Format, PublicJsonIsWhatWasPromised) {
  const auto records = GoldenRecords();
  const auto lines = Lines(std::string(kGolden) + "provenance-1.jsonl");
  ASSERT_EQ(records.size(), lines.size());
  for (std::size_t i = 0; i < lines.size(); ++i) EXPECT_EQ(ToJson(records[i]), lines[i]);
}

// Writes the files anew; only for a new version of the form, never to make a failing test pass.
TEST(FormatWriter, DISABLED_WritesGoldenFiles) {
  const std::string base = std::string(kGolden) + "provenance-1.db";
  fs::create_directories(kGolden);
  fs::remove(base);
  fs::remove(base + ".queue");
  const auto records = GoldenRecords();
  RecorderOptions options;
  options.path = base;
  options.retention = Duration::zero();
  TestClock clock;
  JournalOptions small;
  small.path = base + ".queue";
  small.segment_bytes = 4096;
  small.bytes = 2 * 4096;
  ASSERT_TRUE(Journal::Open(small));  // the recorder keeps a journal's geometry
  {
    auto r = Recorder::Open(options, clock, nullptr, Log::Null());
    for (int i = 0; i < 3; ++i) ASSERT_TRUE((*r)->Submit(records[static_cast<std::size_t>(i)]));
  }
  auto journal = Journal::Open(small);
  ASSERT_TRUE(journal);
  (*journal)->StartAfter(3);
  for (std::size_t i = 3; i < 5; ++i) ASSERT_TRUE((*journal)->Append(records[i].id, Encode(records[i])));
  std::ofstream jsonl(std::string(kGolden) + "provenance-1.jsonl");
  for (const auto& r : records) jsonl << ToJson(r) << "\n";
}

}  // namespace
}  // namespace baton::record
