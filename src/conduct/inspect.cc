// A result file's policy in words: what it does per slice beside what would have been right, how it became
// what it is since an earlier file, and examples.
#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "conduct/report.h"

namespace baton::conduct {
namespace {

using nlohmann::json;

constexpr double kWorthSaying = 0.05;  // a share that moved by less is not listed

Error Bad() {
  return Fail(Code::kInvalidRequest, "no result file of `baton train coordinator` or `baton eval live`",
              "bad_results");
}

Result<json> PolicyIn(const std::string& text, const std::string& policy, json* whole) {
  *whole = json::parse(text, nullptr, false);
  if (!whole->is_object() || !whole->contains("inspect") || !(*whole)["inspect"].is_object()) return Bad();
  const json& all = (*whole)["inspect"];
  if (all.contains(policy)) return all[policy];
  std::vector<std::string> names;
  for (const auto& [name, _] : all.items()) names.push_back(name);
  return Fail(Code::kNotFound,
              fmt::format("no policy '{}' in it; there are: {}", policy, fmt::join(names, ", ")),
              "no_policy");
}

double Share(const json& table, const std::string& family, const std::string& name) {
  if (!table.is_object() || !table.contains(family) || !table[family].contains(name)) return 0;
  return table[family][name].get<double>();
}

std::string Shown(const std::string& family) {
  return family.empty() ? "all" : family;
}

// Shares beside those of whoever is right and cheapest (the oracle): a bias is a share without a reason.
std::string Slices(const json& p, const json& expected) {
  std::string out;
  for (const auto& [family, shares] : p.at("workers").items()) {
    out += fmt::format("{:<12} right {:.3f}  ", Shown(family), p.at("accuracy").at(family).get<double>());
    for (const auto& [worker, share] : shares.items()) {
      out += fmt::format(" {} {:.0f} %", worker, share.get<double>() * 100);
      if (expected.is_object()) out += fmt::format(" ({:.0f} %)", Share(expected, family, worker) * 100);
    }
    for (const char* table : {"roles", "steps"}) {
      if (!p.contains(table) || !p[table].contains(family)) continue;
      out += "  |";
      for (const auto& [name, share] : p[table][family].items())
        out +=
            fmt::format(" {} {:.0f} %", table[0] == 's' ? name + " steps" : name, share.get<double>() * 100);
    }
    out += "\n";
  }
  return out;
}

std::string Changes(const json& now, const json& then) {
  std::string out = "\nsince the earlier file:\n";
  for (const auto& [family, accuracy] : now.at("accuracy").items()) {
    const double was = then.at("accuracy").contains(family) ? then["accuracy"][family].get<double>() : 0;
    out += fmt::format("{:<12} right {:+.3f} ", Shown(family), accuracy.get<double>() - was);
    for (const char* table : {"workers", "roles"}) {
      json names = json::object();
      for (const json* side : {&now, &then}) {
        if (side->at(table).contains(family)) names.update(side->at(table)[family]);
      }
      for (const auto& [name, _] : names.items()) {
        const double change = Share(now.at(table), family, name) - Share(then.at(table), family, name);
        if (std::abs(change) >= kWorthSaying) out += fmt::format(" {} {:+.0f} points", name, change * 100);
      }
    }
    out += "\n";
  }
  return out;
}

std::string Examples(const json& p) {
  std::string out;
  for (const auto& e : p.at("examples")) {
    out += fmt::format("\n[{}] {}\n{}\n", e.at("score").get<double>() > 0 ? "right" : "wrong",
                       e.at("family").get<std::string>(), e.at("question").get<std::string>());
    for (const auto& s : e.at("steps"))
      out += fmt::format("  {} ({}): {}\n", s.at("role").get<std::string>(),
                         s.at("worker").get<std::string>(), s.at("text").get<std::string>());
    out += fmt::format("  wanted: {}\n", e.at("reference").get<std::string>());
  }
  return out;
}

std::string GateText(const json& whole, const std::string& policy) {
  const char* name = policy.starts_with("coordinator") ? "gate"
                     : policy.starts_with("conductor") ? "conductor_gate"
                                                       : "";
  if (!whole.contains(name)) return "";
  const json& gate = whole[name];
  std::string out =
      fmt::format("gate (what is like no slice goes to {}):", gate.at("fallback").get<std::string>());
  for (const auto& [slice, v] : gate.at("slices").items())
    out += v.at("passed").get<bool>()
               ? fmt::format(" {} passed,", slice)
               : fmt::format(" {} goes to {},", slice, v.at("worker").get<std::string>());
  out.back() = '\n';
  return out;
}

}  // namespace

Result<std::string> InspectText(const std::string& results_json, const std::string& policy,
                                const std::string& before_json) {
  json whole, earlier;
  TRY(const json p, PolicyIn(results_json, policy, &whole));
  try {
    std::string out = policy + "\n";
    const auto collapsed = p.at("collapsed").get<std::string>();
    if (!collapsed.empty())
      out += fmt::format("COLLAPSED: nine tenths of its answers come from {}\n", collapsed);
    const json expected =
        whole["inspect"].contains("oracle") ? whole["inspect"]["oracle"].at("workers") : json();
    if (expected.is_object())
      out += "shares of steps per worker; in brackets what the cheapest right worker alone would have had\n";
    out += Slices(p, expected);
    out += GateText(whole, policy);
    if (!before_json.empty()) {
      TRY(const json then, PolicyIn(before_json, policy, &earlier));
      out += Changes(p, then);
    }
    return out + Examples(p);
  } catch (const json::exception&) {
    return Bad();
  }
}

}  // namespace baton::conduct
