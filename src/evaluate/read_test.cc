#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

#include <cmath>
#include <filesystem>
#include <fstream>

#include "evaluate/prices.h"
#include "evaluate/read_matrix.h"

namespace baton::evaluate {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char* kTwo =
    R"({"id":"a","benchmark":"b","prompt":"1+1?","models":{"x":{"score":1,"answer":"2","cost":0.5},"y":{"correct":false}}})"
    "\n"
    R"({"id":"b","benchmark":"b","models":{"y":{"score":0.25,"completion_tokens":7},"z":{"correct":true}}})";

std::string Gzipped(std::string_view text) {
  z_stream z{};
  deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::string out(compressBound(static_cast<uLong>(text.size())) + 64, '\0');
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  z.avail_in = static_cast<uInt>(text.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  deflate(&z, Z_FINISH);
  out.resize(z.total_out);
  deflateEnd(&z);
  return out;
}

std::string Zstded(std::string_view text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3));
  return out;
}

OutcomeMatrix Read(std::string_view bytes, ReadReport* report = nullptr, ReadOptions options = {}) {
  OutcomeMatrix m;
  ReadReport own;
  const Status status = ReadMatrixFrom(bytes, options, m, report ? *report : own);
  EXPECT_TRUE(status) << status.error().message;
  return m;
}

TEST(ReadMatrix, WorkersMayComeAndGoFromRowToRow) {
  const auto m = Read(kTwo);
  EXPECT_THAT(m.workers, ElementsAre("x", "y", "z"));
  ASSERT_EQ(m.rows.size(), 2U);
  EXPECT_EQ(m.rows[0].cells.size(), 3U);
  EXPECT_FALSE(m.rows[0].cells[2].recorded);
  EXPECT_EQ(m.rows[0].cells[0].cost_usd, 0.5);
  EXPECT_TRUE(m.rows[0].cells[1].recorded);
  EXPECT_EQ(m.rows[0].cells[1].score, 0);
  EXPECT_EQ(m.rows[1].cells[1].completion_tokens, 7);
  EXPECT_EQ(m.rows[1].cells[2].score, 1);
}

TEST(ReadMatrix, PackedOrNotTheSame) {
  const auto plain = Read(kTwo), gz = Read(Gzipped(kTwo)), zst = Read(Zstded(kTwo));
  EXPECT_EQ(gz.workers, plain.workers);
  EXPECT_EQ(zst.rows[1].cells[1].score, plain.rows[1].cells[1].score);
  EXPECT_NE(gz.sha256, plain.sha256) << "the hash is of the file, not of what is in it";
  // Parts one after another are one file.
  EXPECT_EQ(Read(Gzipped(std::string(kTwo) + "\n") + Gzipped(R"({"id":"c","models":{"x":{"score":1}}})"))
                .rows.size(),
            3U);
}

TEST(ReadMatrix, BadLinesAreNamedAndTheRestIsRead) {
  ReadReport report;
  const auto m = Read(std::string(kTwo) + "\nnot json\n[1]\n\n" +
                          R"({"id":"a","benchmark":"b","models":{"x":{"score":1}}})" + "\n" +
                          R"({"benchmark":"b","models":{"x":{"score":1}}})" + "\n" +
                          R"({"id":"n","models":{"x":{"score":NaN}}})" + "\n" +
                          R"({"id":"o","models":{"x":{"score":7},"y":{"score":1}}})",
                      &report);
  EXPECT_EQ(m.rows.size(), 3U);
  std::vector<std::uint64_t> lines;
  for (const auto& p : report.problems) lines.push_back(p.line);
  EXPECT_THAT(lines, ElementsAre(3, 4, 6, 7, 8, 9));
  EXPECT_THAT(report.problems[2].what, HasSubstr("'a' was there before"));
  EXPECT_THAT(report.problems[5].what, HasSubstr("7"));
  EXPECT_EQ(report.problem_count, 6U);
}

TEST(ReadMatrix, AnotherScaleOfScoresHasToBeSaid) {
  ReadOptions ten;
  ten.score_scale = 10;
  EXPECT_FLOAT_EQ(Read(R"({"id":"a","models":{"x":{"score":9.5}}})", nullptr, ten).rows[0].cells[0].score,
                  0.95F);
}

TEST(ReadMatrix, ASourcesOwnRuleBeatsTheRawScore) {
  EXPECT_EQ(Read(R"({"id":"a","models":{"x":{"score":0.31,"eval":1.0}}})").rows[0].cells[0].score, 1);
}

TEST(ReadMatrix, WhoGradesCandidatesAnswersWithTheOneItPutsFirst) {
  const auto m = Read(
      R"({"id":"1","models":{"a":{"correct":true,"scores":[3,9,2.5]},"b":{"correct":false,"scores":[7,1,7]},)"
      R"("c":{"correct":false,"scores":[]},"d":{"correct":false,"scores":[1,2],"answer":"none"},)"
      R"("e":{"correct":false,"scores":["x",null]}}})");
  ASSERT_EQ(m.rows.size(), 1U);
  std::vector<std::string> answers;
  for (const auto& cell : m.rows[0].cells) answers.push_back(cell.answer);
  EXPECT_THAT(answers, ElementsAre("2", "1, 3", "", "none", ""));
}

TEST(ReadMatrix, SamplesAreKeptInOrder) {
  const auto m = Read(
      R"({"id":"a","models":{"x":{"score":1,"samples":[{"score":0,"answer":"3"},{"correct":true,"answer":"4"},{"answer":"?"}]}}})");
  ASSERT_EQ(m.rows[0].cells[0].samples.size(), 2U);
  EXPECT_EQ(m.rows[0].cells[0].samples[1].answer, "4");
}

TEST(ReadMatrix, NothingUsableIsAnErrorThatSaysWhy) {
  OutcomeMatrix m;
  ReadReport report;
  const Status status = ReadMatrixFrom("nonsense", {}, m, report);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().reason, "no_rows");
  EXPECT_THAT(status.error().message, HasSubstr("line 1"));
}

TEST(ReadMatrix, LimitsEndABombAndDamageIsNamed) {
  OutcomeMatrix m;
  ReadReport report;
  ReadOptions small;
  small.file.total_bytes = 10'000;
  small.file.line_bytes = 5'000;
  const std::string zeros = Zstded(std::string(1'000'000, '0'));
  EXPECT_LT(zeros.size(), 1000U);
  EXPECT_EQ(ReadMatrixFrom(zeros, small, m, report).error().reason, "file_too_large");
  EXPECT_EQ(ReadMatrixFrom(std::string(6'000, 'x'), small, m, report).error().reason, "line_too_long");
  std::string cut = Gzipped(kTwo);
  cut.resize(cut.size() / 2);
  EXPECT_EQ(ReadMatrixFrom(cut, {}, m, report).error().reason, "damaged_archive");
  std::string cut_zstd = Zstded(kTwo);
  cut_zstd.resize(cut_zstd.size() / 2);
  EXPECT_EQ(ReadMatrixFrom(cut_zstd, {}, m, report).error().reason, "damaged_archive");
  ReadOptions one;
  one.rows = 1;
  EXPECT_EQ(ReadMatrixFrom(kTwo, one, m, report).error().reason, "too_many_rows");
  one = {};
  one.workers = 2;
  OutcomeMatrix other;
  EXPECT_EQ(ReadMatrixFrom(kTwo, one, other, report).error().reason, "too_many_workers");
}

TEST(ReadMatrix, AMissingFileIsNotFound) {
  OutcomeMatrix m;
  ReadReport report;
  EXPECT_EQ(ReadMatrix("/nowhere/x.jsonl", {}, m, report).error().code, Code::kNotFound);
  EXPECT_FALSE(ReadMatrix("/", {}, m, report));
}

TEST(Prices, NamesAreOneModelHoweverTheyAreWritten) {
  EXPECT_EQ(PlainModelName("openai/GPT-4o-2024-08-06-FC"), "gpt-4o");
  EXPECT_EQ(PlainModelName("gpt-4-turbo-2024-04-09"), "gpt-4");
  EXPECT_EQ(PlainModelName("Meta-Llama-3.1-405B-Instruct@hyperbolic"), "llama-3.1-405b");
  const std::vector<ListPrice> table = {{"claude-opus-4-1", 15, 75}, {"gpt-5-mini", 0.25, 2}};
  EXPECT_EQ(FindPrice("claude-opus-4-1-20250805", table)->matched, "claude-opus-4-1");
  EXPECT_EQ(FindPrice("GPT-5 mini (2025-08-07) (medium reasoning)", table)->matched, "gpt-5-mini");
  EXPECT_EQ(FindPrice("Claude 4.1 Opus", table)->matched, "claude-opus-4-1");
  EXPECT_EQ(FindPrice("claude-3-haiku-20240307", table)->basis, PriceBasis::kBuiltIn);
  EXPECT_FALSE(FindPrice("somebody's own", table));
}

TEST(Prices, AnUnknownOpenModelIsPricedByItsSize) {
  EXPECT_EQ(PriceOfSize("WizardLM-13B-V1.2"), 0.3);
  EXPECT_EQ(PriceOfSize("Some-MoE-8x22b-chat"), 1.2);  // 88 billion
  EXPECT_EQ(PriceOfSize("phi-2"), std::nullopt);
  EXPECT_EQ(FindPrice("unheard-of-70b", {})->basis, PriceBasis::kSize);
}

TEST(Prices, RecordedDollarsWinThenTokensThenLengths) {
  auto m = Read(
      R"({"id":"a","prompt":"12345678","models":{"t":{"score":1,"cost":0.5},"u":{"score":1,"prompt_tokens":1000,"completion_tokens":100},"v":{"score":1,"response":"abcdefgh"}}})");
  const std::vector<ListPrice> table = {{"t", 1, 1}, {"u", 2, 10}, {"v", 0, 1000}};
  const auto prices = FillCosts(m, table);
  const auto& cells = m.rows[0].cells;
  EXPECT_EQ(cells[0].cost_usd, 0.5);
  EXPECT_EQ(prices[0].basis, PriceBasis::kRecorded);
  EXPECT_DOUBLE_EQ(cells[1].cost_usd, (1000 * 2 + 100 * 10) / 1e6);
  EXPECT_FALSE(cells[1].cost_estimated);
  EXPECT_DOUBLE_EQ(cells[2].cost_usd, 2 * 1000 / 1e6);  // eight bytes are two tokens
  EXPECT_TRUE(cells[2].cost_estimated);
}

TEST(Prices, NobodyStaysUnpriced) {
  auto m = Read(R"({"id":"a","models":{"who":{"score":1},"gpt-4o":{"score":1}}})");
  const auto prices = FillCosts(m, {});
  ASSERT_THAT(m.workers, ElementsAre("gpt-4o", "who"));
  EXPECT_EQ(prices[1].basis, PriceBasis::kAssumed);
  EXPECT_GT(m.rows[0].cells[1].cost_usd, 0);
  EXPECT_TRUE(m.rows[0].cells[1].cost_estimated);
}

TEST(Prices, ATableThatIsNoneIsRefused) {
  const auto path = std::filesystem::temp_directory_path() / "baton_prices_test.json";
  std::ofstream(path) << R"({"not": "a list"})";
  EXPECT_EQ(ReadPrices(path.string()).error().reason, "bad_price_table");
  std::ofstream(path)
      << R"([{"model":"m","input_per_mtok":1,"output_per_mtok":2,"vendor":"v"},{"model":"free"}])";
  const auto table = ReadPrices(path.string());
  ASSERT_TRUE(table);
  EXPECT_EQ(table->size(), 1U);
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace baton::evaluate
