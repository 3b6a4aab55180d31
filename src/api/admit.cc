#include "api/admit.h"

#include <fmt/format.h>

#include "access/gate.h"

namespace baton::api {
namespace {

// A web page on another site can make a browser on this machine send requests to the loopback. Without
// tenants the admin surface has no key to tell it apart, so it answers only to the names of this machine and
// to no foreign page.
bool FromThisMachine(const net::Request& request) {
  std::string_view host = request.Header("host");
  const auto colon = host.rfind(':');
  if (colon != std::string_view::npos && host.find(']', colon) == std::string_view::npos)
    host = host.substr(0, colon);
  const bool local = host == "localhost" || host.starts_with("127.") || host == "[::1]";
  const std::string_view origin = request.Header("origin");
  return local && (origin.empty() || origin.ends_with(request.Header("host")));
}

bool SameName(std::string_view header, std::string_view lower) {
  if (header.size() != lower.size()) return false;
  for (std::size_t i = 0; i < header.size(); ++i) {
    const char c = header[i];
    if ((c >= 'A' && c <= 'Z' ? c + 32 : c) != lower[i]) return false;
  }
  return true;
}

access::Credentials CredentialsOf(const net::Request& request) {
  access::Credentials credentials;
  for (const auto& h : request.headers) {
    if (SameName(h.name, "authorization")) {
      credentials.authorization = h.value;
      ++credentials.count;
    } else if (SameName(h.name, "x-api-key")) {
      credentials.api_key = h.value;
      ++credentials.count;
    }
  }
  return credentials;
}

std::optional<access::Scope> ScopeOf(Need need) {
  switch (need) {
    case Need::kChat:
      return access::Scope::kChat;
    case Need::kEmbeddings:
      return access::Scope::kEmbeddings;
    case Need::kModels:
      return access::Scope::kModels;
    case Need::kRoute:
      return access::Scope::kRoute;
    case Need::kExchanges:
      return access::Scope::kExchanges;
    case Need::kCases:
      return access::Scope::kCases;
    default:
      return std::nullopt;
  }
}

access::Role RoleOf(Need need) {
  switch (need) {
    case Need::kViewer:
      return access::Role::kViewer;
    case Need::kAuditor:
      return access::Role::kAuditor;
    case Need::kOperator:
      return access::Role::kOperator;
    default:
      return access::Role::kOwner;
  }
}

Status MayUse(const access::Principal& who, Need need) {
  if (const auto scope = ScopeOf(need)) {
    if (who.Has(*scope)) return {};
    return Fail(Code::kPermissionDenied,
                fmt::format("this key lacks the scope '{}'", access::ScopeName(*scope)), "scope_missing");
  }
  const access::Role role = RoleOf(need);
  if (who.role >= role) return {};
  return Fail(Code::kPermissionDenied,
              fmt::format("this asks for a key with the role {} or above", access::RoleName(role)),
              "role_missing");
}

}  // namespace

Task<Status> Admit(Call& call, Need need) {
  const ApiDeps& deps = call.deps;
  access::Gate* gate = deps.gate ? deps.gate() : nullptr;
  if (!gate || !gate->closed()) {
    if (need < Need::kViewer || call.request.path == "/metrics" || !deps.loopback_only ||
        FromThisMachine(call.request))
      co_return Status();
    co_return Fail(Code::kPermissionDenied,
                   "the admin surface answers only to localhost and to no web page of another site",
                   "admin_from_elsewhere");
  }
  if (need == Need::kNothing) co_return Status();
  const access::Credentials credentials = CredentialsOf(call.request);
  auto who = gate->Admit(credentials);
  if (!who && deps.fetch_token_keys && gate->WorthFetching(credentials, who.error())) {
    co_await deps.fetch_token_keys();
    // A reload may have put another gate there meanwhile.
    gate = deps.gate();
    if (gate) who = gate->Admit(credentials);
  }
  if (!who) co_return std::move(who).error();
  call.principal = std::move(*who);
  CO_TRY_VOID(MayUse(*call.principal, need));
  if ((need != Need::kChat && need != Need::kEmbeddings) || !call.principal->purse->throttle)
    co_return Status();
  CO_TRY(auto pass, call.principal->purse->throttle->Enter(deps.loop->clock().Now()));
  call.pass.emplace(std::move(pass));
  co_return Status();
}

}  // namespace baton::api
