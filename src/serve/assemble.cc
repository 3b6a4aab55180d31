#include "serve/assemble.h"

#include <fmt/format.h>

#include "base/random.h"
#include "pool/local_backend.h"

namespace baton::serve {

// Two workers over the same file with the same settings share one engine.
std::string Engines::KeyOf(const pool::Worker& w) {
  return fmt::format("{}\n{}\n{}\n{}\n{}", w.path, w.sha256, w.lm_threads, w.lm_parallel, w.lm_context);
}

Status Engines::Load(const config::Config& config, const Log& log) {
  for (const auto& w : config.workers) {
    if (w->dialect != "local") continue;
    const std::string key = KeyOf(*w);
    {
      MutexLock lock(m_);
      if (by_key_.contains(key)) continue;
    }
    lm::EngineOptions options;
    options.path = w->path;
    options.sha256 = w->sha256;
    options.threads = w->lm_threads;
    options.max_parallel = w->lm_parallel;
    options.context_per_sequence = w->lm_context;
    auto engine = lm::Engine::Load(options);
    if (!engine) {
      Error e = std::move(engine).error();
      e.message = fmt::format("worker '{}': {}", w->name, e.message);
      return e;
    }
    const auto& info = (*engine)->info();
    log.Info("model loaded worker={} architecture={} parameters={}M context={}", w->name, info.architecture,
             info.parameters / 1'000'000, info.context);
    MutexLock lock(m_);
    by_key_[key] = std::move(*engine);
  }
  return {};
}

std::shared_ptr<lm::Engine> Engines::Find(const pool::Worker& worker) const {
  MutexLock lock(m_);
  const auto at = by_key_.find(KeyOf(worker));
  return at == by_key_.end() ? nullptr : at->second;
}

Result<std::shared_ptr<const exchange::Policies>> MakePolicies(const config::Config& config,
                                                               std::shared_ptr<workflow::HeldTurns> held,
                                                               Metrics* metrics) {
  TRY(auto classifier, rails::Classifier::Build(config.data));
  workflow::RunnerDeps deps;
  deps.retry = config.retry;
  deps.continue_streams = config.continue_streams;
  deps.library = config.library;
  std::vector<std::string> used = config.routes.workflows;
  for (const auto& rule : config.routes.rules) used.push_back(rule.workflow);
  config.library->Prepare(used);
  deps.classifier = classifier;
  deps.held = std::move(held);
  deps.metrics = metrics;
  return std::shared_ptr<const exchange::Policies>(
      new exchange::Policies{rails::Rails(config.rails, std::move(classifier)), route::Rules(config.routes),
                             rails::Catalogue{config.workers}, workflow::Runner(std::move(deps))});
}

std::shared_ptr<exchange::House> MakeHouse(std::shared_ptr<const exchange::Policies> policies,
                                           const HouseDeps& deps) {
  pool::PoolDeps p;
  p.loop = deps.loop;
  p.seed = deps.seed;
  p.workers = policies->catalogue.workers;
  p.shared = deps.shared;
  p.purse = deps.purse;
  p.metrics = deps.metrics;
  p.log = deps.log;
  Loop* loop = deps.loop;
  net::Client* client = deps.client;
  const Engines* engines = deps.engines;
  p.backend = [loop, client, engines,
               log = deps.log](std::shared_ptr<const pool::Worker> worker) -> std::unique_ptr<pool::Backend> {
    if (worker->dialect == "tool") return pool::CreateToolBackend(worker, *loop, *client, log);
    if (worker->dialect != "local") return pool::CreateHttpBackend(worker, *loop, *client);
    auto engine = engines->Find(*worker);
    return pool::CreateLocalBackend(std::move(worker), *loop, std::move(engine));
  };
  auto house = std::make_shared<exchange::House>();
  house->policies = std::move(policies);
  house->desk = deps.desk;
  house->pool = pool::CreatePool(std::move(p));
  return house;
}

}  // namespace baton::serve
