#include "verify/sandbox_child.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace baton::verify {
namespace {

// The new root is mounted here, in a mount namespace of our own: this folder exists wherever the id maps
// could be written, and the host's /proc is out of sight from then on.
constexpr const char* kBase = "/proc";
constexpr const char* kScratch = "/tmp";

// Attempts a step; on failure reports it and ends.
struct Steps {
  int status;

  void Must(Step step, bool ok) const {
    if (ok) return;
    StepFailure failure{static_cast<int>(step), errno};
    [[maybe_unused]] auto n = write(status, &failure, sizeof failure);
    _exit(127);
  }
};

// Signals that were blocked around clone are let through again, under default handlers.
void ResetSignals() {
  struct sigaction standard {};
  standard.sa_handler = SIG_DFL;
  for (int s = 1; s < 65; ++s) sigaction(s, &standard, nullptr);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

void TakeIdentity(const Launch& l, const Steps& steps) {
  // A server that shows its memory to nobody (PR_SET_DUMPABLE) hides its children's id maps too, from itself
  // as well unless it is root. Keys lie on pages that are empty here (base/secret.h).
  if (!l.drop_groups) steps.Must(Step::kWait, prctl(PR_SET_DUMPABLE, 1) == 0);
  char byte = 'r';
  steps.Must(Step::kWait, write(l.status, &byte, 1) == 1);
  steps.Must(Step::kWait, read(l.go, &byte, 1) == 1);
  // Only root may; others' groups came with the server and are those of the user who started it.
  if (l.drop_groups) steps.Must(Step::kIdentity, syscall(SYS_setgroups, 0, nullptr) == 0);
  // The raw calls: glibc's tell all threads, and there are none here.
  steps.Must(Step::kIdentity, syscall(SYS_setresgid, l.gid, l.gid, l.gid) == 0);
  steps.Must(Step::kIdentity, syscall(SYS_setresuid, l.uid, l.uid, l.uid) == 0);
  // After the change of identity, which would clear it.
  steps.Must(Step::kParent, prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && prctl(PR_SET_DUMPABLE, 0) == 0);
  // A parent that died before that closed its end.
  pollfd p{l.go, POLLIN, 0};
  steps.Must(Step::kParent, poll(&p, 1, 0) >= 0 && (p.revents & POLLHUP) == 0);
}

bool Restrict(const char* path, unsigned flags, std::uint64_t set) {
  mount_attr attributes{};
  attributes.attr_set = set;
  return mount_setattr(AT_FDCWD, path, flags, &attributes, sizeof attributes) == 0;
}

// Makes an empty file to mount a device on.
bool Touch(const char* path) {
  const int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
  return fd >= 0 && close(fd) == 0;
}

// The working directory is the new root while this runs: paths are used without their first '/'.
void BuildRoot(const Launch& l, const Steps& steps) {
  steps.Must(Step::kMounts, mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0);
  steps.Must(Step::kRoot,
             mount("tmpfs", kBase, "tmpfs", MS_NOSUID | MS_NODEV, "size=64k,nr_inodes=128,mode=0755") == 0);
  steps.Must(Step::kRoot, chdir(kBase) == 0);
  umask(0);
  for (const char* folder : l.folders) steps.Must(Step::kRoot, mkdir(folder + 1, 0755) == 0);
  for (const auto& [path, target] : l.links) steps.Must(Step::kRoot, symlink(target, path + 1) == 0);
  for (const char* bind : l.binds) {
    steps.Must(Step::kBind, mount(bind, bind + 1, nullptr, MS_BIND | MS_REC, nullptr) == 0);
    steps.Must(Step::kBind,
               Restrict(bind + 1, AT_RECURSIVE, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV));
  }
  for (const char* device : l.devices) {
    steps.Must(Step::kDevice, Touch(device + 1));
    steps.Must(Step::kDevice, mount(device, device + 1, nullptr, MS_BIND, nullptr) == 0);
    steps.Must(Step::kDevice, Restrict(device + 1, 0, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC));
  }
  steps.Must(Step::kScratch,
             mount("tmpfs", kScratch + 1, "tmpfs", MS_NOSUID | MS_NODEV, l.scratch_options) == 0);
  steps.Must(Step::kRoot, Restrict(".", 0, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV));
}

void EnterRoot(const Steps& steps) {
  // The old root comes to lie over the new one and is taken away from there.
  steps.Must(Step::kPivot, syscall(SYS_pivot_root, ".", ".") == 0);
  steps.Must(Step::kPivot, umount2(".", MNT_DETACH) == 0);
  steps.Must(Step::kPivot, chdir(kScratch) == 0);
}

void WriteFiles(const Launch& l, const Steps& steps) {
  umask(022);
  for (const Launch::Text& file : l.files) {
    const int fd = open(file.path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC | O_NOFOLLOW, 0644);
    steps.Must(Step::kFiles, fd >= 0);
    for (std::size_t done = 0; done < file.size;) {
      const ssize_t n = write(fd, file.data + done, file.size - done);
      steps.Must(Step::kFiles, n > 0);
      done += static_cast<std::size_t>(n);
    }
    close(fd);
  }
}

void DropPrivileges(const Steps& steps) {
  // Past the last capability the kernel knows it says so; that is the end, not a failure.
  for (int cap = 0; cap < 64; ++cap) {
    if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) != 0) {
      steps.Must(Step::kPrivileges, errno == EINVAL && cap > 30);
      break;
    }
  }
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct none[2] = {};
  steps.Must(Step::kPrivileges, syscall(SYS_capset, &header, none) == 0);
  steps.Must(Step::kPrivileges, prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
}

}  // namespace

const char* StepName(Step step) {
  switch (step) {
    case Step::kNone:
      return "starting";
    case Step::kWait:
      return "waiting for the parent";
    case Step::kIdentity:
      return "taking an unprivileged identity";
    case Step::kParent:
      return "tying its life to the parent's";
    case Step::kMounts:
      return "making mounts private";
    case Step::kRoot:
      return "building a root file system";
    case Step::kBind:
      return "showing the system's programs read-only";
    case Step::kDevice:
      return "showing devices";
    case Step::kScratch:
      return "making the scratch folder";
    case Step::kPivot:
      return "entering the new root";
    case Step::kFiles:
      return "writing the program's files";
    case Step::kDescriptors:
      return "connecting input and output";
    case Step::kLimits:
      return "setting limits";
    case Step::kPrivileges:
      return "dropping privileges";
    case Step::kFilter:
      return "setting the system call filter";
    case Step::kExec:
      break;
  }
  return "starting the shell";
}

void BecomeProgram(const Launch& l) {
  const Steps steps{l.status};
  ResetSignals();
  TakeIdentity(l, steps);
  setsid();
  BuildRoot(l, steps);
  EnterRoot(steps);
  WriteFiles(l, steps);
  steps.Must(Step::kIdentity, sethostname("sandbox", 7) == 0);
  steps.Must(Step::kDescriptors, dup2(l.in, 0) == 0 && dup2(l.out, 1) == 1 && dup2(l.err, 2) == 2);
  steps.Must(Step::kDescriptors, syscall(SYS_close_range, 3U, ~0U, 1U << 2 /* CLOSE_RANGE_CLOEXEC */) == 0);
  DropPrivileges(steps);
  for (const auto& [which, limit] : l.limits) {
    if (which >= 0) steps.Must(Step::kLimits, syscall(SYS_prlimit64, 0, which, &limit, nullptr) == 0);
  }
  steps.Must(Step::kFilter, prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &l.filter, 0, 0) == 0);
  execve(l.argv[0], l.argv.data(), l.envp.data());
  steps.Must(Step::kExec, false);
  _exit(127);
}

}  // namespace baton::verify
