#include "serve/harden.h"

#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>

namespace baton::serve {
namespace {

// What a server that starts no program was seen to call in the integration tests and soak runs, and what
// libraries call on paths those do not reach (another allocator's release of memory, a resolver's batch of
// datagrams).
constexpr auto kServing = std::to_array<const char*>(
    {// files: the store, the journal, models, configuration, certificates
     "access", "chmod", "close", "close_range", "copy_file_range", "dup", "dup2", "dup3", "faccessat",
     "faccessat2", "fadvise64", "fallocate", "fchmod", "fchmodat", "fchown", "fcntl", "fdatasync", "flock",
     "fstat", "fstatfs", "fsync", "ftruncate", "getcwd", "getdents", "getdents64", "link", "linkat", "lseek",
     "lstat", "mkdir", "mkdirat", "newfstatat", "open", "openat", "pipe", "pipe2", "pread64", "preadv",
     "preadv2", "pwrite64", "pwritev", "pwritev2", "read", "readahead", "readlink", "readlinkat", "readv",
     "rename", "renameat", "renameat2", "rmdir", "sendfile", "stat", "statfs", "statx", "sync_file_range",
     "truncate", "umask", "unlink", "unlinkat", "utimensat", "write", "writev",
     // memory
     "brk", "madvise", "mbind", "membarrier", "memfd_create", "mincore", "mlock", "mlock2", "mmap",
     "mprotect", "mremap", "msync", "munlock", "munmap", "get_mempolicy", "set_mempolicy",
     // threads and signals; clone is below
     "arch_prctl", "exit", "exit_group", "futex", "futex_waitv", "get_robust_list", "getcpu", "getpid",
     "getppid", "getpriority", "gettid", "kill", "restart_syscall", "rseq", "rt_sigaction", "rt_sigpending",
     "rt_sigprocmask", "rt_sigreturn", "rt_sigsuspend", "rt_sigtimedwait", "sched_get_priority_max",
     "sched_get_priority_min", "sched_getaffinity", "sched_getparam", "sched_getscheduler",
     "sched_setaffinity", "sched_setscheduler", "sched_yield", "set_robust_list", "set_tid_address",
     "setpriority", "sigaltstack", "tgkill", "tkill", "wait4", "waitid",
     // who and where it is
     "capget", "getegid", "geteuid", "getgid", "getgroups", "getpgid", "getpgrp", "getrandom", "getresgid",
     "getresuid", "getrlimit", "getrusage", "getsid", "getuid", "prctl", "prlimit64", "setrlimit", "sysinfo",
     "times", "uname",
     // time and waiting
     "alarm", "clock_getres", "clock_gettime", "clock_nanosleep", "epoll_create", "epoll_create1",
     "epoll_ctl", "epoll_pwait", "epoll_pwait2", "epoll_wait", "eventfd", "eventfd2", "gettimeofday",
     "nanosleep", "pause", "poll", "ppoll", "pselect6", "select", "setitimer", "signalfd4", "time",
     "timer_create", "timer_delete", "timer_settime", "timerfd_create", "timerfd_gettime", "timerfd_settime",
     // the network
     "accept", "accept4", "bind", "connect", "getpeername", "getsockname", "getsockopt", "ioctl", "listen",
     "recvfrom", "recvmmsg", "recvmsg", "sendmmsg", "sendmsg", "sendto", "setsockopt", "shutdown", "socket",
     "socketpair"});

// What neither a server nor a tool it starts has a use for: other processes' memory, the kernel, keys, the
// clock, interfaces with a history of holes.
constexpr auto kDangerous = std::to_array<const char*>({"acct",
                                                        "add_key",
                                                        "adjtimex",
                                                        "bpf",
                                                        "chroot",
                                                        "clock_adjtime",
                                                        "clock_settime",
                                                        "delete_module",
                                                        "fanotify_init",
                                                        "finit_module",
                                                        "init_module",
                                                        "io_uring_enter",
                                                        "io_uring_register",
                                                        "io_uring_setup",
                                                        "ioperm",
                                                        "iopl",
                                                        "kcmp",
                                                        "kexec_file_load",
                                                        "kexec_load",
                                                        "keyctl",
                                                        "lookup_dcookie",
                                                        "modify_ldt",
                                                        "move_pages",
                                                        "name_to_handle_at",
                                                        "nfsservctl",
                                                        "open_by_handle_at",
                                                        "perf_event_open",
                                                        "pidfd_getfd",
                                                        "process_madvise",
                                                        "process_vm_readv",
                                                        "process_vm_writev",
                                                        "ptrace",
                                                        "quotactl",
                                                        "reboot",
                                                        "request_key",
                                                        "settimeofday",
                                                        "stime",
                                                        "swapoff",
                                                        "swapon",
                                                        "sysfs",
                                                        "syslog",
                                                        "uselib",
                                                        "userfaultfd",
                                                        "ustat",
                                                        "vhangup",
                                                        "vm86",
                                                        "vm86old"});

// A call that this architecture does not have is a negative pseudo number: nothing to say about it.
bool Add(scmp_filter_ctx filter, std::uint32_t action, const char* name) {
  const int number = seccomp_syscall_resolve_name(name);
  return number < 0 || seccomp_rule_add(filter, action, number, 0) == 0;
}

bool AddSealed(scmp_filter_ctx filter) {
  bool ok = true;
  for (const char* name : kServing) ok = ok && Add(filter, SCMP_ACT_ALLOW, name);
  // Threads only: a new process is a copy of this one's memory. clone3 hides its flags in memory; it is
  // refused as "not there" and glibc then uses clone.
  constexpr std::uint64_t kThread = CLONE_VM | CLONE_THREAD;
  const int clone = seccomp_syscall_resolve_name("clone");
  return ok && seccomp_rule_add(filter, SCMP_ACT_ALLOW, clone, 1,
                                scmp_arg_cmp{0, SCMP_CMP_MASKED_EQ, kThread, kThread}) == 0;
}

bool AddOpen(scmp_filter_ctx filter) {
  return std::all_of(kDangerous.begin(), kDangerous.end(),
                     [&](const char* name) { return Add(filter, SCMP_ACT_ERRNO(EPERM), name); });
}

bool RunsCode(const std::vector<verify::Spec>& checks) {
  return std::any_of(checks.begin(), checks.end(), [](const verify::Spec& c) {
    const auto by = c.options.find("by");
    return c.name == "code" || (c.name == "agreement" && by != c.options.end() && by->second == "behaviour");
  });
}

bool RunsCode(const std::vector<workflow::StepSettings>& steps) {
  return std::any_of(steps.begin(), steps.end(),
                     [](const auto& s) { return RunsCode(s.verify) || RunsCode(s.loop); });
}

bool RunsCode(const workflow::FlowSettings& flow) {
  return flow.kind == "code_with_verifier" || RunsCode(flow.verify) || RunsCode(flow.steps);
}

}  // namespace

void ForbidDumps() {
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
  prctl(PR_SET_DUMPABLE, 0);
}

std::string_view FilterName(Filter filter) {
  switch (filter) {
    case Filter::kOff:
      return "off";
    case Filter::kSealed:
      return "sealed";
    case Filter::kOpen:
      return "open";
  }
  return "?";
}

Filter FilterFor(const config::Config& config) {
  if (config.syscall_filter == config::SyscallFilter::kOff) return Filter::kOff;
  const auto runs = [](const auto& w) {
    return !w->command.empty() || (w->dialect == "exact" && w->target.model == "python");
  };
  bool starts = std::any_of(config.workers.begin(), config.workers.end(), runs);
  for (const auto& flow : config.workflows) starts = starts || RunsCode(flow);
  if (config.contracts) {
    for (const auto& [name, contract] : config.contracts->all())
      starts = starts || RunsCode(contract.settings().verify);
  }
  const auto named = [&](const std::string& name) { return name == "code_with_verifier"; };
  starts = starts || std::any_of(config.routes.workflows.begin(), config.routes.workflows.end(), named);
  for (const auto& rule : config.routes.rules) starts = starts || named(rule.workflow);
  return starts ? Filter::kOpen : Filter::kSealed;
}

Status Install(Filter filter) {
  if (filter == Filter::kOff) return {};
  const bool sealed = filter == Filter::kSealed;
  scmp_filter_ctx context = seccomp_init(sealed ? SCMP_ACT_ERRNO(ENOSYS) : SCMP_ACT_ALLOW);
  bool ok = context != nullptr && seccomp_attr_set(context, SCMP_FLTATR_CTL_TSYNC, 1) == 0 &&
            seccomp_attr_set(context, SCMP_FLTATR_CTL_OPTIMIZE, 2) == 0;
  ok = ok && (sealed ? AddSealed(context) : AddOpen(context)) && seccomp_load(context) == 0;
  if (context != nullptr) seccomp_release(context);
  if (ok) return {};
  return Fail(Code::kUnsupported, "the system call filter could not be installed on this kernel",
              "no_seccomp");
}

}  // namespace baton::serve
