#include "serve/access.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "base/signal.h"

namespace baton::serve {
namespace {

constexpr Duration kLook = std::chrono::seconds(5);

bool Needed(const config::Config& config) {
  if (config.access.enabled()) return true;
  for (const auto& w : config.workers) {
    if (!w->budgets.empty()) return true;
  }
  return false;
}

}  // namespace

Access::Access(Loop& control, config::Env env, audit::EventLog& events, Metrics* metrics, Log log)
    : control_(control), env_(std::move(env)), events_(events), metrics_(metrics), log_(std::move(log)) {
  fetched_ = metrics->GetCounter("baton_token_keys_fetches_total",
                                 "Key sets of token issuers fetched, by result.", {{"result", "ok"}});
  failed_ = metrics->GetCounter("baton_token_keys_fetches_total",
                                "Key sets of token issuers fetched, by result.", {{"result", "failed"}});
}

Access::~Access() {
  Stop();
}

Status Access::Set(const config::Config& config) {
  auto settings = std::make_shared<const access::Settings>(config.access);
  if (!keeper_) {
    if (!Needed(config)) return {};
    TRY_VOID(Open(config, settings));
  } else {
    TRY_VOID(keeper_->SetSettings(settings));
  }
  TRY(purses_, Purses(config));
  return ReadKeyFiles();
}

Status Access::Open(const config::Config& config, std::shared_ptr<const access::Settings> settings) {
  access::KeeperOptions options;
  options.store_path = config.shared_path;
  options.metrics = metrics_;
  options.log = log_;
  options.on_note = [this](const access::Note& note) {
    const nlohmann::json detail{{"tenant", note.tenant}, {"role", note.role}};
    return events_.Append({note.at_ns, note.actor, note.action, note.key, detail.dump()});
  };
  TRY(keeper_, access::Keeper::Open(std::move(options), std::move(settings), SystemClock()));
  return {};
}

Result<std::map<std::string, std::shared_ptr<const budget::Purse>>> Access::Purses(
    const config::Config& config) {
  std::map<std::string, std::shared_ptr<const budget::Purse>> purses;
  for (const auto& w : config.workers) {
    TRY(auto claims, keeper_->registry().ClaimsOf(w->name, w->budgets));
    if (!claims) continue;
    auto purse = std::make_shared<budget::Purse>();
    purse->ledger = keeper_->ledger();
    purse->claims = std::move(claims);
    purses[w->name] = std::move(purse);
  }
  return purses;
}

std::shared_ptr<const budget::Purse> Access::PurseOf(const std::string& worker) const {
  const auto at = purses_.find(worker);
  return at == purses_.end() ? nullptr : at->second;
}

// Keys in a file are there from the first request on; a file that is none is a mistake to be told at once.
Status Access::ReadKeyFiles() {
  const auto issuers = keeper_->registry().Get()->issuers();
  for (const auto& source : issuers->Sources()) {
    if (source.file.empty()) continue;
    const Result<std::string> text = env_.read_file(source.file);
    if (Status set = issuers->Set(source.issuer, text, SystemClock().Now()); !set) {
      Error error = set.error();
      error.message = "jwks " + source.file + ": " + error.message;
      return error;
    }
  }
  return {};
}

Task<Result<std::string>> Access::FetchOne(Access* self, std::string text) {
  CO_TRY(const net::Url url, net::ParseUrl(text));
  net::ClientRequest request;
  request.method = "GET";
  request.target = url.path.empty() ? "/" : url.path;
  request.headers = {{"accept", "application/json"}};
  net::PhaseTimeouts timeouts;
  timeouts.connect = std::chrono::seconds(3);
  timeouts.whole = Deadline(self->control_.Now() + std::chrono::seconds(8));
  CO_TRY(auto response,
         co_await self->client_->Send(url.origin, std::move(request), timeouts, &self->cancel_));
  // A redirect is not followed: keys come from where the configuration says.
  if (response->status() != 200) {
    co_return Fail(Code::kBadUpstream,
                   "HTTP " + std::to_string(response->status()) + " where a key set should be",
                   "jwks_status");
  }
  co_return co_await response->ReadAll(access::kMaxKeySetBytes + 1);
}

Task<void> Access::FetchDue(Access* self) {
  const auto issuers = self->keeper_->registry().Get()->issuers();
  const auto due = issuers->Due(self->control_.Now());
  for (const auto& source : due) {
    Result<std::string> text = std::string();
    if (source.file.empty()) {
      text = co_await FetchOne(self, source.url);
    } else {
      text = self->env_.read_file(source.file);
    }
    if (self->stopped_) break;
    if (Status set = issuers->Set(source.issuer, text, self->control_.Now()); set) {
      self->fetched_.Add();
    } else {
      self->failed_.Add();
      self->log_.Warn(
          "event=jwks_fetch_failed from={} reason={} message=\"{}\" note=\"keys there are serve on\"",
          source.file.empty() ? source.url : source.file, set.error().Name(), set.error().message);
    }
  }
  issuers->DropStale(self->control_.Now());
  self->fetching_ = false;
  for (auto& tell : std::exchange(self->waiting_, {})) tell();
}

Task<void> Access::FetchKeys(Loop* loop) {
  if (!keeper_) co_return;
  auto done = std::make_shared<Signal>(*loop);
  control_.Post([this, loop, done] {
    if (stopped_) return;
    waiting_.push_back([loop, done] { loop->Post([done] { done->Set(); }); });
    if (!std::exchange(fetching_, true)) Spawn(FetchDue(this));
  });
  // A bound: the request is refused, not kept for ever, when nobody answers.
  (void)co_await done->Wait(nullptr, Deadline(loop->Now() + std::chrono::seconds(10)));
}

void Access::Start() {
  client_ = net::Client::Create(control_, {});
  Again();
}

void Access::Again() {
  if (stopped_) return;
  if (keeper_ && !std::exchange(fetching_, true)) Spawn(FetchDue(this));
  control_.CallAt(control_.Now() + kLook, [this] { Again(); });
}

void Access::Stop() {
  stopped_ = true;
  cancel_.Fire(Cancel::Why::kShutdown);
  if (keeper_) keeper_->Stop();
}

}  // namespace baton::serve
