#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <vector>

#include "evaluate/report.h"

namespace baton::evaluate {
namespace {

using Json = nlohmann::ordered_json;
using Table = std::vector<std::vector<std::string>>;

std::string Fixed(const Json& x, int digits, double scale = 1) {
  return x.is_number() ? fmt::format("{:.{}f}", x.get<double>() * scale, digits) : "-";
}

// Dollars per request span six powers of ten.
std::string Usd(const Json& x) {
  return x.is_number() ? fmt::format("{:.3g}", x.get<double>()) : "-";
}

std::string Interval(const Json& pair, int digits, double scale) {
  return "[" + Fixed(pair[0], digits, scale) + ", " + Fixed(pair[1], digits, scale) + "]";
}

// Names to the left, numbers to the right.
std::string Aligned(const Table& table) {
  std::vector<std::size_t> width(table[0].size());
  for (const auto& row : table)
    for (std::size_t c = 0; c < row.size(); ++c) width[c] = std::max(width[c], row[c].size());
  std::string out;
  for (const auto& row : table) {
    std::string line;
    for (std::size_t c = 0; c < row.size(); ++c)
      line += c == 0 ? fmt::format("{:<{}}", row[c], width[c]) : fmt::format("  {:>{}}", row[c], width[c]);
    out += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
  return out;
}

std::string PolicyTable(const Json& part) {
  Table table = {{"policy", "quality", "vs best", "95 % interval", "cost to match", "interval", "AIQ", "gap",
                  "1-3", "calls"}};
  for (const auto& [name, p] : part["policies"].items()) {
    const Json& at = p["at_best_single_cost"];
    const Json& match = p["cost_to_match_best_single"];
    table.push_back({name, Fixed(at["quality"], 2, 100), Fixed(at["difference"], 2, 100),
                     Interval(at["ci95"], 2, 100),
                     match.is_null() ? "never" : Fixed(match["share"], 0, 100) + "%",
                     match.is_null() ? "" : Interval(match["ci95"], 0, 100), Fixed(p["aiq"], 2, 100),
                     Fixed(p["oracle_gap_closed"], 0, 100) + "%",
                     Fixed(p["solved_when_1_to_3_can"], 0, 100) + "%", Fixed(p["calls"], 2)});
  }
  return Aligned(table);
}

std::string Head(const Json& r) {
  std::string out;
  for (const auto& d : r["data"]) {
    out += fmt::format("{}  {} rows, {} workers\n", d["file"].get<std::string>(),
                       d["rows"].get<std::size_t>(), d["workers"].get<std::size_t>());
    if (const auto n = d["problem_count"].get<std::size_t>(); n > 0)
      out += fmt::format("  {} lines or cells left out, e.g. {}\n", n, d["problems"][0].get<std::string>());
  }
  const auto& seeds = r["seeds"];
  out += fmt::format(
      "seeds {} to {}, train share {}, {} test rows per seed, {} near duplicates kept on one side\n",
      seeds.front().get<std::uint64_t>(), seeds.back().get<std::uint64_t>(), r["train_share"].get<double>(),
      r["test_rows_per_seed"].get<std::size_t>(), r["near_duplicates"].get<std::size_t>());
  out += fmt::format(
      "best single worker (chosen on training rows): {}  {} % at ${} per request; oracle {} % at ${}\n",
      r["best_single"]["worker"].get<std::string>(), Fixed(r["best_single"]["quality"], 2, 100),
      Usd(r["best_single"]["cost_usd"]), Fixed(r["oracle"]["quality"], 2, 100), Usd(r["oracle"]["cost_usd"]));
  return out;
}

std::string Estimated(const Json& r) {
  std::size_t n = 0;
  for (const auto& [name, w] : r["workers"].items()) n += w["price_basis"] != "recorded";
  if (n == 0) return "costs: as recorded\n";
  return fmt::format(
      "costs: of {} of {} workers computed from list prices and tokens or lengths (see \"workers\" in the "
      "result)\n",
      n, r["workers"].size());
}

}  // namespace

std::string ReportText(const Json& r) {
  std::string out = Head(r) + Estimated(r) +
                    "\nAt the best single worker's dollars (quality and differences in points of 100)\n" +
                    PolicyTable(r);
  for (const auto& [name, why] : r["skipped"].items())
    out += fmt::format("{}: left out: {}\n", name, why.get<std::string>());
  for (const auto& [name, slice] : r["slices"].items())
    out += fmt::format("\n{} ({} rows)\n", name, slice["rows"].get<std::size_t>()) + PolicyTable(slice);
  return out;
}

}  // namespace baton::evaluate
