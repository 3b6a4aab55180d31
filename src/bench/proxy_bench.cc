// Layout as in docs/results: the proxy alone on one core, load generator and upstream on the other. Every
// round measures each server once under each load, in turn, so a slow minute of the machine hits all of them;
// ratios are taken within a round. nginx runs twice per round: its ratio to itself is the noise that every
// other figure carries.

#include "bench/proxy_bench.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>

#include "base/machine.h"
#include "bench/load.h"
#include "bench/process.h"
#include "bench/servers.h"

namespace baton::bench {
namespace {

constexpr int kChunks = 51;

struct Server {
  std::string name, model;
  std::uint16_t port;
  Process* process;
};

struct Kind {
  std::string name;
  int connections;
  double rate;
  bool streamed;
};

const std::vector<Kind> kKinds = {
    {"closed loop, 64 connections", 64, 0, false},
    {"5,000 requests/s", 64, 5000, false},
    {"streams of 51 chunks", 64, 0, true},
};

std::string NginxConfig(const std::string& dir, std::uint16_t port, std::uint16_t upstream) {
  return fmt::format(R"(daemon off; worker_processes 1; pid {0}/nginx.pid; error_log {0}/nginx.err;
events {{ worker_connections 4096; }}
http {{ access_log off; client_body_temp_path {0}/body; proxy_temp_path {0}/proxy; fastcgi_temp_path {0}/f; uwsgi_temp_path {0}/u; scgi_temp_path {0}/s;
  keepalive_requests 100000000; tcp_nodelay on;
  upstream up {{ server 127.0.0.1:{2}; keepalive 256; keepalive_requests 100000000; }}
  server {{ listen 127.0.0.1:{1}; location / {{ proxy_pass http://up; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffering off; client_body_buffer_size 64k; }} }}
}}
)",
                     dir, port, upstream);
}

struct Samples {
  std::vector<double> cpu, ratio, per_second, p50, p99;
  std::uint64_t errors = 0;
};

// One measurement. Short warm-up first, so that connections and caches exist.
Status Measure(const Server& server, const Kind& kind, double seconds, Samples& out, double nginx_cpu) {
  LoadOptions load;
  load.port = server.port;
  load.request = ChatRequest(server.model, kind.streamed);
  load.connections = kind.connections;
  load.rate = kind.rate;
  load.streamed = kind.streamed;
  load.seconds = 0.2;
  TRY(auto warm, Load(load));
  out.errors += warm.errors;
  load.seconds = seconds;
  const double before = server.process->CpuSeconds();
  TRY(auto result, Load(load));
  const double cpu = server.process->CpuSeconds() - before;
  if (result.replies == 0)
    return Fail(Code::kInternal, fmt::format("{}: not one good reply under '{}'", server.name, kind.name));
  const double units = static_cast<double>(result.replies) * (kind.streamed ? kChunks : 1);
  out.cpu.push_back(cpu / units * 1e6);
  out.ratio.push_back(nginx_cpu > 0 ? out.cpu.back() / nginx_cpu : 1);
  out.per_second.push_back(units / result.seconds);
  out.p50.push_back(result.Percentile(0.5));
  out.p99.push_back(result.Percentile(0.99));
  out.errors += result.errors;
  return {};
}

// By kind of load and server.
using SampleTable = std::map<std::pair<std::size_t, std::size_t>, Samples>;

Status RunRounds(const ProxyBenchOptions& options, const std::vector<Server>& servers, SampleTable& samples,
                 void (*say)(const std::string&)) {
  for (int round = 0; round < options.repeats; ++round) {
    for (std::size_t k = 0; k < kKinds.size(); ++k) {
      say(fmt::format("round {} of {}: {}", round + 1, options.repeats, kKinds[k].name));
      double nginx_cpu = 0;
      for (std::size_t s = 0; s < servers.size(); ++s) {
        TRY_VOID(Measure(servers[s], kKinds[k], options.seconds, samples[{k, s}], nginx_cpu));
        if (s == 0) nginx_cpu = samples[{k, s}].cpu.back();
      }
    }
  }
  return {};
}

ProxyRow RowOf(const Server& server, const Kind& kind, const Samples& x) {
  return {server.name,
          kind.name,
          SpreadOf(x.cpu),
          SpreadOf(x.ratio),
          SpreadOf(x.per_second),
          SpreadOf(x.p50),
          SpreadOf(x.p99),
          x.errors,
          server.process->ResidentBytes()};
}

}  // namespace

Spread SpreadOf(std::vector<double> v) {
  if (v.empty()) return {};
  std::sort(v.begin(), v.end());
  return {v[v.size() / 2], v.front(), v.back()};
}

Result<ProxyBench> RunProxyBench(const ProxyBenchOptions& options, void (*say)(const std::string&)) {
  const auto nginx = std::filesystem::exists("/usr/sbin/nginx") ? "/usr/sbin/nginx" : "";
  if (!*nginx)
    return Fail(Code::kNotFound, "the yardstick is missing: install nginx (tools/setup bench does)");
  StayOffProxyCore();
  TRY(auto both, StartServers(options.baton));
  const std::string& dir = both->folder->path();
  const std::uint16_t nginx_port = FreePort();
  const std::string nginx_config =
      both->folder->Write("nginx.conf", NginxConfig(dir, nginx_port, both->upstream_port));
  TRY(auto proxy, Process::Start({nginx, "-p", dir, "-c", nginx_config}, kProxyCpu, dir + "/nginx.log"));
  if (!WaitForPort(nginx_port)) return Fail(Code::kInternal, "nginx did not start");
  ProxyBench bench;
  bench.machine = Machine();
  const std::vector<Server> servers = {
      {"nginx, bare proxy", "direct", nginx_port, &proxy},
      {"nginx again (noise)", "direct", nginx_port, &proxy},
      {"baton, pass-through by name", "direct", both->baton_port, &both->baton},
      {"baton, rules decide", "baton", both->baton_port, &both->baton}};
  SampleTable samples;
  TRY_VOID(RunRounds(options, servers, samples, say));
  for (std::size_t k = 0; k < kKinds.size(); ++k) {
    for (std::size_t i = 0; i < servers.size(); ++i)
      bench.rows.push_back(RowOf(servers[i], kKinds[k], samples[{k, i}]));
    for (double ratio : samples[{k, 1}].ratio) bench.noise = std::max(bench.noise, std::abs(ratio - 1));
  }
  return bench;
}

std::string ToText(const ProxyBench& bench) {
  std::string out = fmt::format(
      "machine: {}\nproxy on one core, load and upstream on the other; CPU = user + system of the whole "
      "process; "
      "noise of a ratio here: {:.0f} %\n",
      bench.machine, bench.noise * 100);
  std::string load;
  for (const auto& r : bench.rows) {
    if (r.load != load) {
      load = r.load;
      out += fmt::format("\n{}\n  {:30} {:>24} {:>20} {:>10} {:>9} {:>9} {:>7} {:>7}\n", load, "",
                         load.starts_with("streams") ? "CPU us per chunk" : "CPU us per request",
                         "over nginx", "per s", "p50 us", "p99 us", "errors", "RSS MB");
    }
    out += fmt::format(
        "  {:30} {:>7.1f} ({:.1f} - {:.1f}) {:>6.2f} ({:.2f} - {:.2f}) {:>10.0f} {:>9.0f} {:>9.0f} {:>7} "
        "{:>7.1f}\n",
        r.server, r.cpu_us.median, r.cpu_us.min, r.cpu_us.max, r.ratio.median, r.ratio.min, r.ratio.max,
        r.per_second.median, r.p50_us.median, r.p99_us.median, r.errors,
        static_cast<double>(r.resident) / 1e6);
  }
  return out;
}

std::string ToJson(const ProxyBench& bench) {
  using Json = nlohmann::ordered_json;
  const auto spread = [](const Spread& s) {
    return Json{{"median", s.median}, {"min", s.min}, {"max", s.max}};
  };
  Json rows = Json::array();
  for (const auto& r : bench.rows) {
    rows.push_back({{"server", r.server},
                    {"load", r.load},
                    {"cpu_us", spread(r.cpu_us)},
                    {"ratio_to_nginx", spread(r.ratio)},
                    {"per_second", spread(r.per_second)},
                    {"p50_us", spread(r.p50_us)},
                    {"p99_us", spread(r.p99_us)},
                    {"errors", r.errors},
                    {"resident_bytes", r.resident}});
  }
  return Json{{"machine", bench.machine}, {"noise", bench.noise}, {"rows", rows}}.dump(2);
}

}  // namespace baton::bench
