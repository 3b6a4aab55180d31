// Which system calls a program in the sandbox may make. A list of what is allowed, not of what is dangerous:
// a new kernel's new calls are then refused until somebody has thought about them. What is left out on
// purpose: every way to a namespace, a mount, another process's memory, a key, BPF, perf, io_uring,
// userfaultfd, memory outside of the limits (memfd, System V shared memory), the clock, modules, and sockets
// (pairs of local ones excepted, which event loops use to wake themselves).

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <memory>

#include "verify/sandbox_run.h"

namespace baton::verify {
namespace {

constexpr auto kAllowed = std::to_array<const char*>(
    {// files and folders
     "access", "chdir", "chmod", "close", "close_range", "copy_file_range", "creat", "dup", "dup2", "dup3",
     "faccessat", "faccessat2", "fallocate", "fadvise64", "fchdir", "fchmod", "fchmodat", "fcntl",
     "fdatasync", "flock", "fstat", "fstatfs", "fsync", "ftruncate", "futimesat", "getcwd", "getdents",
     "getdents64", "link", "linkat", "lseek", "lstat", "mkdir", "mkdirat", "newfstatat", "open", "openat",
     "pipe", "pipe2", "pread64", "preadv", "preadv2", "pwrite64", "pwritev", "pwritev2", "read", "readlink",
     "readlinkat", "readv", "rename", "renameat", "renameat2", "rmdir", "sendfile", "splice", "stat",
     "statfs", "statx", "symlink", "symlinkat", "tee", "truncate", "umask", "unlink", "unlinkat", "utime",
     "utimensat", "utimes", "write", "writev",
     // memory
     "brk", "madvise", "mincore", "mmap", "mprotect", "mremap", "msync", "munmap",
     // processes and threads of its own; clone is below
     "arch_prctl", "execve", "exit", "exit_group", "fork", "futex", "get_robust_list", "getpgid", "getpgrp",
     "getpid", "getppid", "getsid", "gettid", "kill", "membarrier", "restart_syscall", "rseq",
     "sched_getaffinity", "sched_getparam", "sched_getscheduler", "sched_yield", "set_robust_list",
     "set_tid_address", "setpgid", "setsid", "tgkill", "tkill", "vfork", "wait4", "waitid", "getcpu",
     "getpriority",
     // who and where it is
     "capget", "getegid", "geteuid", "getgid", "getgroups", "getresgid", "getresuid", "getrlimit",
     "getrusage", "getuid", "prlimit64", "setrlimit", "sysinfo", "times", "uname", "getrandom",
     // time and signals
     "alarm", "clock_getres", "clock_gettime", "clock_nanosleep", "getitimer", "gettimeofday", "nanosleep",
     "pause", "rt_sigaction", "rt_sigpending", "rt_sigprocmask", "rt_sigreturn", "rt_sigsuspend",
     "rt_sigtimedwait", "setitimer", "sigaltstack", "time", "timer_create", "timer_delete",
     "timer_getoverrun", "timer_gettime", "timer_settime", "timerfd_create", "timerfd_gettime",
     "timerfd_settime",
     // waiting
     "epoll_create", "epoll_create1", "epoll_ctl", "epoll_pwait", "epoll_wait", "eventfd", "eventfd2", "poll",
     "ppoll", "pselect6", "select",
     // on the two ends of a local pair
     "getpeername", "getsockname", "getsockopt", "recvfrom", "recvmsg", "sendmsg", "sendto", "setsockopt",
     "shutdown"});

constexpr std::uint64_t kNamespaces = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC |
                                      CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET |
                                      0x00000080 /* CLONE_NEWTIME */;

// A call this architecture does not have is a negative pseudo number: nothing to allow.
bool Add(scmp_filter_ctx filter, std::uint32_t action, const char* name) {
  const int number = seccomp_syscall_resolve_name(name);
  return number < 0 || seccomp_rule_add(filter, action, number, 0) == 0;
}
bool Add(scmp_filter_ctx filter, const char* name, scmp_arg_cmp when) {
  const int number = seccomp_syscall_resolve_name(name);
  return number < 0 || seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 1, when) == 0;
}

scmp_arg_cmp Equal(unsigned argument, std::uint64_t value) {
  return {argument, SCMP_CMP_EQ, value, 0};
}

bool AddAll(scmp_filter_ctx filter) {
  bool ok = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2) == 0;
  for (const char* name : kAllowed) ok = ok && Add(filter, SCMP_ACT_ALLOW, name);
  // clone3 hides its flags in memory: refused as "not there", glibc then uses clone.
  ok = ok && Add(filter, "clone", {0, SCMP_CMP_MASKED_EQ, kNamespaces, 0});
  for (unsigned long request : {TCGETS, TIOCGWINSZ, FIONREAD, FIONBIO, FIOCLEX, FIONCLEX}) {
    ok = ok && Add(filter, "ioctl", Equal(1, request));
  }
  for (int what : {PR_SET_NAME, PR_GET_NAME, PR_GET_DUMPABLE}) {
    ok = ok && Add(filter, "prctl", Equal(0, static_cast<std::uint64_t>(what)));
  }
  ok = ok && Add(filter, "socketpair", Equal(0, AF_UNIX));
  // A clear "not permitted" where a program may well try, instead of "no such call".
  for (const char* name :
       {"socket", "connect", "bind", "ptrace", "mount", "unshare", "setns", "bpf", "keyctl"}) {
    ok = ok && Add(filter, SCMP_ACT_ERRNO(EPERM), name);
  }
  return ok;
}

// The library writes programs to a descriptor only.
Result<std::vector<sock_filter>> ReadBack(scmp_filter_ctx filter) {
  auto failed = [] {
    return Fail(Code::kUnsupported, "the system call filter could not be made", "no_sandbox");
  };
  const int fd = memfd_create("filter", MFD_CLOEXEC);
  if (fd < 0) return failed();
  std::vector<sock_filter> program;
  bool ok = seccomp_export_bpf(filter, fd) == 0;
  const off_t size = ok ? lseek(fd, 0, SEEK_END) : -1;
  ok = size > 0 && size % static_cast<off_t>(sizeof(sock_filter)) == 0;
  if (ok) {
    program.resize(static_cast<std::size_t>(size) / sizeof(sock_filter));
    ok = pread(fd, program.data(), static_cast<std::size_t>(size), 0) == size;
  }
  close(fd);
  if (!ok) return failed();
  return program;
}

}  // namespace

Result<std::vector<sock_filter>> CompileFilter() {
  scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
  if (filter == nullptr || !AddAll(filter)) {
    if (filter != nullptr) seccomp_release(filter);
    return Fail(Code::kUnsupported, "the system call filter could not be made", "no_sandbox");
  }
  auto program = ReadBack(filter);
  seccomp_release(filter);
  return program;
}

}  // namespace baton::verify
