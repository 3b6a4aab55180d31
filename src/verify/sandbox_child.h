// What happens between clone and exec, in a copy of a process with many threads: any lock may be held for
// ever, so nothing here allocates, logs or locks. Everything it needs is prepared in a Launch before.
#pragma once

#include <linux/filter.h>
#include <sys/resource.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace baton::verify {

// Where setting up failed, for the message.
enum class Step : int {
  kNone,
  kWait,
  kIdentity,
  kParent,
  kMounts,
  kRoot,
  kBind,
  kDevice,
  kScratch,
  kPivot,
  kFiles,
  kDescriptors,
  kLimits,
  kPrivileges,
  kFilter,
  kExec,
};
const char* StepName(Step step);

struct StepFailure {
  int step = 0;
  int error = 0;
};

// Pointers into what the caller keeps alive until the child has called exec or died.
struct Launch {
  struct Text {
    const char* path;
    const char* data;
    std::size_t size;
  };
  std::vector<const char*> folders, binds, devices;  // absolute; made relative by leaving out the '/'
  std::vector<std::pair<const char*, const char*>> links;
  const char* scratch_options = nullptr;  // of the tmpfs
  std::vector<Text> files;
  std::array<std::pair<int, rlimit>, 16> limits{};  // first: RLIMIT_*; unused: -1
  sock_fprog filter{};
  std::vector<char*> argv, envp;    // both end in null
  unsigned uid = 1000, gid = 1000;  // inside
  bool drop_groups = false;
  int go = -1;      // read end: a byte when the id maps are written; end of file: the parent is gone
  int status = -1;  // a byte when the id maps may be written, then a StepFailure; closed by exec
  int in = -1, out = -1, err = -1;
};

// Never returns.
[[noreturn]] void BecomeProgram(const Launch& launch);

}  // namespace baton::verify
