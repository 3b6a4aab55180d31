// Standard input is one end of a socket pair, not a pipe: writing to a pipe nobody reads raises SIGPIPE, and
// a library must not decide what the whole process does with signals; a socket write can be told not to.
// (libuv starts every child this way, so programs are used to it.)
//
// The end is learnt from a pidfd, which becomes readable when the child has ended: no SIGCHLD handler to
// share with others, no polling, no thread. The group is killed before the child is reaped: as long as its
// leader is a zombie, nobody else can have got the group's number.

// clang-format off
#include "net/asio.h"
#include <asio/local/stream_protocol.hpp>
#include <asio/posix/basic_stream_descriptor.hpp>
#include <asio/write.hpp>
// clang-format on

#include "net/process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>

#include "net/asio_loop.h"

namespace baton::net {
namespace {

using Pipe = asio::posix::basic_stream_descriptor<AsioLoop::Executor>;
using Input = asio::basic_stream_socket<asio::local::stream_protocol, AsioLoop::Executor>;

constexpr std::size_t kRead = 64 << 10;
// A loop that ends does not wait long: it may have many children.
constexpr int kLastWordsMs = 200, kKilledMs = 1000;

struct Fd {
  explicit Fd(int f = -1) : fd(f) {}
  Fd(Fd&& o) noexcept : fd(std::exchange(o.fd, -1)) {}
  Fd& operator=(Fd&& o) noexcept {
    std::swap(fd, o.fd);
    return *this;
  }
  ~Fd() {
    if (fd >= 0) ::close(fd);
  }
  int Release() { return std::exchange(fd, -1); }
  int fd;
};

struct Ends {
  Fd ours, theirs;
};

bool OpenInput(Ends* ends) {
  int fds[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0) return false;
  ends->ours = Fd(fds[0]);
  ends->theirs = Fd(fds[1]);
  return true;
}

bool OpenOutput(Ends* ends) {
  int fds[2];
  if (::pipe2(fds, O_CLOEXEC) != 0) return false;
  ends->ours = Fd(fds[0]);
  ends->theirs = Fd(fds[1]);
  return true;
}

std::vector<char*> Pointers(std::vector<std::string>& strings) {
  std::vector<char*> out;
  for (std::string& s : strings) out.push_back(s.data());
  out.push_back(nullptr);
  return out;
}

// The raw posix_spawn, with everything that the child shall not inherit.
int Start(const ProcessOptions& options, int in, int out, int err, pid_t* pid) {
  std::vector<std::string> args = options.argv, env;
  for (const auto& [name, value] : options.env) env.push_back(name + "=" + value);
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_adddup2(&files, in, 0);
  posix_spawn_file_actions_adddup2(&files, out, 1);
  posix_spawn_file_actions_adddup2(&files, err, 2);
  // Sockets of clients and of the store are not all close-on-exec: nothing above 2 survives.
  posix_spawn_file_actions_addclosefrom_np(&files, 3);
  posix_spawnattr_t attr;
  posix_spawnattr_init(&attr);
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attr, &none);
  posix_spawnattr_setsigdefault(&attr, &all);
  posix_spawnattr_setpgroup(&attr, 0);
  posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  const int error =
      posix_spawnp(pid, args[0].c_str(), &files, &attr, Pointers(args).data(), Pointers(env).data());
  posix_spawn_file_actions_destroy(&files);
  posix_spawnattr_destroy(&attr);
  return error;
}

// The child and its pipes. Pending operations share it, so it lives until the child has ended or the loop is
// destroyed; the owner may be gone long before.
class Child : public std::enable_shared_from_this<Child> {
 public:
  Child(AsioLoop& loop, pid_t pid, Duration patience, std::size_t max_backlog, Process::Owner& owner)
      : loop_(loop),
        pid_(pid),
        patience_(patience),
        max_backlog_(max_backlog),
        owner_(&owner),
        in_(loop.io()),
        out_(loop.io()),
        err_(loop.io()),
        end_(loop.io()) {}
  ~Child();

  void Open(Fd in, Fd out, Fd err, Fd end);
  bool Write(std::string_view bytes);
  void Kill() { Signal(SIGKILL); }
  // The owner has lost interest.
  void Leave();
  pid_t pid() const { return pid_; }

 private:
  void Read(Pipe& pipe, bool errors);
  void Report(std::string_view bytes, bool errors);
  void SendSome();
  void AwaitEnd();
  void Ended();
  void Rest(Pipe& pipe, bool errors);
  void Reap();
  void Signal(int number) {
    if (!reaped_) ::kill(-pid_, number);
  }
  void AskToEnd();
  void Arm(int number);

  AsioLoop& loop_;
  const pid_t pid_;
  const Duration patience_;
  const std::size_t max_backlog_;
  Process::Owner* owner_;
  Input in_;
  Pipe out_, err_, end_;
  char out_bytes_[kRead];
  char err_bytes_[4096];
  std::string sending_, unsent_;
  bool writing_ = false, asked_ = false, reaped_ = false;
  int exit_code_ = 0;
  Loop::TimerId timer_ = 0;
};

void Child::Open(Fd in, Fd out, Fd err, Fd end) {
  in_.assign(asio::local::stream_protocol(), in.Release());
  out_.assign(out.Release());
  err_.assign(err.Release());
  end_.assign(end.Release());
  in_.non_blocking(true);
  out_.non_blocking(true);
  err_.non_blocking(true);
  Read(out_, false);
  Read(err_, true);
  AwaitEnd();
}

void Child::Read(Pipe& pipe, bool errors) {
  const auto buffer = errors ? asio::buffer(err_bytes_) : asio::buffer(out_bytes_);
  pipe.async_read_some(buffer,
                       [self = shared_from_this(), &pipe, errors](const asio::error_code& e, std::size_t n) {
                         AsioLoop::Turn turn(self->loop_);
                         if (e || self->reaped_) {
                           // An output that is closed while the child lives: it is about to end, and is
                           // helped to.
                           if (e == asio::error::eof && !errors && !self->reaped_) self->AskToEnd();
                           return;
                         }
                         self->Report({errors ? self->err_bytes_ : self->out_bytes_, n}, errors);
                         if (pipe.is_open()) self->Read(pipe, errors);
                       });
}

void Child::Report(std::string_view bytes, bool errors) {
  if (!owner_) return;
  errors ? owner_->OnErrors(bytes) : owner_->OnOutput(bytes);
}

bool Child::Write(std::string_view bytes) {
  if (asked_ || reaped_ || sending_.size() + unsent_.size() + bytes.size() > max_backlog_) return false;
  unsent_.append(bytes);
  if (!writing_) SendSome();
  return true;
}

void Child::SendSome() {
  sending_.swap(unsent_);
  unsent_.clear();
  writing_ = true;
  asio::async_write(in_, asio::buffer(sending_),
                    [self = shared_from_this()](const asio::error_code& e, std::size_t) {
                      AsioLoop::Turn turn(self->loop_);
                      self->writing_ = false;
                      self->sending_.clear();
                      if (e || self->reaped_) return;  // it reads no more: its end will be noticed
                      if (!self->unsent_.empty()) self->SendSome();
                    });
}

void Child::AwaitEnd() {
  end_.async_wait(Pipe::wait_read, [self = shared_from_this()](const asio::error_code& e) {
    AsioLoop::Turn turn(self->loop_);
    if (!e) self->Ended();
  });
}

void Child::Ended() {
  Signal(SIGKILL);  // what it started and left behind
  Reap();
  Rest(out_, false);
  Rest(err_, true);
  asio::error_code ignored;
  in_.close(ignored);
  out_.close(ignored);
  err_.close(ignored);
  end_.close(ignored);
  if (auto* owner = std::exchange(owner_, nullptr)) owner->OnEnd(exit_code_);
}

// What it wrote before it ended. A descendant that keeps the pipe open may write on: only what is there now.
void Child::Rest(Pipe& pipe, bool errors) {
  asio::error_code e;
  for (int i = 0; i < 64 && owner_; ++i) {
    const std::size_t n = pipe.read_some(asio::buffer(out_bytes_), e);
    if (e || n == 0) return;
    Report({out_bytes_, n}, errors);
  }
}

void Child::Reap() {
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  reaped_ = true;
  exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  if (timer_ != 0) loop_.CancelTimer(std::exchange(timer_, 0));
}

void Child::Leave() {
  owner_ = nullptr;
  AskToEnd();
}

void Child::AskToEnd() {
  if (asked_ || reaped_) return;
  asked_ = true;
  asio::error_code ignored;
  in_.close(ignored);
  Arm(SIGTERM);
}

// Weak: the loop drops its timers last, when the descriptors must be gone already.
void Child::Arm(int number) {
  timer_ = loop_.CallAt(loop_.Now() + patience_, [weak = weak_from_this(), number] {
    const auto self = weak.lock();
    if (!self || self->reaped_) return;
    self->timer_ = 0;
    self->Signal(number);
    if (number == SIGTERM) self->Arm(SIGKILL);
  });
}

// The loop is being destroyed under a living child.
Child::~Child() {
  if (reaped_) return;
  if (timer_ != 0) loop_.CancelTimer(timer_);
  asio::error_code ignored;
  in_.close(ignored);
  Signal(SIGTERM);
  pollfd p{end_.native_handle(), POLLIN, 0};
  ::poll(&p, 1, kLastWordsMs);
  Signal(SIGKILL);
  // One that cannot be killed (it hangs in the kernel) is left to our own end.
  if (::poll(&p, 1, kKilledMs) == 1) Reap();
}

class ProcessHandle : public Process {
 public:
  explicit ProcessHandle(std::shared_ptr<Child> child) : child_(std::move(child)) {}
  ~ProcessHandle() override { child_->Leave(); }
  bool Write(std::string_view bytes) override { return child_->Write(bytes); }
  void Kill() override { child_->Kill(); }
  int pid() const override { return child_->pid(); }

 private:
  std::shared_ptr<Child> child_;
};

Error CannotStart(const std::string& program, int error) {
  if (error == ENOENT)
    return Fail(Code::kNotFound,
                fmt::format("there is no program '{}'; install it or give its full path", program),
                "no_program");
  return Fail(Code::kUnavailable, fmt::format("cannot start '{}': {}", program, std::strerror(error)),
              "cannot_start");
}

}  // namespace

Result<std::unique_ptr<Process>> Process::Spawn(Loop& loop, const ProcessOptions& options, Owner& owner) {
  if (options.argv.empty()) return Fail(Code::kInvalidRequest, "no program to start", "no_program");
  Ends in, out, err;
  if (!OpenInput(&in) || !OpenOutput(&out) || !OpenOutput(&err)) return CannotStart(options.argv[0], errno);
  pid_t pid = 0;
  const int error = Start(options, in.theirs.fd, out.theirs.fd, err.theirs.fd, &pid);
  if (error != 0) return CannotStart(options.argv[0], error);
  // By number: glibc 2.36 declares pidfd_open() for C only.
  Fd end(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (end.fd < 0) {
    const int why = errno;
    ::kill(-pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    return CannotStart(options.argv[0], why);
  }
  auto& asio_loop = static_cast<AsioLoop&>(loop);
  auto child = std::make_shared<Child>(asio_loop, pid, options.patience, options.max_backlog, owner);
  child->Open(std::move(in.ours), std::move(out.ours), std::move(err.ours), std::move(end));
  return std::unique_ptr<Process>(std::make_unique<ProcessHandle>(std::move(child)));
}

}  // namespace baton::net
