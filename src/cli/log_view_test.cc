#include "cli/log_view.h"

#include <gtest/gtest.h>

#include <sstream>

#include "cli/text_layout.h"

namespace baton::cli {
namespace {

using record::Provenance;

Duration Ms(double ms) {
  return Duration(static_cast<std::int64_t>(ms * 1e6));
}

Provenance Example() {
  Provenance p;
  p.id = FirstIdAt(1'793'887'402'000'000'000) | 5;
  p.endpoint = "chat";
  p.stream = true;
  p.model = "baton";
  p.task = "extraction";
  p.data_classes = "internal,personal";
  p.rails_reasons = "e-mail address in message 1: personal";
  p.route = "sensitive";
  p.workflow = "single";
  p.policy = "rules/1";
  p.reason = "rule 'sensitive': personal data stays here -> smol";
  p.outcome = "ok";
  p.http_status = 200;
  p.worker = "smol";
  p.input_tokens = 183;
  p.output_tokens = 42;
  p.cost.v = 120'000;
  p.duration = Ms(5'812);
  p.first_byte = Ms(5'120);
  p.overhead = Ms(0.085);
  p.losses = "seed=dropped";
  pool::CallRecord failed;
  failed.worker = "large";
  failed.outcome = "connect_timeout";
  failed.whole = Ms(5'000);
  failed.why = "first choice";
  pool::CallRecord ok;
  ok.worker = "smol";
  ok.outcome = "ok";
  ok.winner = true;
  ok.upstream_status = 200;
  ok.usage.input = 183;
  ok.usage.output = 42;
  ok.cost.v = 120'000;
  ok.priced = true;
  ok.to_first_byte = Ms(120);
  ok.whole = Ms(812);
  ok.why = "fallback: large timed out";
  p.calls = {failed, ok};
  return p;
}

ViewOptions Plain(int width, bool unicode = true) {
  ViewOptions o;
  o.width = width;
  o.unicode = unicode;
  return o;
}

TEST(LogView, TreeSaysWhatRanWhereWhyAndForHowMuch) {
  EXPECT_EQ(
      RenderTree(Example(), Plain(110)),
      "ex_0s4v7mg200005  ok · smol · 183 + 42 tokens · $0.00012 · 5.81 s\n"
      "├─ asked   baton · chat, stream · task extraction · data internal,personal\n"
      "├─ rails   e-mail address in message 1: personal\n"
      "├─ route   sensitive · single · rules/1\n"
      "│          rule 'sensitive': personal data stays here -> smol\n"
      "├─ answer  worker\n"
      "│  ├─ ✗ large  connect_timeout · 5.00 s · first choice\n"
      "│  └─ ✓ smol   183 + 42 tokens · $0.00012 · 812 ms (first byte 120 ms) · fallback: large timed out\n"
      "├─ lost    seed=dropped\n"
      "└─ time    5.81 s in all, first byte after 5.12 s, Baton itself 85 us\n");
}

TEST(LogView, TreeInAsciiHasNoOtherCharacters) {
  const std::string text = RenderTree(Example(), Plain(110, false));
  for (char c : text) EXPECT_TRUE(c == '\n' || (c >= 0x20 && c < 0x7f)) << text;
  EXPECT_NE(text.find("`- + smol"), std::string::npos) << text;
}

TEST(LogView, NoLineIsWiderThanTheTerminal) {
  Provenance p = Example();
  p.reason =
      "a very long reason that goes on and on, with ümlauts and 漢字 in it, until it must be broken more "
      "than once";
  p.calls[1].why = "fallback: large timed out after five seconds, and cloud may not see personal data";
  p.model = std::string(90, 'm');
  for (int width : {60, 72, 80, 100, 140}) {
    std::stringstream lines(RenderTree(p, Plain(width)));
    for (std::string line; std::getline(lines, line);) EXPECT_LE(Columns(line), width) << line;
    std::stringstream table(RenderList(std::vector<Provenance>{p, p}, Plain(width)));
    for (std::string line; std::getline(table, line);) EXPECT_LE(Columns(line), width) << line;
  }
}

TEST(LogView, ColourOnlyAddsEscapes) {
  ViewOptions colour = Plain(100);
  colour.colour = true;
  const auto strip = [](const std::string& s) {
    std::string out;
    for (std::size_t i = 0; i < s.size(); ++i) {
      if (s[i] == '\x1b') {
        i = s.find('m', i);
      } else {
        out += s[i];
      }
    }
    return out;
  };
  const std::vector<Provenance> list = {Example()};
  EXPECT_NE(RenderTree(list[0], colour).find("\x1b[32m"), std::string::npos);
  EXPECT_EQ(strip(RenderTree(list[0], colour)), RenderTree(list[0], Plain(100)));
  EXPECT_EQ(strip(RenderList(list, colour)), RenderList(list, Plain(100)));
}

// Every text of a record may come from outside; none may move the cursor, set a title or forge a line.
TEST(LogView, TextsFromOutsideCannotCommandTheTerminal) {
  Provenance p = Example();
  const std::string evil =
      "\x1b]0;owned\x07\x1b[2J\r\nroot# \xff\xe2\x80\xae\xc2\x9b"
      "31m";
  p.model = p.task = p.route = p.workflow = p.policy = p.reason = p.worker = p.tenant = p.endpoint = evil;
  p.outcome = p.losses = p.data_classes = p.rails_reasons = evil;
  for (auto& c : p.calls) c.worker = c.outcome = c.why = evil;
  p.steps = {{evil, evil, 2}};
  const std::vector<Provenance> list = {p};
  for (const std::string& text : {RenderTree(p, Plain(100)), RenderList(list, Plain(300)), PlainText(evil),
                                  RenderTree(ToJson(p), Plain(100))}) {
    EXPECT_EQ(text.find_first_of("\x1b\x07\r\xff"), std::string::npos) << text;
    EXPECT_EQ(text.find("\xc2\x9b"), std::string::npos) << text;
    EXPECT_EQ(text.find("\xe2\x80\xae"), std::string::npos) << text;
    EXPECT_EQ(text.find("\nroot#") != std::string::npos, text == PlainText(evil)) << text;
  }
}

TEST(LogView, PlainTextKeepsHonestText) {
  const std::string honest = "Grüße, 世界 🙂\n\tint main() {}\n";
  EXPECT_EQ(PlainText(honest), honest);
  EXPECT_EQ(PlainText("a\x1b[1mb"), "a\\x1b[1mb");
  EXPECT_EQ(PlainText("\xc0\xaf\xed\xa0\x80\xf5"), "\\xc0\\xaf\\xed\\xa0\\x80\\xf5");
}

TEST(LogView, ListDropsTheLeastUsefulColumnsFirst) {
  const std::vector<Provenance> list = {Example()};
  const std::string wide = RenderList(list, Plain(200));
  for (const char* head :
       {"TIME (UTC)", "ID", "OUTCOME", "MODEL", "ROUTE", "WORKER", "CALLS", "IN", "OUT", "COST"}) {
    EXPECT_NE(wide.find(head), std::string::npos) << head;
  }
  const std::string narrow = RenderList(list, Plain(50));
  EXPECT_NE(narrow.find("ex_"), std::string::npos) << narrow;
  EXPECT_NE(narrow.find("ok"), std::string::npos) << narrow;
  EXPECT_EQ(narrow.find("CALLS"), std::string::npos) << narrow;
  EXPECT_EQ(RenderList({}, Plain(80)), "no exchanges\n");
}

TEST(LogView, UnknownPriceIsNotFree) {
  Provenance p = Example();
  p.unpriced = true;
  p.calls[1].priced = false;
  EXPECT_NE(RenderTree(p, Plain(120)).find("over $0.00012"), std::string::npos);
  p.cost.v = p.calls[1].cost.v = 0;
  const std::string text = RenderTree(p, Plain(120));
  EXPECT_NE(text.find("price unknown"), std::string::npos) << text;
  EXPECT_EQ(text.find("$0"), std::string::npos) << text;
}

TEST(LogView, RefusedExchangeHasNoSteps) {
  Provenance p = Example();
  p.calls.clear();
  p.route.clear();
  p.worker.clear();
  p.outcome = "rate_limited";
  p.cost.v = 0;
  const std::string text = RenderTree(p, Plain(100));
  EXPECT_EQ(text.find("─ answer"), std::string::npos) << text;
  EXPECT_NE(text.find("no answer"), std::string::npos) << text;
}

TEST(LogView, JsonOfTheServerGivesTheSameTree) {
  EXPECT_EQ(RenderTree(ToJson(Example()), Plain(100)), RenderTree(Example(), Plain(100)));
  EXPECT_EQ(RenderTree("{\"error\":{}}", Plain(100)), "(no record of this exchange)\n");
}

TEST(TextLayout, DurationsReadNaturally) {
  const std::pair<double, const char*> cases[] = {
      {0, "0 us"},         {0.085, "85 us"},       {0.9994, "999 us"},     {1.5, "1.5 ms"},
      {9.99, "10.0 ms"},   {812, "812 ms"},        {999.6, "1.00 s"},      {5'210, "5.21 s"},
      {59'990, "59.99 s"}, {59'999, "1 min 00 s"}, {125'000, "2 min 05 s"}};
  for (const auto& [ms, text] : cases) EXPECT_EQ(FormatDuration(Ms(ms)), text);
}

TEST(TextLayout, CountsAreGrouped) {
  EXPECT_EQ(FormatCount(0), "0");
  EXPECT_EQ(FormatCount(999), "999");
  EXPECT_EQ(FormatCount(1'000), "1,000");
  EXPECT_EQ(FormatCount(-1'234'567), "-1,234,567");
}

TEST(TextLayout, WrapLosesNothingAndBreaksWhereItMust) {
  EXPECT_EQ(Wrap("one two three", 7), (std::vector<std::string>{"one two", "three"}));
  EXPECT_EQ(Wrap("abcdefgh", 3), (std::vector<std::string>{"abc", "def", "gh"}));
  EXPECT_EQ(Wrap("世界世界", 5), (std::vector<std::string>{"世界", "世界"}));
  EXPECT_TRUE(Wrap("", 5).empty());
  EXPECT_EQ(Clip("世界世界", 5, "…"), "世界…");
  EXPECT_EQ(Clip("abc", 3, "…"), "abc");
}

}  // namespace
}  // namespace baton::cli
