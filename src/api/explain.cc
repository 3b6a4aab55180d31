#include "api/explain.h"

#include <nlohmann/json.hpp>

namespace baton::api {

using Json = nlohmann::ordered_json;

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
