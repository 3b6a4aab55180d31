#include "learn/teacher.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

namespace baton::learn {

using Json = nlohmann::json;

std::string RecordText(const Noted& n) {
  return fmt::format(R"({{"x":"{}","arm":"{}","quality":{:.4f},"tokens":{:.0f},"explored":{}}})",
                     n.x.ToText(), ArmName(n.arm), n.quality, n.tokens, n.explored);
}

std::optional<Noted> NotedFromText(std::string_view json) {
  const Json j = Json::parse(json, nullptr, false);
  if (!j.is_object()) return std::nullopt;
  const auto x = j.find("x"), arm = j.find("arm"), quality = j.find("quality"), tokens = j.find("tokens"),
             explored = j.find("explored"), end = j.end();
  if (x == end || arm == end || quality == end || tokens == end || explored == end || !x->is_string() ||
      !arm->is_string() || !quality->is_number() || !tokens->is_number() || !explored->is_boolean()) {
    return std::nullopt;
  }
  const auto compact = Compact::FromText(x->get<std::string>());
  const auto known = ArmOf(arm->get<std::string>());
  if (!compact || !known) return std::nullopt;
  return Noted{*compact, *known, quality->get<double>(), tokens->get<double>(), explored->get<bool>()};
}

void Teacher::Keep(const std::set<std::string>& policies) {
  std::erase_if(bandits_, [&](const auto& b) { return !policies.contains(b.first); });
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
  if (o.weight >= 1) AddReward(promotion, r.noted.arm, r.slice, Utility(r.quality, r.cost_usd, value_usd_));
  return o.weight > 0 ? Lesson::kTaught : Lesson::kNoWeight;
}

}  // namespace baton::learn
