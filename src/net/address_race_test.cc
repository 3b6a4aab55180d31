// Races against addresses that refuse, swallow packets or answer.
#include "net/address_race.h"

#include <fcntl.h>

#include "net/test_script.h"

namespace baton::net {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

Endpoint At(const char* address, int port) {
  return Endpoint(asio::ip::make_address(address), static_cast<std::uint16_t>(port));
}
Endpoint Here(std::uint16_t port) {
  return At("127.0.0.1", port);
}

TEST(InTurns, FamiliesAlternateBeginningWithTheFirst) {
  const std::vector<Endpoint> given = {At("::1", 1), At("::1", 2), At("::1", 3), At("127.0.0.1", 1),
                                       At("127.0.0.1", 2)};
  const std::vector<Endpoint> turns = {At("::1", 1), At("127.0.0.1", 1), At("::1", 2), At("127.0.0.1", 2),
                                       At("::1", 3)};
  EXPECT_EQ(InTurns(given), turns);
  EXPECT_TRUE(InTurns({}).empty());
}

// Listens, but its queue is full: connection attempts get no answer at all.
class Swallower {
 public:
  Swallower() : fds_{socket(AF_INET, SOCK_STREAM, 0)} {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* address = reinterpret_cast<sockaddr*>(&at);
    EXPECT_EQ(bind(fds_[0], address, sizeof at), 0);
    EXPECT_EQ(listen(fds_[0], 0), 0);
    socklen_t size = sizeof at;
    getsockname(fds_[0], address, &size);
    port = ntohs(at.sin_port);
    for (int i = 0; i < 4; ++i) {
      fds_.push_back(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
      (void)!connect(fds_.back(), address, sizeof at);
    }
  }
  ~Swallower() {
    for (const int fd : fds_) close(fd);
  }
  std::uint16_t port = 0;

 private:
  std::vector<int> fds_;
};

std::uint16_t ClosedPort() {
  return ScriptServer({}).port;
}

struct Outcome {
  std::uint16_t winner = 0;
  bool all_failed = false;
};

Task<void> RunRace(AsioLoop& loop, std::vector<Endpoint> addresses, Duration stagger, Duration time,
                   Cancel* cancel, Outcome* outcome) {
  const TimePoint until = loop.Now() + time;
  Raced raced = co_await Race(loop, std::move(addresses), stagger, until, Deadline(), cancel);
  if (raced.socket) outcome->winner = raced.socket->remote_endpoint().port();
  outcome->all_failed = raced.all_failed;
}

Outcome Do(std::vector<Endpoint> addresses, Duration stagger, Duration time = hours(1),
           Cancel* cancel = nullptr) {
  LoopThread thread;
  auto& loop = static_cast<AsioLoop&>(thread.loop());
  Outcome outcome;
  thread.Await([&] { return RunRace(loop, addresses, stagger, time, cancel, &outcome); });
  return outcome;
}

TEST(Race, ASilentAddressDoesNotHoldUpTheNext) {
  Swallower silent;
  ScriptServer server({AwaitEnd});
  EXPECT_EQ(Do({Here(silent.port), Here(server.port)}, milliseconds(5)).winner, server.port);
}

TEST(Race, ARefusalStartsTheNextAtOnce) {
  ScriptServer server({AwaitEnd});
  const std::uint16_t closed = ClosedPort();
  EXPECT_EQ(Do({Here(closed), Here(closed), Here(server.port)}, hours(1)).winner, server.port);
}

TEST(Race, TheFirstIsNotDisturbedWhileItIsQuickEnough) {
  ScriptServer first({AwaitEnd}), second({AwaitEnd});
  EXPECT_EQ(Do({Here(first.port), Here(second.port)}, hours(1)).winner, first.port);
  EXPECT_EQ(second.accepted, 0);
}

TEST(Race, WhenAllRefuseItIsOver) {
  const Outcome outcome = Do({Here(ClosedPort()), Here(ClosedPort())}, hours(1));
  EXPECT_EQ(outcome.winner, 0);
  EXPECT_TRUE(outcome.all_failed);
}

TEST(Race, SilenceEndsWithTheTime) {
  Swallower silent;
  const Outcome outcome = Do({Here(silent.port), Here(silent.port)}, milliseconds(1), milliseconds(20));
  EXPECT_EQ(outcome.winner, 0);
  EXPECT_FALSE(outcome.all_failed);
}

TEST(Race, CancellingEndsIt) {
  Swallower silent;
  Cancel cancel;
  cancel.Fire(Cancel::Why::kClientGone);
  EXPECT_FALSE(Do({Here(silent.port)}, hours(1), hours(1), &cancel).all_failed);
}

Task<void> HoldWinner(AsioLoop& loop, std::vector<Endpoint> addresses, Raced* raced) {
  const TimePoint until = loop.Now() + hours(1);
  *raced = co_await Race(loop, std::move(addresses), Duration::zero(), until, Deadline(), nullptr);
}

TEST(Race, TheLosersConnectionIsClosed) {
  LoopThread thread;
  auto& loop = static_cast<AsioLoop&>(thread.loop());
  std::atomic<int> ended = 0;
  const auto count = [&](int fd) {
    AwaitEnd(fd);
    ++ended;
  };
  ScriptServer first({count}), second({count});
  Raced raced;
  thread.Await([&] { return HoldWinner(loop, {Here(first.port), Here(second.port)}, &raced); });
  ASSERT_TRUE(raced.socket);
  while (ended == 0) std::this_thread::yield();
  EXPECT_EQ(ended, 1);
  thread.Call([&] {
    raced.socket.reset();
    return 0;
  });
}

}  // namespace
}  // namespace baton::net
