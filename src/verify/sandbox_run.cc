// One run, seen from the parent: prepare everything, clone, write the id maps, let the child go, then watch.
//
// The program is not the first process of its PID namespace but a child of a shell that is. The first process
// of a namespace is special (signals it does not handle are dropped, orphans become its children), and a copy
// of this server must not play that part: it would hold the server's memory for as long as the program runs.
// When the first process ends, the kernel kills every other process of the namespace and only then lets it be
// reaped: one kill and one wait leave nothing behind, daemons and fork bombs included.
//
// A pidfd, not a number, names the process: numbers are used again. What all processes together hold is read
// from /proc every 20 ms, since a memory cgroup is not ours to make; a burst within one interval is bounded
// by the address space limit of each times their number.

#include "verify/sandbox_run.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>

#include "verify/sandbox_child.h"
#include "verify/sandbox_usage.h"

namespace baton::verify {
namespace {

constexpr int kPollMs = 20;
constexpr unsigned kInnerId = 1000;
// Besides the program's own: the shell that starts it.
constexpr int kExtraProcesses = 1;

class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& o) noexcept : fd_(std::exchange(o.fd_, -1)) {}
  Fd& operator=(Fd&& o) noexcept {
    std::swap(fd_, o.fd_);
    return *this;
  }
  ~Fd() { Close(); }
  int get() const { return fd_; }
  void Close() {
    if (fd_ >= 0) close(std::exchange(fd_, -1));
  }
  // Above the three that the child gives a meaning to.
  bool MoveUp() {
    if (fd_ < 0 || fd_ > 2) return fd_ >= 0;
    Fd higher(fcntl(fd_, F_DUPFD_CLOEXEC, 3));
    std::swap(fd_, higher.fd_);
    return fd_ >= 0;
  }

 private:
  int fd_ = -1;
};

struct Pipe {
  Fd read, write;
  bool Open() {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return false;
    read = Fd(ends[0]);
    write = Fd(ends[1]);
    return read.MoveUp() && write.MoveUp() && fcntl(read.get(), F_SETFL, O_NONBLOCK) == 0;
  }
};

bool WriteAll(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = write(fd, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

bool WriteFile(const std::string& path, std::string_view text) {
  Fd fd(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  return fd.get() >= 0 && WriteAll(fd.get(), text);
}

// Sealed, so that the program cannot make its own input grow outside of every limit.
Fd InputOf(const std::string& text) {
  Fd fd(memfd_create("input", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!fd.MoveUp() || !WriteAll(fd.get(), text) || lseek(fd.get(), 0, SEEK_SET) != 0 ||
      fcntl(fd.get(), F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) != 0) {
    fd.Close();
  }
  return fd;
}

bool PlainName(std::string_view name) {
  return !name.empty() && name.size() <= 64 && name[0] != '.' &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
                  c == '_' || c == '-';
         });
}

rlimit Both(std::int64_t value) {
  return {static_cast<rlim_t>(value), static_cast<rlim_t>(value)};
}

// Owns the strings that a Launch points to.
struct Prepared {
  Launch launch;
  std::vector<std::string> paths, arguments;
  std::string scratch;
};

void PrepareView(const Jail& jail, Launch* l) {
  for (const auto& f : jail.folders) l->folders.push_back(f.c_str());
  for (const auto& b : jail.binds) l->binds.push_back(b.c_str());
  for (const auto& d : jail.devices) l->devices.push_back(d.c_str());
  for (const auto& [path, target] : jail.links) l->links.emplace_back(path.c_str(), target.c_str());
  // The kernel takes the program as not const and does not change it.
  l->filter = {static_cast<unsigned short>(jail.filter.size()), const_cast<sock_filter*>(jail.filter.data())};
  l->drop_groups = geteuid() == 0;
  l->uid = l->gid = kInnerId;
}

void PrepareLimits(const Limits& limits, Launch* l) {
  const auto cpu =
      std::max<std::int64_t>(1, (limits.cpu + std::chrono::milliseconds(999)) / std::chrono::seconds(1));
  l->limits.fill({-1, {}});
  l->limits[0] = {RLIMIT_CPU, {static_cast<rlim_t>(cpu), static_cast<rlim_t>(cpu + 1)}};
  l->limits[1] = {RLIMIT_AS, Both(limits.memory)};
  l->limits[2] = {RLIMIT_NPROC, Both(limits.processes + kExtraProcesses)};
  l->limits[3] = {RLIMIT_FSIZE, Both(limits.disk)};
  l->limits[4] = {RLIMIT_NOFILE, Both(64)};
  l->limits[5] = {RLIMIT_CORE, Both(0)};
  l->limits[6] = {RLIMIT_MEMLOCK, Both(0)};
  l->limits[7] = {RLIMIT_MSGQUEUE, Both(0)};
  l->limits[8] = {RLIMIT_STACK, Both(8 << 20)};
  l->limits[9] = {RLIMIT_SIGPENDING, Both(64)};
  l->limits[10] = {RLIMIT_NICE, Both(0)};
  l->limits[11] = {RLIMIT_RTPRIO, Both(0)};
}

void PrepareProgram(const Jail& jail, const Program& program, const Limits& limits, Prepared* p) {
  Launch& l = p->launch;
  const bool python = program.language == Program::Language::kPython;
  p->paths = {python ? "/tmp/main.py" : "/tmp/main.sh"};
  for (const auto& [name, text] : program.files) p->paths.push_back("/tmp/" + name);
  l.files.push_back({p->paths[0].c_str(), program.source.data(), program.source.size()});
  for (std::size_t i = 0; i < program.files.size(); ++i) {
    l.files.push_back(
        {p->paths[i + 1].c_str(), program.files[i].second.data(), program.files[i].second.size()});
  }
  p->scratch = fmt::format("size={},nr_inodes=4096,mode=0700", limits.disk);
  l.scratch_options = p->scratch.c_str();
  // -B: no byte code written, -s: no packages of a user. "exit" keeps the shell from becoming the program.
  const std::string command =
      python ? jail.python + " -B -s main.py; exit $?" : jail.shell + " main.sh; exit $?";
  p->arguments = {jail.shell,          "-c",          command,        "PATH=/usr/bin:/bin",
                  "HOME=/tmp",         "TMPDIR=/tmp", "LANG=C.UTF-8", "PYTHONHASHSEED=0",
                  "PYTHONUNBUFFERED=1"};
  for (std::size_t i = 0; i < p->arguments.size(); ++i) {
    (i < 3 ? l.argv : l.envp).push_back(p->arguments[i].data());
  }
  l.argv.push_back(nullptr);
  l.envp.push_back(nullptr);
}

RunResult Unavailable(std::string why) {
  RunResult r;
  r.why = std::move(why);
  return r;
}

// The life of one run. Destroying it kills and reaps.
class Run {
 public:
  Run(const Jail& jail, const Limits& limits) : jail_(jail), limits_(limits) {}
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;
  ~Run() { KillAndReap(); }

  bool Open(const std::string& input) {
    input_ = InputOf(input);
    return input_.get() >= 0 && go_.Open() && status_.Open() && out_.Open() && err_.Open();
  }

  // False with errno set.
  bool Start(Launch* l) {
    l->go = go_.read.get();
    l->status = status_.write.get();
    l->in = input_.get();
    l->out = out_.write.get();
    l->err = err_.write.get();
    if (fcntl(l->go, F_SETFL, 0) != 0) return false;  // the child waits on it
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int pidfd = -1;
    // No exit signal: nobody else's wait or SIGCHLD handler sees it before it has called exec.
    const unsigned long flags = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC |
                                CLONE_NEWUTS | CLONE_NEWCGROUP | CLONE_PIDFD;
    const long pid = syscall(SYS_clone, flags, nullptr, &pidfd, nullptr, 0);
    if (pid == 0) BecomeProgram(*l);
    const int error = errno;
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    errno = error;
    if (pid < 0) return false;
    pid_ = static_cast<pid_t>(pid);
    pidfd_ = Fd(pidfd);
    go_.read.Close();
    status_.write.Close();
    out_.write.Close();
    err_.write.Close();
    input_.Close();
    return AwaitReady() && MapIds() && WriteAll(go_.write.get(), "g");
  }

  // Until it has ended by itself or must be ended; then nothing is left of it.
  RunResult Watch(const Clock& clock, TimePoint deadline, const std::atomic<bool>& cancelled) {
    RunResult r;
    r.end = RunResult::End::kExited;
    for (bool ended = false; !ended;) {
      ended = Wait();
      if (!Drain(out_.read, &r.out) || !Drain(err_.read, &r.err)) r.end = RunResult::End::kOutput;
      if (ended || r.end != RunResult::End::kExited) break;
      if (cancelled.load(std::memory_order_relaxed))
        r.end = RunResult::End::kCancelled;
      else if (clock.Now() >= deadline)
        r.end = RunResult::End::kTime;
      else if (ResidentBytes(pid_) > limits_.memory)
        r.end = RunResult::End::kMemory;
      if (r.end != RunResult::End::kExited) break;
    }
    const int status = KillAndReap();
    if (!Drain(out_.read, &r.out) || !Drain(err_.read, &r.err)) r.end = RunResult::End::kOutput;
    if (r.end == RunResult::End::kExited) Explain(status, &r);
    return r;
  }

 private:
  // The child has opened its id maps to us. Bounded: a child that does not get there is killed.
  bool AwaitReady() {
    pollfd p{status_.read.get(), POLLIN, 0};
    char byte = 0;
    errno = ETIMEDOUT;
    return poll(&p, 1, 5000) == 1 && read(status_.read.get(), &byte, 1) == 1 && byte == 'r';
  }

  bool MapIds() {
    const std::string proc = "/proc/" + std::to_string(pid_);
    const bool root = geteuid() == 0;
    // A server without root maps itself, and may only when it has given up changing groups.
    if (!root && !WriteFile(proc + "/setgroups", "deny")) return false;
    if (!WriteFile(proc + "/uid_map", fmt::format("{} {} 1", kInnerId, root ? jail_.uid : geteuid())))
      return false;
    if (!WriteFile(proc + "/gid_map", fmt::format("{} {} 1", kInnerId, root ? jail_.gid : getegid())))
      return false;
    // First to go when memory is short; not essential.
    WriteFile(proc + "/oom_score_adj", "1000");
    return true;
  }

  // Until something happens, at most one interval. True when the first process has ended.
  bool Wait() {
    pollfd fds[3] = {{pidfd_.get(), POLLIN, 0}, {out_.read.get(), POLLIN, 0}, {err_.read.get(), POLLIN, 0}};
    poll(fds, 3, kPollMs);
    return (fds[0].revents & POLLIN) != 0;
  }

  // Reads what is there. False when there is more than allowed. At the end of file the descriptor is closed.
  bool Drain(Fd& from, std::string* to) {
    char buffer[4096];
    while (from.get() >= 0) {
      const ssize_t n = read(from.get(), buffer, sizeof buffer);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return true;
      if (n == 0) from.Close();
      const auto room = static_cast<std::size_t>(std::max<std::int64_t>(0, limits_.output)) - to->size();
      to->append(buffer, std::min(static_cast<std::size_t>(n), room));
      if (static_cast<std::size_t>(n) > room) return false;
    }
    return true;
  }

  int KillAndReap() {
    if (pid_ < 0) return 0;
    syscall(SYS_pidfd_send_signal, pidfd_.get(), SIGKILL, nullptr, 0);
    int status = 0;
    while (waitpid(pid_, &status, __WALL) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    return status;
  }

  // Did it get as far as the program, and how did that end?
  void Explain(int status, RunResult* r) {
    StepFailure failure;
    if (read(status_.read.get(), &failure, sizeof failure) == static_cast<ssize_t>(sizeof failure)) {
      *r = Unavailable(fmt::format("{} failed: {}", StepName(static_cast<Step>(failure.step)),
                                   std::strerror(failure.error)));
      return;
    }
    r->exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    if (r->exit_code == 128 + SIGXCPU) r->end = RunResult::End::kTime;
  }

  const Jail& jail_;
  const Limits& limits_;
  Fd input_, pidfd_;
  Pipe go_, status_, out_, err_;
  pid_t pid_ = -1;
};

std::string WhatToDo(int error) {
  std::string what = fmt::format("the kernel refuses new namespaces ({})", std::strerror(error));
  if (error == EPERM || error == EACCES) {
    what +=
        "; allow user namespaces to this process (kernel.unprivileged_userns_clone, "
        "user.max_user_namespaces, "
        "AppArmor's unprivileged_userns, or the container's seccomp profile)";
  }
  return what;
}

}  // namespace

RunResult RunOnce(const Jail& jail, const Program& program, const Limits& limits, const Clock& clock,
                  const std::atomic<bool>& cancelled) {
  std::size_t bytes = program.source.size() + program.input.size();
  for (const auto& [name, text] : program.files) {
    if (!PlainName(name) || name == "main.py" || name == "main.sh")
      return Unavailable("a file's name is not a plain one");
    bytes += text.size();
  }
  if (bytes > kMaxProgramBytes) return Unavailable("the program and its files are larger than 4 MB");
  if (program.language == Program::Language::kPython && jail.python.empty())
    return Unavailable("there is no python3");
  Prepared prepared;
  PrepareView(jail, &prepared.launch);
  PrepareLimits(limits, &prepared.launch);
  PrepareProgram(jail, program, limits, &prepared);
  const TimePoint started = clock.Now();
  if (limits.until.Passed(started)) {
    RunResult late;
    late.end = RunResult::End::kTime;
    return late;
  }
  Run run(jail, limits);
  if (!run.Open(program.input)) return Unavailable("no descriptors are left");
  if (!run.Start(&prepared.launch)) return Unavailable(WhatToDo(errno));
  RunResult r = run.Watch(clock, std::min(started + limits.wall, limits.until.at()), cancelled);
  r.took = clock.Now() - started;
  return r;
}

}  // namespace baton::verify
