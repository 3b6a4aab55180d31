// A really full disk, as the kernel tells it: a child process writes under a file size limit.
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "record/recorder_fixture.h"

namespace baton::record {
namespace {

class DiskFull : public RecorderFixture {};

// In the child, whose exit code says what was wrong; no GoogleTest there.
int SubmitUnderALimit(RecorderOptions options, Random& random, const Clock& clock) {
  signal(SIGXFSZ, SIG_IGN);
  auto r = Recorder::Open(options, clock, nullptr, Log::Null());
  if (!r) return 10;
  rlimit limit{};
  getrlimit(RLIMIT_FSIZE, &limit);
  limit.rlim_cur = 96 * 1024;  // the store's file and its WAL stop growing here
  setrlimit(RLIMIT_FSIZE, &limit);
  for (int i = 0; i < 1'000; ++i) {
    if (!(*r)->Submit(Sample(SampleId(i), random))) return 11;
  }
  for (int i = 0; i < 1'000; i += 37) {
    if (!(*r)->Find(SampleId(i))) return 12;
  }
  auto committed = OpenReadOnly(options.path);
  if (!committed || (*committed)->Sum({})->exchanges >= 1'000) return 13;  // the limit was none
  // Room again: everything that waited is written.
  limit.rlim_cur = RLIM_INFINITY;
  setrlimit(RLIMIT_FSIZE, &limit);
  std::promise<void> done;
  (*r)->Flush([&] { done.set_value(); });
  done.get_future().wait();
  return (*r)->Sum({})->exchanges == 1'000 && (*r)->dropped() == 0 ? 0 : 14;
}

TEST_F(DiskFull, RecordsWaitAndAreWrittenWhenThereIsRoomAgain) {
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) ::_exit(SubmitUnderALimit(options_, random_, clock_));
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status)) << "signal " << WTERMSIG(status);
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_EQ(Open()->Sum({})->exchanges, 1'000);
}

// What `audit.on_full: refuse` goes by. In the child as above.
int FillUntilThereIsNoRoom(RecorderOptions options, Random& random, const Clock& clock) {
  signal(SIGXFSZ, SIG_IGN);
  auto r = Recorder::Open(options, clock, nullptr, Log::Null());
  if (!r || !(*r)->HasRoom()) return 10;
  rlimit limit{};
  getrlimit(RLIMIT_FSIZE, &limit);
  limit.rlim_cur = 96 * 1024;
  setrlimit(RLIMIT_FSIZE, &limit);
  int n = 0;
  for (; (*r)->HasRoom() && n < 100'000; ++n) {
    if (!(*r)->Submit(Sample(SampleId(n), random))) return 11;
  }
  if (n == 100'000) return 12;
  // What was under way when the room ended still finds its place.
  for (int more = n + 200; n < more; ++n) {
    if (!(*r)->Submit(Sample(SampleId(n), random))) return 13;
  }
  limit.rlim_cur = RLIM_INFINITY;
  setrlimit(RLIMIT_FSIZE, &limit);
  std::promise<void> done;
  (*r)->Flush([&] { done.set_value(); });
  done.get_future().wait();
  if (!(*r)->HasRoom()) return 14;
  return (*r)->Sum({})->exchanges == n && (*r)->dropped() == 0 ? 0 : 15;
}

TEST_F(DiskFull, RoomEndsLongBeforeRecordsAreLostAndComesBack) {
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) ::_exit(FillUntilThereIsNoRoom(options_, random_, clock_));
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status)) << "signal " << WTERMSIG(status);
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST_F(DiskFull, NoRoomForTheJournalIsSaidAtTheStart) {
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    signal(SIGXFSZ, SIG_IGN);
    rlimit limit{};
    getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = 512 * 1024;
    setrlimit(RLIMIT_FSIZE, &limit);
    auto r = Recorder::Open(options_, clock_, nullptr, Log::Null());
    ::_exit(r ? 1 : r.error().message.find(options_.path + ".queue") == std::string::npos ? 2 : 0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  // The half-made journal is no obstacle later.
  auto r = Open();
  EXPECT_TRUE(r->Submit(Sample(SampleId(1), random_)));
}

}  // namespace
}  // namespace baton::record
