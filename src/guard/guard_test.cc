// Guards over a pool of scripted workers: the same texts pass whole and streamed, whatever the stream's cuts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.h"
#include "guard/ask.h"
#include "guard/held_text.h"
#include "guard/pool.h"
#include "pool/pool_fixture.h"

namespace baton::guard {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::shared_ptr<const rails::Classifier> Scan() {
  static const auto c = rails::Classifier::Build({}).value();
  return c;
}

Rule Find(std::string name, std::set<std::string> classes, Deed deed, OnFault on_fault = OnFault::kClosed) {
  Rule r;
  r.name = std::move(name);
  r.classes = std::move(classes);
  r.deed = deed;
  r.on_fault = on_fault;
  r.window = 64;
  return r;
}
Rule Ask(Deed deed, OnFault on_fault) {
  Rule r;
  r.name = "judge";
  r.ask = "judge";
  r.about = "violence";
  r.deed = deed;
  r.on_fault = on_fault;
  r.window = 40;
  r.timeout = std::chrono::seconds(2);
  return r;
}

const std::string kKey = "sk-proj-4Kd82mZqPw91LxTtVb36";

// One call of worker "w" through the guards, and what came of it.
struct Passage {
  std::string text, reason;  // what the reader got; why it ended, empty: well
  bool delivered = false, answering = false;
  std::vector<std::string> notes;
  pool::CallOutcome outcome;
  std::string metrics;
};

struct GuardTest : ::testing::Test {
  std::vector<Rule> rules;
  std::vector<std::string> pieces;
  pool::FakeScript judge{};
  std::set<std::string> judge_sees = {"public", "internal"};

  Passage Run(bool stream) {
    Metrics metrics;
    pool::PoolFixture f;
    f.Add("w").data.classes = {"public", "internal"};
    f.Add("judge").data.classes = judge_sees;
    pool::FakeScript script;
    script.pieces = pieces;
    f.Always("w", script);
    f.Always("judge", judge);
    f.Start();
    rails::Catalogue catalogue;
    catalogue.workers = f.pool->workers();
    auto permit = rails::Rails({}, Scan()).Admit({}, {}, f.request, catalogue, f.loop.Now());
    EXPECT_TRUE(permit);
    const Rules all(rules, Scan(), &metrics);
    GuardedPool guarded(all, *permit, *f.pool);
    Passage out;
    pool::RecordingSink sink;
    pool::RecordingObserver observer;
    f.request.stream = stream;
    pool::CallSpec spec;
    spec.request = &f.request;
    spec.candidates = {f.pool->Find("w")};
    spec.lease = &permit->lease();
    if (stream) spec.sink = &sink;
    bool ended = false;
    Spawn(Call(&guarded, &spec, &observer, &out, &ended));
    f.loop.Run();
    EXPECT_TRUE(ended);
    out.delivered = out.outcome.delivered;
    out.text = stream                 ? sink.text
               : out.outcome.response ? chat::TextOf(out.outcome.response->choices[0].message)
                                      : "";
    if (!out.outcome.response) out.reason = out.outcome.response.error().reason;
    out.notes = guarded.notes();
    out.metrics = metrics.Text();
    EXPECT_EQ(permit->lease().outstanding(), 0);
    return out;
  }
  static Task<void> Call(GuardedPool* pool, const pool::CallSpec* spec, pool::CallObserver* observer,
                         Passage* out, bool* ended) {
    out->outcome = co_await pool->Chat(*spec, observer);
    *ended = true;
  }
  void Says(const std::string& text, std::size_t each = 7) {
    pieces.clear();
    for (std::size_t i = 0; i < text.size(); i += each) pieces.push_back(text.substr(i, each));
  }
  void JudgeSays(std::string word) { judge.pieces = {std::move(word)}; }
};

TEST_F(GuardTest, WhatIsCleanPassesUnchanged) {
  rules = {Find("keys", {"secret"}, Deed::kBlock)};
  Says("The quick brown fox jumps over the lazy dog, and then it does so again and again until evening.");
  for (bool stream : {false, true}) {
    const Passage p = Run(stream);
    EXPECT_EQ(p.reason, "");
    EXPECT_EQ(
        p.text,
        "The quick brown fox jumps over the lazy dog, and then it does so again and again until evening.");
    EXPECT_THAT(p.metrics, HasSubstr("baton_guard_total{guard=\"keys\",result=\"clean\"} 1"));
  }
}

TEST_F(GuardTest, ARedactionIsTheSameWholeAndStreamedWhateverTheCuts) {
  rules = {Find("mails", {"personal", "secret"}, Deed::kRedact)};
  const std::string text =
      "Please write to ann@example.org about card 4111 1111 1111 1111, and use " + kKey +
      " for the call. Nothing else matters here, but the answer goes on for a while yet.";
  Says(text, 1000);
  const std::string want = Run(false).text;
  EXPECT_EQ(
      want,
      "Please write to [EMAIL REMOVED] about card [CARD REMOVED], and use [API_KEY REMOVED] for the call. "
      "Nothing else matters here, but the answer goes on for a while yet.");
  for (std::size_t each : {1, 2, 3, 5, 17, 64, 200}) {
    Says(text, each);
    const Passage p = Run(true);
    EXPECT_EQ(p.text, want) << each;
    EXPECT_EQ(chat::TextOf(p.outcome.response->choices[0].message), want)
        << "what others read is what went out";
  }
}

TEST_F(GuardTest, ABlockEndsTheAnswerWithoutAByteOfWhatItFound) {
  rules = {Find("keys", {"secret"}, Deed::kBlock)};
  Says("Sure. The key you asked me for, after a good deal of thought about it, would be " + kKey +
       " I believe.");
  const Passage whole = Run(false), streamed = Run(true);
  for (const Passage* p : {&whole, &streamed}) {
    EXPECT_EQ(p->reason, "guard_blocked");
    EXPECT_THAT(p->text, Not(HasSubstr("sk-")));
    EXPECT_THAT(p->notes, ::testing::Contains(HasSubstr("guard 'keys': blocked api_key in the answer of w")));
  }
  EXPECT_TRUE(streamed.delivered) << "what was clean in front of it had left";
}

TEST_F(GuardTest, AStreamBlockedBeforeAnythingLeftIsAPlainError) {
  rules = {Find("keys", {"secret"}, Deed::kBlock)};
  Says(kKey + " is the key");
  const Passage p = Run(true);
  EXPECT_EQ(p.reason, "guard_blocked");
  EXPECT_FALSE(p.delivered);
  EXPECT_EQ(p.text, "");
}

TEST_F(GuardTest, AFlagChangesNothingAndIsRecorded) {
  rules = {Find("mails", {"personal"}, Deed::kFlag, OnFault::kOpen)};
  Says("write to ann@example.org");
  for (bool stream : {false, true}) {
    const Passage p = Run(stream);
    EXPECT_EQ(p.text, "write to ann@example.org");
    EXPECT_EQ(p.notes, std::vector<std::string>{"guard 'mails': flagged email in the answer of w"});
  }
}

TEST_F(GuardTest, MoreFindingsThanAreCountedFollowOnFault) {
  std::string many;
  for (int i = 0; i < 1200; ++i) many += "a" + std::to_string(i) + "@b.org ";
  Says(many, 1'000'000);
  rules = {Find("mails", {"personal"}, Deed::kRedact, OnFault::kClosed)};
  EXPECT_EQ(Run(false).reason, "guard_fault");
  rules = {Find("mails", {"personal"}, Deed::kRedact, OnFault::kOpen)};
  const Passage open = Run(false);
  EXPECT_EQ(open.reason, "");
  EXPECT_THAT(open.metrics, HasSubstr("result=\"fault_open\"} 1"));
}

TEST_F(GuardTest, AJudgesWordDecidesWholeAndStreamed) {
  rules = {Ask(Deed::kBlock, OnFault::kClosed)};
  Says("one two three four five six seven eight nine ten eleven twelve");
  for (bool stream : {false, true}) {
    JudgeSays("PASS");
    EXPECT_EQ(Run(stream).text, "one two three four five six seven eight nine ten eleven twelve");
    JudgeSays("**Stop.** It is violent");
    const Passage p = Run(stream);
    EXPECT_EQ(p.reason, "guard_blocked");
    EXPECT_EQ(p.text, "");
    EXPECT_FALSE(p.delivered);
    ASSERT_GE(p.outcome.calls.size(), 2u);
    EXPECT_THAT(p.outcome.calls.back().why, HasSubstr("guard 'judge'"));
    EXPECT_FALSE(p.outcome.calls.back().winner);
  }
}

TEST_F(GuardTest, AJudgeThatCannotTellFollowsTheWrittenChoice) {
  Says("one two three");
  pool::FakeScript broken, slow, mumbles;
  broken.pieces = {};
  broken.starts = false;
  broken.failure = pool::FakeFailure(provider::Fault::kServer, Code::kUnavailable, "http_500", 500);
  slow.before_first = std::chrono::seconds(30);
  mumbles.pieces = {"perhaps"};
  for (const auto& [why, script] :
       {std::pair<const char*, pool::FakeScript>{"broken", broken}, {"slow", slow}, {"mumbles", mumbles}}) {
    for (bool stream : {false, true}) {
      judge = script;
      rules = {Ask(Deed::kBlock, OnFault::kClosed)};
      EXPECT_EQ(Run(stream).reason, "guard_fault") << why << stream;
      rules = {Ask(Deed::kBlock, OnFault::kOpen)};
      const Passage open = Run(stream);
      EXPECT_EQ(open.reason, "") << why << stream;
      EXPECT_EQ(open.text, "one two three") << why << stream;
    }
  }
}

TEST_F(GuardTest, AJudgeThatMayNotSeeTheDataIsNotAsked) {
  judge_sees = {"public"};
  rules = {Ask(Deed::kBlock, OnFault::kClosed)};
  Says("one two three");
  const Passage p = Run(false);
  EXPECT_EQ(p.reason, "guard_fault");
  EXPECT_EQ(p.outcome.calls.size(), 1u);
}

TEST(ReadWord, NeitherOrBothIsNoWord) {
  EXPECT_EQ(ReadWord("PASS"), true);
  EXPECT_EQ(ReadWord("  **stop**"), false);
  EXPECT_EQ(ReadWord("The answer is: PASS."), true);
  EXPECT_EQ(ReadWord("PASS or STOP"), std::nullopt);
  EXPECT_EQ(ReadWord("bypass"), std::nullopt);
  EXPECT_EQ(ReadWord(""), std::nullopt);
}

chat::Event Piece(std::string text, std::string raw = {}) {
  chat::Event e;
  e.kind = chat::Event::Kind::kText;
  e.text = std::move(text);
  e.raw = std::move(raw);
  return e;
}

// What is clean leaves with its own bytes; only what a finding touches is made anew.
TEST(HeldText, CleanEventsKeepTheirBytes) {
  const Rules rules({Find("mails", {"personal"}, Deed::kRedact)}, Scan(), nullptr);
  HeldText held(rules, false);
  std::vector<std::pair<const Rule*, std::string>> seen;
  std::vector<chat::Event> out;
  int n = 0;
  for (const char* word : {"Write ", "to ", "ann", "@exam", "ple.org", " now", " please"})
    held.Add(Piece(word, "raw" + std::to_string(n++)));
  for (auto& e : held.Release(true, &seen).events) out.push_back(std::move(e));
  ASSERT_EQ(out.size(), 5u);
  EXPECT_EQ(out[0].raw, "raw0");
  EXPECT_EQ(out[1].raw, "raw1");
  EXPECT_EQ(out[2].raw, "");
  EXPECT_TRUE(out[2].made);
  EXPECT_EQ(out[2].text, "[EMAIL REMOVED]");
  EXPECT_EQ(out[3].raw, "raw5");
}

TEST(HeldText, HoldsBackNoMoreThanItsWindowAndAWord) {
  const Rules rules({Find("keys", {"secret"}, Deed::kRedact)}, Scan(), nullptr);
  HeldText held(rules, false);
  std::vector<std::pair<const Rule*, std::string>> seen;
  std::size_t in = 0, out = 0;
  for (int i = 0; i < 400; ++i) {
    held.Add(Piece("words "));
    in += 6;
    out += held.Release(false, &seen).text.size();
    ASSERT_LE(in - out, 64u + 16u + 6u) << i;
  }
  out += held.Release(true, &seen).text.size();
  EXPECT_EQ(in, out);
}

TEST(HeldText, ABase64PictureIsNotHeldForEver) {
  const Rules rules({Find("keys", {"secret"}, Deed::kRedact)}, Scan(), nullptr);
  HeldText held(rules, false);
  std::vector<std::pair<const Rule*, std::string>> seen;
  std::size_t out = 0;
  Random random(3);
  for (int i = 0; i < 3000; ++i) {
    std::string piece;
    for (int k = 0; k < 16; ++k)
      piece.push_back("ABCDEFGHIJKLMNOPabcdefghijklmnop0123456789+/"[random.Below(44)]);
    held.Add(Piece(piece));
    const auto r = held.Release(false, &seen);
    ASSERT_EQ(r.blocked, nullptr);
    out += r.text.size();
  }
  EXPECT_GT(out, 16'000u);
}

// Against the whole text's redaction, for random texts with planted data and random cuts.
TEST(HeldText, AnyStreamGivesWhatTheWholeTextGives) {
  const Rules rules({Find("all", {"personal", "secret"}, Deed::kRedact)}, Scan(), nullptr);
  const std::string planted[] = {"ann@example.org",     "4111 1111 1111 1111", kKey,
                                 "password: hunter2!x", "+49 89 1234567",      "DE89 3704 0044 0532 0130 00"};
  const std::string words[] = {"the",     "committee", "met", "twice",   "during",
                               "spring,", "and",       "42",  "boats\n", "came."};
  Random random(11);
  for (int round = 0; round < 200; ++round) {
    std::string text;
    for (int w = 0; w < 60; ++w)
      text += (random.Below(12) == 0 ? planted[random.Below(6)] : words[random.Below(10)]) + " ";
    std::vector<std::pair<const Rule*, std::string>> seen;
    HeldText whole(rules, false), cut(rules, false);
    whole.Add(Piece(text));
    const std::string want = whole.Release(true, &seen).text;
    std::string got;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t n = std::min<std::size_t>(1 + random.Below(20), text.size() - at);
      cut.Add(Piece(text.substr(at, n)));
      at += n;
      got += cut.Release(false, &seen).text;
    }
    got += cut.Release(true, &seen).text;
    ASSERT_EQ(got, want) << text;
  }
}

}  // namespace
}  // namespace baton::guard
