// One run of one program, on the calling thread. Internal to the sandbox.
#pragma once

#include <atomic>
#include <string>
#include <utility>
#include <vector>

#include "verify/sandbox.h"

struct sock_filter;

namespace baton::verify {

// What every run of one sandbox shares; made once, read only.
struct Jail {
  Jail();
  ~Jail();
  Jail(Jail&&) noexcept;
  Jail& operator=(Jail&&) noexcept;

  std::vector<std::string> folders;                        // to make under the new root, "/usr"
  std::vector<std::string> binds;                          // shown read-only, same path inside
  std::vector<std::string> devices;                        // "/dev/null"
  std::vector<std::pair<std::string, std::string>> links;  // path inside, target
  std::vector<sock_filter> filter;
  std::string python;  // path of the interpreter; empty: there is none
  std::string shell;
  unsigned uid = 65534, gid = 65534;
};
// kUnsupported when something needed is missing.
Result<Jail> LookAround(unsigned uid, unsigned gid);
// The system call filter as BPF (sandbox_filter.cc).
Result<std::vector<sock_filter>> CompileFilter();

// Returns when no process of the run is left. `cancelled` is looked at every 20 ms.
RunResult RunOnce(const Jail& jail, const Program& program, const Limits& limits, const Clock& clock,
                  const std::atomic<bool>& cancelled);

}  // namespace baton::verify
