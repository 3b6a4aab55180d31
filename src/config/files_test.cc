// The file as a file: includes, odd bytes, sizes, bombs; and what is generated from the rows.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "config/config.h"
#include "config/scalars.h"

namespace baton::config {
namespace {

using ::testing::HasSubstr;

constexpr const char* kLocal =
    "workers:\n  - {name: smol, dialect: local, path: m.gguf, price: {input: 0, output: 0}}\n";

struct FilesTest : ::testing::Test {
  std::map<std::string, std::string> files;
  Env MakeEnv() {
    Env env;
    env.get = [](const std::string&) { return std::optional<std::string>("k"); };
    env.read_file = [this](const std::string& p) -> Result<std::string> {
      auto i = files.find(p);
      if (i == files.end()) return Fail(Code::kNotFound, p + ": there is no such file");
      return i->second;
    };
    return env;
  }
  Result<Config> Load(const std::string& path = "etc/main.yaml") { return config::Load(path, MakeEnv()); }
  std::string Wrong() {
    auto c = Load();
    EXPECT_FALSE(c);
    return c ? "" : c.error().message;
  }
};

TEST_F(FilesTest, IncludedListsAreJoinedInOrder) {
  files["etc/main.yaml"] =
      "include: [a.yaml, sub/b.yaml]\nroutes: [{name: r, use: {worker: mine}}]\nworkers:\n  - {name: mine, "
      "dialect: local, path: m}\n";
  files["etc/a.yaml"] = "workers:\n  - {name: a, dialect: local, path: m}\n";
  files["etc/sub/b.yaml"] = "limits: {idle: 5s}\nworkers:\n  - {name: b, dialect: local, path: m}\n";
  auto c = Load();
  ASSERT_TRUE(c) << c.error().message;
  ASSERT_EQ(c->workers.size(), 3u);
  EXPECT_EQ(c->workers[0]->name, "a");
  EXPECT_EQ(c->workers[1]->name, "b");
  EXPECT_EQ(c->workers[1]->path, "etc/sub/m");  // relative to the file it stands in
  EXPECT_EQ(c->workers[2]->name, "mine");
  EXPECT_EQ(c->limits.idle, std::chrono::seconds(5));
}

TEST_F(FilesTest, ProblemsInIncludedFilesHaveTheirPlace) {
  files["etc/main.yaml"] = std::string("include: a.yaml\n") + kLocal;
  files["etc/a.yaml"] = "limits: {idl: 5s}\n";
  EXPECT_THAT(Wrong(), HasSubstr("etc/a.yaml:1:10: unknown key 'idl' in limits; did you mean 'idle'?"));
}

TEST_F(FilesTest, AValueGivenTwiceIsAProblem) {
  files["etc/main.yaml"] = std::string("include: a.yaml\ndrain: 1s\n") + kLocal;
  files["etc/a.yaml"] = "drain: 2s\n";
  EXPECT_THAT(Wrong(), HasSubstr("'drain' is given here and at etc/main.yaml:2:8"));
}

TEST_F(FilesTest, IncludesMayNotCircleNorNestForEver) {
  files["etc/main.yaml"] = std::string("include: a.yaml\n") + kLocal;
  files["etc/a.yaml"] = "include: ../etc/main.yaml\n";
  EXPECT_THAT(Wrong(), HasSubstr("includes itself"));
  for (int i = 0; i < 20; ++i)
    files["etc/n" + std::to_string(i)] = "include: n" + std::to_string(i + 1) + "\n";
  files["etc/main.yaml"] = std::string("include: n0\n") + kLocal;
  EXPECT_THAT(Wrong(), HasSubstr("nested more than 8 deep"));
  files["etc/main.yaml"] = std::string("include: [") + kLocal;
  EXPECT_THAT(Wrong(), HasSubstr("not YAML"));
}

TEST_F(FilesTest, AMissingIncludeIsNamed) {
  files["etc/main.yaml"] = std::string("include: nothing.yaml\n") + kLocal;
  EXPECT_THAT(Wrong(), HasSubstr("etc/main.yaml:1:10: etc/nothing.yaml: there is no such file"));
}

TEST_F(FilesTest, AMissingFileIsNotFound) {
  EXPECT_EQ(Load("nowhere.yaml").error().code, Code::kNotFound);
}

TEST_F(FilesTest, BinaryHugeAndManyDocumentsAreRefused) {
  files["etc/main.yaml"] = std::string(
      "\x7f"
      "ELF\0\0",
      6);
  EXPECT_THAT(Wrong(), HasSubstr("not a text file"));
  files["etc/main.yaml"] = std::string(10 * 1024 * 1024, 'a');
  EXPECT_THAT(Wrong(), HasSubstr("a configuration may have"));
  files["etc/main.yaml"] = std::string(kLocal) + "---\nlisten: 127.0.0.1:1\n";
  EXPECT_THAT(Wrong(), HasSubstr("a second document"));
}

TEST_F(FilesTest, ABillionLaughsAreCounted) {
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    std::string before = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int k = 0; k < 10; ++k) bomb += (k > 0 ? ", " : "") + before;
    bomb += "]\n";
  }
  files["etc/main.yaml"] = bomb;
  EXPECT_THAT(Wrong(), HasSubstr("more than 100000 entries"));
}

TEST_F(FilesTest, DepthIsLimited) {
  files["etc/main.yaml"] = "a: " + std::string(5000, '[') + std::string(5000, ']');
  EXPECT_THAT(Wrong(),
              ::testing::AnyOf(HasSubstr("levels deep"), HasSubstr("not YAML"), HasSubstr("cannot be read")));
}

TEST_F(FilesTest, AnchorsWork) {
  files["etc/main.yaml"] =
      "workers:\n  - {name: a, dialect: local, path: m, timeouts: &t {whole: 9s}}\n  - {name: b, dialect: "
      "local, path: m, timeouts: *t}\n";
  auto c = Load();
  ASSERT_TRUE(c) << c.error().message;
  EXPECT_EQ(c->workers[1]->timeouts.whole, std::chrono::seconds(9));
}

TEST_F(FilesTest, MergeKeysAreRefusedInWords) {
  files["etc/main.yaml"] =
      "limits: &l {idle: 5s}\nworkers:\n  - {name: a, dialect: local, path: m, timeouts: {<<: *l}}\n";
  EXPECT_THAT(Wrong(), HasSubstr("merge keys"));
}

TEST_F(FilesTest, ManyProblemsAreCutShort) {
  std::string yaml = kLocal;
  for (int i = 0; i < 500; ++i) yaml += "k" + std::to_string(i) + ": 1\n";
  files["etc/main.yaml"] = yaml;
  EXPECT_THAT(Wrong(), HasSubstr("... and 400 more"));
}

// Every prefix of a good file is either a config or a list of problems, never a crash.
TEST_F(FilesTest, EveryCutOfAFileIsSurvived) {
  const std::string whole =
      "listen: \"[::1]:9\"\nworkers:\n  - name: a\n    dialect: openai\n    base_url: https://x.example/v1\n "
      "   key: env:K\n"
      "    price: [{input: 1, output: 2, valid_from: 2026-01-01}]\nroutes:\n  - {name: r, when: {turns: {lt: "
      "3}}, use: {worker: a}}\n";
  for (std::size_t i = 0; i <= whole.size(); ++i) {
    files["etc/main.yaml"] = whole.substr(0, i);
    (void)Load();
    files["etc/main.yaml"] = whole.substr(i);
    (void)Load();
  }
}

TEST(ProcessEnvTest, DirectoriesAndMissingFilesAreToldApart) {
  auto env = ProcessEnv();
  EXPECT_EQ(env.read_file("/nonexistent/x.yaml").error().code, Code::kNotFound);
  auto directory = env.read_file("/");
  ASSERT_FALSE(directory);
  EXPECT_THAT(directory.error().message, HasSubstr("directory"));
  EXPECT_EQ(env.read_file("/dev/zero").error().reason, "not_a_file");
}

TEST(Scalars, DurationsSizesAndDates) {
  Duration d;
  EXPECT_EQ(ReadDuration("1.5s", &d), "");
  EXPECT_EQ(d, std::chrono::milliseconds(1500));
  EXPECT_EQ(ReadDuration("90d", &d), "");
  EXPECT_EQ(d, std::chrono::hours(24 * 90));
  for (const char* bad :
       {"", "s", "1.s", "-1s", "1 fortnight", "99999999999999999999s", "9223372036854775807d", "1.2345s"})
    EXPECT_NE(ReadDuration(bad, &d), "") << bad;
  std::int64_t n = 0;
  EXPECT_EQ(ReadSize("1.5KB", &n), "");
  EXPECT_EQ(n, 1536);
  for (const char* bad : {"", "KB", "1.5", "-1", "1TBB", "9223372036854775807GB"})
    EXPECT_NE(ReadSize(bad, &n), "") << bad;
  EXPECT_EQ(ReadDate("1970-01-02", &n), "");
  EXPECT_EQ(n, 86400);
  for (const char* bad : {"", "1970-13-01", "1970-02-30", "70-01-01", "1970/01/01", "0000-00-00"})
    EXPECT_NE(ReadDate(bad, &n), "") << bad;
  for (auto [text, want] : {std::pair("75s", "75s"), {"120s", "2m"}, {"1500ms", "1500ms"}, {"0", "0"}}) {
    EXPECT_EQ(ReadDuration(text, &d), "");
    EXPECT_EQ(FormatDuration(d), want);
  }
}

TEST(Scalars, MoneyIsExact) {
  budget::Nanos m;
  EXPECT_EQ(ReadMoney("0.1", &m), "");
  EXPECT_EQ(m.v, 100'000'000);
  EXPECT_EQ(ReadMoney("0.000000001", &m), "");
  EXPECT_EQ(m.v, 1);
  for (const char* bad : {"", "$1", "1e3", "-1", "0.0000000001", "1,5", "nan"})
    EXPECT_NE(ReadMoney(bad, &m), "") << bad;
}

TEST(Generated, TheSchemaIsJsonAndKnowsEveryKey) {
  auto schema = nlohmann::json::parse(JsonSchema());
  EXPECT_EQ(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
  EXPECT_EQ(schema["additionalProperties"], false);
  const auto& worker = schema["properties"]["workers"]["items"]["properties"];
  EXPECT_TRUE(worker.contains("price"));
  EXPECT_EQ(worker["dialect"]["enum"].size(), 6u);
  EXPECT_TRUE(
      schema["properties"]["routes"]["items"]["properties"]["when"]["allOf"][0]["properties"].contains(
          "task"));
}

std::string FileText(const std::string& path) {
  std::ifstream in(path);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

// To renew both: BATON_UPDATE_DOCS=1 build/.../config_test --gtest_filter='Generated.*'
TEST(Generated, TheCommittedSchemaIsCurrent) {
  if (std::getenv("BATON_UPDATE_DOCS") != nullptr) std::ofstream("docs/config.schema.json") << JsonSchema();
  EXPECT_TRUE(FileText("docs/config.schema.json") == JsonSchema())
      << "docs/config.schema.json is out of date";
}

TEST(Generated, TheReferenceInTheDocsIsCurrent) {
  const std::string begin = "<!-- reference: generated from the rows, do not edit -->\n",
                    end = "<!-- end of reference -->";
  std::string page = FileText("docs/config.md");
  std::size_t from = page.find(begin), to = page.find(end);
  ASSERT_NE(from, std::string::npos);
  ASSERT_NE(to, std::string::npos);
  from += begin.size();
  if (std::getenv("BATON_UPDATE_DOCS") != nullptr) {
    page.replace(from, to - from, ReferenceMarkdown() + "\n");
    std::ofstream("docs/config.md") << page;
    to = page.find(end);
  }
  EXPECT_TRUE(page.substr(from, to - from) == ReferenceMarkdown() + "\n") << "docs/config.md is out of date";
}

// Each example must load with its variables set, without a problem.
TEST(Examples, AllLoad) {
  int seen = 0;
  auto env = ProcessEnv();
  env.get = [](const std::string&) { return std::optional<std::string>("example-key"); };
  for (const auto& entry : std::filesystem::directory_iterator("examples")) {
    if (entry.path().extension() != ".yaml" || entry.path().filename().string().rfind("mock", 0) == 0)
      continue;
    ++seen;
    auto c = Load(entry.path().string(), env);
    EXPECT_TRUE(c) << (c ? "" : c.error().message);
  }
  EXPECT_GE(seen, 5);
}

}  // namespace
}  // namespace baton::config
