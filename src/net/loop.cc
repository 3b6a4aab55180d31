#include "net/loop.h"

#include "net/asio_loop.h"

namespace baton::net {
namespace {
// One thread runs the context, so sockets need no locks; the scheduler keeps its own for Post().
constexpr int kHint = ASIO_CONCURRENCY_HINT_UNSAFE_IO;
// Posted functions in a row before sockets get their turn.
constexpr std::size_t kPostedAtOnce = 1024;
}  // namespace

AsioLoop::AsioLoop(const Clock& clock)
    : clock_(clock), io_(kHint), work_(io_.get_executor()), timer_(io_.get_executor()) {}

AsioLoop::~AsioLoop() {
  posted_.clear();
}

void AsioLoop::Post(Fn fn) {
  if (thread_.load(std::memory_order_relaxed) != std::this_thread::get_id()) {
    asio::post(io_, [this, f = std::move(fn)] {
      Turn turn(*this);
      f();
    });
    return;
  }
  posted_.push_back(std::move(fn));
  if (depth_ > 0 || drain_scheduled_) return;
  drain_scheduled_ = true;
  asio::post(io_, [this] { RunPosted(); });
}

void AsioLoop::RunPosted() {
  drain_scheduled_ = false;
  if (posted_.empty()) return;
  ++depth_;
  // By index: what runs may post more, which moves the vector.
  std::size_t i = 0;
  for (; i < posted_.size() && i < kPostedAtOnce; ++i) {
    const Fn fn = std::move(posted_[i]);
    fn();
  }
  --depth_;
  posted_.erase(posted_.begin(), posted_.begin() + static_cast<std::ptrdiff_t>(i));
  if (posted_.empty()) return;
  drain_scheduled_ = true;
  asio::post(io_, [this] { RunPosted(); });
}

Loop::TimerId AsioLoop::CallAt(TimePoint at, Fn fn) {
  const TimerId id = heap_.Add(at, std::move(fn));
  if (at < timer_at_) ArmTimer();
  return id;
}

void AsioLoop::CancelTimer(TimerId id) {
  heap_.Remove(id);  // the Asio timer stays: waking up for nothing is cheaper than setting it anew
}

void AsioLoop::ArmTimer() {
  timer_at_ = heap_.NextAt();
  timer_.expires_after(std::max(Duration::zero(), timer_at_ - Now()));
  timer_.async_wait([this](const asio::error_code& error) {
    if (error) return;  // set anew meanwhile
    Turn turn(*this);
    RunTimers();
  });
}

void AsioLoop::RunTimers() {
  // Only what is due now: a timer that sets another for "now" must not starve the sockets.
  const TimePoint now = Now();
  while (!heap_.empty() && heap_.NextAt() <= now) heap_.Pop()();
  timer_at_ = TimePoint::max();
  if (!heap_.empty()) ArmTimer();
}

void AsioLoop::Run() {
  thread_ = std::this_thread::get_id();
  io_.restart();
  if (!stop_) io_.run();  // a Stop() that came before Run() counts
  stop_ = false;
  thread_ = std::thread::id();
}

void AsioLoop::Stop() {
  stop_ = true;
  io_.stop();
}

void AsioLoop::OnSignal(std::initializer_list<int> signals, std::function<void(int)> fn) {
  auto set = std::make_unique<asio::signal_set>(io_);
  for (int s : signals) set->add(s);
  WaitForSignal(*set, std::move(fn));
  signals_.push_back(std::move(set));
}

void AsioLoop::WaitForSignal(asio::signal_set& set, std::function<void(int)> fn) {
  set.async_wait([this, &set, f = std::move(fn)](const asio::error_code& error, int signal) mutable {
    if (error) return;
    Turn turn(*this);
    f(signal);
    WaitForSignal(set, std::move(f));
  });
}

std::unique_ptr<IoLoop> IoLoop::Create(const Clock& clock) {
  return std::make_unique<AsioLoop>(clock);
}

namespace {
Task<void> RunAndStop(std::function<Task<void>(IoLoop&)> task, IoLoop& loop) {
  co_await task(loop);
  loop.Stop();
}
}  // namespace

void RunBlocking(std::function<Task<void>(IoLoop&)> task) {
  const auto loop = IoLoop::Create();
  loop->Post([&] { Spawn(RunAndStop(task, *loop)); });
  loop->Run();
}

}  // namespace baton::net
