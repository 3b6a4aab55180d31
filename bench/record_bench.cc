// What recording costs: CPU per record on the submitting and on the writing side, records per second of one
// core, bytes per exchange, and how long a Submit() takes. `record_bench [FOLDER] [RECORDS]`; the folder is
// made and emptied. Figures are medians of five runs with (min - max).
#include <fmt/format.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <future>
#include <thread>
#include <vector>

#include "record/encode.h"
#include "record/journal.h"
#include "record/sample.h"

namespace {

using namespace baton;
using namespace baton::record;
using SteadyClock = std::chrono::steady_clock;

double ThreadCpu() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

double ProcessCpu() {
  timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

double Since(SteadyClock::time_point start) {
  return std::chrono::duration<double>(SteadyClock::now() - start).count();
}

void PinToCore(int core) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(core, &set);
  sched_setaffinity(0, sizeof(set), &set);
}

struct Spread {
  std::vector<double> runs;
  std::string Show(const char* format) {
    std::sort(runs.begin(), runs.end());
    auto one = [&](double v) { return fmt::format(fmt::runtime(format), v); };
    return fmt::format("{} ({} - {})", one(runs[runs.size() / 2]), one(runs.front()), one(runs.back()));
  }
};

void Flush(Recorder& r) {
  std::promise<void> done;
  r.Flush([&] { done.set_value(); });
  done.get_future().wait();
}

std::vector<Provenance> Make(std::size_t n, int calls) {
  Random random(7);
  std::vector<Provenance> list;
  list.reserve(n);
  for (std::size_t i = 0; i < n; ++i) {
    // Twenty to a millisecond, as a server at 20,000 exchanges/s would number them.
    list.push_back(
        Sample(SampleId(static_cast<std::int64_t>(i / 20)) + static_cast<ExchangeId>(i % 20), random, calls));
  }
  return list;
}

struct Figures {
  Spread submit_us, writer_us, per_second, bytes, encoded;
};

void OneRun(const std::filesystem::path& dir, std::size_t n, int calls, Figures& f) {
  std::filesystem::remove_all(dir);
  std::filesystem::create_directories(dir);
  RecorderOptions options;
  options.path = (dir / "bench.db").string();
  options.max_queue = n;
  options.queue_bytes = n * 1024 + (1 << 20);
  auto recorder = Recorder::Open(options, SystemClock(), nullptr, Log::Null());
  if (!recorder) {
    fmt::print(stderr, "record_bench: {}\n", recorder.error().message);
    std::exit(1);
  }
  auto list = Make(n, calls);
  f.encoded.runs.push_back(static_cast<double>(Encode(list.front()).size()));

  const auto start = SteadyClock::now();
  const double process = ProcessCpu(), thread = ThreadCpu();
  for (auto& p : list) (*recorder)->Submit(std::move(p));
  const double submit = ThreadCpu() - thread;
  Flush(**recorder);
  const double wall = Since(start), cpu = ProcessCpu() - process;
  const auto d = static_cast<double>(n);
  f.submit_us.runs.push_back(submit / d * 1e6);
  f.writer_us.runs.push_back((cpu - submit) / d * 1e6);
  f.per_second.runs.push_back(d / wall);
  const bool complete = (*recorder)->Sum({})->exchanges == static_cast<std::int64_t>(n);
  recorder->reset();
  f.bytes.runs.push_back(static_cast<double>(std::filesystem::file_size(options.path)) / d);
  if (!complete || !std::filesystem::exists(options.path)) {
    fmt::print(stderr, "record_bench: records are missing; the figures above mean nothing\n");
    std::exit(1);
  }
}

void Throughput(const std::filesystem::path& dir, std::size_t n, int calls) {
  Figures f;
  for (int run = 0; run < 5; ++run) OneRun(dir, n, calls, f);
  fmt::print("\n{} exchanges with {} call{} each, producer and writer on one core\n", n, calls,
             calls == 1 ? "" : "s");
  fmt::print("  submit side     {} us CPU per record\n", f.submit_us.Show("{:.2f}"));
  fmt::print("  writer side     {} us CPU per record\n", f.writer_us.Show("{:.2f}"));
  fmt::print("  recorded        {} exchanges/s\n", f.per_second.Show("{:.0f}"));
  fmt::print("  store           {} bytes per exchange\n", f.bytes.Show("{:.0f}"));
  fmt::print("  journal         {} bytes per exchange\n", f.encoded.Show("{:.0f}"));
}

// A steady 20,000/s in bursts of 100 every 5 ms: what recording adds to a server that is not at its limit.
void Steady(const std::filesystem::path& dir, std::size_t n) {
  Spread submit_us, writer_us;
  std::vector<double> took;
  for (int run = 0; run < 5; ++run) {
    std::filesystem::remove_all(dir);
    std::filesystem::create_directories(dir);
    RecorderOptions options;
    options.path = (dir / "bench.db").string();
    auto recorder = Recorder::Open(options, SystemClock(), nullptr, Log::Null());
    if (!recorder) return;
    auto list = Make(n, 1);
    double submit = 0;
    const double process = ProcessCpu(), thread = ThreadCpu();
    for (std::size_t i = 0; i < n; i += 100) {
      const double begin_cpu = ThreadCpu();
      for (std::size_t k = i; k < std::min(n, i + 100); ++k) {
        const auto begin = SteadyClock::now();
        (*recorder)->Submit(std::move(list[k]));
        took.push_back(Since(begin) * 1e6);
      }
      submit += ThreadCpu() - begin_cpu;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    const double producer = ThreadCpu() - thread;
    Flush(**recorder);
    submit_us.runs.push_back(submit / static_cast<double>(n) * 1e6);
    writer_us.runs.push_back((ProcessCpu() - process - producer) / static_cast<double>(n) * 1e6);
  }
  std::sort(took.begin(), took.end());
  auto at = [&](double q) {
    return took[static_cast<std::size_t>(q * static_cast<double>(took.size() - 1))];
  };
  fmt::print("\nsteady 20,000 exchanges/s with 1 call each\n");
  fmt::print("  submit side     {} us CPU per record (about 0.1 of it the timing)\n",
             submit_us.Show("{:.2f}"));
  fmt::print("  writer side     {} us CPU per record\n", writer_us.Show("{:.2f}"));
  fmt::print("  Submit() takes  p50 {:.2f}, p99 {:.2f}, p99.9 {:.1f}, max {:.0f} us\n", at(0.5), at(0.99),
             at(0.999), took.back());
}

// Append alone, several threads on one journal.
void Producers(const std::filesystem::path& dir, int threads) {
  std::filesystem::remove_all(dir);
  std::filesystem::create_directories(dir);
  constexpr std::size_t kEach = 100'000;
  JournalOptions options;
  options.path = (dir / "bench.queue").string();
  options.max_records = kEach * static_cast<std::size_t>(threads);
  options.bytes = options.max_records * 512;
  auto journal = Journal::Open(options);
  if (!journal) return;
  const std::string payload(420, 'x');
  std::vector<std::thread> workers;
  std::vector<double> cpu(static_cast<std::size_t>(threads));
  for (int t = 0; t < threads; ++t) {
    workers.emplace_back([&, t] {
      const double begin = ThreadCpu();
      for (std::size_t i = 0; i < kEach; ++i) (*journal)->Append(static_cast<ExchangeId>(i + 1), payload);
      cpu[static_cast<std::size_t>(t)] = ThreadCpu() - begin;
    });
  }
  for (auto& w : workers) w.join();
  double sum = 0;
  for (double c : cpu) sum += c;
  fmt::print("  {} thread{}: {:.3f} us CPU per append of 420 bytes\n", threads, threads == 1 ? "" : "s",
             sum / static_cast<double>(kEach * static_cast<std::size_t>(threads)) * 1e6);
}

}  // namespace

int main(int argc, char** argv) {
  const std::filesystem::path dir =
      argc > 1 ? argv[1] : std::filesystem::temp_directory_path() / "baton-record-bench";
  const std::size_t n = argc > 2 ? std::stoul(argv[2]) : 50'000;
  utsname machine{};
  uname(&machine);
  fmt::print("record_bench: {} {} {}, {} cores, folder {}\n", machine.sysname, machine.release,
             machine.machine, std::thread::hardware_concurrency(), dir.string());
  fmt::print("\nappends to one journal (first use of its pages included)\n");
  for (int threads : {1, 2, 4}) Producers(dir, threads);
  Steady(dir, n);
  PinToCore(0);
  Throughput(dir, n, 1);
  Throughput(dir, n / 2, 3);
  std::filesystem::remove_all(dir);
  return 0;
}
