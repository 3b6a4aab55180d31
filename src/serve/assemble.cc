#include "serve/assemble.h"

#include <fmt/format.h>

#include "base/random.h"
#include "exact/worker.h"
#include "pool/local_backend.h"

namespace baton::serve {

namespace {

Status Exact(const pool::Worker& worker) {
  auto made = exact::MakeAnswerer(worker);
  if (made) return {};
  Error e = std::move(made).error();
  e.message = fmt::format("worker '{}': {}", worker.name, e.message);
  return e;
}

}  // namespace

// Two workers over the same file with the same settings share one engine.
std::string Engines::KeyOf(const pool::Worker& w) {
  // An adapter is laid over a whole engine: workers with one have an engine each.
  return fmt::format("{}\n{}\n{}\n{}\n{}\n{}", w.path, w.sha256, w.lm_threads, w.lm_parallel, w.lm_context,
                     w.adapter.empty() ? "" : w.name);
}

namespace {
Error Named(const pool::Worker& worker, Error e) {
  e.message = fmt::format("worker '{}': {}", worker.name, e.message);
  return e;
}
}  // namespace

Status Engines::Load(const config::Config& config, const Log& log) {
  for (const auto& w : config.workers) {
    // Made per loop when it serves; made once now, so that a folder that cannot be read is told before.
    if (w->dialect == "exact") TRY_VOID(Exact(*w));
    if (w->dialect != "local") continue;
    const std::string key = KeyOf(*w);
    if (auto running = Find(*w)) {
      // The model stays; what is laid over it may have changed, by name or in the file.
      Status swapped = w->adapter.empty() ? Status() : running->SetAdapter(w->adapter);
      if (!swapped) return Named(*w, std::move(swapped).error());
      continue;
    }
    lm::EngineOptions options;
    options.path = w->path;
    options.sha256 = w->sha256;
    options.threads = w->lm_threads;
    options.max_parallel = w->lm_parallel;
    options.context_per_sequence = w->lm_context;
    options.adapter = w->adapter;
    auto engine = lm::Engine::Load(options);
    if (!engine) return Named(*w, std::move(engine).error());
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
                                                               const PolicyDeps& shared) {
  TRY(auto classifier, rails::Classifier::Build(config.data));
  std::shared_ptr<const rails::AttackDetector> detector;
  if (config.rails.attacks.detect) {
    TRY(detector, rails::AttackDetector::Build());
  }
  workflow::RunnerDeps deps;
  deps.retry = config.retry;
  deps.continue_streams = config.continue_streams;
  deps.library = config.library;
  std::vector<std::string> used = config.routes.workflows;
  for (const auto& rule : config.routes.rules) used.push_back(rule.workflow);
  config.library->Prepare(used);
  deps.classifier = classifier;
  auto guards = std::make_shared<const guard::Rules>(config.guards, classifier, shared.metrics);
  deps.held = shared.held;
  deps.metrics = shared.metrics;
  deps.choosers = shared.choosers.makers;
  deps.gates = shared.gates;
  std::shared_ptr<const exchange::Keeper> keeper;
  if (shared.recorder) {
    keeper = std::make_shared<exchange::Keeper>(config.keep, shared.recorder->digest_key(), shared.vault,
                                                classifier, shared.metrics);
  }
  rails::Catalogue catalogue{config.workers};
  route::RulesOptions rules = config.routes;
  rules.workflow_policies = shared.choosers.policies;
  LearnedParts once(SystemClock(), Log(Log::Level::kWarn), nullptr);
  if (shared.learned == nullptr) {
    route::Learnt alone;
    alone.regime = adapt::RegimeOf(config.learning, config.router.settings.value_usd);
    once.Attach(std::make_shared<route::LearnedShare>(std::move(alone), learn::Live::Caps{}));
  }
  (shared.learned != nullptr ? shared.learned : &once)->Install(config.router, catalogue, &rules);
  return std::shared_ptr<const exchange::Policies>(new exchange::Policies{
      rails::Rails(config.rails, std::move(classifier), std::move(detector), shared.metrics),
      route::Rules(std::move(rules)), std::move(catalogue), workflow::Runner(std::move(deps)), config.digest,
      config.contracts, std::move(keeper), config.refuse_unrecorded, std::move(guards),
      config.learning.vector_classes, config.learning.shadow_share});
}

pool::BackendFactory BackendsOf(Loop& loop, net::Client& client, const Engines& engines, Log log) {
  return [&loop, &client, &engines, log = std::move(log)](
             std::shared_ptr<const pool::Worker> worker) -> std::unique_ptr<pool::Backend> {
    if (worker->dialect == "tool") return pool::CreateToolBackend(worker, loop, client, log);
    if (worker->dialect == "exact") {
      auto answerer = exact::MakeAnswerer(*worker);
      return exact::CreateExactBackend(worker, loop, answerer ? std::move(*answerer) : nullptr);
    }
    if (worker->dialect != "local") return pool::CreateHttpBackend(worker, loop, client);
    auto engine = engines.Find(*worker);
    return pool::CreateLocalBackend(std::move(worker), loop, std::move(engine));
  };
}

// Workers with rules of their own about prompts get a translator in front.
pool::BackendFactory Spoken(pool::BackendFactory plain, std::shared_ptr<const Prompts> prompts) {
  return
      [plain = std::move(plain), prompts = std::move(prompts)](std::shared_ptr<const pool::Worker> worker) {
        const auto rules = prompts->find(worker->name);
        auto backend = plain(std::move(worker));
        return rules == prompts->end() ? std::move(backend)
                                       : pool::CreatePromptBackend(rules->second, std::move(backend));
      };
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
  p.backend = BackendsOf(*deps.loop, *deps.client, *deps.engines, deps.log);
  if (deps.prompts && !deps.prompts->empty()) p.backend = Spoken(std::move(p.backend), deps.prompts);
  auto house = std::make_shared<exchange::House>();
  house->policies = std::move(policies);
  house->desk = deps.desk;
  house->background = deps.background;
  house->pool = pool::CreatePool(std::move(p));
  return house;
}

}  // namespace baton::serve
