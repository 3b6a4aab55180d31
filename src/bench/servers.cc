#include "bench/servers.h"

#include <fmt/format.h>
#include <sched.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace baton::bench {
namespace {

std::string BatonConfig(const std::string& dir, std::uint16_t port, std::uint16_t upstream) {
  return fmt::format(R"(listen: 127.0.0.1:{1}
store: sqlite:{0}/bench.db
threads: 1
workers:
  - {{name: direct, dialect: openai, base_url: "http://127.0.0.1:{2}/v1", model: fast, private: true, simulated: true,
     price: {{input: 1.25, output: 10}}, max_concurrency: 1000, data: {{region: here, retention: none, trains: false, classes: [public, internal, personal, secret]}}}}
  - {{name: other, dialect: openai, base_url: "http://127.0.0.1:{2}/v1", model: fast, private: true, simulated: true,
     price: {{input: 3, output: 15}}, max_concurrency: 1000, data: {{region: us, retention: none, trains: false, classes: [public, internal]}}}}
routes:
  - {{name: sensitive, when: {{data: [personal, secret]}}, use: {{worker: direct}}}}
  - {{name: code, when: {{task: code}}, use: {{worker: other}}}}
  - {{name: rest, use: {{workers: [direct, other]}}}}
)",
                     dir, port, upstream);
}

}  // namespace

Result<std::unique_ptr<ScratchFolder>> ScratchFolder::Make() {
  std::string path = (std::filesystem::temp_directory_path() / "baton-bench-XXXXXX").string();
  if (!mkdtemp(path.data())) return Fail(Code::kInternal, "cannot make a temporary folder");
  return std::make_unique<ScratchFolder>(path);
}

ScratchFolder::~ScratchFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string ScratchFolder::Write(const std::string& name, const std::string& text) const {
  const std::string file = path_ + "/" + name;
  std::ofstream(file) << text;
  return file;
}

Result<std::unique_ptr<Servers>> StartServers(const std::string& baton) {
  TRY(auto folder, ScratchFolder::Make());
  const std::string& dir = folder->path();
  const std::uint16_t up = FreePort(), port = FreePort();
  const std::string config = folder->Write("baton.yaml", BatonConfig(dir, port, up));
  TRY(auto upstream,
      Process::Start({baton, "mock", "--fast", "--quiet", "--listen", fmt::format("127.0.0.1:{}", up)},
                     kOtherCpu, dir + "/mock.log"));
  TRY(auto server,
      Process::Start({baton, "serve", "--quiet", "--config", config}, kProxyCpu, dir + "/baton.log"));
  for (auto p : {up, port}) {
    if (WaitForPort(p)) continue;
    std::ifstream log(dir + (p == up ? "/mock.log" : "/baton.log"));
    std::string line;
    std::getline(log, line);
    return Fail(Code::kInternal, "a server of the benchmark did not start: " + line);
  }
  return std::unique_ptr<Servers>(
      new Servers{std::move(folder), up, port, std::move(upstream), std::move(server)});
}

void StayOffProxyCore() {
  if (sysconf(_SC_NPROCESSORS_ONLN) < 2) return;
  cpu_set_t self;
  CPU_ZERO(&self);
  CPU_SET(kOtherCpu, &self);
  sched_setaffinity(0, sizeof self, &self);
}

}  // namespace baton::bench
