// Child processes of a benchmark: started, pinned, measured, and always ended.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/result.h"

namespace baton::bench {

class Process {
 public:
  // `cpu` < 0: not pinned. Output goes to `log`.
  static Result<Process> Start(const std::vector<std::string>& argv, int cpu, const std::string& log);
  Process(Process&& o) noexcept;
  Process& operator=(Process&&) = delete;
  // SIGTERM, then SIGKILL after two seconds; waits.
  ~Process();

  // User and system seconds of the process and its children so far (clock ticks of the operating system).
  double CpuSeconds() const;
  // Resident memory of the process and its children, bytes.
  std::int64_t ResidentBytes() const;
  bool Alive() const;

 private:
  explicit Process(pid_t pid) : pid_(pid) {}
  std::vector<pid_t> Family() const;
  pid_t pid_;
};

// Waits until something accepts on 127.0.0.1:port, at most five seconds.
bool WaitForPort(std::uint16_t port);
// A port that is free now.
std::uint16_t FreePort();

}  // namespace baton::bench
