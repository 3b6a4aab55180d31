#include "conduct/gate_file.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "conduct/file.h"

namespace baton::conduct {
namespace {

using nlohmann::json;
constexpr const char* kFormat = "baton-gate";
constexpr int kVersion = 1;

}  // namespace

json ToJson(const Gate& g) {
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

Gate GateFrom(const json& in) {
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
  json out = {{"format", kFormat},
              {"version", kVersion},
              {"base", ToJson(file.base)},
              {"origin", file.origin},
              {"gate", ToJson(file.gate)}};
  out["hash"] = HashOf(out.dump());
  return WriteWhole(path, out.dump() + "\n");
}

Result<GateFile> LoadGate(const std::string& path) {
  const auto bad = [&](const std::string& what) {
    return Fail(Code::kInvalidRequest, fmt::format("{}: {}", path, what), "bad_gate");
  };
  TRY(const std::string text, ReadWhole(path));
  json in = json::parse(text, nullptr, false);
  if (!in.is_object()) return bad("no gate, or one that was cut short");
  if (in.value("format", json()) != kFormat) return bad("another kind of file");
  if (in.value("version", json()) != kVersion)
    return bad(fmt::format("written by another version; this one reads version {}", kVersion));
  const json hash = in.value("hash", json());
  in.erase("hash");
  if (!hash.is_string() || hash.get<std::string>() != HashOf(in.dump()))
    return bad("its content has been changed");
  try {
    GateFile out{BaseFrom(in.at("base")), in.at("origin").get<std::string>(), GateFrom(in.at("gate"))};
    for (const auto& s : out.gate.slices) {
      if (static_cast<std::int64_t>(s.centre.size()) != out.base.width)
        return bad(fmt::format("slice '{}' was read by another model", s.slice));
    }
    return out;
  } catch (const json::exception&) {
    return bad("a field is missing or of the wrong kind");
  }
}

}  // namespace baton::conduct
