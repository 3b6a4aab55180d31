// Decode rate of the embedded models through the engine, beside the same build of llama.cpp without it.
//
// Three ways in turn (A B C A B C ...), so that a noisy neighbour meets all of them: the engine (template,
// sampling, text, events), a bare loop over llama_decode with the engine's own settings and no sampling at
// all, and, for one sequence, llama.cpp's own llama-bench. The latter two in processes of their own: threads
// of OpenMP wait actively only while a process has no more of them than cores, and the engine has its share.
// Printed per way: tokens per second of wall time and per second of CPU time, median with min and max, and
// the ratio of the engine to the bare loop within each round.
//
//   lm_bench [--models DIR] [--rounds N] [--tokens N] [--threads N] [--llama-bench PROGRAM]
#include <fmt/format.h>
#include <llama.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "lm/engine.h"
#include "lm/models.h"
#include "lm/subprocess.h"

namespace baton::lm {
namespace {

using Clock = std::chrono::steady_clock;

struct Settings {
  std::string models = "models";
  std::string llama_bench;
  int rounds = 5, tokens = 64, threads = 0;
};

struct Rate {
  double wall = 0, cpu = 0;  // tokens per second of each
};

double CpuSeconds() {
  rusage u{};
  getrusage(RUSAGE_SELF, &u);
  const auto seconds = [](const timeval& t) { return static_cast<double>(t.tv_sec) + t.tv_usec * 1e-6; };
  return seconds(u.ru_utime) + seconds(u.ru_stime);
}

class Stopwatch {
 public:
  Rate Tokens(double n) const {
    const double wall = std::chrono::duration<double>(Clock::now() - wall_).count();
    return {n / wall, n / std::max(1e-9, CpuSeconds() - cpu_)};
  }

 private:
  Clock::time_point wall_ = Clock::now();
  double cpu_ = CpuSeconds();
};

// Counts pieces of text from the moment every sequence has begun until the last one ends; they are equally
// long. A piece is a token but where the start of a stop string or a split character is held back; the usage
// at the end corrects for those.
struct Race {
  std::mutex m;
  int running = 0, begun = 0, ended = 0;
  std::int64_t counted = 0, pieces = 0, tokens = 0;
  std::unique_ptr<Stopwatch> watch;
  Rate rate;
};

std::string BanEnds(const llama_vocab* vocab) {
  std::string bias = "{";
  for (llama_token t = 0; t < llama_vocab_n_tokens(vocab); ++t) {
    if (llama_vocab_is_eog(vocab, t)) bias += fmt::format("{}\"{}\":-100", bias.size() > 1 ? "," : "", t);
  }
  return bias + "}";
}

Rate ThroughEngine(Engine& engine, const std::string& bias, int parallel, int tokens, bool greedy) {
  auto race = std::make_shared<Race>();
  race->running = parallel;
  std::vector<std::future<void>> done;
  for (int i = 0; i < parallel; ++i) {
    GenerateRequest r;
    chat::Message system, user;
    system.role = chat::Role::kSystem;
    system.parts.emplace_back(chat::Text{"You are a helpful assistant.", {}});
    user.parts.emplace_back(chat::Text{"Tell me a story about the sea.", {}});
    r.chat.messages = {system, user};
    r.chat.max_tokens = tokens;
    if (greedy) r.chat.temperature = 0;
    r.chat.logprobs = false;
    r.chat.extra.emplace_back("logit_bias", chat::Json{bias});
    if (!greedy) r.chat.temperature = 0.7, r.chat.top_k = 40, r.chat.top_p = 0.95, r.chat.seed = i;
    auto end = std::make_shared<std::promise<void>>();
    done.push_back(end->get_future());
    auto on_event = [race, first = true](const chat::Event& e) mutable {
      std::scoped_lock lock(race->m);
      if (e.kind == chat::Event::Kind::kFinish && ++race->ended == race->running && race->watch) {
        race->rate = race->watch->Tokens(static_cast<double>(race->counted));
      }
      if (e.kind == chat::Event::Kind::kUsage) race->tokens += e.usage.output;
      if (e.kind != chat::Event::Kind::kText) return;
      ++race->pieces;
      if (std::exchange(first, false)) {
        if (++race->begun == race->running) race->watch = std::make_unique<Stopwatch>();
      } else if (race->watch) {
        ++race->counted;
      }
    };
    auto job = engine.Generate(r, on_event, [end](Result<Generated>) { end->set_value(); });
    if (!job) {
      std::fprintf(stderr, "%s\n", job.error().message.c_str());
      std::exit(1);
    }
  }
  for (auto& d : done) d.wait();
  const double scale =
      static_cast<double>(race->tokens) / static_cast<double>(std::max<std::int64_t>(1, race->pieces));
  return {race->rate.wall * scale, race->rate.cpu * scale};
}

// The engine's context settings (lm/decode_context.cc) without anything around llama_decode.
Rate BareLoop(llama_model* model, int parallel, int tokens, int threads) {
  constexpr int kPrompt = 36;
  llama_context_params p = llama_context_default_params();
  p.n_ctx = static_cast<std::uint32_t>(1024 * parallel);
  p.n_seq_max = static_cast<std::uint32_t>(parallel);
  p.n_batch = p.n_ubatch = 512;
  p.n_threads = p.n_threads_batch = threads;
  p.flash_attn_type = LLAMA_FLASH_ATTN_TYPE_DISABLED;
  p.kv_unified = false;
  p.no_perf = true;
  llama_context* context = llama_init_from_model(model, p);
  llama_batch batch = llama_batch_init(512, 0, 1);
  const int vocabulary = llama_vocab_n_tokens(llama_model_get_vocab(model));
  unsigned dice = 1;
  auto add = [&](int pos, int seq, bool output) {
    dice = dice * 1664525u + 1013904223u;
    const int i = batch.n_tokens++;
    batch.token[i] = static_cast<llama_token>((dice >> 8) % static_cast<unsigned>(vocabulary));
    batch.pos[i] = pos;
    batch.n_seq_id[i] = 1;
    batch.seq_id[i][0] = seq;
    batch.logits[i] = output;
  };
  for (int s = 0; s < parallel; ++s) {
    batch.n_tokens = 0;
    for (int i = 0; i < kPrompt; ++i) add(i, s, i + 1 == kPrompt);
    llama_decode(context, batch);
  }
  Stopwatch watch;
  for (int k = 0; k + 1 < tokens; ++k) {
    batch.n_tokens = 0;
    for (int s = 0; s < parallel; ++s) add(kPrompt + k, s, true);
    llama_decode(context, batch);
    llama_synchronize(context);
  }
  const Rate rate = watch.Tokens((tokens - 1) * static_cast<double>(parallel));
  llama_batch_free(batch);
  llama_free(context);
  return rate;
}

// BareLoop in a process of its own: this program with other arguments.
Rate BareApart(const Settings& s, const std::string& path, int parallel) {
  Command c;
  c.argv = {"/proc/self/exe",
            "--bare",
            path,
            "--parallel",
            std::to_string(parallel),
            "--tokens",
            std::to_string(s.tokens),
            "--threads",
            std::to_string(s.threads)};
  Rate rate;
  const auto r = RunCommand(c);
  if (r && r->exit_code == 0) std::sscanf(r->output.c_str(), "%lf %lf", &rate.wall, &rate.cpu);
  return rate;
}

int PrintBare(const Settings& s, const std::string& path, int parallel) {
  llama_log_set([](ggml_log_level, const char*, void*) {}, nullptr);
  llama_model* model = llama_model_load_from_file(path.c_str(), llama_model_default_params());
  if (!model) return 1;
  const Rate rate = BareLoop(model, parallel, s.tokens, s.threads);
  std::printf("%f %f\n", rate.wall, rate.cpu);
  llama_model_free(model);
  return 0;
}

double LlamaBench(const Settings& s, const std::string& model) {
  Command c;
  c.argv = {s.llama_bench,
            "-m",
            model,
            "-t",
            std::to_string(s.threads),
            "-p",
            "0",
            "-n",
            std::to_string(s.tokens),
            "-r",
            "1",
            "-fa",
            "0",
            "-o",
            "csv"};
  auto r = RunCommand(c);
  if (!r || r->exit_code != 0) return 0;
  // The last line's field before the last is avg_ts.
  const std::string& out = r->output;
  std::size_t end = out.find_last_not_of('\n');
  std::size_t begin = out.rfind('\n', end) + 1;
  std::vector<std::string> fields;
  std::string field;
  for (char ch : out.substr(begin, end - begin + 1) + ",") {
    if (ch == '"') continue;
    if (ch != ',') {
      field += ch;
      continue;
    }
    fields.push_back(std::exchange(field, {}));
  }
  return fields.size() < 2 ? 0 : std::atof(fields[fields.size() - 2].c_str());
}

std::string Spread(std::vector<double> v) {
  if (v.empty()) return "-";
  std::sort(v.begin(), v.end());
  return fmt::format("{:7.2f} ({:.2f} - {:.2f})", v[v.size() / 2], v.front(), v.back());
}

void Compare(const Settings& s, const std::string& name, const std::string& bias, Engine& engine,
             int parallel) {
  const std::string path = s.models + "/" + FindModel(name)->file;
  std::map<std::string, std::vector<double>> v;
  for (int round = 0; round < s.rounds; ++round) {
    const Rate greedy = ThroughEngine(engine, bias, parallel, s.tokens, true);
    const Rate bare = BareApart(s, path, parallel);
    const Rate drawn = ThroughEngine(engine, bias, parallel, s.tokens, false);
    v["greedy"].push_back(greedy.wall);
    v["drawn"].push_back(drawn.wall);
    v["bare"].push_back(bare.wall);
    v["greedy cpu"].push_back(greedy.cpu);
    v["drawn cpu"].push_back(drawn.cpu);
    v["bare cpu"].push_back(bare.cpu);
    v["ratio"].push_back(greedy.wall / bare.wall);
    v["ratio cpu"].push_back(greedy.cpu / bare.cpu);
    v["ratio drawn cpu"].push_back(drawn.cpu / bare.cpu);
    if (parallel == 1 && !s.llama_bench.empty()) v["llama-bench"].push_back(LlamaBench(s, path));
  }
  fmt::print("\n{} x{}, {} threads, {} tokens, {} rounds\n", name, parallel, s.threads, s.tokens, s.rounds);
  fmt::print("  tokens/s            engine greedy {}   engine sampling {}\n", Spread(v["greedy"]),
             Spread(v["drawn"]));
  fmt::print("                      bare loop     {}   llama-bench     {}\n", Spread(v["bare"]),
             Spread(v["llama-bench"]));
  fmt::print("  tokens/s of CPU     engine greedy {}   engine sampling {}   bare loop {}\n",
             Spread(v["greedy cpu"]), Spread(v["drawn cpu"]), Spread(v["bare cpu"]));
  fmt::print("  engine / bare loop  wall {}   CPU {}   CPU when sampling {}\n", Spread(v["ratio"]),
             Spread(v["ratio cpu"]), Spread(v["ratio drawn cpu"]));
}

int Run(Settings s) {
  llama_log_set([](ggml_log_level, const char*, void*) {}, nullptr);
  std::setvbuf(stdout, nullptr, _IOLBF, 0);  // a run takes minutes: show each block when it is there
  if (s.threads <= 0) s.threads = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  bool any = false;
  for (const char* name : {"smollm2-135m-instruct", "gemma-3-270m"}) {
    const std::string path = s.models + "/" + FindModel(name)->file;
    if (!std::filesystem::exists(path)) continue;
    any = true;
    llama_model* model = llama_model_load_from_file(path.c_str(), llama_model_default_params());
    if (!model) return 1;
    const std::string bias = BanEnds(llama_model_get_vocab(model));
    llama_model_free(model);
    auto engine = Engine::Load({.path = path, .threads = s.threads, .max_parallel = 8});
    if (!engine) return 1;
    for (int parallel : {1, 8}) Compare(s, name, bias, **engine, parallel);
  }
  if (!any) fmt::print("no models in {}: run 'baton models pull'\n", s.models);
  return 0;
}

}  // namespace
}  // namespace baton::lm

int main(int argc, char** argv) {
  baton::lm::Settings s;
  std::string bare;
  int parallel = 1;
  if (const char* home = std::getenv("HOME")) {
    s.llama_bench = std::string(home) + "/.cache/baton/llama-bench/llama-bench";
  }
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string option = argv[i];
    if (option == "--bare") bare = argv[i + 1];
    if (option == "--parallel") parallel = std::atoi(argv[i + 1]);
    if (option == "--models") s.models = argv[i + 1];
    if (option == "--llama-bench") s.llama_bench = argv[i + 1];
    if (option == "--rounds") s.rounds = std::atoi(argv[i + 1]);
    if (option == "--tokens") s.tokens = std::atoi(argv[i + 1]);
    if (option == "--threads") s.threads = std::atoi(argv[i + 1]);
  }
  if (!bare.empty()) return baton::lm::PrintBare(s, bare, parallel);
  if (!std::filesystem::exists(s.llama_bench)) s.llama_bench.clear();
  return baton::lm::Run(s);
}
