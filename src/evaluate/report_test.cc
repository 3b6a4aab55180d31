#include "evaluate/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "evaluate/import.h"
#include "evaluate/report_page.h"
#include "evaluate/test_study.h"

namespace baton::evaluate {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class Report : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / (std::string("baton_report_") +
                                           ::testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::create_directories(folder_);
    config_.files = {(folder_ / "outcomes.jsonl").string()};
    config_.policies = {"best_single", "random", "knn", "agreement3", "self_consistency"};
    config_.seeds = 2;
    config_.points = 6;
    config_.draws = 60;
    Store(Simulated(160));
  }
  void TearDown() override { fs::remove_all(folder_); }

  void Store(const OutcomeMatrix& matrix) const {
    std::ofstream(config_.files[0], std::ios::binary) << WriteMatrix(matrix);
  }

  Json Build(int jobs = 1) const {
    const auto study = Prepare(config_);
    EXPECT_TRUE(study) << study.error().message;
    SimClock clock;
    RunOptions run;
    run.jobs = jobs;
    const auto tallies = evaluate::Run(*study, run, clock);
    EXPECT_TRUE(tallies);
    return BuildReport(*study, *tallies, {"rev", "machine", jobs});
  }

  fs::path folder_;
  EvalConfig config_;
};

TEST_F(Report, HasTheFixedKeys) {
  const Json r = Build();
  for (const char* key :
       {"data", "seeds", "train_share", "revision", "machine", "best_single", "oracle", "policies", "slices"})
    EXPECT_TRUE(r.contains(key)) << key;
  for (const char* key : {"file", "sha256", "rows", "workers"})
    EXPECT_TRUE(r["data"][0].contains(key)) << key;
  for (const char* key : {"worker", "quality", "cost_usd"})
    EXPECT_TRUE(r["best_single"].contains(key)) << key;
  const Json& p = r["policies"]["knn"];
  for (const char* key :
       {"quality", "cost_usd", "calls", "tokens", "aiq", "at_best_single_cost", "cost_to_match_best_single",
        "oracle_gap_closed", "solved_when_1_to_3_can", "decision_us", "curve"})
    EXPECT_TRUE(p.contains(key)) << key;
  for (const char* key : {"quality", "difference", "ci95"})
    EXPECT_TRUE(p["at_best_single_cost"].contains(key)) << key;
  EXPECT_EQ(p["curve"].size(), 6U);
  EXPECT_TRUE(r["slices"].contains("hard"));
  EXPECT_TRUE(r["slices"]["hard"]["policies"].contains("knn"));
  EXPECT_EQ(r["best_single"]["worker"], "large");
  EXPECT_EQ(r["policies"]["best_single"]["at_best_single_cost"]["difference"], 0);
  EXPECT_THAT(r["skipped"]["self_consistency"].get<std::string>(), HasSubstr("several recorded answers"));
}

TEST_F(Report, IsTheSameOnAnyNumberOfThreadsAndFromItsOwnConfiguration) {
  const Json one = Build(1), three = Build(3);
  EXPECT_THAT(Differences(one, three), IsEmpty());
  const auto config = ConfigOf(one);
  ASSERT_TRUE(config);
  EXPECT_EQ(config->files, config_.files);
  EXPECT_EQ(config->policies, config_.policies);
  EXPECT_EQ(config->draws, config_.draws);
}

TEST_F(Report, OfOtherDataIsFoundToDiffer) {
  const Json was = Build();
  Store(Simulated(160, 2));
  const auto differences = Differences(was, Build());
  ASSERT_THAT(differences, Not(IsEmpty()));
  EXPECT_THAT(differences[0], HasSubstr("sha256"));
}

TEST_F(Report, GoesOnFromPartsAndThenSaysTheSame) {
  const auto study = Prepare(config_);
  ASSERT_TRUE(study);
  SimClock clock;
  RunOptions run;
  run.resume = (folder_ / "parts").string();
  ASSERT_TRUE(evaluate::Run(*study, run, clock));
  // The second run finds all parts: nothing is decided again, which a clock that would move shows.
  std::vector<std::string> said;
  run.progress = [&](const std::string& what, std::size_t, std::size_t) { said.push_back(what); };
  const auto again = evaluate::Run(*study, run, clock);
  ASSERT_TRUE(again);
  EXPECT_EQ(said.size(), 10U);
  EXPECT_THAT(Differences(Build(), BuildReport(*study, *again, {})), IsEmpty());
}

TEST_F(Report, PartsOfAnotherRevisionAreUsedWhenTrustedAndNamedAsSuch) {
  config_.policies = {"knn"};
  const auto study = Prepare(config_);
  ASSERT_TRUE(study);
  SimClock clock;
  RunOptions run;
  run.resume = (folder_ / "parts").string();
  const auto revisions = [&](const std::string& now, std::vector<std::string> trusted) {
    run.revision = now;
    run.trusted = std::move(trusted);
    return evaluate::Run(*study, run, clock)->policies[0].revisions;
  };
  EXPECT_THAT(revisions("first", {}), ElementsAre("first"));
  EXPECT_THAT(revisions("second", {"first"}), ElementsAre("first"));
  EXPECT_THAT(revisions("third", {}), ElementsAre("third")) << "done again";
  run.revision = "fourth";
  const auto tallies = evaluate::Run(
      *study, {.revision = "fourth", .trusted = {"first"}, .resume = run.resume, .progress = {}}, clock);
  const Json r = BuildReport(*study, *tallies, {"fourth", "machine", 1});
  EXPECT_EQ(r["policies"]["knn"]["revisions"], Json({"first"}));
}

TEST_F(Report, WrongInputIsRefusedByName) {
  config_.policies = {"no_such"};
  EXPECT_EQ(Prepare(config_).error().reason, "unknown_policy");
  config_.policies = {};
  config_.files = {"/nowhere.jsonl"};
  EXPECT_EQ(Prepare(config_).error().code, Code::kNotFound);
  EXPECT_EQ(ConfigOf(Json::parse("{}")).error().reason, "bad_result_file");
  EXPECT_EQ(ConfigOf(Json::parse("[1]")).error().reason, "bad_result_file");
}

TEST_F(Report, OneRowCannotBeSplit) {
  Store(Simulated(1));
  EXPECT_EQ(Prepare(config_).error().reason, "too_few_rows");
}

TEST_F(Report, NamesFromTheDataCannotBecomeMarkup) {
  auto matrix = Simulated(160);
  matrix.workers[0] = "</script><script>alert(1)</script><!--";
  Store(matrix);
  const std::string html = ReportHtml(Build());
  EXPECT_THAT(html, Not(HasSubstr("alert(1)</script>")));
  EXPECT_THAT(html, Not(HasSubstr("<!--")));
  EXPECT_THAT(html, HasSubstr("\\u003c/script>"));
  EXPECT_TRUE(ReportPage().ends_with("</html>\n")) << "the page was taken in whole";
  // Nothing is fetched from anywhere.
  EXPECT_THAT(html, Not(HasSubstr("src=")));
  EXPECT_THAT(html, Not(HasSubstr("@import")));
}

TEST_F(Report, ATableForTheTerminalNamesEveryPolicy) {
  const std::string text = ReportText(Build());
  for (const char* name : {"best_single", "knn", "agreement3"})
    EXPECT_THAT(text, HasSubstr(std::string("\n") + name));
  EXPECT_THAT(text, HasSubstr("self_consistency: left out"));
}

}  // namespace
}  // namespace baton::evaluate
