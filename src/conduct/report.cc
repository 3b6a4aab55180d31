#include "conduct/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "conduct/table.h"

namespace baton::conduct {
namespace {

using nlohmann::json;

constexpr std::uint64_t kBootstrapSeed = 7;
constexpr std::size_t kExamples = 3;  // good ones, and bad ones

const Measured* Find(const Study& s, const std::string& name) {
  for (const auto& m : s.policies) {
    if (m.name == name) return &m;
  }
  return nullptr;
}

std::vector<double> Scores(const Measured& m) {
  std::vector<double> out;
  for (const auto& t : m.tries) out.push_back(t.score);
  return out;
}

json PolicyJson(const Measured& m, const Measured& best) {
  const Interval own = Bootstrap(Scores(m), kBootstrapSeed), gain = PairedBootstrap(m, best, kBootstrapSeed);
  json out = {{"accuracy", m.accuracy()},
              {"ci95", {own.low, own.high}},
              {"tokens", m.tokens()},
              {"calls", m.calls()},
              {"turns", m.turns()},
              {"cost_usd", m.usd()},
              {"worst_case_usd", m.worst_usd()},
              {"milliseconds", m.ms >= 0 ? json(m.ms) : json()},
              {"vs_best_single",
               {{"difference", m.accuracy() - best.accuracy()},
                {"ci95", {gain.low, gain.high}},
                {"finding", gain.holds_zero() ? "no difference found"
                            : gain.low > 0    ? "better"
                                              : "worse"}}}};
  if (!m.note.empty()) out["note"] = m.note;
  return out;
}

json ExampleJson(const arena::Problem& p, const arena::Rollout& r) {
  json steps = json::array();
  for (const auto& s : r.steps)
    steps.push_back(
        {{"worker", s.worker}, {"role", s.role}, {"text", s.text.substr(0, 300)}, {"verdict", s.verdict}});
  return {{"family", p.family},
          {"question", p.prompt},
          {"reference", p.reference},
          {"answer", r.answer.substr(0, 300)},
          {"score", r.score},
          {"cost_usd", static_cast<double>(r.cost.v) * 1e-9},
          {"steps", steps}};
}

json InspectJson(const Measured& m, const std::vector<arena::Problem>& test) {
  const Shares shares = Inspect(m, test);
  json examples = json::array();
  for (const double wanted : {1.0, 0.0}) {
    std::size_t n = 0;
    for (std::size_t i = 0; i < test.size() && n < kExamples; ++i) {
      if (m.tries[i].score != wanted || m.tries[i].steps.empty()) continue;
      examples.push_back(ExampleJson(test[i], m.tries[i]));
      ++n;
    }
  }
  return {{"workers", shares.workers}, {"roles", shares.roles},       {"workers_in_roles", shares.pairs},
          {"steps", shares.lengths},   {"accuracy", shares.accuracy}, {"collapsed", shares.collapsed},
          {"examples", examples}};
}

// Without the centres, which nobody reads.
json GateJson(const Gate& g) {
  json slices = json::object();
  for (const auto& s : g.slices)
    slices[s.slice] = {{"passed", s.passed},
                       {"worker", s.worker},
                       {"problems", s.problems},
                       {"difference", s.difference},
                       {"ci95", {s.low, s.high}}};
  return {{"fallback", g.fallback}, {"usd_per_right", g.usd_per_right}, {"slices", slices}};
}

json CurveJson(const std::vector<CurveRow>& rows) {
  json out = json::array();
  for (const auto& r : rows)
    out.push_back({{"generation", r.generation},
                   {"utility", r.mean},
                   {"best", r.best},
                   {"accuracy", r.score},
                   {"cost_usd", r.usd},
                   {"turns", r.turns},
                   {"sigma", r.sigma},
                   {"rollouts", r.rollouts}});
  return out;
}

}  // namespace

std::string ReportJson(const Study& study, const std::vector<arena::Problem>& test,
                       const ReportFacts& facts) {
  const Measured* best = Find(study, "best_single");
  json out = {{"command", facts.command},
              {"revision", facts.revision},
              {"machine", facts.machine},
              {"seeds", facts.seeds},
              {"n_test", test.size()},
              {"pool", study.coordinator.workers},
              {"parameters", study.coordinator.parameters()},
              {"usd_per_right_answer", facts.usd_per_right},
              {"rollouts", study.rollouts},
              {"train_seconds", study.train_seconds},
              {"best_single", study.best_single}};
  if (!facts.simulated.empty()) out["simulated"] = facts.simulated;
  for (const auto& [name, value] : facts.settings) out["settings"][name] = value;
  if (study.coordinator.gate) out["gate"] = GateJson(*study.coordinator.gate);
  if (study.conductor_gate) out["conductor_gate"] = GateJson(*study.conductor_gate);
  json curve = json::array();
  for (const auto& [name, rows] : study.curves) {
    out["curves"][name] = CurveJson(rows);
    if (name != "coordinator") continue;
    for (const auto& r : rows) curve.push_back({r.generation, r.score});
  }
  out["reward_curve"] = curve;
  for (const auto& m : study.policies) {
    if (best) out["policies"][m.name] = PolicyJson(m, *best);
    out["inspect"][m.name] = InspectJson(m, test);
  }
  std::map<std::string, std::vector<std::size_t>> families;
  for (std::size_t i = 0; i < test.size(); ++i) families[test[i].family].push_back(i);
  for (const auto& [family, rows] : families) {
    const Study part = Part(study, rows);
    const Measured* alone = Find(part, "best_single");
    for (const auto& m : part.policies) {
      if (alone) out["slices"][family][m.name] = PolicyJson(m, *alone);
    }
    out["slices"][family]["n_test"] = rows.size();
  }
  return out.dump(1, ' ', false, json::error_handler_t::replace) + "\n";
}

std::string ReportText(const Study& study) {
  const Measured* best = Find(study, "best_single");
  std::string out = fmt::format("{:<28} {:>8} {:>17} {:>10} {:>7} {:>6} {:>6}  against {}\n", "policy",
                                "right", "95 %", "USD", "tokens", "calls", "turns", study.best_single);
  for (const auto& m : study.policies) {
    if (!best) break;
    const Interval own = Bootstrap(Scores(m), kBootstrapSeed),
                   gain = PairedBootstrap(m, *best, kBootstrapSeed);
    out += fmt::format("{:<28} {:>8.3f} [{:.3f}, {:.3f}] {:>12.7f} {:>7.0f} {:>6.2f} {:>6.2f}  ", m.name,
                       m.accuracy(), own.low, own.high, m.usd(), m.tokens(), m.calls(), m.turns());
    out += &m == best ? "-\n"
           : gain.holds_zero()
               ? fmt::format("no difference found ({:+.3f})\n", m.accuracy() - best->accuracy())
               : fmt::format("{:+.3f} [{:+.3f}, {:+.3f}]\n", m.accuracy() - best->accuracy(), gain.low,
                             gain.high);
  }
  return out;
}

}  // namespace baton::conduct
