// The server's own keys: address, store, limits.

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "config/draft.h"

namespace baton::config {
namespace {

bool IsLoopback(std::string_view host) {
  return host == "::1" || host.substr(0, 4) == "127.";
}

// "127.0.0.1:8080", "[::1]:8080", "localhost:8080". False when it is none of these.
bool SplitListen(std::string_view text, std::string* host, std::uint16_t* port) {
  std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return false;
  std::string_view digits = text.substr(colon + 1), name = text.substr(0, colon);
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), *port);
  if (error != std::errc() || end != digits.data() + digits.size()) return false;
  bool bracketed = name.size() > 2 && name.front() == '[' && name.back() == ']';
  if (bracketed) name = name.substr(1, name.size() - 2);
  if (name.empty() || (!bracketed && name.find(':') != std::string_view::npos)) return false;
  if (name.find_first_not_of("0123456789abcdefABCDEF.:") != std::string_view::npos && name != "localhost")
    return false;
  *host = name == "localhost" ? "127.0.0.1" : std::string(name);
  return true;
}

void BuildListen(const RootDraft& draft, Problems* problems, Config* config) {
  if (!SplitListen(draft.listen, &config->listen_address, &config->listen_port)) {
    return problems->Add(
        draft.At("listen"),
        fmt::format("listen: '{}' is no address; write IP:PORT, like 127.0.0.1:8080", draft.listen));
  }
  if (IsLoopback(config->listen_address) || !draft.tenants.empty()) return;
  problems->Add(
      draft.At("listen"),
      fmt::format(
          "listen: without tenants nobody needs a key, so whoever can reach {} could spend your money and "
          "read your "
          "data; Baton then listens on loopback only: use 127.0.0.1 (and an authenticating proxy in front)",
          draft.listen));
}

// `sqlite:PATH` as a path; empty, and a problem added, for anything else.
std::string SqlitePath(const RootDraft& draft, const char* key, std::string_view store, Problems* problems) {
  constexpr std::string_view kSqlite = "sqlite:";
  if (store.substr(0, kSqlite.size()) != kSqlite || store.size() == kSqlite.size()) {
    // It may hold a password: not repeated.
    bool other = store.substr(0, 8) == "postgres" || store.substr(0, 5) == "redis";
    problems->Add(draft.At(key),
                  fmt::format("{}: {}", key,
                              other ? "this version keeps its records in SQLite only; write sqlite:PATH"
                                    : "write sqlite:PATH, like sqlite:baton.db"));
    return {};
  }
  std::string path(store.substr(kSqlite.size()));
  Place place = draft.Has(key) ? draft.At(key) : draft.place;
  return path == ":memory:" ? path : ResolvePath(place, path);
}

void BuildStore(const RootDraft& draft, Problems* problems, Config* config) {
  config->store_path = SqlitePath(draft, "store", draft.store, problems);
  config->shared_path =
      draft.Has("shared") ? SqlitePath(draft, "shared", draft.shared, problems) : config->store_path;
  config->record.path = config->store_path;
  config->record.retention = draft.retention;
}

}  // namespace

void BuildServer(const RootDraft& draft, Problems* problems, Config* config) {
  BuildListen(draft, problems, config);
  BuildStore(draft, problems, config);
  config->tls = draft.tls.v;
  if (!config->tls.certificate.empty())
    config->tls.certificate = ResolvePath(draft.tls.At("certificate"), config->tls.certificate);
  if (!config->tls.key.empty()) config->tls.key = ResolvePath(draft.tls.At("key"), config->tls.key);
  config->limits = draft.limits.v;
  config->limits.max_body_bytes_in_flight =
      std::max(config->limits.max_body_bytes_in_flight, config->limits.max_body_bytes);
  config->threads = static_cast<int>(draft.threads);
  config->retry = draft.retry.v;
  if (config->retry.max_backoff < config->retry.first_backoff) {
    problems->Add(draft.retry.At("max_backoff"), "max_backoff must not be shorter than first_backoff");
  }
  config->human = draft.human.v;
  config->human.on_client_gone =
      draft.human.on_client_gone == "keep" ? human::OnClientGone::kKeep : human::OnClientGone::kCancel;
  config->syscall_filter = draft.syscall_filter == "off"        ? SyscallFilter::kOff
                           : draft.syscall_filter == "required" ? SyscallFilter::kRequired
                                                                : SyscallFilter::kAuto;
  config->drain = draft.drain;
  config->idempotency_ttl = draft.idempotency_ttl;
  config->rails.default_deadline = draft.default_deadline;
  config->rails.max_cost_per_request = draft.max_cost_per_request;
}

}  // namespace baton::config
