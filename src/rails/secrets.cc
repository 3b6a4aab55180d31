// Credentials: issued keys, known by their prefixes, and values that a word like "password" announces.
//
// A prefix alone proves little ("sk-" begins many words), so the token behind it must have the issuer's
// alphabet and least length, and enough entropy to have been drawn at random. Placeholders ("your-api-key",
// "<token>", "${KEY}") are no secrets: documentation and code are full of them.

#include <algorithm>
#include <string_view>

#include "rails/finding.h"
#include "rails/validators.h"

namespace baton::rails {
namespace {

bool IsToken(char c) {
  return IsDigit(c) || IsLower(c) || IsUpper(c) || c == '_' || c == '-';
}
bool IsTokenOrDot(char c) {
  return IsToken(c) || c == '.';
}
bool IsBase64(char c) {
  return IsToken(c) || c == '+' || c == '/' || c == '=';
}

struct Prefix {
  std::string_view text;  // as issued (case matters)
  std::size_t least;      // characters behind the prefix
  bool (*alphabet)(char);
  double entropy;  // bits per character the rest must have
  const char* type;
};

constexpr Prefix kPrefixes[] = {
    {"sk-", 20, IsToken, 3.0, "api_key"},          {"sk_live_", 16, IsToken, 3.0, "api_key"},
    {"sk_test_", 16, IsToken, 3.0, "api_key"},     {"rk_live_", 16, IsToken, 3.0, "api_key"},
    {"whsec_", 24, IsBase64, 3.0, "api_key"},      {"ghp_", 36, IsToken, 3.0, "api_key"},
    {"gho_", 36, IsToken, 3.0, "api_key"},         {"ghu_", 36, IsToken, 3.0, "api_key"},
    {"ghs_", 36, IsToken, 3.0, "api_key"},         {"ghr_", 36, IsToken, 3.0, "api_key"},
    {"github_pat_", 40, IsToken, 3.0, "api_key"},  {"glpat-", 20, IsToken, 2.8, "api_key"},
    {"AKIA", 16, IsToken, 2.4, "api_key"},         {"ASIA", 16, IsToken, 2.4, "api_key"},
    {"AIza", 35, IsToken, 3.0, "api_key"},         {"ya29.", 30, IsToken, 3.0, "api_key"},
    {"xoxb-", 20, IsToken, 2.4, "api_key"},        {"xoxp-", 20, IsToken, 2.4, "api_key"},
    {"xoxa-", 20, IsToken, 2.4, "api_key"},        {"xoxs-", 20, IsToken, 2.4, "api_key"},
    {"xapp-", 20, IsToken, 2.4, "api_key"},        {"hf_", 30, IsToken, 3.0, "api_key"},
    {"npm_", 36, IsToken, 3.0, "api_key"},         {"pypi-", 40, IsToken, 3.0, "api_key"},
    {"dop_v1_", 40, IsToken, 3.0, "api_key"},      {"gsk_", 30, IsToken, 3.0, "api_key"},
    {"xai-", 40, IsToken, 3.0, "api_key"},         {"pplx-", 30, IsToken, 3.0, "api_key"},
    {"r8_", 36, IsToken, 3.0, "api_key"},          {"SG.", 40, IsTokenOrDot, 3.0, "api_key"},
    {"AccountKey=", 40, IsBase64, 3.0, "api_key"},
};

std::size_t TokenEnd(std::string_view t, std::size_t p, bool (*alphabet)(char)) {
  std::size_t limit = std::min(t.size(), p + 4096);
  while (p < limit && alphabet(t[p])) ++p;
  return p;
}

void Issued(std::string_view t, std::size_t begin, std::size_t, Findings* out) {
  if (begin > 0 && IsToken(t[begin - 1])) return;
  for (const auto& prefix : kPrefixes) {
    if (t.substr(begin, prefix.text.size()) != prefix.text) continue;
    std::size_t from = begin + prefix.text.size(), end = TokenEnd(t, from, prefix.alphabet);
    std::string_view rest = t.substr(from, end - from);
    if (rest.size() < prefix.least || EntropyPerChar(rest.substr(0, 64)) < prefix.entropy) continue;
    bool digit = std::any_of(rest.begin(), rest.end(), IsDigit);
    if (!digit) continue;  // words joined by dashes
    out->push_back({prefix.type, Sensitivity::kSecret, begin, end});
    return;
  }
}

// -----BEGIN RSA PRIVATE KEY----- and its kin, to the END line where there is one.
void PrivateKey(std::string_view t, std::size_t begin, std::size_t end, Findings* out) {
  std::string_view rest = t.substr(end, 8192);
  if (rest.substr(0, 40).find("PRIVATE KEY") == std::string_view::npos) return;
  std::size_t last = rest.find("-----END");
  out->push_back(
      {"private_key", Sensitivity::kSecret, begin, last == std::string_view::npos ? t.size() : end + last});
}

// Three base64url parts, the first two of which begin with {" in base64 ("eyJ").
void Jwt(std::string_view t, std::size_t begin, std::size_t, Findings* out) {
  if (t.substr(begin, 3) != "eyJ" || (begin > 0 && IsToken(t[begin - 1]))) return;
  std::size_t end = TokenEnd(t, begin, IsTokenOrDot);
  std::string_view token = t.substr(begin, end - begin);
  std::size_t dot = token.find(".eyJ");
  if (dot == std::string_view::npos || token.find('.', dot + 4) == std::string_view::npos ||
      token.size() < 40)
    return;
  out->push_back({"jwt", Sensitivity::kSecret, begin, end});
}

// ---- announced values ----

constexpr std::string_view kPlaceholders =
    "your|example|placeholder|changeme|xxxx|****|....|env|secret|password|token|<|${|{{|none|null|string|"
    "getpass|"
    "input|config|redacted|dummy|insert|here|true|false";

// Where the value behind `end` begins: after ':', '=', " is ", quotes and spaces; 0 when nothing announces
// one.
std::size_t ValueBegin(std::string_view t, std::size_t end) {
  std::size_t p = end;
  if (p < t.size() && (t[p] == '"' || t[p] == '\'')) ++p;
  while (p < t.size() && t[p] == ' ' && p - end < 3) ++p;
  if (p < t.size() && (t[p] == ':' || t[p] == '=')) {
    ++p;
  } else if (t.substr(p, 3) == "is " || t.substr(p, 3) == "is:") {
    p += 3;
  } else if (t.substr(p, 4) == "ist " || t.substr(p, 4) == "est ") {
    p += 4;
  } else {
    return 0;
  }
  for (std::size_t i = 0;
       i < 3 && p < t.size() && (t[p] == ' ' || t[p] == '"' || t[p] == '\'' || t[p] == '`'); ++i)
    ++p;
  return p;
}

bool IsValueByte(char c) {
  return !IsSpace(c) && c != '"' && c != '\'' && c != '`' && c != ',' && c != ';' && c != ')';
}

void Announced(std::string_view t, std::size_t end, std::size_t least, double entropy, Findings* out) {
  std::size_t p = ValueBegin(t, end);
  if (p == 0) return;
  std::size_t e = TokenEnd(t, p, IsValueByte);
  while (e > p && (t[e - 1] == '.' || t[e - 1] == '?' || t[e - 1] == '!')) --e;
  std::string_view value = t.substr(p, e - p);
  if (value.size() < least || value.size() > 512 || HasWord(t, p, std::min(e, p + 40), kPlaceholders)) return;
  bool digit = std::any_of(value.begin(), value.end(), IsDigit);
  bool code = value.find('(') != std::string_view::npos || value.find('[') != std::string_view::npos;
  if (!digit || code || EntropyPerChar(value) < entropy) return;
  out->push_back({"credential", Sensitivity::kSecret, p, e});
}

// People choose passwords: short, but with a digit in them.
void Password(std::string_view t, std::size_t, std::size_t end, Findings* out) {
  Announced(t, end, 6, 2.0, out);
}

// Machines draw tokens: sixteen characters and more.
void Token(std::string_view t, std::size_t, std::size_t end, Findings* out) {
  Announced(t, end, 16, 3.0, out);
}

// "Authorization: Bearer ..." without any sign between.
void Bearer(std::string_view t, std::size_t begin, std::size_t end, Findings* out) {
  std::size_t e = TokenEnd(t, end, IsTokenOrDot);
  std::string_view value = t.substr(end, e - end);
  if (!BoundaryBefore(t, begin) || value.size() < 20 || EntropyPerChar(value.substr(0, 64)) < 3.2) return;
  if (std::any_of(value.begin(), value.end(), IsDigit))
    out->push_back({"credential", Sensitivity::kSecret, end, e});
}

}  // namespace

void AppendSecretAnchors(std::vector<Anchor>* out) {
  // Vectorscan compares without case, the finder with it.
  static constexpr std::string_view kIssued[] = {
      "sk-",     "sk_live_", "sk_test_",    "rk_live_", "whsec_", "ghp_", "gho_",       "ghu_",
      "ghs_",    "ghr_",     "github_pat_", "glpat-",   "akia",   "asia", "aiza",       "ya29.",
      "xoxb-",   "xoxp-",    "xoxa-",       "xoxs-",    "xapp-",  "hf_",  "npm_",       "pypi-",
      "dop_v1_", "gsk_",     "xai-",        "pplx-",    "r8_",    "sg.",  "accountkey="};
  static_assert(std::size(kIssued) == std::size(kPrefixes));
  for (auto p : kIssued) out->push_back({p, Issued});
  out->push_back({"-----begin ", PrivateKey});
  out->push_back({"eyj", Jwt});
  out->push_back({"bearer ", Bearer});
  for (auto w : {"password", "passwort", "passwd", "pwd", "passphrase", "mot de passe",
                 "contrase\xc3\xb1"
                 "a",
                 "wachtwoord"}) {
    out->push_back({w, Password});
  }
  for (auto w :
       {"api_key", "api-key", "apikey", "api key", "secret_key", "secret key", "secretkey", "client_secret",
        "access_token", "access token", "auth_token", "access_key", "access key", "private_key"}) {
    out->push_back({w, Token});
  }
}

}  // namespace baton::rails
