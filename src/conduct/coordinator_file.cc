// The coordinator's file: JSON, so that anybody can read what decides for them; the head as numbers that read
// back to the same bits; a hash (FNV-1a, against accidents, not against enemies) over everything else.

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "conduct/coordinator.h"
#include "conduct/file.h"

namespace baton::conduct {
namespace {

using nlohmann::json;
constexpr const char* kFormat = "baton-coordinator";
constexpr int kVersion = 1;

Error Bad(const std::string& path, const std::string& what) {
  return Fail(Code::kInvalidRequest, fmt::format("{}: {}", path, what), "bad_coordinator");
}

json GateToJson(const Gate& g) {
  json slices = json::array();
  for (const auto& s : g.slices)
    slices.push_back({{"slice", s.slice},
                      {"passed", s.passed},
                      {"problems", s.problems},
                      {"difference", s.difference},
                      {"ci95", {s.low, s.high}},
                      {"centre", s.centre}});
  return {{"fallback", g.fallback}, {"usd_per_right", g.usd_per_right}, {"slices", slices}};
}

Gate GateFromJson(const json& in) {
  Gate g;
  in.at("fallback").get_to(g.fallback);
  in.at("usd_per_right").get_to(g.usd_per_right);
  for (const auto& j : in.at("slices")) {
    SliceVerdict s;
    j.at("slice").get_to(s.slice);
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

json ToJson(const Coordinator& c) {
  return {{"format", kFormat},
          {"version", kVersion},
          {"base",
           {{"name", c.base.name},
            {"sha256", c.base.sha256},
            {"width", c.base.width},
            {"parameters", c.base.parameters},
            {"vocabulary", c.base.vocabulary}}},
          {"workers", c.workers},
          {"turns", c.turns},
          {"roles", c.roles},
          {"origin", c.origin},
          {"head", c.head}};
}

Coordinator FromJson(const json& in) {
  Coordinator c;
  const json& base = in.at("base");
  base.at("name").get_to(c.base.name);
  base.at("sha256").get_to(c.base.sha256);
  base.at("width").get_to(c.base.width);
  base.at("parameters").get_to(c.base.parameters);
  base.at("vocabulary").get_to(c.base.vocabulary);
  in.at("workers").get_to(c.workers);
  in.at("turns").get_to(c.turns);
  in.at("roles").get_to(c.roles);
  in.at("origin").get_to(c.origin);
  in.at("head").get_to(c.head);
  if (in.contains("gate")) c.gate = GateFromJson(in.at("gate"));
  return c;
}

}  // namespace

Status Save(const Coordinator& c, const std::string& path) {
  TRY_VOID(CheckShape(c));
  json out = ToJson(c);
  if (c.gate) out["gate"] = GateToJson(*c.gate);
  out["hash"] = HashOf(out.dump());
  return WriteWhole(path, out.dump() + "\n");
}

Result<Coordinator> Load(const std::string& path) {
  TRY(const std::string text, ReadWhole(path));
  json in = json::parse(text, nullptr, false);
  if (!in.is_object()) return Bad(path, "no coordinator, or one that was cut short");
  if (in.value("format", json()) != kFormat) return Bad(path, "another kind of file");
  if (in.value("version", json()) != kVersion)
    return Bad(path, fmt::format("written by another version; this one reads version {}", kVersion));
  const json hash = in.value("hash", json());
  in.erase("hash");
  if (!hash.is_string() || hash.get<std::string>() != HashOf(in.dump()))
    return Bad(path, "its content has been changed");
  try {
    Coordinator c = FromJson(in);
    if (Status fine = CheckShape(c); !fine) return Bad(path, fine.error().message);
    return c;
  } catch (const json::exception&) {
    return Bad(path, "a field is missing or of the wrong kind");
  }
}

}  // namespace baton::conduct
