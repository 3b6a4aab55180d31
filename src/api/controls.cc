#include "api/controls.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <nlohmann/json.hpp>

namespace baton::api {
namespace {

constexpr std::string_view kPrefix = "baton-";
constexpr std::string_view kNames =
    "baton-max-cost-usd, baton-max-tokens, baton-deadline-ms, baton-quality, baton-task, baton-session, "
    "baton-explore";

Error Bad(std::string_view name, std::string_view want) {
  return Fail(Code::kInvalidRequest, fmt::format("{} must be {}", name, want), "invalid_control",
              std::string(name));
}

Status Set(rails::Controls& c, std::string_view name, std::string_view value) {
  if (name == "baton-max-cost-usd") {
    c.max_cost = budget::ParseUsd(value);
    if (!c.max_cost || c.max_cost->v < 0) return Bad(name, "an amount in dollars like 0.05");
  } else if (name == "baton-deadline-ms") {
    std::int64_t ms = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), ms);
    if (error != std::errc() || end != value.data() + value.size() || ms <= 0 || ms > 86'400'000) {
      return Bad(name, "a whole number of milliseconds from 1 to 86400000");
    }
    c.deadline = std::chrono::milliseconds(ms);
  } else if (name == "baton-max-tokens") {
    std::int64_t tokens = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), tokens);
    if (error != std::errc() || end != value.data() + value.size() || tokens < 1)
      return Bad(name, "a whole number of tokens like 20000");
    c.max_tokens = tokens;
  } else if (name == "baton-quality") {
    double q = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), q);
    if (error != std::errc() || end != value.data() + value.size() || !(q >= 0) || q > 1e6) {
      return Bad(name, "a number of dollars per point of quality, like 0.002");
    }
    c.quality = q;
  } else if (name == "baton-task" || name == "baton-session") {
    if (value.empty() || value.size() > 64) return Bad(name, "a text of 1 to 64 characters");
    (name == "baton-task" ? c.task : c.session) = value;
  } else if (name == "baton-explore") {
    if (value != "off" && value != "on") return Bad(name, "on or off");
    c.explore = value == "on";
  } else {
    return Fail(Code::kInvalidRequest, fmt::format("unknown control {}; known: {}", name, kNames),
                "unknown_control", std::string(name));
  }
  return {};
}

}  // namespace

Result<rails::Controls> ReadControls(const net::HeaderViews& headers,
                                     std::vector<std::pair<std::string, std::string>>& metadata,
                                     bool& stripped) {
  rails::Controls controls;
  for (const auto& h : headers) {
    if (h.name.size() <= kPrefix.size() || (h.name[0] | 0x20) != 'b') continue;
    std::string name(h.name);
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char ch) { return static_cast<char>(std::tolower(ch)); });
    if (name.starts_with(kPrefix)) TRY_VOID(Set(controls, name, h.value));
  }
  const auto ours = [](const auto& kv) { return kv.first.starts_with(kPrefix); };
  for (const auto& kv : metadata) {
    if (ours(kv)) TRY_VOID(Set(controls, kv.first, kv.second));
  }
  stripped = std::erase_if(metadata, ours) > 0;
  return controls;
}

Status ReadInputs(chat::Request* request) {
  for (auto at = request->extra.begin(); at != request->extra.end(); ++at) {
    if (at->first != "inputs") continue;
    const auto object = nlohmann::json::parse(at->second.text, nullptr, false);
    if (!object.is_object()) {
      return Fail(Code::kInvalidRequest, "`inputs` must be an object like {\"ticket\": \"...\"}",
                  "bad_inputs", "inputs");
    }
    for (const auto& [name, value] : object.items())
      request->inputs.emplace_back(name, value.is_string() ? value.get<std::string>() : value.dump());
    request->extra.erase(at);
    request->raw.clear();
    return {};
  }
  return {};
}

}  // namespace baton::api
