#include "report/evidence.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <set>

#include "report/controls.h"
#include "report/words.h"

namespace baton::report {
namespace {

using Json = nlohmann::ordered_json;

std::vector<std::string> Words(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const auto end = std::min(text.find(' '), text.size());
    if (end > 0) words.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

struct Figure {
  std::string name, value;
};

std::string WithInterval(std::int64_t part, std::int64_t all) {
  if (all == 0) return "none yet";
  const Interval i = Wilson(part, all);
  return fmt::format("{} of {} ({:.1f} %, 95 % interval {:.1f} - {:.1f} %)", part, all,
                     100.0 * static_cast<double>(part) / static_cast<double>(all), 100 * i.low, 100 * i.high);
}

std::int64_t Outcome(const Measured& m, const std::string& name) {
  const auto at = m.outcomes.find(name);
  return at == m.outcomes.end() ? 0 : at->second;
}

std::string Listed(const std::map<std::string, std::int64_t>& counts) {
  std::string out;
  for (const auto& [name, n] : counts)
    out += fmt::format("{}{}: {}", out.empty() ? "" : "; ", name.empty() ? "none" : name, n);
  return out.empty() ? "none yet" : out.substr(0, 500);
}

// What a control's `live` names; empty: there is no such figure.
std::string Live(const EvidenceInput& in, const std::string& name) {
  const Measured& m = in.measured;
  Slice all;
  for (const auto& [key, s] : m.slices) {
    all.calls += s.calls;
    all.answered += s.answered;
    all.judged += s.judged;
    all.accepted += s.accepted;
  }
  const std::int64_t good = Outcome(m, "ok") + Outcome(m, "client_gone");
  const std::map<std::string, std::string> figures = {
      {"exchanges", std::to_string(m.exchanges)},
      {"refused", WithInterval(m.exchanges - good, m.exchanges)},
      {"answered", WithInterval(all.answered, all.calls)},
      {"accepted", WithInterval(all.accepted, all.judged)},
      {"degraded", WithInterval(m.degraded, m.exchanges)},
      {"policy_violations", std::to_string(Outcome(m, "policy_violation"))},
      {"over_budget", std::to_string(Outcome(m, "over_budget"))},
      {"contract_broken", std::to_string(Outcome(m, "contract_broken"))},
      {"cases",
       fmt::format("{} pending, {} rejected", Outcome(m, "human_pending"), Outcome(m, "human_rejected"))},
      {"feedback", std::to_string(m.feedback)},
      {"digests", WithInterval(m.with_digest, m.exchanges)},
      {"cost",
       fmt::format("{} USD{}", budget::FormatUsd(m.cost),
                   m.unpriced > 0 ? fmt::format(", {} exchanges with an unknown price", m.unpriced) : "")},
      {"classes", Listed(m.classes)},
      {"contracts", Listed(m.contracts)},
      {"events", std::to_string(in.events)},
  };
  const auto at = figures.find(name);
  return at == figures.end() ? std::string() : at->second;
}

std::vector<Figure> FiguresOf(const EvidenceInput& in, const Control& c) {
  std::vector<Figure> out;
  for (const auto& name : Words(c.live)) out.push_back({name, Live(in, name)});
  return out;
}

std::string Cell(const std::vector<std::string>& items) {
  std::string out;
  for (const auto& item : items)
    out += fmt::format("{}<code>{}</code>", out.empty() ? "" : "<br>", EscapeHtml(item));
  return out;
}

}  // namespace

std::string EvidenceJson(const EvidenceInput& in) {
  Json j{{"object", "baton.evidence"},         {"version", in.version},
         {"config", in.config_digest},         {"created", Rfc3339(in.at_unix_ns)},
         {"exchanges", in.measured.exchanges}, {"controls", Json::array()}};
  for (const Control& c : Controls()) {
    Json live = Json::object();
    for (const auto& f : FiguresOf(in, c)) live[f.name] = f.value;
    j["controls"].push_back({{"framework", c.framework},
                             {"id", c.id},
                             {"title", c.title},
                             {"how", c.how},
                             {"implemented_in", Words(c.where)},
                             {"tests", Words(c.tests)},
                             {"live", std::move(live)}});
  }
  return j.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string EvidenceHtml(const EvidenceInput& in) {
  std::string out = fmt::format(
      R"(<!doctype html><html lang="en"><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Baton: evidence</title>
<style>body{{font:15px/1.5 system-ui,sans-serif;max-width:75rem;margin:2rem auto;padding:0 1rem}}table{{border-collapse:collapse;width:100%}}th,td{{border:1px solid #bbb;padding:.4rem;text-align:left;vertical-align:top}}code{{font-size:.85em;overflow-wrap:anywhere}}</style>
<h1>Evidence</h1><p>Baton {}, configuration {}, {}, {} exchanges. Figures are this store's; what is not measured is not shown.</p>
)",
      EscapeHtml(in.version), EscapeHtml(in.config_digest), Rfc3339(in.at_unix_ns), in.measured.exchanges);
  std::string_view framework;
  for (const Control& c : Controls()) {
    if (c.framework != framework) {
      if (!framework.empty()) out += "</table>\n";
      framework = c.framework;
      out += fmt::format(
          "<h2>{}</h2>\n<table><tr><th>Control<th>What is done<th>Where<th>Shown by<th>This store</tr>\n",
          EscapeHtml(framework));
    }
    std::string live;
    for (const auto& f : FiguresOf(in, c))
      live += fmt::format("{}{}: {}", live.empty() ? "" : "<br>", EscapeHtml(f.name), EscapeHtml(f.value));
    out +=
        fmt::format("<tr><td><b>{}</b><br>{}<td>{}<td>{}<td>{}<td>{}</tr>\n", EscapeHtml(c.id),
                    EscapeHtml(c.title), EscapeHtml(c.how), Cell(Words(c.where)), Cell(Words(c.tests)), live);
  }
  return out + "</table>\n</html>\n";
}

}  // namespace baton::report
