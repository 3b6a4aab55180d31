// A few threads of its own that wait for programs, and a bounded queue before them. They wait in poll(), so
// more of them would cost little; there are few because the programs want the same cores as the models.

#include "verify/sandbox.h"

#include <fmt/format.h>
#include <linux/filter.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <functional>
#include <thread>

#include "base/mutex.h"
#include "base/signal.h"
#include "verify/sandbox_run.h"

namespace baton::verify {
namespace {

struct Job {
  Program program;
  Limits limits;
  std::atomic<bool> cancelled = false;
  RunResult result;            // written by who ends the job, read on the loop after `finished`
  std::function<void()> done;  // thread safe; called once
};

class ThreadedSandbox : public Sandbox {
 public:
  ThreadedSandbox(Jail jail, Options options) : jail_(std::move(jail)), options_(options) {
    for (int i = 0; i < std::max(1, options_.threads); ++i) threads_.emplace_back([this] { Work(); });
  }

  ~ThreadedSandbox() override {
    {
      MutexLock lock(m_);
      stopping_ = true;
      for (auto& job : queue_) job->cancelled = true;
      for (auto& job : running_) job->cancelled = true;
    }
    wake_.NotifyAll();
    for (auto& t : threads_) t.join();
  }

  bool Supports(Program::Language language) const override {
    return language == Program::Language::kShell || !jail_.python.empty();
  }

  Task<RunResult> Run(Loop& loop, Program program, Limits limits, Cancel* cancel) override;

 private:
  // Null when the queue is full.
  std::shared_ptr<Job> Enqueue(std::shared_ptr<Job> job) {
    MutexLock lock(m_);
    if (queue_.size() >= options_.queue) return nullptr;
    queue_.push_back(job);
    wake_.NotifyOne();
    return job;
  }

  // On the loop. A job that waits ends at once; one that runs is ended by its thread within one poll
  // interval.
  void CancelJob(const std::shared_ptr<Job>& job) {
    job->cancelled = true;
    {
      MutexLock lock(m_);
      auto at = std::find(queue_.begin(), queue_.end(), job);
      if (at == queue_.end()) return;
      queue_.erase(at);
    }
    job->result.end = RunResult::End::kCancelled;
    job->done();
  }

  void Work() {
    for (;;) {
      std::shared_ptr<Job> job;
      {
        MutexLock lock(m_);
        while (queue_.empty() && !stopping_) wake_.Wait(lock);
        if (queue_.empty()) return;
        job = std::move(queue_.front());
        queue_.pop_front();
        running_.push_back(job);
      }
      if (job->cancelled) {
        job->result.end = RunResult::End::kCancelled;
      } else {
        job->result = RunOnce(jail_, job->program, job->limits, *options_.clock, job->cancelled);
      }
      {
        MutexLock lock(m_);
        running_.erase(std::find(running_.begin(), running_.end(), job));
      }
      job->done();
    }
  }

  const Jail jail_;
  const Options options_;
  Mutex m_;
  CondVar wake_;
  std::deque<std::shared_ptr<Job>> queue_ GUARDED_BY(m_);
  std::vector<std::shared_ptr<Job>> running_ GUARDED_BY(m_);
  bool stopping_ GUARDED_BY(m_) = false;
  std::vector<std::thread> threads_;  // last: they use everything above
};

Task<RunResult> ThreadedSandbox::Run(Loop& loop, Program program, Limits limits, Cancel* cancel) {
  RunResult refused;
  if (cancel != nullptr && cancel->fired()) {
    refused.end = RunResult::End::kCancelled;
    co_return refused;
  }
  auto job = std::make_shared<Job>();
  job->program = std::move(program);
  job->limits = limits;
  Signal finished(loop);
  // This frame waits until it has been called, so both are still there then.
  job->done = [&loop, &finished] { loop.Post([&finished] { finished.Set(); }); };
  if (Enqueue(job) == nullptr) {
    refused.end = RunResult::End::kBusy;
    refused.why = fmt::format("{} programs wait already", options_.queue);
    co_return refused;
  }
  Cancel::Registration registration;
  if (cancel != nullptr) registration = cancel->OnFire([this, job] { CancelJob(job); });
  co_await finished.Wait();
  registration.Reset();
  RunResult result = std::move(job->result);
  co_return result;
}

}  // namespace

std::string_view EndName(RunResult::End end) {
  switch (end) {
    case RunResult::End::kExited:
      return "exited";
    case RunResult::End::kTime:
      return "time";
    case RunResult::End::kMemory:
      return "memory";
    case RunResult::End::kOutput:
      return "output";
    case RunResult::End::kCancelled:
      return "cancelled";
    case RunResult::End::kBusy:
      return "busy";
    case RunResult::End::kUnavailable:
      break;
  }
  return "unavailable";
}

Result<std::shared_ptr<Sandbox>> Sandbox::Create(Options options) {
  TRY(Jail jail, LookAround(options.uid, options.gid));
  const std::atomic<bool> never = false;
  Program probe;
  probe.language = Program::Language::kShell;
  probe.source = "exit 7\n";
  const RunResult r = RunOnce(jail, probe, Limits(), *options.clock, never);
  if (r.end != RunResult::End::kExited || r.exit_code != 7) {
    return Fail(
        Code::kUnsupported,
        fmt::format("code cannot be run safely here: {}; verifiers that run code will say \"unknown\"",
                    r.why.empty()
                        ? fmt::format("a first try ended with '{}' and code {}", EndName(r.end), r.exit_code)
                        : r.why),
        "no_sandbox");
  }
  return std::shared_ptr<Sandbox>(std::make_shared<ThreadedSandbox>(std::move(jail), options));
}

}  // namespace baton::verify
