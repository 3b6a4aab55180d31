// Runs a stranger's Python or shell snippet: no network, no files but a read-only view of the system's
// programs, a little scratch space, limited time, memory, processes and output, and nothing left when it has
// ended.
//
// How: a process in user, mount, PID, network, IPC, UTS and cgroup namespaces of its own, with a root file
// system built for it, without privileges, behind a system call filter that allows only what programs of this
// kind need. Needs Linux 5.14 and user namespaces; where the kernel forbids them, Create fails and nothing is
// ever run unprotected. What it does not protect from: docs/verifiers.md.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/cancel.h"
#include "base/clock.h"
#include "base/loop.h"
#include "base/result.h"
#include "base/task.h"

namespace baton::verify {

struct Program {
  enum class Language { kPython, kShell };
  Language language = Language::kPython;
  std::string source;  // main.py or main.sh in the scratch folder, where the program starts
  std::string input;   // its standard input
  // More files in the scratch folder: a plain name (letters, digits, '.', '_', '-') and the contents.
  std::vector<std::pair<std::string, std::string>> files;
};
// Of source, input and files together; more is refused as kUnavailable.
inline constexpr std::size_t kMaxProgramBytes = 4 << 20;

struct Limits {
  Duration wall = std::chrono::seconds(10);
  Duration cpu = std::chrono::seconds(5);  // of each process, rounded up to seconds
  std::int64_t memory = 512LL << 20;       // address space of each process; resident memory of all together
  std::int64_t disk = 16LL << 20;          // the scratch folder; it is memory too
  std::int64_t output = 64 << 10;          // of standard output and of standard error, each
  Deadline until;                          // by which it must have ended, waiting in the queue included
  int processes = 16;                      // and threads, all together
};

struct RunResult {
  enum class End {
    kExited,       // by itself; see exit_code
    kTime,         // wall or CPU time was up
    kMemory,       // all processes together held too much
    kOutput,       // it wrote too much
    kCancelled,    // whoever asked has left
    kBusy,         // not run: the queue is full
    kUnavailable,  // not run: `why` says what is missing
  };
  End end = End::kUnavailable;
  int exit_code = -1;    // kExited; 128 + n when signal n ended it, 126 and 127: it could not be started
  std::string out, err;  // at most Limits::output bytes each: untrusted
  std::string why;
  Duration took{};  // wall time from start to the last process gone
};
std::string_view EndName(RunResult::End end);

class Sandbox {
 public:
  struct Options {
    int threads = 2;         // programs that run at the same time
    std::size_t queue = 64;  // programs that wait; more are answered kBusy
    // Who the program is outside its namespace when the server runs as root: nobody.
    unsigned uid = 65534, gid = 65534;
    const Clock* clock = &SystemClock();
  };
  // Looks at the system, compiles the filter and runs `true` once, on the calling thread (about 10 ms).
  // kUnsupported with what to do where the kernel forbids what is needed.
  static Result<std::shared_ptr<Sandbox>> Create(Options options);
  static Result<std::shared_ptr<Sandbox>> Create() { return Create(Options()); }

  virtual ~Sandbox() = default;
  // Is there an interpreter for it?
  virtual bool Supports(Program::Language language) const = 0;
  // Runs on the sandbox's threads and resumes on `loop`, when every process is gone, also after `cancel`
  // fired (null: never). Never fails as a call. The sandbox must outlive the task.
  virtual Task<RunResult> Run(Loop& loop, Program program, Limits limits, Cancel* cancel) = 0;
};

}  // namespace baton::verify
