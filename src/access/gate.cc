#include "access/gate.h"

#include <utility>

namespace baton::access {
namespace {

constexpr std::size_t kMaxKnown = 4096;

// Reasons by which refusals are counted: literals, so the counters' labels are bounded.
constexpr std::string_view kReasons[] = {
    "missing_key",     "ambiguous_credentials", "bad_authorization", "malformed_key",     "invalid_api_key",
    "key_revoked",     "key_expired",           "unknown_tenant",    "token_malformed",   "token_too_long",
    "token_algorithm", "token_issuer",          "token_unknown_key", "token_signature",   "token_expired",
    "token_not_yet",   "token_audience",        "token_claims",      "token_keys_missing"};

Error Refuse(std::string_view reason, std::string message) {
  return Fail(Code::kUnauthenticated, std::move(message), std::string(reason));
}

// "Bearer x": the scheme in any case, one or more spaces.
std::string_view BearerOf(std::string_view header) {
  constexpr std::string_view kScheme = "bearer ";
  if (header.size() <= kScheme.size()) return {};
  for (std::size_t i = 0; i < kScheme.size(); ++i) {
    const char c = header[i];
    if ((c >= 'A' && c <= 'Z' ? c + 32 : c) != kScheme[i]) return {};
  }
  header.remove_prefix(kScheme.size());
  while (header.starts_with(' ')) header.remove_prefix(1);
  return header;
}

}  // namespace

const Directory& Gate::directory() {
  if (const std::uint64_t now = registry_.version(); now != version_ || !directory_) {
    directory_ = registry_.Get();
    version_ = now;
    tokens_.clear();
  }
  return *directory_;
}

Result<std::string_view> Gate::Text(const Credentials& c) const {
  if (c.count == 0) {
    return Refuse("missing_key", "this server asks for a key: send `Authorization: Bearer btk_...`");
  }
  if (c.count > 1)
    return Refuse("ambiguous_credentials", "send one key, once: in Authorization or in x-api-key");
  if (!c.api_key.empty()) return c.api_key;
  const std::string_view bearer = BearerOf(c.authorization);
  if (bearer.empty()) return Refuse("bad_authorization", "Authorization must be `Bearer` and a key or token");
  return bearer;
}

Result<std::shared_ptr<const Principal>> Gate::Admit(const Credentials& credentials) {
  (void)directory();
  auto text = Text(credentials);
  auto who = !text                   ? Result<std::shared_ptr<const Principal>>(text.error())
             : LooksLikeToken(*text) ? ByToken(*text)
                                     : ByKey(*text);
  if (!who) Count(who.error());
  return who;
}

Result<std::shared_ptr<const Principal>> Gate::ByKey(std::string_view key) {
  if (!KeyId(key)) {
    return Refuse("malformed_key",
                  "this is no key of Baton (btk_ and 49 characters): is it cut, or another service's?");
  }
  const Directory::Entry* entry = directory_->Find(HashKey(registry_.pepper(), key));
  if (!entry) return Refuse("invalid_api_key", "this key is not known here");
  if (entry->revoked) return Refuse("key_revoked", "this key has been revoked");
  if (entry->expires_ns != 0 && clock_.UnixNanos() >= entry->expires_ns)
    return Refuse("key_expired", "this key has expired");
  if (!entry->principal)
    return Fail(Code::kPermissionDenied, "the tenant of this key is not configured any more",
                "unknown_tenant");
  return entry->principal;
}

Result<std::shared_ptr<const Principal>> Gate::ByToken(std::string_view token) {
  Issuers& issuers = *directory_->issuers();
  if (const auto now = issuers.generation(); now != generation_) {
    generation_ = now;
    tokens_.clear();
  }
  const std::int64_t seconds = clock_.UnixNanos() / 1'000'000'000;
  if (token.size() > kMaxToken) return Refuse("token_too_long", "the token is longer than 16 KB");
  const KeyHash hash = HashKey(registry_.pepper(), token);
  if (const auto known = tokens_.find(hash); known != tokens_.end()) {
    if (seconds < known->second.until) return known->second.principal;
    tokens_.erase(known);
  }
  TRY(const Verified verified, issuers.Verify(token, seconds));
  TRY(auto principal, registry_.PrincipalOf(verified.owner));
  // Full: begin again. What is thrown away costs one more verification each.
  if (tokens_.size() >= kMaxKnown) tokens_.clear();
  tokens_[hash] = {principal, verified.until};
  return principal;
}

bool Gate::WorthFetching(const Credentials& credentials, const Error& error) {
  if (error.reason != "token_unknown_key" && error.reason != "token_keys_missing") return false;
  const auto text = Text(credentials);
  return text && directory_->issuers()->WantKeys(*text, clock_.Now());
}

void Gate::Count(const Error& error) {
  if (!metrics_) return;
  std::string_view reason = "other";
  for (std::string_view known : kReasons) {
    if (known == error.reason) reason = known;
  }
  auto at = refused_.find(reason);
  if (at == refused_.end()) {
    at = refused_
             .emplace(reason, metrics_->GetCounter("baton_auth_refusals_total",
                                                   "Requests without a valid key, by reason.",
                                                   {{"reason", std::string(reason)}}))
             .first;
  }
  at->second.Add();
}

}  // namespace baton::access
