// The coordinator's file: JSON, so that anybody can read what decides for them; the head as numbers that read
// back to the same bits; a hash (FNV-1a, against accidents, not against enemies) over everything else.

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "conduct/coordinator.h"
#include "conduct/file.h"
#include "conduct/gate_file.h"

namespace baton::conduct {
namespace {

using nlohmann::json;
constexpr const char* kFormat = "baton-coordinator";
constexpr int kVersion = 1;

Error Bad(const std::string& path, const std::string& what) {
  return Fail(Code::kInvalidRequest, fmt::format("{}: {}", path, what), "bad_coordinator");
}

json ToJson(const Coordinator& c) {
  return {{"format", kFormat}, {"version", kVersion}, {"base", ToJson(c.base)}, {"workers", c.workers},
          {"turns", c.turns},  {"roles", c.roles},    {"origin", c.origin},     {"head", c.head}};
}

Coordinator FromJson(const json& in) {
  Coordinator c;
  c.base = BaseFrom(in.at("base"));
  in.at("workers").get_to(c.workers);
  in.at("turns").get_to(c.turns);
  in.at("roles").get_to(c.roles);
  in.at("origin").get_to(c.origin);
  in.at("head").get_to(c.head);
  if (in.contains("gate")) c.gate = GateFrom(in.at("gate"));
  return c;
}

}  // namespace

Status Save(const Coordinator& c, const std::string& path) {
  TRY_VOID(CheckShape(c));
  json out = ToJson(c);
  if (c.gate) out["gate"] = ToJson(*c.gate);
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
