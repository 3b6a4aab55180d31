#include "bench/process.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <sstream>
#include <utility>

namespace baton::bench {
namespace {

void SleepMillis(int ms) {
  usleep(static_cast<useconds_t>(ms) * 1000);
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

sockaddr_in Loopback(std::uint16_t port) {
  sockaddr_in a{};
  a.sin_family = AF_INET;
  a.sin_port = htons(port);
  a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return a;
}

}  // namespace

Result<Process> Process::Start(const std::vector<std::string>& argv, int cpu, const std::string& log) {
  const pid_t pid = fork();
  if (pid < 0)
    return Fail(Code::kInternal, fmt::format("cannot start {}: {}", argv[0], std::strerror(errno)));
  if (pid == 0) {
    // A benchmark that dies must not leave servers behind.
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (cpu >= 0) {
      cpu_set_t set;
      CPU_ZERO(&set);
      CPU_SET(static_cast<std::size_t>(cpu), &set);
      sched_setaffinity(0, sizeof set, &set);
    }
    const int out = open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
    dup2(out, 1);
    dup2(out, 2);
    std::vector<char*> args;
    for (const auto& a : argv) args.push_back(const_cast<char*>(a.c_str()));
    args.push_back(nullptr);
    execvp(args[0], args.data());
    _exit(127);
  }
  return Process(pid);
}

Process::Process(Process&& o) noexcept : pid_(std::exchange(o.pid_, -1)) {}

Process::~Process() {
  if (pid_ < 0) return;
  kill(pid_, SIGTERM);
  for (int i = 0; i < 100; ++i) {
    if (waitpid(pid_, nullptr, WNOHANG) != 0) return;
    SleepMillis(20);
  }
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

bool Process::Alive() const {
  return kill(pid_, 0) == 0 && waitpid(pid_, nullptr, WNOHANG) == 0;
}

std::vector<pid_t> Process::Family() const {
  std::vector<pid_t> all = {pid_};
  std::istringstream children(ReadFile(fmt::format("/proc/{}/task/{}/children", pid_, pid_)));
  for (pid_t child; children >> child;) all.push_back(child);
  return all;
}

double Process::CpuSeconds() const {
  std::uint64_t ticks = 0;
  for (pid_t pid : Family()) {
    const std::string stat = ReadFile(fmt::format("/proc/{}/stat", pid));
    const auto after_name = stat.rfind(')');
    if (after_name == std::string::npos) continue;
    std::istringstream fields(stat.substr(after_name + 2));
    std::string skipped;
    for (int i = 0; i < 11; ++i) fields >> skipped;
    std::uint64_t user = 0, system = 0;
    fields >> user >> system;
    ticks += user + system;
  }
  return static_cast<double>(ticks) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

std::int64_t Process::ResidentBytes() const {
  std::int64_t pages = 0;
  for (pid_t pid : Family()) {
    std::istringstream statm(ReadFile(fmt::format("/proc/{}/statm", pid)));
    std::int64_t size = 0, resident = 0;
    statm >> size >> resident;
    pages += resident;
  }
  return pages * sysconf(_SC_PAGESIZE);
}

bool WaitForPort(std::uint16_t port) {
  for (int i = 0; i < 500; ++i) {
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    const sockaddr_in to = Loopback(port);
    const bool ok = connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0;
    close(fd);
    if (ok) return true;
    SleepMillis(10);
  }
  return false;
}

std::uint16_t FreePort() {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in a = Loopback(0);
  socklen_t size = sizeof a;
  bind(fd, reinterpret_cast<sockaddr*>(&a), size);
  getsockname(fd, reinterpret_cast<sockaddr*>(&a), &size);
  close(fd);
  return ntohs(a.sin_port);
}

}  // namespace baton::bench
