#include "human/schema.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "human/table.h"
#include "human/transcript.h"

namespace baton::human {
namespace {

std::unique_ptr<store::Database> OpenMemory(const std::string& name) {
  store::OpenOptions o;
  o.path = ":memory:human-" + name + std::to_string(::getpid());
  auto db = store::OpenSqlite(o);
  EXPECT_TRUE(db) << (db ? "" : db.error().message);
  return db ? std::move(*db) : nullptr;
}

TEST(HumanSchema, TablesStandBesideOthersAndAreMadeOnce) {
  auto db = OpenMemory("beside");
  ASSERT_TRUE(db->Exec("CREATE TABLE exchanges(id INTEGER PRIMARY KEY)"));
  ASSERT_TRUE(PrepareSchema(*db));
  ASSERT_TRUE(PrepareSchema(*db)) << "a second start finds them";
}

TEST(HumanSchema, ANewerVersionIsRefusedAndLeftAlone) {
  auto db = OpenMemory("newer");
  ASSERT_TRUE(PrepareSchema(*db));
  ASSERT_TRUE(db->Exec("UPDATE human_meta SET value = 99"));
  auto prepared = PrepareSchema(*db);
  ASSERT_FALSE(prepared);
  EXPECT_EQ(prepared.error().reason, "store_newer");
}

TEST(HumanSchema, MigrationsRunInOrderAndAFailedOneChangesNothing) {
  auto db = OpenMemory("migrate");
  ASSERT_TRUE(PrepareSchema(*db));
  const Migration good[] = {{1, "ALTER TABLE human_cases ADD COLUMN mood TEXT"},
                            {2, "UPDATE human_cases SET mood = 'calm'"}};
  ASSERT_TRUE(MigrateSchema(*db, 1, 3, good));
  const Migration bad[] = {{3, "CREATE TABLE extra(x); INSERT INTO nowhere VALUES(1)"}};
  EXPECT_FALSE(MigrateSchema(*db, 3, 4, bad));
  const auto tables = db->Tables();
  ASSERT_TRUE(tables);
  EXPECT_EQ(std::count(tables->begin(), tables->end(), "extra"), 0);
  EXPECT_EQ(MigrateSchema(*db, 7, 8, {}).error().reason, "store_older");
}

TEST(HumanCase, NamesOfStatesGoBothWays) {
  for (int i = 0; i < 6; ++i) {
    const auto state = static_cast<State>(i);
    EXPECT_EQ(ParseState(StateName(state)), state);
    EXPECT_EQ(Ended(state), i >= 2);
  }
  EXPECT_FALSE(ParseState("asleep"));
}

TEST(Transcript, HoldsWhatAPersonMustSeeAndNoBytesOfMedia) {
  chat::Message user;
  user.parts.push_back(chat::Text{"look at \"this\"", {}});
  chat::Media image;
  image.media_type = "image/png";
  image.data = "AAAAAAAA";
  user.parts.push_back(image);
  chat::Message assistant;
  assistant.role = chat::Role::kAssistant;
  assistant.parts.push_back(chat::Reasoning{"hidden", {}, {}, chat::Dialect::kNone, {}});
  chat::ToolCall call;
  call.id = "c1";
  call.name = "look";
  call.arguments = "{\"x\":1}";
  assistant.parts.push_back(call);
  chat::Message tool;
  tool.role = chat::Role::kTool;
  chat::ToolResult result;
  result.call_id = "c1";
  result.content.push_back(chat::Text{"a cat \xff", {}});
  tool.parts.push_back(result);
  const std::string text = Transcript({user, assistant, tool});
  EXPECT_EQ(
      text,
      R"([{"role":"user","content":[{"type":"text","text":"look at \"this\""},)"
      R"({"type":"image","media_type":"image/png","bytes":6}]},)"
      R"({"role":"assistant","content":[],"tool_calls":[{"id":"c1","name":"look","arguments":"{\"x\":1}"}]},)"
      "{\"role\":\"tool\",\"tool_call_id\":\"c1\",\"content\":\"a cat \xef\xbf\xbd\"}]");
}

}  // namespace
}  // namespace baton::human
