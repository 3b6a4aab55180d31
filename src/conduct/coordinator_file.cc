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
constexpr std::string_view kKind = "coordinator";

json ToJson(const Coordinator& c) {
  return {{"base", ToJson(c.base)}, {"workers", c.workers}, {"turns", c.turns},
          {"roles", c.roles},       {"origin", c.origin},   {"head", c.head}};
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
  return WriteSealed(path, kKind, std::move(out));
}

Result<Coordinator> Load(const std::string& path) {
  TRY(const json in, ReadSealed(path, kKind));
  try {
    Coordinator c = FromJson(in);
    if (Status fine = CheckShape(c); !fine) return BadFile(path, kKind, fine.error().message);
    return c;
  } catch (const json::exception&) {
    return BadFile(path, kKind, "a field is missing or of the wrong kind");
  }
}

}  // namespace baton::conduct
