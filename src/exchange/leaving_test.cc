// The client leaves at the first thing that happens to its exchange, at the second, ... until one ends before
// that. Whenever it was: one record, nothing held, nobody still asked, and a reply that is an answer or one
// clean error.
#include <gtest/gtest.h>

#include "exchange/exchange.h"
#include "exchange/kept_records.h"
#include "workflow/team_fixture.h"

namespace baton::exchange {
namespace {

using namespace std::chrono_literals;
constexpr int kMostPoints = 120;

// Counts what happens; at the nth thing the client is gone.
struct Leaver {
  int nth = 0, seen = 0;
  Cancel cancel;
  void Happens() {
    if (seen++ == nth) cancel.Fire(Cancel::Why::kClientGone);
  }
};

class LeavingReader : public Reader {
 public:
  explicit LeavingReader(Leaver& leaver) : leaver_(leaver) {}
  void OnHeading(const Heading&) override { ++headings; }
  void Put(chat::Event) override {
    EXPECT_EQ(headings, 1) << "an event before the heading, or behind a second one";
    leaver_.Happens();
  }
  Task<Status> Flush() override {
    if (leaver_.cancel.fired()) co_return Fail(Code::kCancelled, "gone", "client_gone");
    co_return Status();
  }
  int headings = 0;

 private:
  Leaver& leaver_;
};

class LeavingTest : public workflow::Team {
 public:
  // The team's pool as a house of its own that runs one workflow.
  void MakeHouse(const std::string& name, Leaver& leaver) {
    script_ = [&leaver](const std::string& worker, const chat::Request&) {
      leaver.Happens();
      workflow::Reply reply;
      reply.text = "answer of " + worker;
      reply.between = 5ms;
      reply.pieces = 3;
      return reply;
    };
    // Also while nothing is asked or read.
    for (int ms = 1; ms < 200; ms += 2)
      loop_.CallAt(loop_.Now() + std::chrono::milliseconds(ms), [&leaver] { leaver.Happens(); });
    route::Rule rule;
    rule.name = "rule";
    rule.workflow = name;
    route::RulesOptions options;
    options.rules.push_back(rule);
    house_ = std::make_unique<House>();
    house_->policies.reset(new Policies{rails::Rails({}, std::make_shared<workflow::WordClassifier>()),
                                        route::Rules(std::move(options)), catalogue_,
                                        workflow::Runner(Deps())});
    house_->pool = std::move(pool_);
  }

  static Task<void> Go(Conductor* conductor, House* house, Envelope envelope, const chat::Request* request,
                       Reader* reader, Cancel* cancel, std::optional<ChatOutcome>* out) {
    out->emplace(co_await conductor->Chat(*house, std::move(envelope), *request, reader, cancel));
  }

  void ExpectCleanReply(const ChatOutcome& out, const Leaver& leaver) {
    if (out.response) {
      EXPECT_FALSE(out.response->choices.empty());
    } else {
      EXPECT_TRUE(leaver.cancel.fired()) << out.response.error().message;
      EXPECT_FALSE(out.response.error().message.empty());
    }
  }

  // False: the exchange ended before the client would have left.
  bool LeaveAt(const std::string& name, bool stream, int nth) {
    Build();
    Leaver leaver;
    leaver.nth = nth;
    MakeHouse(name, leaver);
    request_.stream = stream;
    Metrics metrics;
    IdSource ids(loop_.clock(), 1);
    KeptRecords store;
    Conductor conductor(loop_.clock(), ids, &store, metrics);
    LeavingReader reader(leaver);
    Envelope envelope;
    envelope.received = loop_.Now();
    std::optional<ChatOutcome> out;
    Spawn(Go(&conductor, house_.get(), std::move(envelope), &request_, stream ? &reader : nullptr,
             &leaver.cancel, &out));
    loop_.Run();
    EXPECT_TRUE(out) << "the exchange did not end";
    if (!out) return false;
    ExpectCleanReply(*out, leaver);
    out->Close(out->response ? 200 : 499);
    out.reset();
    EXPECT_EQ(store.records.size(), 1U);
    EXPECT_EQ(running_, 0) << "a call still runs";
    for (const auto& s : house_->pool->Status()) EXPECT_EQ(s.running + s.waiting, 0) << s.name;
    budget::Nanos calls;
    for (const auto& call : store.records.at(0).calls) calls.v += call.cost.v;
    EXPECT_EQ(store.records.at(0).cost.v, calls.v) << "the record's cost is not its calls'";
    return leaver.cancel.fired();
  }

  std::unique_ptr<House> house_;
};

TEST_F(LeavingTest, LeavesOneRecordAndNothingElseAtEveryPointOfEveryWorkflow) {
  int points = 0;
  for (const auto& info : workflow::Flows()) {
    if (info.name == "steps" || info.uses.find("file") != std::string_view::npos) continue;
    for (const bool stream : {false, true}) {
      int nth = 0;
      while (nth < kMostPoints && LeaveAt(std::string(info.name), stream, nth)) ++nth;
      EXPECT_GT(nth, 5) << info.name;
      points += nth;
      ASSERT_FALSE(HasFailure()) << info.name << (stream ? " streamed" : "") << ", leaving at " << nth;
    }
  }
  std::printf("leaving: %d points over every named workflow, whole and streamed\n", points);
}

}  // namespace
}  // namespace baton::exchange
