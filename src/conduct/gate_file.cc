#include "conduct/gate_file.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "conduct/file.h"

namespace baton::conduct {
namespace {

using nlohmann::json;
constexpr std::string_view kKind = "gate";

}  // namespace

json ToJson(const Gate& g) {
  json slices = json::array();
  for (const auto& s : g.slices)
    slices.push_back({{"slice", s.slice},
                      {"worker", s.worker},
                      {"reach", s.reach},
                      {"passed", s.passed},
                      {"problems", s.problems},
                      {"difference", s.difference},
                      {"ci95", {s.low, s.high}},
                      {"centre", s.centre}});
  return {{"fallback", g.fallback}, {"usd_per_right", g.usd_per_right}, {"slices", slices}};
}

Gate GateFrom(const json& in) {
  Gate g;
  in.at("fallback").get_to(g.fallback);
  in.at("usd_per_right").get_to(g.usd_per_right);
  for (const auto& j : in.at("slices")) {
    SliceVerdict s;
    j.at("slice").get_to(s.slice);
    j.at("worker").get_to(s.worker);
    j.at("reach").get_to(s.reach);
    j.at("passed").get_to(s.passed);
    j.at("problems").get_to(s.problems);
    j.at("difference").get_to(s.difference);
    j.at("ci95").at(0).get_to(s.low);
    j.at("ci95").at(1).get_to(s.high);
    j.at("centre").get_to(s.centre);
    g.slices.push_back(std::move(s));
  }
  return g;
}

json ToJson(const BaseModel& b) {
  return {{"name", b.name},
          {"sha256", b.sha256},
          {"width", b.width},
          {"parameters", b.parameters},
          {"vocabulary", b.vocabulary}};
}

BaseModel BaseFrom(const json& in) {
  BaseModel b;
  in.at("name").get_to(b.name);
  in.at("sha256").get_to(b.sha256);
  in.at("width").get_to(b.width);
  in.at("parameters").get_to(b.parameters);
  in.at("vocabulary").get_to(b.vocabulary);
  return b;
}

Status SaveGate(const GateFile& file, const std::string& path) {
  return WriteSealed(path, kKind,
                     {{"base", ToJson(file.base)}, {"origin", file.origin}, {"gate", ToJson(file.gate)}});
}

Result<GateFile> LoadGate(const std::string& path) {
  TRY(const json in, ReadSealed(path, kKind));
  try {
    GateFile out{BaseFrom(in.at("base")), in.at("origin").get<std::string>(), GateFrom(in.at("gate"))};
    for (const auto& s : out.gate.slices) {
      if (static_cast<std::int64_t>(s.centre.size()) != out.base.width)
        return BadFile(path, kKind, fmt::format("slice '{}' was read by another model", s.slice));
    }
    return out;
  } catch (const json::exception&) {
    return BadFile(path, kKind, "a field is missing or of the wrong kind");
  }
}

}  // namespace baton::conduct
