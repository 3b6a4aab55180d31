#include "train/report.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "train/maths.h"

namespace baton::train {
namespace {

using nlohmann::json;

constexpr std::uint64_t kBootstrapSeed = 7;
constexpr std::size_t kExamples = 4;

const Entrant* Find(const Contest& c, const std::string& name) {
  for (const auto& e : c.entrants) {
    if (e.measured.name == name) return &e;
  }
  return nullptr;
}

std::vector<double> Scores(const conduct::Measured& m) {
  std::vector<double> out;
  for (const auto& t : m.tries) out.push_back(t.score);
  return out;
}

json Against(const conduct::Measured& a, const conduct::Measured& b) {
  const auto gain = conduct::PairedBootstrap(a, b, kBootstrapSeed);
  return {{"difference", a.accuracy() - b.accuracy()}, {"ci95", {gain.low, gain.high}}};
}

json EntrantJson(const Contest& c, const Entrant& e) {
  const auto& m = e.measured;
  const auto own = conduct::Bootstrap(Scores(m), kBootstrapSeed);
  json out = {{"accuracy", m.accuracy()}, {"ci95", {own.low, own.high}}, {"tokens", m.tokens()},
              {"calls", m.calls()},       {"cost_usd", m.usd()},         {"worst_case_usd", m.worst_usd()}};
  if (const Entrant* best = Find(c, "best_single")) out["vs_best_single"] = Against(m, best->measured);
  if (const Entrant* prompted = Find(c, "prompted_planner"))
    out["vs_prompted_planner"] = Against(m, prompted->measured);
  if (const Entrant* warm = Find(c, "conductor_warm_start"); warm && e.valid >= 0)
    out["vs_warm_start"] = Against(m, warm->measured);
  if (e.valid >= 0) {
    out["valid"] = e.valid;
    out["written_tokens"] = e.written;
    for (const auto& [steps, n] : e.plan_lengths) out["plan_steps"][std::to_string(steps)] = n;
  }
  if (!m.note.empty()) out["note"] = m.note;
  return out;
}

json InspectJson(const Contest& c, const Entrant& e) {
  std::vector<arena::Problem> problems;
  for (const auto& item : c.items) problems.push_back(*item.problem);
  const auto shares = conduct::Inspect(e.measured, problems);
  json examples = json::array();
  for (const double wanted : {1.0, 0.0}) {
    std::size_t n = 0;
    for (std::size_t i = 0; i < problems.size() && n < kExamples; ++i) {
      const auto& r = e.measured.tries[i];
      if (r.score != wanted || r.steps.empty()) continue;
      json steps = json::array();
      for (const auto& s : r.steps)
        steps.push_back(
            {{"worker", s.worker}, {"role", s.role}, {"text", s.text.substr(0, 200)}, {"verdict", ""}});
      examples.push_back({{"family", problems[i].family},
                          {"question", problems[i].prompt},
                          {"reference", problems[i].reference},
                          {"answer", r.answer.substr(0, 200)},
                          {"score", r.score},
                          {"cost_usd", static_cast<double>(r.cost.v) * 1e-9},
                          {"steps", steps}});
      ++n;
    }
  }
  return {{"workers", shares.workers},
          {"roles", shares.roles},
          {"accuracy", shares.accuracy},
          {"collapsed", shares.collapsed},
          {"examples", examples}};
}

std::string Range(const json& ci) {
  return fmt::format("[{:+.3f}, {:+.3f}]", ci[0].get<double>(), ci[1].get<double>());
}

std::string Difference(const json& e, const char* key) {
  if (!e.contains(key)) return "";
  const json& d = e[key];
  const double low = d["ci95"][0].get<double>(), high = d["ci95"][1].get<double>();
  const std::string text = fmt::format("{:+.3f} {}", d["difference"].get<double>(), Range(d["ci95"]));
  return low <= 0 && high >= 0 ? text + " no difference found" : text;
}

std::string ContestTable(const json& c) {
  std::string out = fmt::format(
      "## {}\n\nn = {}. Best single worker (chosen on training problems): {}.\n\n"
      "| policy | right | 95 % | valid plans | tokens | calls | USD | worst case | against best single | "
      "against "
      "the prompted planner |\n|---|---|---|---|---|---|---|---|---|---|\n",
      c["what"].get<std::string>(), c["n"].get<int>(),
      c["best_single"].get<std::string>().empty() ? "of each team" : c["best_single"].get<std::string>());
  for (const auto& name : c["order"]) {
    const json& e = c["policies"][name.get<std::string>()];
    out += fmt::format(
        "| {} | {:.3f} | [{:.3f}, {:.3f}] | {} | {:.0f} | {:.2f} | {:.7f} | {:.7f} | {} | {} |\n",
        name.get<std::string>() + (e.contains("note") ? " (" + e["note"].get<std::string>() + ")" : ""),
        e["accuracy"].get<double>(), e["ci95"][0].get<double>(), e["ci95"][1].get<double>(),
        e.contains("valid") ? fmt::format("{:.1f} %", 100 * e["valid"].get<double>()) : "",
        e["tokens"].get<double>(), e["calls"].get<double>(), e["cost_usd"].get<double>(),
        e["worst_case_usd"].get<double>(), Difference(e, "vs_best_single"),
        Difference(e, "vs_prompted_planner"));
  }
  return out + "\n";
}

std::string FamilyTable(const json& inspect) {
  std::vector<std::string> names;
  std::string out = "## Right by family, on the test templates\n\n| family |";
  for (const auto& [name, p] : inspect.items()) names.push_back(name);
  for (const auto& name : names) out += fmt::format(" {} |", name);
  out += "\n|---|";
  for (std::size_t i = 0; i < names.size(); ++i) out += "---|";
  out += "\n";
  if (names.empty()) return "";
  for (const auto& [family, value] : inspect[names[0]]["accuracy"].items()) {
    out += fmt::format("| {} |", family.empty() ? "all" : family);
    for (const auto& name : names) {
      const json& a = inspect[name]["accuracy"];
      out += a.contains(family) ? fmt::format(" {:.3f} |", a[family].get<double>()) : " |";
    }
    out += "\n";
  }
  return out + "\n";
}

std::string SharesText(const json& inspect) {
  if (!inspect.contains("conductor")) return "";
  const json& p = inspect["conductor"];
  std::string out = "## Who is asked by the conductor\n\n| family | shares of steps |\n|---|---|\n";
  for (const auto& [family, shares] : p["workers"].items()) {
    out += fmt::format("| {} |", family.empty() ? "all" : family);
    for (const auto& [worker, share] : shares.items())
      out += fmt::format(" {} {:.0f} %", worker, 100 * share.get<double>());
    out += " |\n";
  }
  const auto collapsed = p["collapsed"].get<std::string>();
  out += collapsed.empty()
             ? "\nIt has not collapsed onto one worker.\n\n"
             : fmt::format("\n**It has collapsed**: nine tenths of its answers come from {}.\n\n", collapsed);
  return out;
}

std::string CurveText(const json& in) {
  std::string out =
      "## The curve\n\n| phase | step | loss | reward | right | valid | log-probabilities apart (mean) | "
      "divergence |\n"
      "|---|---|---|---|---|---|---|---|\n";
  const json& rows = in["curve"];
  std::string last;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const json& r = rows[i];
    const bool ends = i + 1 == rows.size() || rows[i + 1]["phase"] != r["phase"];
    const int step = r["step"].get<int>();
    const bool warm = r["phase"] == "warm_start";
    if (!ends && step != 1 && step % (warm ? 25 : 5) != 0) continue;
    out += fmt::format("| {} | {} | {:.4f} |", r["phase"].get<std::string>(), step, r["loss"].get<double>());
    if (warm)
      out += " | | | | |\n";
    else
      out += fmt::format(" {:.3f} | {:.3f} | {:.3f} | {:.4f} | {:.5f} |\n", r["reward"].get<double>(),
                         r["right"].get<double>(), r["valid"].get<double>(), r["gap_mean"].get<double>(),
                         r["divergence"].get<double>());
  }
  return out + "\n";
}

json CurveJson(const std::vector<CurveRow>& curve) {
  json out = json::array();
  for (const auto& r : curve)
    out.push_back({{"phase", r.phase},
                   {"step", r.step},
                   {"loss", r.loss},
                   {"reward", r.reward},
                   {"right", r.right},
                   {"valid", r.valid},
                   {"cost_usd", r.usd},
                   {"norm", r.norm},
                   {"rate", r.rate},
                   {"gap_mean", r.gap_mean},
                   {"gap_most", r.gap_most},
                   {"divergence", r.divergence},
                   {"clipped", r.clipped},
                   {"tokens", r.tokens},
                   {"rollouts", r.rollouts},
                   {"skipped", r.skipped}});
  return out;
}

}  // namespace

std::string ResultsJson(const RunFacts& f, const std::vector<CurveRow>& curve,
                        const std::vector<Contest>& contests) {
  json out = {{"command", f.command},
              {"revision", f.revision},
              {"machine", f.machine},
              {"seeds", {f.seed}},
              {"n_test", contests.empty() ? 0 : contests[0].items.size()},
              {"pool", f.pool},
              {"added", f.added},
              {"base", f.base},
              {"precision", f.precision},
              {"parameters", f.parameters},
              {"lessons", f.lessons},
              {"lesson_rollouts", f.lesson_rollouts},
              {"rollouts", curve.empty() ? 0 : curve.back().rollouts},
              {"train_seconds", f.train_seconds},
              {"usd_per_right_answer", f.usd_per_right},
              {"curve", CurveJson(curve)}};
  out["reward_curve"] = json::array();
  for (const auto& r : curve) {
    if (r.phase != "warm_start") out["reward_curve"].push_back({out["reward_curve"].size() + 1, r.reward});
  }
  out["contests"] = json::array();
  for (const auto& c : contests) {
    json contest = {{"name", c.name},
                    {"what", c.what},
                    {"n", c.items.size()},
                    {"best_single", c.best_single},
                    {"order", json::array()}};
    for (const auto& e : c.entrants) {
      contest["order"].push_back(e.measured.name);
      contest["policies"][e.measured.name] = EntrantJson(c, e);
      const bool told =
          e.valid >= 0 || e.measured.name == "best_single" || e.measured.name == "mixture_of_agents";
      if (&c == contests.data() && told) out["inspect"][e.measured.name] = InspectJson(c, e);
    }
    if (&c == contests.data()) out["policies"] = contest["policies"];
    out["contests"].push_back(std::move(contest));
  }
  return out.dump(1, ' ', false, json::error_handler_t::replace) + "\n";
}

Result<std::string> ResultsMarkdown(const std::string& results_json) {
  const json in = json::parse(results_json, nullptr, false);
  try {
    std::string out = fmt::format(
        "# Conductor: what was measured\n\nMade by `{}` at {} on {}; seed {}. Base {}, trained in {}, {} "
        "parameters of adapters, {} lessons (from {} drafts that were run), {} rollouts by reward, {:.0f} s "
        "of "
        "training. A right answer is worth ${}. Prices are the built-in pool's own (docs/environment.md), no "
        "provider's. Intervals: 95 %, 4,000 resamples, paired where two policies are compared; one training "
        "seed, so they say nothing of other trainings. `conductor` costs hold its own tokens.\n\n",
        in.at("command").get<std::string>(), in.at("revision").get<std::string>(),
        in.at("machine").get<std::string>(), in.at("seeds")[0].get<std::uint64_t>(),
        in.at("base").get<std::string>(), in.at("precision").get<std::string>(),
        in.at("parameters").get<std::int64_t>(), in.at("lessons").get<std::int64_t>(),
        in.at("lesson_rollouts").get<std::int64_t>(), in.at("rollouts").get<std::int64_t>(),
        in.at("train_seconds").get<double>(), in.at("usd_per_right_answer").get<double>());
    for (const auto& c : in.at("contests")) out += ContestTable(c);
    if (in.contains("inspect")) out += FamilyTable(in["inspect"]) + SharesText(in["inspect"]);
    return out + CurveText(in);
  } catch (const json::exception& e) {
    return Fail(Code::kInvalidRequest, std::string("no result file of baton-train: ") + e.what(),
                "bad_results");
  }
}

}  // namespace baton::train
