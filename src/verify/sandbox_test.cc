#include "verify/sandbox.h"

#include <sys/wait.h>

#include <thread>

#include "verify/sandbox_fixture.h"

namespace baton::verify {
namespace {

using ::testing::HasSubstr;
using End = RunResult::End;

TEST_F(SandboxTest, RunsPythonAndShellWithInputAndFiles) {
  auto r = Run({Program::Language::kPython,
                "import sys, data\nprint(sys.stdin.read().upper(), data.x)",
                "hello",
                {{"data.py", "x = 42"}}});
  EXPECT_EQ(r.end, End::kExited) << r.why;
  EXPECT_EQ(r.exit_code, 0) << r.err;
  EXPECT_EQ(r.out, "HELLO 42\n");
  r = Shell("read x; echo $((6 * 7)) | tr 4 5; echo oops >&2; exit 3");
  EXPECT_EQ(r.exit_code, 3);
  EXPECT_EQ(r.out, "52\n");
  EXPECT_EQ(r.err, "oops\n");
}

TEST_F(SandboxTest, AProgramThatCrashesIsAnExitCode) {
  EXPECT_EQ(Python("1 / 0").exit_code, 1);
  EXPECT_EQ(Python("import ctypes; ctypes.string_at(0)").exit_code, 128 + SIGSEGV);
  EXPECT_EQ(Shell("kill -9 $$").exit_code, 128 + SIGKILL);
}

TEST_F(SandboxTest, AnEndlessLoopEndsWithItsTime) {
  EXPECT_EQ(Python("while True: pass", Within(300)).end, End::kTime);
  Limits cpu;
  cpu.cpu = std::chrono::seconds(1);
  EXPECT_EQ(Python("while True: pass", cpu).end, End::kTime);
}

TEST_F(SandboxTest, IgnoringSignalsDoesNotHelp) {
  const std::string source =
      "import signal\nfor s in range(1, 32):\n  try: signal.signal(s, signal.SIG_IGN)\n"
      "  except (OSError, ValueError): pass\nwhile True: signal.pause()";
  EXPECT_EQ(Python(source, Within(500)).end, End::kTime);
}

TEST_F(SandboxTest, AForkBombMeetsTheLimitAndLeavesNothing) {
  const std::string mark = Mark();
  auto r = Shell("bomb() { sleep " + mark + " & bomb & bomb; }; bomb; wait", Within(1000));
  EXPECT_TRUE(r.end == End::kTime || r.end == End::kExited || r.end == End::kOutput) << EndName(r.end);
  EXPECT_EQ(ProcessesWith(mark), 0);
  r = Python("import os\nn = 0\ntry:\n  while True:\n    if os.fork() == 0: os.execvp('sleep', ['sleep', '" +
             mark + "'])\n    n += 1\nexcept OSError as e: print(n, e.errno)\n");
  EXPECT_EQ(r.out, "15 11\n") << "16 with the program itself; EAGAIN";
  EXPECT_EQ(ProcessesWith(mark), 0);
}

TEST_F(SandboxTest, ADaemonDoesNotSurviveItsProgram) {
  const std::string mark = Mark();
  auto r = Shell("(setsid sleep " + mark + " >/dev/null 2>&1 &) ; (setsid sleep " + mark + " &) ; exit 0");
  EXPECT_EQ(r.end, End::kExited) << "output held open by the daemon does not delay the end";
  EXPECT_EQ(r.exit_code, 0);
  EXPECT_EQ(ProcessesWith(mark), 0);
}

TEST_F(SandboxTest, EndlessOutputIsCut) {
  auto r = Shell("yes");
  EXPECT_EQ(r.end, End::kOutput);
  EXPECT_EQ(r.out.size(), 64u << 10);
  r = Shell("yes >&2");
  EXPECT_EQ(r.end, End::kOutput);
  EXPECT_EQ(r.err.size(), 64u << 10);
}

TEST_F(SandboxTest, AMemoryHogIsRefusedMoreAndManyHogsAreEnded) {
  Limits small;
  small.memory = 128 << 20;
  auto r =
      Python("b = []\ntry:\n  while True: b.append(bytearray(1 << 20))\nexcept MemoryError: print('no more')",
             small);
  EXPECT_EQ(r.out, "no more\n");
  r = Python(
      "import os, time\nfor _ in range(6):\n  if os.fork() == 0:\n    b = bytearray(60 << 20)\n    "
      "time.sleep(60)\n"
      "time.sleep(60)",
      small);
  EXPECT_EQ(r.end, End::kMemory);
}

TEST_F(SandboxTest, TheScratchFolderFillsUpAndNothingElseCanBeWritten) {
  auto r = Python(
      "import os\nn = 0\ntry:\n  for i in range(64):\n    with open(f'f{i}', 'wb') as f:\n      for _ in "
      "range(64):\n"
      "        n += f.write(b'x' * 65536)\n        f.flush()\nexcept OSError as e: print(e.errno, n <= 16 << "
      "20)");
  EXPECT_EQ(r.out, "28 True\n") << "ENOSPC within 16 MB " << r.err;
  r = Shell(
      "for d in / /usr /usr/bin /bin /lib /dev; do echo x > $d/baton_probe && echo wrote $d; done; exit 0");
  EXPECT_EQ(r.out, "");
  EXPECT_NE(access("/usr/baton_probe", F_OK), 0);
}

TEST_F(SandboxTest, ThereIsNoNetwork) {
  auto r = Python(
      "import socket\nfor f in (socket.AF_INET, socket.AF_INET6, socket.AF_UNIX, socket.AF_NETLINK):\n"
      "  try: socket.socket(f, socket.SOCK_RAW if f == socket.AF_NETLINK else socket.SOCK_STREAM); "
      "print('open')\n"
      "  except PermissionError: print('no')");
  EXPECT_EQ(r.out, "no\nno\nno\nno\n") << r.err;
  r = Python("import socket\na, b = socket.socketpair()\na.send(b'x')\nprint(b.recv(1))");
  EXPECT_EQ(r.out, "b'x'\n") << "event loops need a pair of their own: " << r.err;
}

TEST_F(SandboxTest, TheHostsFilesAndProcessesDoNotExist) {
  const std::string secret = ::testing::TempDir() + "baton_sandbox_secret";
  std::ofstream(secret) << "secret";
  auto r = Python(
      "import os\nfor p in ('" + secret +
      "', '/etc/passwd', '/proc/self/environ', '/proc/1', '/root', '/home', '/sys',"
      " '/var', '/run'):\n  print(os.path.exists(p))\nprint(sorted(os.listdir('/')), os.listdir('/tmp'))\n"
      "print(os.getuid(), os.getppid() in (0, 1), os.uname().nodename)");
  EXPECT_THAT(r.out, HasSubstr("['main.py']"));
  EXPECT_THAT(r.out, HasSubstr("1000 True sandbox\n"));
  EXPECT_EQ(r.out.substr(0, 54), "False\nFalse\nFalse\nFalse\nFalse\nFalse\nFalse\nFalse\nFalse\n") << r.out;
  unlink(secret.c_str());
}

TEST_F(SandboxTest, OnlyThreeDescriptorsAreInherited) {
  auto r =
      Python("import os\nfor fd in range(3, 64):\n  try: os.fstat(fd); print(fd)\n  except OSError: pass");
  EXPECT_EQ(r.out, "");
}

TEST_F(SandboxTest, WaysOutAreClosed) {
  auto r = Python(R"(import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
def tried(*a):
    ctypes.set_errno(0)
    return libc.syscall(*a) == -1 and ctypes.get_errno() in (1, 38)
calls = {'unshare': (272, 0x10000000), 'mount': (165, b'none', b'/tmp', b'tmpfs', 0, 0), 'ptrace': (101, 0, 0, 0, 0),
  'bpf': (321, 0, 0, 0), 'keyctl': (250, 0, 0), 'memfd': (319, b'x', 0), 'io_uring': (425, 1, 0), 'userfaultfd': (323, 0),
  'clone_newuser': (56, 0x10000000, 0, 0, 0, 0), 'perf': (298, 0, 0, 0, 0, 0), 'vm_readv': (310, 1, 0, 0, 0, 0, 0),
  'chroot': (161, b'/tmp'), 'shmget': (29, 0, 4096, 0o1600), 'reboot': (169, 0, 0, 0, 0), 'clone3': (435, 0, 0)}
print([n for n, a in calls.items() if not tried(*a)])
try: os.setuid(0); print('root')
except OSError: print('not root')
)");
  EXPECT_EQ(r.out, "[]\nnot root\n") << r.err;
}

TEST_F(SandboxTest, KillingEverythingKillsOnlyItself) {
  auto r = Python(
      "import os, signal\nos.kill(1, signal.SIGKILL)\nos.kill(os.getppid(), signal.SIGTERM)\n"
      "print('parent lives')\n"
      "try: os.kill(-1, signal.SIGKILL)\nexcept ProcessLookupError: print('nobody else is there')");
  EXPECT_EQ(r.end, End::kExited);
  EXPECT_EQ(r.out, "parent lives\nnobody else is there\n") << r.err;
  EXPECT_EQ(Shell("echo still here").out, "still here\n");
}

TEST_F(SandboxTest, WhatCannotBeRunSaysWhy) {
  EXPECT_EQ(Run({Program::Language::kPython, std::string(kMaxProgramBytes + 1, '#'), "", {}}).end,
            End::kUnavailable);
  auto r = Run({Program::Language::kPython, "", "", {{"../escape", "x"}}});
  EXPECT_EQ(r.end, End::kUnavailable);
  EXPECT_THAT(r.why, HasSubstr("name"));
  EXPECT_EQ(Run({Program::Language::kPython, "", "", {{"main.py", "x"}}}).end, End::kUnavailable);
  Limits late;
  late.until = Deadline(SystemClock().Now());
  EXPECT_EQ(Shell("echo late", late).end, End::kTime);
  // Set-up that fails inside says at which step: the files do not fit the scratch folder.
  Limits tiny;
  tiny.disk = 4096;
  r = Run({Program::Language::kPython, std::string(20'000, '#'), "", {}}, tiny);
  EXPECT_EQ(r.end, End::kUnavailable);
  EXPECT_THAT(r.why, HasSubstr("writing the program's files failed"));
}

TEST_F(SandboxTest, CancelEndsARunningProgramAndAWaitingOne) {
  const std::string mark = Mark();
  Cancel cancel;
  RunResult results[4];
  int left = 4;
  for (auto& r : results) {
    Program p{Program::Language::kShell, "echo started; exec sleep " + mark, "", {}};
    Spawn(RunInto(sandbox.get(), &loop, std::move(p), {}, &cancel, &r, &left));
  }
  while (ProcessesWith(mark) < 2) std::this_thread::yield();
  cancel.Fire(Cancel::Why::kClientGone);
  loop.RunUntil([&] { return left == 0; });
  for (auto& r : results) EXPECT_EQ(r.end, End::kCancelled);
  EXPECT_EQ(ProcessesWith(mark), 0);
  EXPECT_EQ(Run({Program::Language::kShell, "", "", {}}, {}, &cancel).end, End::kCancelled) << "fired before";
}

TEST_F(SandboxTest, FiftyAtOnceAllEndAndTheQueueIsBounded) {
  constexpr int kRuns = 50, kTooMany = 40;
  std::vector<RunResult> results(kRuns + kTooMany);
  int left = kRuns + kTooMany;
  for (int i = 0; i < kRuns + kTooMany; ++i) {
    Program p{Program::Language::kShell, "echo " + std::to_string(i), "", {}};
    Spawn(RunInto(sandbox.get(), &loop, std::move(p), {}, nullptr, &results[static_cast<std::size_t>(i)],
                  &left));
  }
  loop.RunUntil([&] { return left == 0; });
  int busy = 0;
  for (int i = 0; i < kRuns + kTooMany; ++i) {
    const auto& r = results[static_cast<std::size_t>(i)];
    busy += r.end == End::kBusy;
    if (i < kRuns) {
      EXPECT_EQ(r.out, std::to_string(i) + "\n") << r.why;
    }
  }
  EXPECT_GT(busy, 0);
}

TEST_F(SandboxTest, ASandboxThatGoesAwayEndsWhatItRuns) {
  const std::string mark = Mark();
  RunResult r;
  int left = 1;
  Spawn(RunInto(sandbox.get(), &loop, {Program::Language::kShell, "exec sleep " + mark, "", {}}, {}, nullptr,
                &r, &left));
  while (ProcessesWith(mark) == 0) std::this_thread::yield();
  sandbox.reset();
  EXPECT_EQ(ProcessesWith(mark), 0);
  loop.RunUntil([&] { return left == 0; });
  EXPECT_EQ(r.end, End::kCancelled);
  EXPECT_EQ(NamesIn("/proc/self/fd").size(), fds_before);
}

// A server that is killed takes its programs with it.
TEST(Sandbox, DiesWithItsServer) {
  const std::string mark = Mark();
  const pid_t server = fork();
  if (server == 0) {
    auto made = Sandbox::Create();
    if (!made) _exit(1);
    PumpLoop loop;
    RunResult r;
    int left = 1;
    Spawn(SandboxTest::RunInto(made->get(), &loop, {Program::Language::kShell, "sleep " + mark, "", {}}, {},
                               nullptr, &r, &left));
    loop.RunUntil([&] { return left == 0; });
    _exit(0);
  }
  int status = 0;
  while (ProcessesWith(mark) == 0) {
    if (waitpid(server, &status, WNOHANG) == server) GTEST_SKIP() << "no sandbox here";
    std::this_thread::yield();
  }
  kill(server, SIGKILL);
  ASSERT_EQ(waitpid(server, &status, 0), server);
  while (ProcessesWith(mark) > 0) std::this_thread::yield();  // a sandbox that outlives its server hangs here
  SUCCEED();
}

}  // namespace
}  // namespace baton::verify
