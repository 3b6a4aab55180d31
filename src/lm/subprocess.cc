#include "lm/subprocess.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string_view>

extern char** environ;

namespace baton::lm {
namespace {

constexpr std::size_t kKeepOutput = 8192;
constexpr int kTickMs = 250;

std::vector<std::string> Environment(const std::vector<std::pair<std::string, std::string>>& added) {
  std::vector<std::string> env;
  for (char** e = environ; *e; ++e) {
    std::string_view line = *e;
    bool replaced = false;
    for (const auto& [name, value] : added) replaced |= line.starts_with(name + "=");
    if (!replaced) env.emplace_back(line);
  }
  for (const auto& [name, value] : added) env.push_back(name + "=" + value);
  return env;
}

std::vector<char*> Pointers(std::vector<std::string>& strings) {
  std::vector<char*> out;
  for (std::string& s : strings) out.push_back(s.data());
  out.push_back(nullptr);
  return out;
}

// Reads what is there, waiting at most one tick. False at the end of the output.
bool Drain(int fd, std::string& output) {
  pollfd p{fd, POLLIN, 0};
  if (poll(&p, 1, kTickMs) <= 0) return true;
  char block[4096];
  ssize_t n = read(fd, block, sizeof block);
  if (n <= 0) return n < 0 && errno == EINTR;
  output.append(block, static_cast<std::size_t>(n));
  if (output.size() > 2 * kKeepOutput) output.erase(0, output.size() - kKeepOutput);
  return true;
}

int Reap(pid_t pid) {
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

Result<pid_t> Start(const Command& command, int out) {
  std::vector<std::string> args = command.argv, env = Environment(command.env);
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&files, out, 1);
  posix_spawn_file_actions_adddup2(&files, out, 2);
  posix_spawnattr_t attr;
  posix_spawnattr_init(&attr);
  // A group of its own, so that killing it reaches what it started.
  posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP);
  posix_spawnattr_setpgroup(&attr, 0);
  pid_t pid = 0;
  int error = posix_spawnp(&pid, args[0].c_str(), &files, &attr, Pointers(args).data(), Pointers(env).data());
  posix_spawn_file_actions_destroy(&files);
  posix_spawnattr_destroy(&attr);
  if (error == ENOENT)
    return Fail(Code::kNotFound, fmt::format("'{}' is not installed", args[0]), "no_program");
  if (error) return Fail(Code::kInternal, fmt::format("cannot run '{}': {}", args[0], std::strerror(error)));
  return pid;
}

}  // namespace

Result<Finished> RunCommand(const Command& command) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return Fail(Code::kInternal, "cannot open a pipe: too many open files?");
  auto pid = Start(command, ends[1]);
  close(ends[1]);
  if (!pid) {
    close(ends[0]);
    return std::move(pid).error();
  }
  Finished finished;
  while (Drain(ends[0], finished.output)) {
    if (command.on_tick && !command.on_tick()) {
      kill(-*pid, SIGKILL);
      break;
    }
  }
  close(ends[0]);
  finished.exit_code = Reap(*pid);
  if (finished.output.size() > kKeepOutput) finished.output.erase(0, finished.output.size() - kKeepOutput);
  return finished;
}

}  // namespace baton::lm
