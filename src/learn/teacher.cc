#include "learn/teacher.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

namespace baton::learn {

using Json = nlohmann::json;

std::string RecordText(const Noted& n) {
  std::string text =
      fmt::format(R"({{"x":"{}","arm":"{}","quality":{:.4f},"tokens":{:.0f},"explored":{},"trial":{})",
                  n.x.ToText(), ArmName(n.arm), n.quality, n.tokens, n.explored, n.trial);
  if (!n.would.empty())
    text += fmt::format(R"(,"would":{},"would_quality":{:.4f})",
                        Json(n.would).dump(-1, ' ', false, Json::error_handler_t::replace), n.would_quality);
  if (n.quiet) text += R"(,"quiet":true)";
  if (n.value) text += fmt::format(R"(,"value":{})", *n.value);
  if (n.ceiling) text += fmt::format(R"(,"ceiling":{})", *n.ceiling);
  return text + "}";
}

namespace {

template <class T>
bool Take(const Json& j, const char* key, bool (Json::*fits)() const, T& to) {
  const auto at = j.find(key);
  if (at == j.end() || !((*at).*fits)()) return false;
  to = at->get<T>();
  return true;
}

std::optional<Noted> NotedOf(const Json& j) {
  if (!j.is_object()) return std::nullopt;
  Noted n;
  std::string x, arm;
  constexpr auto kText = static_cast<bool (Json::*)() const>(&Json::is_string);
  constexpr auto kNumber = static_cast<bool (Json::*)() const>(&Json::is_number);
  constexpr auto kFlag = static_cast<bool (Json::*)() const>(&Json::is_boolean);
  if (!Take(j, "x", kText, x) || !Take(j, "arm", kText, arm) || !Take(j, "quality", kNumber, n.quality) ||
      !Take(j, "tokens", kNumber, n.tokens) || !Take(j, "explored", kFlag, n.explored) ||
      !Take(j, "trial", kFlag, n.trial)) {
    return std::nullopt;
  }
  const auto compact = Compact::FromText(x);
  const auto known = ArmOf(arm);
  if (!compact || !known) return std::nullopt;
  n.x = *compact;
  n.arm = *known;
  if (Take(j, "would", kText, n.would) && !Take(j, "would_quality", kNumber, n.would_quality))
    return std::nullopt;
  if (j.contains("quiet") && !Take(j, "quiet", kFlag, n.quiet)) return std::nullopt;
  for (auto [key, to] : {std::pair("value", &n.value), std::pair("ceiling", &n.ceiling)}) {
    double v = 0;
    if (!j.contains(key)) continue;
    if (!Take(j, key, kNumber, v)) return std::nullopt;
    *to = v;
  }
  return n;
}

}  // namespace

std::optional<Noted> NotedFromText(std::string_view json) {
  return NotedOf(Json::parse(json, nullptr, false));
}

std::string WithNoted(std::string features, std::string_view noted) {
  if (noted.empty() || !features.ends_with('}')) return features;
  features.pop_back();
  return fmt::format("{}{}\"learned\":{}}}", features, features.ends_with('{') ? "" : ",", noted);
}

std::optional<Noted> NotedIn(std::string_view features) {
  const Json j = Json::parse(features, nullptr, false);
  const auto at = j.is_object() ? j.find("learned") : j.end();
  return j.is_object() && at != j.end() ? NotedOf(*at) : std::nullopt;
}

double Utility(double quality, double cost_usd, double value_usd) {
  const double spent = value_usd > 0 ? std::min(1.0, cost_usd / value_usd) : 0;
  return (std::clamp(quality, 0.0, 1.0) - spent + 1) / 2;
}

Lesson Teacher::Teach(const Rated& r, Promotion& promotion) {
  if (!r.clean) return Lesson::kNotClean;
  Observation o;
  o.worker = r.worker;
  o.x = r.noted.x;
  o.expected = r.noted.quality;
  o.reward = r.quality;
  o.weight = trust_.Take(r.tenant, r.day);
  o.expected_tokens = r.noted.tokens;
  o.tokens = r.output_tokens;
  if (!r.policy.empty() && r.policy != ArmName(Arm::kSingle))
    bandits_.try_emplace(r.policy, options_).first->second.Observe(o);
  // A test's rewards count one or nothing: weights would have to be known before the arm was drawn. By chance
  // of the fraction would do; whole weights are the rule, so a fraction is dropped.
  if (o.weight >= 1 && r.noted.trial && r.asked_unix_ns >= promotion.since_unix_ns)
    AddReward(promotion, r.noted.arm, r.slice, Utility(r.quality, r.cost_usd, value_usd_));
  return o.weight > 0 ? Lesson::kTaught : Lesson::kNoWeight;
}

void Teacher::Keep(const std::set<std::string>& policies) {
  std::erase_if(bandits_, [&](const auto& b) { return !policies.contains(b.first); });
}

}  // namespace baton::learn
