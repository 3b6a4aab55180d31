#include "api/explain.h"

#include <nlohmann/json.hpp>

namespace baton::api {

using Json = nlohmann::ordered_json;

namespace {

Json Usd(const workflow::Worst& worst) {
  return worst.unpriced ? Json() : Json(budget::FormatUsd(worst.usd));
}

Json PlanJson(const workflow::Outline& plan) {
  Json steps = Json::array();
  for (const auto& s : plan.steps) {
    Json j{{"name", s.name}, {"role", s.role}, {"workers", s.workers}, {"sees", s.sees}};
    if (!s.when.empty()) j["when"] = s.when;
    if (!s.checks.empty()) j["verify"] = s.checks;
    if (!s.instruction.empty()) j["instruction"] = s.instruction;
    j["optional"] = s.optional;
    j["answer"] = s.answer;
    j["worst_case_usd"] = Usd(s.worst);
    j["worst_case_tokens"] = s.worst.tokens;
    steps.push_back(std::move(j));
  }
  return {{"workflow", plan.workflow},         {"steps", std::move(steps)},
          {"answers", plan.answers},           {"notes", plan.notes},
          {"worst_case_usd", Usd(plan.worst)}, {"worst_case_tokens", plan.worst.tokens}};
}

}  // namespace

std::string ToJson(const exchange::Explanation& e) {
  Json out;
  out["object"] = "baton.route";
  if (e.route) {
    const route::Route& r = *e.route;
    out["route"] = r.name();
    out["workflow"] = r.workflow();
    out["worker"] = r.candidates().front()->name;
    Json candidates = Json::array();
    for (const auto* w : r.candidates()) candidates.push_back(w->name);
    out["candidates"] = std::move(candidates);
    out["reason"] = r.reason();
    out["policy"] = r.policy();
    out["propensity"] = r.propensity();
    out["alternatives"] = r.alternatives();
    Json losses = Json::array();
    for (const auto& l : e.losses)
      losses.push_back({{"param", l.param}, {"how", provider::LossName(l.how)}, {"note", l.note}});
    out["losses"] = std::move(losses);
    out["max_output_tokens"] = e.max_output_tokens;
    out["worst_case_usd"] = e.priced ? Json(budget::FormatUsd(e.worst_case)) : Json();
    if (e.plan) out["plan"] = PlanJson(*e.plan);
  } else {
    const Error& error = e.route.error();
    out["error"] = {{"message", error.message}, {"code", error.Name()}};
  }
  out["input_tokens"] = e.input_tokens;
  out["features"] = Json::parse(route::ToJson(e.features), nullptr, false);
  out["rails"] = {
      {"data_classes", e.data_classes}, {"allowed_workers", e.allowed}, {"reasons", e.rails_reasons}};
  return out.dump(2, ' ', false, Json::error_handler_t::replace);
}

}  // namespace baton::api
