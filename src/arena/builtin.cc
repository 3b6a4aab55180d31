#include "arena/builtin.h"

#include <fmt/format.h>

#include <algorithm>

#include "arena/primed_backend.h"
#include "lm/models.h"
#include "pool/local_backend.h"

namespace baton::arena {
namespace {

struct Row {
  std::string_view name, model;      // model: a file of lm/models.h, or an exact worker
  bool exact, base;                  // base: never taught to answer (primed_backend.h)
  std::int64_t input, output, call;  // nano-dollars per million tokens; nano-dollars per call
};
// Transcripts of which the reader keeps the beginnings: at least one per episode that is being played.
constexpr int kReading = 32;
constexpr Row kRows[] = {
    {"smol", "smollm2-135m-instruct", false, false, 20'000'000, 80'000'000, 0},
    {"gemma", "gemma-3-270m", false, true, 40'000'000, 160'000'000, 0},
    {"calculator", "calculator", true, false, 0, 0, 1'000},
    {"sql", "sql", true, false, 0, 0, 2'000},
    {"python", "python", true, false, 0, 0, 5'000},
    {"search", "search", true, false, 0, 0, 2'000},
};

std::shared_ptr<pool::Worker> WorkerOf(const Row& row, const std::string& models) {
  auto w = std::make_shared<pool::Worker>();
  w->name = row.name;
  w->dialect = row.exact ? "exact" : "local";
  // The memo knows a worker by this: with examples it is another one than without.
  w->target.model = row.base ? fmt::format("{}, primed", row.model) : std::string(row.model);
  if (!row.exact) w->path = fmt::format("{}/{}.gguf", models, row.model);
  w->target.max_output = 96;
  w->context = row.exact ? 0 : 2048;
  w->data.region = "here";
  w->data.trains = false;
  w->data.classes = {"public", "internal", "personal", "secret"};
  budget::PriceRow price;
  price.input = {row.input};
  price.output = {row.output};
  if (row.call > 0) price.call = budget::Nanos{row.call};
  w->prices = budget::PriceTable({price});
  w->priced = true;
  w->max_queue = 100'000;
  return w;
}

lm::EngineOptions EngineFor(const pool::Worker& worker, const BuiltinOptions& o) {
  lm::EngineOptions engine;
  engine.path = worker.path;
  engine.threads = o.threads;
  engine.max_parallel = o.parallel;
  engine.max_queue = 100'000;
  engine.context_per_sequence = 2048;
  engine.first_context = 512;
  return engine;
}

// "smol" with an adapter laid over it. The memo knows it by the adapter's content.
Status AddConductor(const BuiltinOptions& o, BuiltinPool* pool) {
  auto worker = WorkerOf(kRows[0], o.models);
  TRY(const std::string hash, lm::FileSha256(o.adapter));
  worker->name = kConductor;
  worker->target.model = fmt::format("{}, adapter {}", kRows[0].model, hash.substr(0, 16));
  worker->adapter = o.adapter;
  lm::EngineOptions engine = EngineFor(*worker, o);
  engine.adapter = o.adapter;
  TRY(pool->conductor, lm::Engine::Load(engine));
  pool->workers.push_back(std::move(worker));
  return {};
}

bool IsBase(std::string_view worker) {
  return std::any_of(std::begin(kRows), std::end(kRows),
                     [&](const Row& r) { return r.name == worker && r.base; });
}

}  // namespace

Result<BuiltinPool> MakeBuiltinPool(const BuiltinOptions& o, std::string* left_out) {
  BuiltinPool out;
  out.world = o.world;
  for (const auto& name : o.names) {
    const auto* row =
        std::find_if(std::begin(kRows), std::end(kRows), [&](const Row& r) { return r.name == name; });
    if (row == std::end(kRows))
      return Fail(Code::kInvalidRequest, fmt::format("the built-in pool has no worker '{}'", name),
                  "unknown_worker");
    auto worker = WorkerOf(*row, o.models);
    if (name == "python") {
      auto sandbox = verify::Sandbox::Create();
      if (!sandbox) {
        if (left_out) *left_out = fmt::format("python is left out: {}", sandbox.error().message);
        continue;
      }
      out.sandbox = std::move(*sandbox);
    }
    if (!row->exact) {
      lm::EngineOptions engine = EngineFor(*worker, o);
      TRY(auto loaded, lm::Engine::Load(engine));
      out.engines.emplace_back(name, std::move(loaded));
      if (o.reader && !out.reader) {
        engine.max_parallel = kReading;
        TRY(out.reader, lm::Engine::Load(engine));
      }
    }
    out.workers.push_back(std::move(worker));
  }
  if (!o.adapter.empty()) TRY_VOID(AddConductor(o, &out));
  return out;
}

std::shared_ptr<lm::Engine> BuiltinPool::Engine(std::string_view worker) const {
  for (const auto& [name, engine] : engines) {
    if (name == worker) return engine;
  }
  return worker == kConductor ? conductor : nullptr;
}

pool::BackendFactory BuiltinPool::Factory(Loop& loop) const {
  return [this, &loop](std::shared_ptr<const pool::Worker> w) -> std::unique_ptr<pool::Backend> {
    if (w->dialect == "local") {
      auto local = pool::CreateLocalBackend(w, loop, Engine(w->name));
      return IsBase(w->name) ? PrimedBackend(std::move(local)) : std::move(local);
    }
    std::unique_ptr<exact::Answerer> answerer;
    if (w->name == "calculator") answerer = exact::NewCalculator();
    if (w->name == "python") answerer = exact::NewPython(sandbox);
    if (w->name == "sql" || w->name == "search") {
      auto made = w->name == "sql" ? exact::NewSql(world.tables) : exact::NewSearch(world.documents);
      if (made) answerer = std::move(*made);
    }
    return exact::CreateExactBackend(std::move(w), loop, std::move(answerer));
  };
}

}  // namespace baton::arena
