#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/ids.h"
#include "replay/replay.h"

namespace baton::replay {
namespace {

using Json = nlohmann::ordered_json;

Json Usd(const std::optional<budget::Nanos>& amount) {
  return amount ? Json(budget::FormatUsd(*amount)) : Json();
}

std::string Share(std::int64_t part, std::int64_t whole) {
  return whole == 0 ? "-"
                    : fmt::format("{:.1f} %", 100.0 * static_cast<double>(part) / static_cast<double>(whole));
}

}  // namespace

std::string ToJson(const Report& r) {
  Json moves = Json::array(), changes = Json::array();
  for (const auto& [move, n] : r.moves)
    moves.push_back({{"from", move.first}, {"to", move.second}, {"exchanges", n}});
  for (const auto& c : r.changes) {
    changes.push_back({{"exchange", FormatExchangeId(c.id)},
                       {"from", c.from},
                       {"to", c.to},
                       {"was_usd", Usd(c.was)},
                       {"would_usd", Usd(c.would)},
                       {"reason", c.reason}});
  }
  const Json j = {{"exchanges", r.exchanges},     {"same", r.same},
                  {"changed", r.changed},         {"unreadable", r.unreadable},
                  {"refused_now", r.refused_now}, {"answered_now", r.answered_now},
                  {"priced", r.priced},           {"unpriced", r.unpriced},
                  {"was_usd", Usd(r.was)},        {"would_usd", Usd(r.would)},
                  {"moves", std::move(moves)},    {"changes", std::move(changes)}};
  return j.dump(2, ' ', false, Json::error_handler_t::replace);
}

std::string ToText(const Report& r) {
  std::string out =
      fmt::format("{} exchanges: {} as before, {} would change ({}), {} without features\n", r.exchanges,
                  r.same, r.changed, Share(r.changed, r.same + r.changed), r.unreadable);
  if (r.refused_now + r.answered_now > 0)
    out += fmt::format("of these {} would be refused that were answered, {} answered that were refused\n",
                       r.refused_now, r.answered_now);
  out += fmt::format("cost of the {} whose cost is known on both sides: was ${}, would be ${}{}\n", r.priced,
                     budget::FormatUsd(r.was), budget::FormatUsd(r.would),
                     r.unpriced > 0 ? fmt::format("; {} unknown", r.unpriced) : "");
  for (const auto& [move, n] : r.moves) out += fmt::format("  {:>8}  {} -> {}\n", n, move.first, move.second);
  if (!r.changes.empty()) out += "newest changes:\n";
  for (const auto& c : r.changes) {
    out += fmt::format("  {}  {} -> {}  ${} -> {}  {}\n", FormatExchangeId(c.id), c.from, c.to,
                       budget::FormatUsd(c.was), c.would ? "$" + budget::FormatUsd(*c.would) : "unknown",
                       c.reason);
  }
  return out;
}

}  // namespace baton::replay
