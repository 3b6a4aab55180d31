// kill -9 under load: whatever Submit() said yes to is in the store after a restart.
//
// The child is this test program again (exec, so that it starts with clean threads): several threads submit
// and, only after Submit() said yes, write the record's id to a pipe. The parent kills it at a random moment,
// reads the pipe to its end, opens the store and looks for every id. A reply's last byte leaves after
// Submit() in the same order, so the pipe stands for the clients.
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <map>
#include <set>
#include <thread>

#include "record/recorder_fixture.h"

namespace baton::record {
namespace {

constexpr int kAckFd = 3;
constexpr int kThreads = 3;
constexpr const char* kPathVariable = "BATON_KILL_TEST_STORE";
constexpr const char* kRoundVariable = "BATON_KILL_TEST_ROUND";

ExchangeId IdOf(int round, int thread, int n) {
  return SampleId(round * 1'000'000 + n) + 16 + thread;
}

// How many calls the record of that id was given: none is half a record.
std::size_t CallsOf(ExchangeId id, int round) {
  const std::int64_t n = (ExchangeUnixNanos(id) - ExchangeUnixNanos(SampleId(round * 1'000'000))) / 1'000'000;
  return static_cast<std::size_t>(n % 3);
}

RecorderOptions ChildOptions(const std::string& path) {
  RecorderOptions o;
  o.path = path;
  o.queue_bytes = 8 << 20;
  o.retention = Duration::zero();
  return o;
}

// Not a test: what the child runs.
TEST(KillChild, DISABLED_SubmitsUntilKilled) {
  const char* path = std::getenv(kPathVariable);
  ASSERT_NE(path, nullptr) << "started by RecorderKill only";
  const int round = std::atoi(std::getenv(kRoundVariable));
  auto r = Recorder::Open(ChildOptions(path), SystemClock(), nullptr, Log::Null());
  ASSERT_TRUE(r) << r.error().message;
  // Every other round at a pace that the writer keeps up with, and with the store's first write (which waits
  // for the disk) done: there the kill falls between commits and into them; in the others it falls into a
  // growing journal.
  const bool paced = round % 2 == 1;
  if (paced) {
    Random random(static_cast<std::uint64_t>(round));
    ASSERT_TRUE((*r)->Submit(Sample(IdOf(round, kThreads, 0), random, 0)));
    RecorderFixture::FlushAndWait(**r);
  }
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      Random random(static_cast<std::uint64_t>(round * kThreads + t));
      for (int n = 0; n < 1'000'000; ++n) {
        const ExchangeId id = IdOf(round, t, n);
        if (!(*r)->Submit(Sample(id, random, n % 3))) continue;
        // Eight bytes go into a pipe whole or not at all. The reader is slower than we are, so the pipe also
        // paces the child to a rate at which the writer commits.
        if (::write(kAckFd, &id, sizeof(id)) != sizeof(id)) return;
      }
    });
  }
  for (auto& t : threads) t.join();
}

class RecorderKill : public RecorderFixture {
 protected:
  pid_t StartChild(int round, int write_end) {
    const pid_t child = ::fork();
    if (child != 0) return child;
    ::setenv(kPathVariable, options_.path.c_str(), 1);
    ::setenv(kRoundVariable, std::to_string(round).c_str(), 1);
    if (write_end == kAckFd) {
      ::fcntl(write_end, F_SETFD, 0);
    } else {
      ::dup2(write_end, kAckFd);
    }
    ::execl("/proc/self/exe", "record_test", "--gtest_filter=KillChild.DISABLED_SubmitsUntilKilled",
            "--gtest_also_run_disabled_tests", "--gtest_brief=1", nullptr);
    ::_exit(127);
  }

  // Every exchange of the store with its number of calls, read as an outsider would.
  std::map<ExchangeId, std::size_t> CallsById() {
    store::OpenOptions o;
    o.path = options_.path;
    o.mark = 0x42744e31;
    o.mode = store::Mode::kReadOnly;
    auto db = store::OpenSqlite(o);
    EXPECT_TRUE(db);
    auto select = (*db)->Prepare(
        "SELECT id, (SELECT COUNT(*) FROM calls WHERE exchange = exchanges.id) FROM exchanges");
    EXPECT_TRUE(select);
    std::map<ExchangeId, std::size_t> all;
    while (*(*select)->Step()) all.emplace((*select)->Int(0), static_cast<std::size_t>((*select)->Int(1)));
    return all;
  }

  // Everything acknowledged until `enough`, then the kill, then the rest.
  static std::vector<ExchangeId> KillAfter(pid_t child, int read_end, std::size_t enough) {
    std::vector<ExchangeId> acknowledged;
    ExchangeId ids[512];
    std::string carry;
    bool killed = false;
    for (;;) {
      const ssize_t n = ::read(read_end, ids, sizeof(ids));
      if (n <= 0) break;
      carry.append(reinterpret_cast<const char*>(ids), static_cast<std::size_t>(n));
      while (carry.size() >= sizeof(ExchangeId)) {
        ExchangeId id;
        std::copy_n(carry.data(), sizeof(id), reinterpret_cast<char*>(&id));
        carry.erase(0, sizeof(id));
        acknowledged.push_back(id);
      }
      if (!killed && acknowledged.size() >= enough) {
        ::kill(child, SIGKILL);
        killed = true;
      }
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
        << "the child ended by itself: " << status;
    return acknowledged;
  }
};

TEST_F(RecorderKill, EveryAcknowledgedRecordIsThereAfterTwentyFiveKills) {
  constexpr int kKills = 25;
  std::size_t total = 0;
  std::set<ExchangeId> all;
  for (int round = 0; round < kKills; ++round) {
    int pipe[2];
    ASSERT_EQ(::pipe2(pipe, O_CLOEXEC), 0);
    const pid_t child = StartChild(round, pipe[1]);
    ASSERT_GT(child, 0);
    ::close(pipe[1]);
    // From "just begun" to "many commits and a checkpoint behind it".
    const auto acknowledged = KillAfter(child, pipe[0], 1 + random_.Below(round % 5 == 4 ? 8'000 : 1'500));
    ::close(pipe[0]);
    total += acknowledged.size();
    all.insert(acknowledged.begin(), acknowledged.end());

    auto r = Recorder::Open(ChildOptions(options_.path), SystemClock(), &metrics_, Log::Null());
    ASSERT_TRUE(r) << r.error().message;
    FlushAndWait(**r);
    const auto stored = CallsById();
    std::size_t missing = 0;
    for (const ExchangeId id : acknowledged) {
      const auto found = stored.find(id);
      missing += found == stored.end() || found->second != CallsOf(id, round);
    }
    ASSERT_EQ(missing, 0u) << "of " << acknowledged.size() << " in round " << round;
    EXPECT_EQ((*r)->dropped(), 0u);
    // One unacknowledged record per thread may have been on its way, and a paced round has one more.
    const auto rows = (*r)->Sum({})->exchanges;
    EXPECT_GE(rows, static_cast<std::int64_t>(all.size()));
    EXPECT_LE(rows, static_cast<std::int64_t>(all.size()) + (round + 1) * (kThreads + 1));
  }
  EXPECT_EQ(all.size(), total);
  RecordProperty("kills", kKills);
  RecordProperty("acknowledged", static_cast<int>(total));
  RecordProperty("replayed", static_cast<int>(Metric("baton_record_replayed_total")));
  std::printf(
      "[   INFO   ] %d kills, %zu acknowledged records, all found; %.0f of them came from the journal\n",
      kKills, total, Metric("baton_record_replayed_total"));
}

}  // namespace
}  // namespace baton::record
