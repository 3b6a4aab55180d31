#include "access/token.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace baton::access {
namespace {

using Json = nlohmann::json;

constexpr Duration kWantEvery = std::chrono::seconds(30);
constexpr Duration kRetryFailed = std::chrono::seconds(30);
constexpr std::size_t kMaxTried = 4;  // keys of a set that names none

Error Bad(const char* reason, std::string message) {
  return Fail(Code::kUnauthenticated, std::move(message), reason);
}

struct Parts {
  std::string_view signed_text;
  Json header, claims;
  std::string signature;
};

Result<Parts> Take(std::string_view token) {
  if (token.size() > kMaxToken) return Bad("token_too_long", "the token is longer than 16 KB");
  const auto malformed = [] {
    return Bad("token_malformed", "this is no signed token (JWT): header.claims.signature");
  };
  const auto first = token.find('.'), last = token.rfind('.');
  if (first == std::string_view::npos || first == last || token.find('.', first + 1) != last)
    return malformed();
  const auto header = DecodeBase64Url(token.substr(0, first));
  const auto claims = DecodeBase64Url(token.substr(first + 1, last - first - 1));
  auto signature = DecodeBase64Url(token.substr(last + 1));
  if (!header || !claims || !signature) return malformed();
  Parts parts;
  parts.signed_text = token.substr(0, last);
  parts.header = Json::parse(*header, nullptr, false);
  parts.claims = Json::parse(*claims, nullptr, false);
  parts.signature = std::move(*signature);
  if (!parts.header.is_object() || !parts.claims.is_object()) return malformed();
  // Extensions that must be understood are understood by nobody here.
  if (parts.header.contains("crit") || parts.header.contains("b64")) return malformed();
  return parts;
}

std::string Text(const Json& object, const std::string& name) {
  const auto at = object.find(name);
  return at != object.end() && at->is_string() ? at->get<std::string>() : std::string();
}

std::optional<double> Seconds(const Json& claims, const char* name) {
  const auto at = claims.find(name);
  if (at == claims.end() || !at->is_number()) return std::nullopt;
  return at->get<double>();
}

bool ForUs(const Json& claims, const std::vector<std::string>& audiences) {
  const auto at = claims.find("aud");
  if (at == claims.end()) return false;
  const auto ours = [&](const Json& one) {
    return one.is_string() && std::find(audiences.begin(), audiences.end(),
                                        one.get_ref<const std::string&>()) != audiences.end();
  };
  return at->is_array() ? std::any_of(at->begin(), at->end(), ours) : ours(*at);
}

Status CheckTimes(const Json& claims, double leeway, double now, Verified* out) {
  const auto until = Seconds(claims, "exp"), from = Seconds(claims, "nbf"), issued = Seconds(claims, "iat");
  // A claim that is there and is no number is not taken for one that is absent.
  for (const char* name : {"exp", "nbf", "iat"}) {
    if (claims.contains(name) && !Seconds(claims, name))
      return Bad("token_claims", std::string("the token's ") + name + " is no number");
  }
  if (!until) return Bad("token_claims", "the token has no end (exp)");
  if (!(now < *until + leeway)) return Bad("token_expired", "the token has expired; get a new one");
  if (from && now + leeway < *from) return Bad("token_not_yet", "the token is not valid yet (nbf)");
  if (issued && now + leeway < *issued)
    return Bad("token_not_yet", "the token says it was issued in the future; check the clocks");
  out->until = static_cast<std::int64_t>(std::min(*until + leeway, 9e15));
  return {};
}

Result<TokenOwner> OwnerOf(const Json& claims, const IssuerSettings& s) {
  TokenOwner owner;
  owner.tenant = s.tenant.empty() ? Text(claims, s.tenant_claim) : s.tenant;
  owner.user = Text(claims, s.user_claim);
  if (!s.project_claim.empty()) owner.project = Text(claims, s.project_claim);
  if (!IsName(owner.tenant)) return Bad("token_claims", "the token names no tenant");
  if (!IsUser(owner.user))
    return Bad("token_claims", "the token names no user, or one with characters that no user has");
  if (!owner.project.empty() && !IsName(owner.project))
    return Bad("token_claims", "the token's project is no name");
  if (s.role_claim.empty()) return owner;
  const auto at = claims.find(s.role_claim);
  if (at == claims.end()) return owner;
  const auto grant = [&](const Json& value) {
    if (!value.is_string()) return;
    for (const auto& [theirs, role] : s.roles) {
      if (theirs == value.get_ref<const std::string&>()) owner.role = std::max(owner.role, role);
    }
  };
  if (at->is_array()) {
    for (const Json& one : *at) grant(one);
  } else {
    grant(*at);
  }
  return owner;
}

Status CheckSignature(const Parts& parts, const IssuerSettings& settings, const KeySet& keys) {
  const std::string name = Text(parts.header, "alg"), kid = Text(parts.header, "kid");
  const auto algorithm = ParseAlgorithm(name);
  if (!algorithm ||
      std::find(settings.algorithms.begin(), settings.algorithms.end(), name) == settings.algorithms.end())
    return Bad("token_algorithm", "the token is not signed in a way that is accepted here");
  std::size_t tried = 0;
  for (const PublicKey& key : keys.keys) {
    if (key.algorithm != *algorithm || (!kid.empty() && key.kid != kid)) continue;
    if (key.Verify(parts.signed_text, parts.signature)) return {};
    if (++tried == kMaxTried) break;
  }
  if (tried == 0)
    return Bad("token_unknown_key", "the token is signed with a key that its issuer does not publish");
  return Bad("token_signature", "the token's signature is wrong");
}

}  // namespace

bool LooksLikeToken(std::string_view text) {
  return text.starts_with("eyJ") && text.find('.') != std::string_view::npos;
}

Issuers::Issuers(std::vector<IssuerSettings> settings, const Issuers* before) {
  MutexLock lock(m_);
  for (auto& s : settings) {
    Issuer issuer;
    issuer.settings = std::move(s);
    if (before) {
      MutexLock theirs(before->m_);
      for (const Issuer& old : before->all_) {
        if (old.settings.issuer != issuer.settings.issuer ||
            old.settings.jwks_url != issuer.settings.jwks_url ||
            old.settings.jwks_file != issuer.settings.jwks_file)
          continue;
        issuer.keys = old.keys;
        issuer.fetched = old.fetched;
        issuer.next = old.next;
        issuer.next_wanted = old.next_wanted;
      }
    }
    all_.push_back(std::move(issuer));
  }
}

const Issuers::Issuer* Issuers::Of(std::string_view name) const {
  for (const Issuer& issuer : all_) {
    if (issuer.settings.issuer == name) return &issuer;
  }
  return nullptr;
}

Result<Verified> Issuers::Verify(std::string_view token, std::int64_t unix_seconds) const {
  TRY(const Parts parts, Take(token));
  IssuerSettings settings;
  std::shared_ptr<const KeySet> keys;
  {
    MutexLock lock(m_);
    const Issuer* issuer = Of(Text(parts.claims, "iss"));
    if (!issuer) return Bad("token_issuer", "tokens of this issuer are not accepted here");
    settings = issuer->settings;
    keys = issuer->keys;
  }
  if (!keys) {
    Error error =
        Fail(Code::kUnavailable, "the keys of the token's issuer could not be fetched yet; try again",
             "token_keys_missing");
    error.retry_after = std::chrono::seconds(2);
    return error;
  }
  TRY_VOID(CheckSignature(parts, settings, *keys));
  // From here on the claims are the issuer's.
  if (!ForUs(parts.claims, settings.audiences))
    return Bad("token_audience", "the token is meant for somebody else (aud)");
  Verified verified;
  TRY_VOID(CheckTimes(parts.claims, std::chrono::duration<double>(settings.leeway).count(),
                      static_cast<double>(unix_seconds), &verified));
  TRY(verified.owner, OwnerOf(parts.claims, settings));
  return verified;
}

std::vector<Issuers::Source> Issuers::Due(TimePoint now) {
  std::vector<Source> due;
  MutexLock lock(m_);
  for (std::size_t i = 0; i < all_.size(); ++i) {
    Issuer& issuer = all_[i];
    if (issuer.keys && now < issuer.next) continue;
    if (!issuer.keys && issuer.next != TimePoint() && now < issuer.next) continue;
    issuer.next = now + kRetryFailed;
    due.push_back({i, issuer.settings.jwks_url, issuer.settings.jwks_file});
  }
  return due;
}

std::vector<Issuers::Source> Issuers::Sources() const {
  std::vector<Source> all;
  MutexLock lock(m_);
  for (std::size_t i = 0; i < all_.size(); ++i)
    all.push_back({i, all_[i].settings.jwks_url, all_[i].settings.jwks_file});
  return all;
}

bool Issuers::WantKeys(std::string_view token, TimePoint now) {
  const auto parts = Take(token);
  if (!parts) return false;
  MutexLock lock(m_);
  const std::string name = Text(parts->claims, "iss");
  for (Issuer& issuer : all_) {
    if (issuer.settings.issuer != name || now < issuer.next_wanted) continue;
    issuer.next_wanted = now + kWantEvery;
    issuer.next = {};
    return true;
  }
  return false;
}

Status Issuers::Set(std::size_t index, const Result<std::string>& fetched, TimePoint now) {
  Result<KeySet> parsed = fetched ? ParseKeySet(*fetched) : Result<KeySet>(fetched.error());
  MutexLock lock(m_);
  if (index >= all_.size()) return {};
  Issuer& issuer = all_[index];
  if (!parsed) return parsed.error();
  issuer.keys = std::make_shared<const KeySet>(std::move(*parsed));
  issuer.fetched = now;
  issuer.next = now + issuer.settings.refresh;
  generation_.fetch_add(1, std::memory_order_release);
  return {};
}

void Issuers::DropStale(TimePoint now) {
  MutexLock lock(m_);
  for (Issuer& issuer : all_) {
    if (!issuer.keys || now - issuer.fetched < issuer.settings.stale) continue;
    issuer.keys = nullptr;
    generation_.fetch_add(1, std::memory_order_release);
  }
}

}  // namespace baton::access
