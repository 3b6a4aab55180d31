#include "arena/families.h"

#include <set>

#include "arena/arena_fixture.h"
#include "arena/builtin.h"

namespace baton::arena {
namespace {

std::vector<Problem> Make(const std::string& split, int count, std::uint64_t seed = 1) {
  GenerateOptions o;
  o.split = split;
  o.count = count;
  o.seed = seed;
  auto made = Generate(o, MakeWorld(split, 1));
  EXPECT_TRUE(made);
  return made ? std::move(*made) : std::vector<Problem>{};
}

// Digits and quoted names aside: what is left of a prompt is its template.
std::string Shape(const std::string& prompt) {
  std::string out;
  for (const char c : prompt) {
    if (std::isdigit(static_cast<unsigned char>(c)) == 0) out.push_back(c);
  }
  return out.substr(0, 12);
}

TEST(Families, EveryReferenceIsRightAndItsNeighbourWrong) {
  for (const std::string split : {"train", "test"}) {
    for (const auto& p : Make(split, 350)) {
      EXPECT_EQ(Score(p, p.reference), 1) << p.id << ": " << p.prompt << " = " << p.reference;
      EXPECT_EQ(Score(p, "The answer is " + p.reference + "."), 1) << p.id << ": " << p.reference;
      EXPECT_EQ(Score(p, ""), 0);
      EXPECT_EQ(Score(p, "I do not know."), 0) << p.id;
      if (p.check == Check::kNumber) {
        EXPECT_EQ(Score(p, std::to_string(std::stol(p.reference) + 1)), 0) << p.id;
      }
      EXPECT_LT(p.prompt.size(), 400U) << "prompts stay short: " << p.prompt;
    }
  }
}

TEST(Families, TrainingAndTestShareNoTemplateNoTableAndNoDocument) {
  std::set<std::string> train;
  for (const auto& p : Make("train", 400)) train.insert(Shape(p.prompt));
  int shared = 0;
  for (const auto& p : Make("test", 400)) shared += p.family != "code" && train.contains(Shape(p.prompt));
  EXPECT_EQ(shared, 0);
  const World a = MakeWorld("train", 1), b = MakeWorld("test", 1);
  for (const auto& t : a.tables) {
    for (const auto& u : b.tables) EXPECT_NE(t.name, u.name);
  }
  for (const auto& f : a.facts) {
    for (const auto& g : b.facts) {
      EXPECT_NE(f.subject, g.subject);
      EXPECT_NE(f.keeper, g.keeper);
      EXPECT_NE(f.home, g.home);
    }
  }
}

TEST(Families, TheSameSeedGivesTheSameProblemsAndAnotherGivesOthers) {
  const auto a = Make("train", 70), b = Make("train", 70), c = Make("train", 70, 2);
  int same = 0, differ = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    same += a[i].prompt == b[i].prompt && a[i].reference == b[i].reference;
    differ += a[i].prompt != c[i].prompt;
  }
  EXPECT_EQ(same, 70);
  EXPECT_GT(differ, 50);
  std::set<std::string> ids;
  for (const auto& p : a) ids.insert(p.id);
  EXPECT_EQ(ids.size(), a.size());
}

TEST(Families, UnknownNamesAreRefused) {
  GenerateOptions o;
  o.families = {"riddles"};
  EXPECT_EQ(Generate(o, MakeWorld("train", 1)).error().reason, "unknown_family");
  o.families.clear();
  o.split = "dev";
  EXPECT_EQ(Generate(o, MakeWorld("train", 1)).error().reason, "unknown_split");
}

TEST(Score, IsNotFooledByAnswersThatSayEverything) {
  Problem p;
  p.reference = "Bob";
  p.options = {"Ann", "Bob", "Cid"};
  EXPECT_EQ(Score(p, "Bob"), 1);
  EXPECT_EQ(Score(p, "It is either Ann or Bob."), 0);
  std::string everything;
  for (int i = 0; i < 100; ++i) everything += "word ";
  EXPECT_EQ(Score(p, everything + "Bob"), 0);
  p.check = Check::kNumber;
  p.reference = "7";
  p.options.clear();
  EXPECT_EQ(Score(p, "1 2 3 4 5 6 7 8"), 0);
  EXPECT_EQ(Score(p, "7 apples"), 1);
  p.check = Check::kChoice;
  p.reference = "B";
  EXPECT_EQ(Score(p, "B) the second"), 1);
  EXPECT_EQ(Score(p, "A"), 0);
  p.check = Check::kList;
  p.reference = "[1, 2, 3]";
  EXPECT_EQ(Score(p, "Sorted: 1, 2 and 3."), 1);
  EXPECT_EQ(Score(p, "[3, 2, 1]"), 0);
}

// Which exact worker can do what: without this spread there would be nothing to coordinate.
class ExactPool : public ArenaTest {
 public:
  double Share(const std::string& worker, const std::string& family, const std::string& split) {
    const World world = Merge(MakeWorld("train", 1), MakeWorld("test", 1));
    BuiltinOptions options;
    options.names = {"calculator", "sql", "search"};
    options.world = world;
    auto pool = MakeBuiltinPool(options, nullptr);
    EXPECT_TRUE(pool);
    Environment::Options o;
    o.workers = pool->workers;
    o.backend = pool->Factory(loop_);
    environment_ = std::move(*Environment::Create(loop_, std::move(o)));
    GenerateOptions g;
    g.families = {family};
    g.count = 40;
    g.split = split;
    const auto problems = *Generate(g, MakeWorld(split, 1));
    std::vector<Episode> episodes;
    for (const auto& p : problems) {
      Episode e;
      e.problem = &p;
      workflow::Plan plan;
      plan.workflow = "t";
      plan.steps.push_back(StepOf("a", worker));
      plan.answers = {0};
      e.plan = std::move(plan);
      episodes.push_back(std::move(e));
    }
    double sum = 0;
    for (const auto& r : PlayMany(std::move(episodes))) sum += r.score;
    environment_.reset();
    return sum / 40;
  }
};

TEST_F(ExactPool, EachExactWorkerIsGoodAtItsOwnFamilyAndAtNoOther) {
  for (const std::string split : {"train", "test"}) {
    EXPECT_GE(Share("calculator", "units", split), 0.8) << split;
    EXPECT_GE(Share("sql", "tables", split), 0.6) << split;
    EXPECT_GE(Share("search", "documents", split), 0.4) << split;
    EXPECT_LE(Share("search", "units", split), 0.1) << split;
    EXPECT_LE(Share("calculator", "documents", split), 0.1) << split;
    EXPECT_LE(Share("sql", "words", split), 0.1) << split;
  }
}

TEST(World, IsWrittenAsFoldersThatExactWorkersRead) {
  const std::string folder = testing::TempDir() + "/arena_world";
  const World w = MakeWorld("train", 3);
  ASSERT_TRUE(WriteWorld(w, folder));
  const auto tables = exact::ReadTables(folder + "/tables");
  ASSERT_TRUE(tables);
  EXPECT_EQ(tables->size(), w.tables.size());
  EXPECT_EQ(exact::ReadDocuments(folder + "/documents")->size(), w.documents.size());
}

}  // namespace
}  // namespace baton::arena
