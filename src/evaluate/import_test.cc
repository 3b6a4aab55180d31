// Each published layout, on a few lines made here in its form.
#include "evaluate/import.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>

#include "evaluate/read_matrix.h"

namespace baton::evaluate {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

class Importers : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() /
              ("baton_import_" + std::to_string(::testing::UnitTest::GetInstance()->random_seed()) + "_" +
               ::testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string File(const std::string& name, const std::string& text) {
    const fs::path path = folder_ / name;
    fs::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
    return path.string();
  }

  // Imported and read again by the reader that `baton eval` uses.
  OutcomeMatrix Imported(const std::string& format, const std::vector<std::string>& files) {
    const std::string out = (folder_ / "out.jsonl").string();
    auto report = Import(format, files, out);
    EXPECT_TRUE(report) << report.error().message;
    if (report) problems_ = report->problems;
    OutcomeMatrix matrix;
    ReadReport read;
    EXPECT_TRUE(ReadMatrix(out, {}, matrix, read));
    EXPECT_EQ(read.problem_count, 0U);
    return matrix;
  }
  static const Cell& CellOf(const OutcomeMatrix& m, std::size_t row, const std::string& worker) {
    const auto at = std::find(m.workers.begin(), m.workers.end(), worker) - m.workers.begin();
    return m.rows[row].cells[static_cast<std::size_t>(at)];
  }

  fs::path folder_;
  std::vector<LineProblem> problems_;
};

TEST_F(Importers, RouterBenchAsCsvAndAsLines) {
  const auto csv =
      File("rb.csv",
           "sample_id,prompt,eval_name,m/one,two,m/one|model_response,two|model_response,m/"
           "one|total_cost,two|total_cost,"
           "oracle_model_to_route_to\r\n"
           "a.1,\"What is \"\"x\"\",\nand why?\",arc,1.0,0.25,\"B, because\",A,0.002,0.0001,two\r\n"
           "a.2,short,arc,0.0\r\n");
  const auto m = Imported("routerbench", {csv});
  EXPECT_THAT(m.workers, UnorderedElementsAre("m/one", "two"));
  ASSERT_EQ(m.rows.size(), 1U);
  EXPECT_EQ(m.rows[0].prompt, "What is \"x\",\nand why?");
  EXPECT_EQ(CellOf(m, 0, "m/one").response, "B, because");
  EXPECT_EQ(CellOf(m, 0, "m/one").cost_usd, 0.002);
  EXPECT_FLOAT_EQ(CellOf(m, 0, "two").score, 0.25F);
  ASSERT_EQ(problems_.size(), 1U);
  EXPECT_THAT(problems_[0].what, HasSubstr("row 2"));

  const auto lines = File(
      "rb.jsonl", R"({"sample_id":"a.1","prompt":"p","eval_name":"arc","two":1.0,"two|total_cost":0.5})");
  EXPECT_EQ(CellOf(Imported("routerbench", {lines}), 0, "two").cost_usd, 0.5);
}

TEST_F(Importers, RouteLlmTakesTheDomainFromTheFile) {
  const auto mmlu =
      File("mmlu_anatomy.csv",
           "prompt,mixtral,gpt-4\n\"Which bone?\nA. x\nAnswer:\",True,False\nNext?,False,True\n");
  const auto gsm = File("gsm8k_responses.csv",
                        "prompt,mixtral,gpt-4,mixtral_response,gpt-4_response\n1+1?,False,True,three,two\n");
  const auto m = Imported("routellm", {mmlu, gsm});
  ASSERT_EQ(m.rows.size(), 3U);
  EXPECT_EQ(m.rows[0].slice, "anatomy");
  EXPECT_EQ(m.rows[0].benchmark, "mmlu");
  EXPECT_EQ(CellOf(m, 0, "mixtral").score, 1);
  EXPECT_EQ(m.rows[2].benchmark, "gsm8k");
  EXPECT_EQ(CellOf(m, 2, "gpt-4").response, "two");
  EXPECT_THAT(m.workers, UnorderedElementsAre("gpt-4", "mixtral"));
}

TEST_F(Importers, RouterDcCountsAnyProbabilityOfTheRightOptionAsRight) {
  const char* list =
      R"([{"question":"q1","scores":{"a":0.31,"b":0}},{"question":"q2","scores":{"a":0.2,"b":1.0},"cluster_id":3},{"x":1}])";
  const auto choice = Imported("routerdc", {File("mmlu_test.json", list)});
  EXPECT_EQ(CellOf(choice, 0, "a").score, 1);
  EXPECT_EQ(CellOf(choice, 0, "b").score, 0);
  EXPECT_EQ(choice.rows[0].benchmark, "mmlu");
  EXPECT_EQ(problems_.size(), 1U);
  const auto shares = Imported("routerdc", {File("gsm8k-train.json", list)});
  EXPECT_FLOAT_EQ(CellOf(shares, 1, "a").score, 0.2F);
}

TEST_F(Importers, EmbedLlmGathersLongRowsIntoQuestions) {
  const auto m = Imported(
      "embedllm", {File("train.csv",
                        "prompt_id,model_id,category_id,label,prompt,model_name,category\n"
                        "7,0,2,1,Why?,alpha,logic\n7,1,2,0,Why?,beta,logic\n8,0,2,oops,How?,alpha,logic\n")});
  ASSERT_EQ(m.rows.size(), 1U);
  EXPECT_EQ(m.rows[0].id, "7");
  EXPECT_EQ(m.rows[0].slice, "logic");
  EXPECT_EQ(CellOf(m, 0, "alpha").score, 1);
  EXPECT_EQ(CellOf(m, 0, "beta").score, 0);
  EXPECT_EQ(problems_.size(), 1U);
}

TEST_F(Importers, LlmRouterBenchTakesModelAndSetFromTheFolders) {
  const char* run =
      R"({"performance":0.5,"records":[{"index":1,"origin_query":"What?","prompt":"Question: What?","prediction":"42","ground_truth":"42","score":1.0,"prompt_tokens":50,"completion_tokens":20,"cost":0.001,"raw_output":"It is 42."},{"index":2,"score":7}]})";
  const auto m = Imported("llmrouterbench", {File("bench/aime/test/model-a/1.json", run),
                                             File("bench/aime/test/model-b/1.json", run)});
  ASSERT_EQ(m.rows.size(), 1U);
  EXPECT_EQ(m.rows[0].benchmark, "aime");
  EXPECT_EQ(m.rows[0].reference, "42");
  EXPECT_THAT(m.workers, UnorderedElementsAre("model-a", "model-b"));
  EXPECT_EQ(CellOf(m, 0, "model-b").response, "It is 42.");
  EXPECT_EQ(CellOf(m, 0, "model-b").completion_tokens, 20);
  EXPECT_EQ(CellOf(m, 0, "model-b").cost_usd, 0.001);
}

TEST_F(Importers, RouterArenaLeavesOutWhatNobodyScored) {
  const auto m = Imported(
      "routerarena",
      {File(
          "cached_results/haiku.jsonl",
          R"({"global_index":"AIME_3","question":"q","llm_selected":"haiku","generated_answer":"a","token_usage":{"input_tokens":9,"output_tokens":4},"evaluation_result":{"score":1.0,"ground_truth":"5","inference_cost":0.0002}})"
          "\n"
          R"({"global_index":"AIME_4","question":"q","llm_selected":"haiku","generated_answer":"a","evaluation_result":null})")});
  ASSERT_EQ(m.rows.size(), 1U);
  EXPECT_EQ(m.rows[0].slice, "AIME");
  EXPECT_EQ(CellOf(m, 0, "haiku").prompt_tokens, 9);
  EXPECT_EQ(CellOf(m, 0, "haiku").cost_usd, 0.0002);
  EXPECT_EQ(problems_.size(), 1U);
}

TEST_F(Importers, AForeignLayoutWritesNothingAndSaysWhatWasExpected) {
  const auto file = File("x.csv", "a,b\n1,2\n");
  const std::string out = (folder_ / "out.jsonl").string();
  for (const auto& format : ImportFormats()) {
    const auto report = Import(std::string(format.name), {file}, out);
    ASSERT_FALSE(report) << format.name;
    EXPECT_EQ(report.error().reason, "no_rows");
    EXPECT_FALSE(fs::exists(out));
  }
  EXPECT_EQ(Import("nonesuch", {file}, out).error().reason, "unknown_format");
  EXPECT_EQ(Import("routerdc", {folder_.string() + "/absent"}, out).error().code, Code::kNotFound);
}

TEST(Csv, QuotesHoldCommasQuotesAndLineFeeds) {
  const auto table = ParseCsv("a,\"b,\"\"c\"\"\nd\",\r\n\n,x\n");
  ASSERT_TRUE(table);
  EXPECT_THAT(*table, ElementsAre(ElementsAre("a", "b,\"c\"\nd", ""), ElementsAre("", "x")));
  EXPECT_EQ(ParseCsv("a,\"b").error().reason, "bad_csv");
}

}  // namespace
}  // namespace baton::evaluate
