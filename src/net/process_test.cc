#include "net/process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>

#include "base/signal.h"
#include "net/loop.h"

namespace baton::net {
namespace {

using namespace std::chrono_literals;

// Keeps what a child says and waits for its end.
class Listener : public Process::Owner {
 public:
  explicit Listener(Loop& loop) : ended(loop) {}
  void OnOutput(std::string_view bytes) override { output += bytes; }
  void OnErrors(std::string_view bytes) override { errors += bytes; }
  void OnEnd(int code) override {
    exit_code = code;
    ended.Set();
  }
  std::string output, errors;
  std::optional<int> exit_code;
  Signal ended;
};

ProcessOptions Shell(std::string script) {
  ProcessOptions o;
  o.argv = {"/bin/sh", "-c", std::move(script)};
  o.env = {{"PATH", "/usr/bin:/bin"}, {"NAMED", "yes"}};
  o.patience = 100ms;
  return o;
}

struct Said {
  std::string output, errors;
  int exit_code = -1;
};

// Runs a child to its end, having written `input` to it.
Task<void> RunIt(IoLoop* loop, ProcessOptions options, std::string input, Said* said) {
  Listener listener(*loop);
  auto process = Process::Spawn(*loop, options, listener);
  if (!process) {
    said->errors = process.error().reason;
    co_return;
  }
  EXPECT_TRUE(input.empty() || (*process)->Write(input));
  (void)co_await listener.ended.Wait(nullptr, Deadline(loop->Now() + 30s));
  *said = {listener.output, listener.errors, listener.exit_code.value_or(-1)};
}
Said RunShell(const ProcessOptions& options, const std::string& input = {}) {
  Said said;
  RunBlocking([&](IoLoop& loop) { return RunIt(&loop, options, input, &said); });
  return said;
}

TEST(Process, SpeaksAndIsSpokenTo) {
  const Said said = RunShell(Shell("read -r line; echo \"got $line\"; echo oops >&2; exit 5"), "hello\n");
  EXPECT_EQ(said.output, "got hello\n");
  EXPECT_EQ(said.errors, "oops\n");
  EXPECT_EQ(said.exit_code, 5);
}

TEST(Process, SeesNothingThatWasNotNamed) {
  ::setenv("BATON_SECRET_OF_THE_PARENT", "x", 1);
  const Said said = RunShell(Shell("env | grep -v -e ^PWD= -e ^_= -e ^SHLVL= -e ^OLDPWD= | sort"));
  EXPECT_EQ(said.output, "NAMED=yes\nPATH=/usr/bin:/bin\n");
}

TEST(Process, InheritsNoDescriptorsAndNoSignalMask) {
  const int leaky = ::open("/dev/null", O_RDONLY);  // not close-on-exec, as sockets are
  struct sigaction ignore {
  }, before{};
  ignore.sa_handler = SIG_IGN;
  ::sigaction(SIGUSR1, &ignore, &before);
  const Said said = RunShell(Shell("ls /proc/self/fd | wc -l; grep -e SigIgn -e SigBlk /proc/self/status"));
  ::sigaction(SIGUSR1, &before, nullptr);
  ::close(leaky);
  // ls itself opens the folder: 0, 1, 2 and that.
  const auto at = said.output.find("SigIgn:\t");
  ASSERT_NE(at, std::string::npos) << said.output;
  EXPECT_EQ(said.output.substr(0, at), "4\nSigBlk:\t0000000000000000\n");
  // The C library keeps the two signals above 31 to itself.
  EXPECT_EQ(std::stoull(said.output.substr(at + 8), nullptr, 16) & 0x7fffffff, 0u) << said.output;
}

TEST(Process, AllThatItWroteBeforeItsEndIsReported) {
  const Said said = RunShell(Shell(
      "i=0; while [ $i -lt 3000 ]; do echo 0123456789012345678901234567890123456789; i=$((i+1)); done"));
  EXPECT_EQ(said.output.size(), 3000u * 41);
  EXPECT_EQ(said.exit_code, 0);
}

TEST(Process, MuchInputReachesIt) {
  const std::string input(3 << 20, 'x');
  const Said said = RunShell(Shell("head -c 3145728 | wc -c"), input);
  EXPECT_EQ(said.output, "3145728\n");
}

TEST(Process, ADeathBySignalShows) {
  EXPECT_EQ(RunShell(Shell("kill -9 $$")).exit_code, 128 + 9);
}

TEST(Process, AProgramThatIsNotThereIsAnErrorAtOnce) {
  ProcessOptions o = Shell("");
  o.argv = {"baton-no-such-program"};
  EXPECT_EQ(RunShell(o).errors, "no_program");
  o.argv = {};
  EXPECT_EQ(RunShell(o).errors, "no_program");
}

TEST(Process, WritingToOneThatHasGoneIsHarmless) {
  RunBlocking([](IoLoop& loop) -> Task<void> {
    return [](IoLoop& l) -> Task<void> {
      Listener listener(l);
      ProcessOptions options = Shell("exec 0<&-; sleep 0.2");
      auto process = Process::Spawn(l, options, listener);
      EXPECT_TRUE(process);
      for (int i = 0; i < 20; ++i) {
        (void)(*process)->Write("into the void\n");
        (void)co_await l.Sleep(20ms);
      }
      (void)co_await listener.ended.Wait(nullptr, Deadline(l.Now() + 30s));
      EXPECT_EQ(listener.exit_code, 0);
    }(loop);
  });
}

bool Gone(pid_t pid) {
  return ::kill(pid, 0) != 0;
}

// Processes of the group that still run. Whoever inherits an orphan may leave it a zombie for a while.
int Running(pid_t group) {
  int running = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    std::ifstream stat(entry.path() / "stat");
    std::string line;
    if (!std::getline(stat, line)) continue;
    const auto name_end = line.rfind(')');
    if (name_end == std::string::npos) continue;
    std::istringstream rest(line.substr(name_end + 1));
    char state = 0;
    pid_t parent = 0, pgrp = 0;
    rest >> state >> parent >> pgrp;
    running += pgrp == group && state != 'Z' && state != 'X';
  }
  return running;
}

// What Spawn made, and a descendant of it that ignores SIGTERM, both end: by letting the Process go, or with
// the loop under it.
Task<void> StartStubborn(IoLoop* loop, Listener* listener, std::unique_ptr<Process>* process, pid_t* child,
                         bool drop) {
  ProcessOptions options = Shell("trap '' TERM; (trap '' TERM; echo $$; sleep 300) & wait; sleep 300");
  auto started = Process::Spawn(*loop, options, *listener);
  EXPECT_TRUE(started);
  *process = std::move(*started);
  *child = (*process)->pid();
  while (listener->output.empty()) (void)co_await loop->Sleep(5ms);
  if (!drop) co_return;
  process->reset();
  for (int i = 0; i < 2000 && !Gone(*child); ++i) (void)co_await loop->Sleep(5ms);
  EXPECT_TRUE(Gone(*child)) << "a child that ignores SIGTERM is killed in the end";
}

TEST(Process, AStubbornOneIsKilledWithItsGroupWhenNobodyWantsIt) {
  pid_t child = 0;
  RunBlocking([&](IoLoop& loop) -> Task<void> {
    return [](IoLoop& l, pid_t* c) -> Task<void> {
      Listener listener(l);
      std::unique_ptr<Process> process;
      co_await StartStubborn(&l, &listener, &process, c, true);
    }(loop, &child);
  });
  EXPECT_EQ(Running(child), 0) << "its group too";
}

TEST(Process, ALoopThatEndsLeavesNothingBehind) {
  pid_t child = 0;
  {
    const auto loop = IoLoop::Create();
    Listener listener(*loop);
    std::unique_ptr<Process> process;
    struct Steps {
      static Task<void> Go(IoLoop* l, Listener* li, std::unique_ptr<Process>* p, pid_t* c) {
        co_await StartStubborn(l, li, p, c, false);
        l->Stop();
      }
    };
    loop->Post([&] { Spawn(Steps::Go(loop.get(), &listener, &process, &child)); });
    loop->Run();
    EXPECT_EQ(Running(child), 2) << "the shell and the one in the background";
    process.reset();
  }
  EXPECT_EQ(Running(child), 0);
  EXPECT_TRUE(Gone(child)) << "killed and reaped";
}

}  // namespace
}  // namespace baton::net
