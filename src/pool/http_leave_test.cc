// Clients that leave and clients that are slow, with a provider on a real socket.
#include <gtest/gtest.h>

#include "base/signal.h"
#include "pool/http_fixture.h"

namespace baton::pool {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const char kQuestion[] = R"({"model":"m","stream":true,"messages":[{"role":"user","content":"hi"}]})";

std::string Text(const std::string& text) {
  return "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"" + text + "\"}}]}\n\n";
}
const std::string kEnd =
    "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}],"
    "\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":3}}\n\ndata: [DONE]\n\n";

// Leaves in the middle: at its n-th flush, by its cancel or by refusing the bytes.
class LeavingSink : public RecordingSink {
 public:
  Task<Status> Flush() override {
    if (++seen >= leave_at) {
      if (by_cancel) {
        cancel.Fire(why);
      } else {
        gone = true;
      }
    }
    return RecordingSink::Flush();
  }
  Cancel cancel;
  Cancel::Why why = Cancel::Why::kClientGone;
  bool by_cancel = true;
  int seen = 0, leave_at = 1;
};

class Leaving : public ::testing::Test {
 protected:
  Leaving() {
    f.provider.chunked = true;
    f.provider.headers = {{"Content-Type", "text/event-stream"}};
    f.provider.pieces = {Text("abcd")};
    f.provider.end = Provider::End::kStall;
  }
  AttemptResult Ask(LeavingSink& sink) {
    return f.Chat(f.Decode(kQuestion), &sink, seconds(20), &sink.cancel);
  }
  // The server notices on its next turn.
  void ExpectProviderCancelled() {
    for (int i = 0; i < 500 && !f.loop().Call([this] { return f.provider.client_left; }); ++i) {
      f.loop().Await([this] { return Pause(&f.loop().loop()); });
    }
    EXPECT_TRUE(f.loop().Call([this] { return f.provider.client_left; }));
  }
  static Task<void> Pause(Loop* loop) { (void)co_await loop->Sleep(milliseconds(5)); }
  HttpFixture f;
};

TEST_F(Leaving, TheProviderIsCancelledWhenTheClientHasGone) {
  LeavingSink sink;
  const AttemptResult r = Ask(sink);
  ASSERT_TRUE(r.failure);
  EXPECT_EQ(r.failure->error.code, Code::kCancelled);
  EXPECT_EQ(chat::TextOf(r.response.choices[0].message), "abcd") << "for the estimate";
  EXPECT_FALSE(r.response.usage.known);
  ExpectProviderCancelled();
}

TEST_F(Leaving, AReaderThatRefusesBytesIsAClientThatHasGone) {
  LeavingSink sink;
  sink.by_cancel = false;
  const AttemptResult r = Ask(sink);
  ASSERT_TRUE(r.failure);
  EXPECT_EQ(r.failure->error.code, Code::kCancelled);
  ExpectProviderCancelled();
}

TEST_F(Leaving, DrainingReadsOnForTheUsageAndDeliversNothingMore) {
  f.worker->on_client_gone = OnClientGone::kDrainForUsage;
  f.provider.pieces = {Text("abcd"), Text("efgh"), kEnd};
  f.provider.end = Provider::End::kFinish;
  LeavingSink sink;
  const AttemptResult r = Ask(sink);
  ASSERT_TRUE(r.failure);
  EXPECT_EQ(r.failure->error.code, Code::kCancelled);
  EXPECT_TRUE(r.response.usage.known);
  EXPECT_EQ(r.response.usage.input, 7);
  EXPECT_FALSE(f.provider.client_left);
}

TEST_F(Leaving, DrainingHasALimit) {
  f.worker->on_client_gone = OnClientGone::kDrainForUsage;
  f.worker->drain_limit = milliseconds(60);
  LeavingSink sink;
  const AttemptResult r = Ask(sink);
  ASSERT_TRUE(r.failure);
  EXPECT_EQ(r.failure->error.code, Code::kCancelled);
  ExpectProviderCancelled();
}

TEST_F(Leaving, ALostRaceIsNeverDrained) {
  f.worker->on_client_gone = OnClientGone::kDrainForUsage;
  LeavingSink sink;
  sink.why = Cancel::Why::kLostRace;
  const AttemptResult r = Ask(sink);
  ASSERT_TRUE(r.failure);
  ExpectProviderCancelled();
}

TEST_F(Leaving, WhoHasLeftBeforeTheCallCausesNone) {
  LeavingSink sink;
  sink.cancel.Fire(Cancel::Why::kClientGone);
  const AttemptResult r = Ask(sink);
  ASSERT_TRUE(r.failure);
  EXPECT_EQ(r.failure->error.code, Code::kCancelled);
  EXPECT_FALSE(r.sent);
  EXPECT_EQ(f.provider.requests, 0);
}

// Takes nothing until it is told to.
class SlowSink : public RecordingSink {
 public:
  explicit SlowSink(Loop& loop) : open(loop) {}
  Task<Status> Flush() override { return Wait(this); }
  Signal open;
  bool opened = false;

 private:
  static Task<Status> Wait(SlowSink* self) {
    if (!self->opened) (void)co_await self->open.Wait();
    self->opened = true;
    co_return Status();
  }
};

struct Watched {
  Loop* loop;
  Provider* provider;
  SlowSink* sink;
  std::size_t stopped_at = 0;
};

// Opens the sink once the provider has stopped making progress.
Task<void> OpenWhenStuck(Watched* w) {
  std::size_t last = 0;
  for (int quiet = 0; quiet < 10;) {
    (void)co_await w->loop->Sleep(milliseconds(10));
    quiet = w->provider->written == last && last > 0 ? quiet + 1 : 0;
    last = w->provider->written;
  }
  w->stopped_at = last;
  w->sink->open.Set();
}

TEST(SlowClient, HoldsTheProviderBackAndGetsEverythingInTheEnd) {
  HttpFixture f;
  f.provider.chunked = true;
  f.provider.headers = {{"Content-Type", "text/event-stream"}};
  const std::string piece = Text(std::string(200'000, 'x'));
  f.provider.pieces.assign(200, piece);  // 40 MB, more than any socket buffer
  f.provider.pieces.push_back(kEnd);
  SlowSink sink(f.loop().loop());
  Watched watched{&f.loop().loop(), &f.provider, &sink};
  f.backend();
  f.loop().Call([&] {
    Spawn(OpenWhenStuck(&watched));
    return 0;
  });
  const AttemptResult r = f.Chat(f.Decode(kQuestion), &sink);
  ASSERT_FALSE(r.failure) << r.failure->error.message;
  EXPECT_LT(watched.stopped_at, std::size_t{20} * 1000 * 1000) << "the provider was not held back";
  EXPECT_EQ(sink.text.size(), std::size_t{200} * 200'000);
}

}  // namespace
}  // namespace baton::pool
