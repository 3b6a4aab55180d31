#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/sim_loop.h"
#include "exact/dates.h"
#include "exact/expression.h"
#include "exact/phrase.h"
#include "exact/sql_engine.h"
#include "exact/worker.h"
#include "verify/test_loop.h"

namespace baton::exact {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

std::string Sum(std::string_view text) {
  const auto found = FindExpression(text);
  return found ? found->value.Text() : "none";
}

TEST(Expression, IsFoundAmongWordsAndComputedExactly) {
  EXPECT_EQ(Sum("What is 17 * (3 + 4)?"), "119");
  EXPECT_EQ(Sum("0.1 + 0.2"), "0.3");
  EXPECT_EQ(Sum("Take 12 times 3 plus 4, please"), "40");
  EXPECT_EQ(Sum("1,200 / 4"), "300");
  EXPECT_EQ(Sum("2^10 - 1"), "1023");
  EXPECT_EQ(Sum("15% of 80"), "12");
  EXPECT_EQ(Sum("-3 × 5"), "-15");
  EXPECT_EQ(Sum("3 x 12 + 5 = 41 apples"), "41");
  EXPECT_EQ(Sum("$5 * 3"), "15");
}

TEST(Expression, NumbersAloneAreNone) {
  EXPECT_EQ(Sum("Tom has 3 boxes of 12 apples."), "none");
  EXPECT_EQ(Sum("5 of 10"), "none");
  EXPECT_EQ(Sum("7 -"), "none");
  EXPECT_EQ(Sum(""), "none");
}

TEST(Expression, HostileOnesEndAndOverflowIsNoAnswer) {
  EXPECT_EQ(Sum(std::string(100'000, '(')), "none");
  EXPECT_EQ(Sum("2^64*2^64*2^64"), "none");
  EXPECT_EQ(Sum("1/0"), "none");
  EXPECT_EQ(Sum("2^99999999"), "none");
  std::string deep;
  for (int i = 0; i < 500; ++i) deep += "1+(";
  EXPECT_NE(Sum(deep), "crash");
}

TEST(Date, DistancesLaterDaysAndWeekdays) {
  EXPECT_EQ(AnswerDate("How many days lie between 2024-02-27 and 2024-03-01?"), "3 days");
  EXPECT_EQ(AnswerDate("What date is 45 days after January 30, 2023?"), "2023-03-16");
  EXPECT_EQ(AnswerDate("Which date was 2 weeks before 1 March 2024?"), "2024-02-16");
  EXPECT_EQ(AnswerDate("Which day of the week was 20 July 1969?"), "Sunday");
  EXPECT_EQ(AnswerDate("Is 2024-02-30 a day?"), std::nullopt);
  EXPECT_EQ(AnswerDate("How many days has a week?"), std::nullopt);
}

std::vector<Table> Tables() {
  return {{"sales",
           {"city", "product", "units"},
           {{"Oslo", "lamp", "12"}, {"Rome", "lamp", "30"}, {"Oslo", "chair", "7"}}},
          {"staff", {"name", "team", "salary"}, {{"Ann", "ops", "50"}, {"Bob", "sales", "70"}}}};
}

class Asked : public testing::Test {
 public:
  std::string Ask(std::unique_ptr<Answerer> who, const std::string& text) {
    auto worker = std::make_shared<pool::Worker>();
    worker->name = "exact";
    auto backend = CreateExactBackend(worker, loop_, std::move(who));
    chat::Request request;
    chat::Message m;
    m.parts.emplace_back(chat::Text{text, {}});
    request.messages.push_back(std::move(m));
    pool::Attempt attempt;
    attempt.request = &request;
    std::string out;
    bool done = false;
    Spawn(Go(*backend, attempt, &out, &done));
    loop_.RunUntil([&] { return done; });
    return out;
  }
  static Task<void> Go(pool::Backend& b, const pool::Attempt& a, std::string* out, bool* done) {
    const pool::AttemptResult r = co_await b.Chat(a);
    *out = r.failure ? "failure: " + r.failure->error.message
                     : std::get<chat::Text>(r.response.choices[0].message.parts[0]).text;
    *done = true;
  }
  static std::string With(const std::string& question, const std::string& role, const std::string& note,
                          const std::string& task) {
    return question +
           "\n\nBetween the lines marked 0123456789ab stands material.\n\n<<<0123456789ab output of s1 (" +
           role + ")\n" + note + "\n>>>0123456789ab\n\n" + task;
  }
  verify::PumpLoop loop_;
};

TEST_F(Asked, CalculatorAnswersUnitsDatesAndSums) {
  EXPECT_EQ(Ask(NewCalculator(), "How many minutes are in 3 hours and 20 minutes?"), "200 min");
  EXPECT_EQ(Ask(NewCalculator(), "Convert 5 km to m."), "5000 m");
  EXPECT_EQ(Ask(NewCalculator(), "What is 6 * 7?"), "42");
  EXPECT_THAT(Ask(NewCalculator(), "Who wrote Faust?"), StartsWith("I cannot work this out"));
}

TEST_F(Asked, WhatAnEarlierStepWroteIsComputedFirst) {
  EXPECT_EQ(Ask(NewCalculator(),
                With("Tom buys 3 boxes of 12 and finds 5.", "thinker", "Compute 3*12+5", "Task: Answer.")),
            "41");
}

TEST_F(Asked, AVerdictComparesWithItsOwnResultAndNeverWithTheClaimItself) {
  const std::string task = "Task: begin with ACCEPT or REJECT.";
  EXPECT_EQ(Ask(NewCalculator(), With("What is 6 * 7?", "worker", "That makes 42.", task)), "ACCEPT");
  EXPECT_EQ(Ask(NewCalculator(), With("What is 6 * 7?", "worker", "6 * 8 = 48", task)), "REJECT: 42");
  EXPECT_THAT(Ask(NewCalculator(), With("Who wrote Faust?", "worker", "1 + 1 = 2", task)),
              StartsWith("I cannot"));
}

TEST_F(Asked, SqlAnswersCommonFormsOfQuestionAndRunsSelect) {
  const auto ask = [&](const std::string& q) { return Ask(std::move(*NewSql(Tables())), q); };
  EXPECT_EQ(ask("What is the total number of units sold in Oslo, by table sales?"), "19");
  EXPECT_EQ(ask("Which city has the highest units of lamp?"), "Rome");
  EXPECT_EQ(ask("In staff, what is the salary of Bob?"), "70");
  EXPECT_EQ(ask("How many rows of sales have the city Oslo?"), "2");
  EXPECT_EQ(ask("Run SELECT MAX(units) FROM sales WHERE product = 'lamp';"), "30");
  EXPECT_THAT(ask("Who wrote Faust?"), StartsWith("I cannot"));
}

TEST_F(Asked, SqlRefusesToWriteToAttachAndToRunForEver) {
  const auto ask = [&](const std::string& q) { return Ask(std::move(*NewSql(Tables())), q); };
  EXPECT_THAT(ask("WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM c) SELECT COUNT(*) FROM c"),
              StartsWith("I cannot"));
  auto engine = SqlEngine::Create();
  ASSERT_TRUE(engine);
  ASSERT_TRUE((*engine)->Exec("CREATE TABLE t(a)"));
  (*engine)->Lock();
  for (const char* bad :
       {"DROP TABLE t", "INSERT INTO t VALUES(1)", "ATTACH 'x.db' AS y", "PRAGMA user_version",
        "SELECT load_extension('x')", "", "SELEC", "VACUUM INTO 'x'"}) {
    EXPECT_FALSE((*engine)->Query(bad, 5)) << bad;
  }
  EXPECT_TRUE((*engine)->Query("SELECT COUNT(*) FROM t", 5));
}

TEST_F(Asked, SearchGoesOnFromWhatItHasFound) {
  const std::vector<Document> documents = {
      {"a", "The mill of Brant is run by Ida Moor. The mill has two wheels."},
      {"b", "Ida Moor lives in Tessel. She keeps bees."}};
  EXPECT_EQ(Ask(std::move(*NewSearch(documents)), "Who runs the mill of Brant?"),
            "The mill of Brant is run by Ida Moor.");
  EXPECT_EQ(Ask(std::move(*NewSearch(documents)),
                With("Where does the one who runs the mill of Brant live?", "thinker",
                     "The mill of Brant is run by Ida Moor.", "Task: Answer.")),
            "Ida Moor lives in Tessel.");
  EXPECT_THAT(Ask(std::move(*NewSearch(documents)), "\" OR NEAR( *"), Not(HasSubstr("failure")));
}

TEST_F(Asked, PythonRunsCodeItIsGivenAndNothingElse) {
  auto sandbox = verify::Sandbox::Create();
  if (!sandbox) GTEST_SKIP() << sandbox.error().message;
  const auto ask = [&](const std::string& q) { return Ask(NewPython(*sandbox), q); };
  EXPECT_EQ(ask("What does this print?\n```python\nx = [3, 1, 2]\nprint(sorted(x))\n```"), "[1, 2, 3]");
  EXPECT_EQ(ask("Evaluate `'banana'.count('a')`."), "3");
  EXPECT_EQ(ask("What is the value?\n```\na = 4\na * 2\n```"), "8");
  EXPECT_THAT(ask("Who wrote Faust?"), StartsWith("I cannot"));
  EXPECT_THAT(ask("```\nwhile True: pass\n```"), StartsWith("I cannot"));
  EXPECT_THAT(ask("```\nimport os\nprint(os.listdir('/etc/ssh'))\n```"), StartsWith("I cannot"));
}

TEST(Folder, TablesAndDocumentsAreReadAndBadOnesRefused) {
  const auto dir = std::filesystem::path(testing::TempDir()) / "exact_folder";
  std::filesystem::create_directories(dir);
  std::ofstream(dir / "towns.csv") << "town,people\n\"Brant, Lower\",120\nTessel,90\n";
  std::ofstream(dir / "note.md") << "A note.";
  const auto tables = ReadTables(dir.string());
  ASSERT_TRUE(tables);
  ASSERT_EQ(tables->size(), 1U);
  EXPECT_EQ((*tables)[0].rows[0][0], "Brant, Lower");
  EXPECT_EQ(ReadDocuments(dir.string())->size(), 1U);
  EXPECT_EQ(ReadTables("/no/such/folder").error().reason, "no_folder");
  EXPECT_EQ(NewSql({{"t", {"a b"}, {}}}).error().reason, "bad_table");
  EXPECT_EQ(NewSql({{"t", {"a"}, {{"1", "2"}}}}).error().reason, "bad_table");
  std::filesystem::remove_all(dir);
}

}  // namespace
}  // namespace baton::exact
