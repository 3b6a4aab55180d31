// The life of a server, in order: load, open the store, load models, build policies, listen on every loop,
// serve, reload as often as asked, drain, end. The main thread runs a loop of its own for signals and
// reloads, so a reload that loads a model for seconds holds up nobody.

#include "serve/app.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <future>
#include <thread>

#include "access/gate.h"
#include "adapt/learning.h"
#include "api/api.h"
#include "base/random.h"
#include "base/signal.h"
#include "net/loop.h"
#include "record/open.h"
#include "serve/access.h"
#include "serve/assemble.h"
#include "serve/coordinators.h"
#include "serve/gates.h"
#include "serve/harden.h"

namespace baton::serve {
namespace {

// One core's share of the server. Everything in it is touched by its own thread only, once it runs.
struct Unit {
  std::unique_ptr<net::IoLoop> loop;
  std::unique_ptr<net::Client> client;
  std::unique_ptr<exchange::Background> background;
  std::shared_ptr<exchange::House> house;
  std::unique_ptr<access::Gate> gate;  // null: neither tenants nor budgets so far
  std::unique_ptr<api::Api> api;
  std::unique_ptr<net::Server> server;
  std::thread thread;
};

Result<std::pair<std::string, std::uint16_t>> ParseListen(const std::string& text) {
  const auto colon = text.rfind(':');
  int port = -1;
  if (colon != std::string::npos && colon + 1 < text.size() &&
      text.find_first_not_of("0123456789", colon + 1) == std::string::npos && text.size() - colon <= 6) {
    port = std::stoi(text.substr(colon + 1));
  }
  if (port < 0 || port > 65535)
    return Fail(Code::kInvalidRequest,
                fmt::format("'{}' is no address; write HOST:PORT, like 127.0.0.1:8080", text));
  std::string host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return std::make_pair(host.empty() ? "127.0.0.1" : host, static_cast<std::uint16_t>(port));
}

bool IsLoopback(const std::string& host) {
  return host == "localhost" || host == "::1" || host.starts_with("127.");
}

// Many connections need many descriptors; keys in memory must not end up in a core file.
void PrepareProcess() {
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
  }
  ForbidDumps();
  std::signal(SIGPIPE, SIG_IGN);
  // A store that hits a file-size limit gets an error to handle, not the end of the process.
  std::signal(SIGXFSZ, SIG_IGN);
}

class Running : public App {
 public:
  explicit Running(AppOptions options) : options_(std::move(options)), ids_(SystemClock(), EntropySeed()) {}
  ~Running() override;

  Status Open();
  std::uint16_t port() const override { return port_; }
  std::string url() const override;
  const config::Config& config() const override { return config_; }
  void Run() override;

 private:
  Status OpenDesk();
  Status OpenLearning();
  static Task<Result<std::string>> AskPolicies(Running* self, Loop* loop, learn::Command command);
  Status Harden();
  Status OpenUnits(std::shared_ptr<const exchange::Policies> policies);
  HouseDeps DepsOf(Unit& unit);
  // What was trained and the configuration names. The engines are loaded.
  Result<PolicyDeps> PolicyDepsOf(const config::Config& config) {
    PolicyDeps deps{held_, &metrics_, recorder_.get(), vault_.get(), learned_.get(), {}, {}};
    TRY(deps.choosers, MakeCoordinators(config, *engines_));
    TRY(deps.gates, MakeGates(config, *engines_));
    return deps;
  }
  Status OpenVault();
  Status EraseNow(const record::Erasure& erasure);
  static Task<Status> EraseFrom(Running* self, Loop* loop, record::Erasure erasure);
  Result<std::string> ReloadNow(std::string_view actor);
  Result<std::string> LoadAgain();
  void Note(std::string_view actor, std::string action, std::string target, std::string detail = {});
  void OpenGate(Unit& unit);
  static Task<Result<std::string>> ReloadFrom(Running* self, Loop* loop);
  void OnStop();
  static Task<void> DrainUnit(Running* self, Unit* unit);

  AppOptions options_;
  config::Config config_;
  std::shared_ptr<const Prompts> prompts_;  // of the configuration in force
  Metrics metrics_;
  IdSource ids_;
  api::Health health_;
  std::unique_ptr<Engines> engines_;
  std::unique_ptr<LearnedParts> learned_;
  std::unique_ptr<adapt::Learning> learning_;  // after the recorder, which it reads
  std::unique_ptr<record::Recorder> recorder_;
  std::unique_ptr<audit::Vault> vault_;
  std::unique_ptr<human::Desk> desk_;
  std::shared_ptr<workflow::HeldTurns> held_;
  std::unique_ptr<api::IdempotencyCache> idempotency_;
  std::unique_ptr<exchange::Conductor> conductor_;
  std::shared_ptr<pool::SharedWorkers> shared_;
  std::unique_ptr<net::IoLoop> control_;
  std::unique_ptr<Access> access_;
  std::vector<std::unique_ptr<Unit>> units_;
  std::uint16_t port_ = 0;
  int draining_ = 0;
  Filter filter_ = Filter::kOff;
};

Status Running::Open() {
  PrepareProcess();
  TRY(config_, config::Load(options_.config_path, options_.env));
  if (!options_.listen.empty()) {
    TRY(auto where, ParseListen(options_.listen));
    if (!IsLoopback(where.first) && !config_.access.enabled()) {
      return Fail(Code::kInvalidRequest,
                  fmt::format("--listen {}: without tenants nobody needs a key, so anybody who reaches this "
                              "address could spend your money and "
                              "read your data, so Baton listens on the loopback only (127.0.0.1, ::1)",
                              options_.listen));
    }
    std::tie(config_.listen_address, config_.listen_port) = where;
  }
  for (const auto& w : config_.warnings) options_.log.Warn("config: {}", w);

  config_.record.path = config_.store_path;
  TRY(recorder_, record::Recorder::Open(config_.record, SystemClock(), &metrics_, options_.log));
  TRY_VOID(OpenVault());
  TRY_VOID(OpenDesk());
  control_ = net::IoLoop::Create();
  access_ = std::make_unique<Access>(*control_, options_.env, *recorder_, &metrics_, options_.log);
  TRY_VOID(access_->Set(config_));
  held_ = std::make_shared<workflow::HeldTurns>(SystemClock(), workflow::HeldTurns::Options{}, &metrics_);
  engines_ = std::make_unique<Engines>();
  learned_ = std::make_unique<LearnedParts>(SystemClock(), options_.log, &metrics_);
  TRY_VOID(OpenLearning());
  TRY_VOID(engines_->Load(config_, options_.log));
  TRY(auto deps, PolicyDepsOf(config_));
  TRY(auto policies, MakePolicies(config_, deps));
  learning_->Configure(learned_->SetupFor(config_));
  conductor_ = std::make_unique<exchange::Conductor>(SystemClock(), ids_, recorder_.get(), metrics_);
  idempotency_ = std::make_unique<api::IdempotencyCache>(
      SystemClock(), api::IdempotencyCache::Options{.ttl = config_.idempotency_ttl});
  shared_ = pool::CreateSharedWorkers(options_.log);
  TRY_VOID(OpenUnits(std::move(policies)));
  // Before anybody is told that we are ready: a signal that comes early waits for Run() and does not kill.
  control_->OnSignal({SIGTERM, SIGINT}, [this](int) { OnStop(); });
  control_->OnSignal({SIGHUP}, [this](int) { (void)ReloadNow("signal"); });
  Note("server", "server_start", config_.digest, fmt::format("version {}", Version()));
  return Harden();
}

// When everything is open and before anybody is served.
Status Running::Harden() {
  filter_ = FilterFor(config_);
  if (Status done = Install(filter_); !done) {
    if (config_.syscall_filter == config::SyscallFilter::kRequired) return done;
    options_.log.Warn("{}: this process keeps all of them", done.error().message);
    filter_ = Filter::kOff;
  }
  const bool swappable = std::any_of(config_.workers.begin(), config_.workers.end(),
                                     [](const auto& w) { return !w->key.empty() && !w->key.locked(); });
  if (swappable) options_.log.Warn("the limit on locked memory is used up: keys may be swapped out");
  options_.log.Info("hardened: no core dumps, system call filter {}", FilterName(filter_));
  return {};
}

// After the recorder, which makes the store's file.
Status Running::OpenDesk() {
  human::DeskOptions options;
  options.path = config_.store_path;
  options.rules = config_.human;
  TRY(desk_, human::Desk::Open(std::move(options), SystemClock(), &metrics_, options_.log));
  return {};
}

// After the recorder, which makes the store's file.
Status Running::OpenLearning() {
  adapt::Learning::Deps deps;
  deps.store = record::StoreAt(config_.store_path, store::Mode::kCreate);
  deps.clock = &SystemClock();
  deps.recorder = recorder_.get();
  deps.metrics = &metrics_;
  deps.log = options_.log;
  TRY(learning_, adapt::Learning::Open(std::move(deps)));
  learned_->Attach(learning_->share());
  return {};
}

// The learning thread answers; the loop goes on meanwhile.
Task<Result<std::string>> Running::AskPolicies(Running* self, Loop* loop, learn::Command command) {
  Signal done(*loop);
  Result<std::string> result = Error{};
  self->learning_->Run(std::move(command), [loop, &done, &result](Result<std::string> r) {
    loop->Post([&done, &result, r = std::move(r)] {
      result = r;
      done.Set();
    });
  });
  co_await done.Wait();
  co_return result;
}

Status Running::OpenVault() {
  if (!config_.master_key) return {};
  TRY(vault_, audit::Vault::Open(config_.store_path + ".content_keys", *config_.master_key));
  return {};
}

// On the control thread: destroying a key waits for the disk. The key first: whatever happens to the rows,
// nobody can read them any more.
Status Running::EraseNow(const record::Erasure& erasure) {
  if (vault_ && erasure.exchange == 0) TRY_VOID(vault_->Erase(erasure.tenant));
  if (recorder_->EraseContent(erasure)) return {};
  return Fail(Code::kOverloaded,
              "the record of exchanges is full; the rows are not erased yet: try again later",
              "record_queue_full");
}

Task<Status> Running::EraseFrom(Running* self, Loop* loop, record::Erasure erasure) {
  Signal done(*loop);
  Status result = Error{};
  self->control_->Post([self, loop, &done, &result, &erasure] {
    Status r = self->EraseNow(erasure);
    loop->Post([&done, &result, r = std::move(r)] {
      result = r;
      done.Set();
    });
  });
  co_await done.Wait();
  co_return result;
}

HouseDeps Running::DepsOf(Unit& unit) {
  HouseDeps d;
  d.loop = unit.loop.get();
  d.client = unit.client.get();
  d.engines = engines_.get();
  d.shared = shared_;
  d.desk = desk_.get();
  d.background = unit.background.get();
  d.purse = [access = access_.get()](const pool::Worker& w) { return access->PurseOf(w.name); };
  d.metrics = &metrics_;
  d.log = options_.log;
  d.seed = EntropySeed();
  d.prompts = prompts_;
  return d;
}

Status Running::OpenUnits(std::shared_ptr<const exchange::Policies> policies) {
  prompts_ = std::make_shared<const Prompts>(config_.prompts);
  const int count = config_.threads > 0 ? config_.threads
                                        : std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  port_ = config_.listen_port;
  for (int i = 0; i < count; ++i) {
    auto& unit = *units_.emplace_back(std::make_unique<Unit>());
    unit.loop = net::IoLoop::Create();
    net::ClientOptions client;
    client.metrics = &metrics_;
    unit.client = net::Client::Create(*unit.loop, client);
    unit.background = std::make_unique<exchange::Background>(*unit.loop);
    unit.house = MakeHouse(policies, DepsOf(unit));
    OpenGate(unit);

    api::ApiDeps deps;
    deps.loop = unit.loop.get();
    deps.conductor = conductor_.get();
    deps.house = [&unit] { return unit.house; };
    deps.recorder = recorder_.get();
    deps.idempotency = idempotency_.get();
    deps.desk = desk_.get();
    deps.metrics = &metrics_;
    deps.health = &health_;
    deps.reload = [this, loop = unit.loop.get()] { return ReloadFrom(this, loop); };
    deps.erase = [this, loop = unit.loop.get()](record::Erasure e) {
      return EraseFrom(this, loop, std::move(e));
    };
    deps.policies = [this, loop = unit.loop.get()](learn::Command command) {
      return AskPolicies(this, loop, std::move(command));
    };
    deps.gate = [&unit] { return unit.gate.get(); };
    deps.keeper = [access = access_.get()] { return access->keeper(); };
    deps.fetch_token_keys = [access = access_.get(), loop = unit.loop.get()] {
      return access->FetchKeys(loop);
    };
    deps.version = Version();
    deps.loopback_only = IsLoopback(config_.listen_address);
    deps.log = options_.log;
    unit.api = std::make_unique<api::Api>(std::move(deps));

    net::ServerOptions server;
    server.address = config_.listen_address;
    server.port = port_;
    server.share_port = i > 0;
    server.tls = config_.tls;
    server.limits = config_.limits;
    server.limits.max_connections =
        std::max<std::size_t>(1, config_.limits.max_connections / static_cast<std::size_t>(count));
    server.error_body = api::ErrorPage;
    server.metrics = &metrics_;
    server.log = options_.log;
    TRY(unit.server, net::Server::Listen(*unit.loop, std::move(server),
                                         [api = unit.api.get()](net::Request& q, net::Reply& r) {
                                           return api->Handle(q, r);
                                         }));
    port_ = unit.server->port();
  }
  return {};
}

// On the unit's own thread, or before it runs.
void Running::OpenGate(Unit& unit) {
  if (!unit.gate && access_->keeper())
    unit.gate = std::make_unique<access::Gate>(access_->keeper()->registry(), SystemClock(), &metrics_);
}

std::string Running::url() const {
  const bool v6 = config_.listen_address.find(':') != std::string::npos;
  return fmt::format("{}://{}{}{}:{}", config_.tls.certificate.empty() ? "http" : "https", v6 ? "[" : "",
                     config_.listen_address, v6 ? "]" : "", port_);
}

void Running::Note(std::string_view actor, std::string action, std::string target, std::string detail) {
  (void)recorder_->Append({0, std::string(actor), std::move(action), std::move(target), std::move(detail)});
}

// On the control thread.
Result<std::string> Running::ReloadNow(std::string_view actor) {
  auto done = LoadAgain();
  Note(actor, done ? "reload" : "reload_refused", config_.digest,
       done ? *done : std::string(done.error().Name()));
  return done;
}

// Everything new is built before anything old is let go.
Result<std::string> Running::LoadAgain() {
  auto loaded = config::Load(options_.config_path, options_.env);
  if (!loaded) {
    options_.log.Err("reload refused, nothing changed: {}", loaded.error().message);
    return std::move(loaded).error();
  }
  config::Config next = std::move(*loaded);
  if (auto ok = engines_->Load(next, options_.log); !ok) return ok.error();
  auto deps = PolicyDepsOf(next);
  if (!deps) {
    options_.log.Err("reload refused, nothing changed: {}", deps.error().message);
    return std::move(deps).error();
  }
  TRY(auto policies, MakePolicies(next, *deps));
  if (!next.access.enabled() && !IsLoopback(config_.listen_address)) {
    return Fail(
        Code::kInvalidRequest,
        "reload refused: without tenants this address would be open to everybody; restart with a loopback "
        "address instead",
        "open_address");
  }
  TRY_VOID(access_->Set(next));
  learning_->Configure(learned_->SetupFor(next));
  for (const auto& w : next.warnings) options_.log.Warn("config: {}", w);
  desk_->SetRules(next.human);
  const bool needs_restart =
      next.threads != config_.threads || next.store_path != config_.store_path ||
      next.shared_path != config_.shared_path || next.tls.certificate != config_.tls.certificate ||
      (options_.listen.empty() &&
       (next.listen_address != config_.listen_address || next.listen_port != config_.listen_port));
  prompts_ = std::make_shared<const Prompts>(std::move(next.prompts));
  for (auto& unit : units_) {
    std::promise<void> swapped;
    unit->loop->Post([this, &unit, &policies, &next, &swapped] {
      unit->house = MakeHouse(policies, DepsOf(*unit));
      OpenGate(*unit);
      unit->server->SetLimits(next.limits);
      swapped.set_value();
    });
    swapped.get_future().wait();
  }
  std::string message = fmt::format("{} workers, {} routes", next.workers.size(), next.routes.rules.size());
  if (filter_ == Filter::kSealed && FilterFor(next) == Filter::kOpen)
    message += "; programs (tool workers, sandboxed code) can be started after a restart only";
  if (needs_restart) message += "; listen, tls, threads and store take effect at the next start";
  config_.workers = std::move(next.workers);
  config_.routes = std::move(next.routes);
  config_.digest = std::move(next.digest);
  options_.log.Info("reloaded: {}", message);
  return message;
}

Task<Result<std::string>> Running::ReloadFrom(Running* self, Loop* loop) {
  Signal done(*loop);
  Result<std::string> result = Error{};
  self->control_->Post([self, loop, &done, &result] {
    Result<std::string> r = self->ReloadNow("admin");
    loop->Post([&done, &result, r = std::move(r)] {
      result = r;
      done.Set();
    });
  });
  co_await done.Wait();
  co_return result;
}

void Running::Run() {
  for (auto& unit : units_) unit->thread = std::thread([loop = unit->loop.get()] { loop->Run(); });
  health_.ready = true;
  control_->Post([this] { access_->Start(); });
  control_->Run();
  for (auto& unit : units_) unit->loop->Stop();
  for (auto& unit : units_) unit->thread.join();
}

void Running::OnStop() {
  if (health_.draining.exchange(true)) {
    // What was recorded is in the journal already; waiting for handlers is what the operator just declined.
    options_.log.Warn("second signal: ending now");
    std::_Exit(130);
  }
  Note("signal", "server_stop", config_.digest);
  options_.log.Info("draining: finishing what runs, at most {} s",
                    std::chrono::duration_cast<std::chrono::seconds>(config_.drain).count());
  // Whoever waits for a person would hold up the drain for nothing: the case lives on.
  desk_->LetGo();
  draining_ = static_cast<int>(units_.size());
  for (auto& unit : units_) {
    unit->loop->Post([this, u = unit.get()] { Spawn(DrainUnit(this, u)); });
  }
}

Task<void> Running::DrainUnit(Running* self, Unit* unit) {
  co_await unit->server->Drain(self->config_.drain);
  co_await unit->background->End();
  self->control_->Post([self] {
    if (--self->draining_ == 0) self->control_->Stop();
  });
}

Running::~Running() {
  if (desk_) desk_->Stop();          // it posts to the loops
  if (learning_) learning_->Stop();  // so does it
  if (access_) access_->Stop();
  for (auto& unit : units_) {
    unit->server.reset();
    unit->api.reset();
    unit->gate.reset();
    unit->house.reset();
    unit->background.reset();
    unit->client.reset();
  }
}

}  // namespace

std::string_view Version() {
  return BATON_VERSION;
}

Result<std::unique_ptr<App>> App::Start(AppOptions options) {
  auto app = std::make_unique<Running>(std::move(options));
  TRY_VOID(app->Open());
  return std::unique_ptr<App>(std::move(app));
}

}  // namespace baton::serve
