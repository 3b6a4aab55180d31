#include "access/principal.h"

#include <array>
#include <utility>

namespace baton::access {
namespace {

constexpr std::array kRoles = {"none", "viewer", "auditor", "operator", "owner"};
constexpr std::array<std::pair<Scope, std::string_view>, 6> kScopes = {{
    {Scope::kChat, "chat"},
    {Scope::kEmbeddings, "embeddings"},
    {Scope::kModels, "models"},
    {Scope::kRoute, "route"},
    {Scope::kExchanges, "exchanges"},
    {Scope::kCases, "cases"},
}};

}  // namespace

std::string_view RoleName(Role role) {
  return kRoles[static_cast<std::size_t>(role)];
}

std::optional<Role> ParseRole(std::string_view name) {
  for (std::size_t i = 0; i < kRoles.size(); ++i) {
    if (name == kRoles[i]) return static_cast<Role>(i);
  }
  return std::nullopt;
}

std::string_view ScopeName(Scope scope) {
  for (const auto& [value, name] : kScopes) {
    if (value == scope) return name;
  }
  return "";
}

std::optional<Scope> ParseScope(std::string_view name) {
  for (const auto& [value, known] : kScopes) {
    if (known == name) return value;
  }
  return std::nullopt;
}

std::vector<std::string> ScopeNames(Scopes scopes) {
  std::vector<std::string> names;
  for (const auto& [value, name] : kScopes) {
    if (scopes & static_cast<Scopes>(value)) names.emplace_back(name);
  }
  return names;
}

}  // namespace baton::access
