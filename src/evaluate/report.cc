#include "evaluate/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "evaluate/metrics.h"
#include "evaluate/policy.h"

namespace baton::evaluate {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kSliceDraws = 200;
constexpr std::size_t kSliceRows = 40;  // smaller slices say too little to be shown
constexpr std::uint64_t kDrawSeed = 20261128;

// Six significant digits: enough to repeat every comparison, short enough to read. NaN and infinity are null.
Json Number(double x) {
  if (!std::isfinite(x)) return nullptr;
  return std::strtod(fmt::format("{:.6g}", x).c_str(), nullptr);
}
Json Pair(double a, double b) {
  return Json::array({Number(a), Number(b)});
}

template <class Get>
std::vector<double> Column(const std::vector<Figures>& draws, Get get) {
  std::vector<double> column;
  for (const Figures& f : draws) column.push_back(get(f));
  return column;
}

template <class Get>
Json WithInterval(double value, const std::vector<Figures>& draws, Get get, const char* name) {
  const Interval i = IntervalOf(Column(draws, get));
  return {{name, Number(value)}, {"ci95", Pair(i.low, i.high)}, {"se", Number(i.se)}};
}

// "better", "worse" or "no difference found": rule 4.
std::string Verdict(const Interval& i) {
  if (std::isfinite(i.low) && i.low > 0) return "better";
  if (std::isfinite(i.high) && i.high < 0) return "worse";
  return "no difference found";
}

struct Analysed {
  const PolicyTallies* tallies = nullptr;
  Figures figures;
  std::vector<Figures> draws;
};

class Builder {
 public:
  Builder(const Study& study, const Tallies& tallies, const Setting& setting)
      : study_(study), tallies_(tallies), setting_(setting), two_(study.matrix.workers.size() == 2) {}

  Json Build() {
    Json out;
    out["data"] = Data();
    out["seeds"] = study_.seeds;
    out["train_share"] = study_.config.train_share;
    out["revision"] = setting_.revision;
    out["machine"] = setting_.machine;
    out["config"] = Config();
    out["features"] = study_.feature_id;
    out["rows"] = study_.matrix.rows.size();
    out["near_duplicates"] = study_.near_duplicates;
    out["test_rows_per_seed"] = study_.facts[0].split.test.size();
    const auto all = Analyse(-1, study_.config.draws);
    Part(all, -1, out);
    out["against"] = Against(all);
    out["workers"] = Workers();
    Skipped(out);
    Slices(out);
    return out;
  }

 private:
  Json Data() const {
    Json list = Json::array();
    for (const FileInfo& f : study_.files) {
      Json problems = Json::array();
      for (const auto& p : f.report.problems) problems.push_back(fmt::format("line {}: {}", p.line, p.what));
      list.push_back({{"file", f.file},
                      {"sha256", f.sha256},
                      {"rows", f.rows},
                      {"workers", f.workers},
                      {"problem_count", f.report.problem_count},
                      {"problems", problems}});
    }
    return list;
  }

  Json Config() const {
    const EvalConfig& c = study_.config;
    return {{"files", c.files},       {"prices", c.prices},           {"table", c.table},
            {"policies", c.policies}, {"verify", c.verify},           {"train_share", c.train_share},
            {"seeds", c.seeds},       {"first_seed", c.first_seed},   {"points", c.points},
            {"draws", c.draws},       {"score_scale", c.score_scale}, {"assumed_tokens", c.assumed_tokens}};
  }

  std::vector<Analysed> Analyse(int slice, int draws) const {
    std::vector<Analysed> all;
    for (const auto& policy : tallies_.policies)
      if (policy.by_seed[0].skipped.empty()) all.push_back({&policy, {}, {}});
    const Weights weights = AllBlocks(study_.blocks, slice);
    InParallel(all.size(), setting_.jobs, [&](std::size_t i) {
      const auto& tallies = all[i].tallies->by_seed;
      all[i].figures = Compute(tallies, tallies_.anchors, weights, two_);
      all[i].draws = Bootstrap(tallies, tallies_.anchors, study_.blocks, slice, draws, kDrawSeed, two_);
    });
    return all;
  }

  // best_single, oracle and policies: the same keys for the whole and for a slice.
  void Part(const std::vector<Analysed>& all, int slice, Json& out) const {
    const Weights weights = AllBlocks(study_.blocks, slice);
    const std::vector<Tally> best = BestTallies();
    const Figures f = Compute(best, tallies_.anchors, weights, two_);
    out["best_single"] = {
        {"worker", BestName()}, {"quality", Number(f.best_quality)}, {"cost_usd", Number(f.best_cost)}};
    out["oracle"] = {{"quality", Number(f.oracle_quality)}, {"cost_usd", Number(f.oracle_cost)}};
    Json policies = Json::object();
    for (const Analysed& a : all) policies[a.tallies->name] = PolicyJson(a, weights, slice < 0);
    out["policies"] = std::move(policies);
  }

  Json PolicyJson(const Analysed& a, const Weights& weights, bool whole) const {
    const Figures& f = a.figures;
    Json j;
    j["quality"] = Number(f.quality);
    j["cost_usd"] = Number(f.cost);
    j["calls"] = Number(f.calls);
    j["tokens"] = Number(f.tokens);
    j["aiq"] = Number(f.aiq);
    j["aiq_to_best_single"] = Number(f.aiq_to_best);
    const auto gain = [](const Figures& d) { return d.quality - d.best_quality; };
    const Interval i = IntervalOf(Column(a.draws, gain));
    j["at_best_single_cost"] = {{"quality", Number(f.quality)},
                                {"difference", Number(gain(f))},
                                {"ci95", Pair(i.low, i.high)},
                                {"se", Number(i.se)},
                                {"verdict", Verdict(i)}};
    j["cost_to_match_best_single"] = Match(a);
    j["oracle_gap_closed"] = Number((f.quality - f.best_quality) / (f.oracle_quality - f.best_quality));
    j["solved_when_1_to_3_can"] = Number(f.hard);
    Json budgets = Json::array();
    for (std::size_t k = 0; k < kBudgetShares.size(); ++k) {
      Json b = {{"share", kBudgetShares[k]}};
      b.update(WithInterval(
          f.at_budget[k], a.draws, [k](const Figures& d) { return d.at_budget[k]; }, "quality"));
      budgets.push_back(std::move(b));
    }
    j["at_budgets"] = std::move(budgets);
    if (two_) {
      j["apgr"] = WithInterval(
          f.apgr, a.draws, [](const Figures& d) { return d.apgr; }, "value");
      j["cpt50"] = Number(f.cpt50);
      j["cpt80"] = Number(f.cpt80);
    }
    if (whole) Whole(a, j);
    Json curve = Json::array();
    for (const CurvePoint& p : CurveOf(a.tallies->by_seed, weights)) curve.push_back(Pair(p.cost, p.quality));
    j["curve"] = std::move(curve);
    return j;
  }

  Json Match(const Analysed& a) const {
    if (std::isnan(a.figures.match)) return nullptr;
    const Interval i = IntervalOf(Column(a.draws, [](const Figures& d) { return d.match_share; }));
    return {{"usd", Number(a.figures.match)},
            {"share", Number(a.figures.match_share)},
            {"ci95", Pair(i.low, i.high)}};
  }

  // What belongs to the policy rather than to a slice of questions.
  void Whole(const Analysed& a, Json& j) const {
    std::vector<double> p50, p99, fit, worst;
    for (const Tally& t : a.tallies->by_seed) {
      p50.push_back(t.decide_p50_us);
      p99.push_back(t.decide_p99_us);
      fit.push_back(t.fit_seconds);
      worst.push_back(static_cast<double>(*std::max_element(t.worst.begin(), t.worst.end())));
    }
    j["worst_case_usd"] = Number(Quantile(worst, 1));
    j["decision_us"] = {{"p50", Number(Quantile(p50, 0.5))}, {"p99", Number(Quantile(p99, 0.5))}};
    j["fit_seconds"] = Number(Quantile(fit, 0.5));
    if (a.tallies->revisions != std::vector<std::string>{setting_.revision})
      j["revisions"] = a.tallies->revisions;
    const PolicyKind* kind = FindPolicy(a.tallies->name);
    j["what"] = kind ? kind->what : "";
    j["source"] = kind ? kind->source : "";
    if (!a.tallies->by_seed[0].calibration.empty()) j["calibration"] = Calibration(a.tallies->by_seed);
  }

  static Json Calibration(const std::vector<Tally>& seeds) {
    std::vector<Tally::Bin> sum(10);
    double cells = 0, error = 0, squares = 0;
    for (const Tally& t : seeds) {
      for (std::size_t b = 0; b < t.calibration.size(); ++b) {
        sum[b].cells += t.calibration[b].cells;
        sum[b].believed += t.calibration[b].believed;
        sum[b].scored += t.calibration[b].scored;
        squares += t.calibration[b].squares;
      }
    }
    Json bins = Json::array();
    for (const auto& b : sum) {
      cells += b.cells;
      error += std::fabs(b.believed - b.scored);
      if (b.cells > 0)
        bins.push_back({{"believed", Number(b.believed / b.cells)},
                        {"scored", Number(b.scored / b.cells)},
                        {"cells", Number(b.cells / static_cast<double>(seeds.size()))}});
    }
    return {{"ece", Number(error / cells)}, {"brier", Number(squares / cells)}, {"bins", bins}};
  }

  // How the policy in the row does against the one in the column, paired.
  Json Against(const std::vector<Analysed>& all) const {
    Json out = Json::object();
    for (const Analysed& a : all) {
      Json row = Json::object();
      for (const Analysed& b : all) {
        if (&a == &b) continue;
        Json cell;
        cell["aiq"] = Difference(a, b, [](const Figures& f) { return f.aiq; });
        cell["aiq_to_best_single"] = Difference(a, b, [](const Figures& f) { return f.aiq_to_best; });
        for (std::size_t k = 0; k < kBudgetShares.size(); ++k)
          cell[fmt::format("at_{:.0f}%", kBudgetShares[k] * 100)] =
              Difference(a, b, [k](const Figures& f) { return f.at_budget[k]; });
        cell["solved_when_1_to_3_can"] = Difference(a, b, [](const Figures& f) { return f.hard; });
        row[b.tallies->name] = std::move(cell);
      }
      // The whole square would be long and is in the draws anyway; what is ours is compared.
      if (a.tallies->name == "evidence" || a.tallies->name == "router") out[a.tallies->name] = std::move(row);
    }
    return out;
  }

  template <class Get>
  static Json Difference(const Analysed& a, const Analysed& b, Get get) {
    std::vector<double> differences;
    for (std::size_t d = 0; d < a.draws.size(); ++d) differences.push_back(get(a.draws[d]) - get(b.draws[d]));
    const Interval i = IntervalOf(differences);
    return {{"difference", Number(get(a.figures) - get(b.figures))},
            {"ci95", Pair(i.low, i.high)},
            {"se", Number(i.se)},
            {"verdict", Verdict(i)}};
  }

  Json Workers() const {
    Json out = Json::object();
    const Weights weights = AllBlocks(study_.blocks, -1);
    for (std::size_t w = 0; w < study_.matrix.workers.size(); ++w) {
      const auto curve = CurveOf(tallies_.alone[w].by_seed, weights);
      std::size_t recorded = 0;
      for (const Row& row : study_.matrix.rows) recorded += row.cells[w].recorded;
      const WorkerPrice& p = study_.prices[w];
      out[study_.matrix.workers[w]] = {{"quality", Number(curve[0].quality)},
                                       {"cost_usd", Number(curve[0].cost)},
                                       {"recorded", recorded},
                                       {"price_basis", BasisName(p.basis)},
                                       {"price_of", p.matched},
                                       {"input_per_mtok", Number(p.input_per_mtok)},
                                       {"output_per_mtok", Number(p.output_per_mtok)}};
    }
    return out;
  }

  void Skipped(Json& out) const {
    Json skipped = Json::object();
    for (const auto& policy : tallies_.policies)
      if (!policy.by_seed[0].skipped.empty()) skipped[policy.name] = policy.by_seed[0].skipped;
    out["skipped"] = std::move(skipped);
  }

  void Slices(Json& out) const {
    Json slices = Json::object();
    for (std::size_t s = 0; study_.blocks.slices.size() > 1 && s < study_.blocks.slices.size(); ++s) {
      if (study_.blocks.slice_rows[s] < kSliceRows) continue;
      Json slice = {{"rows", study_.blocks.slice_rows[s]}};
      const int index = static_cast<int>(s);
      Part(Analyse(index, std::min(kSliceDraws, study_.config.draws)), index, slice);
      slices[study_.blocks.slices[s]] = std::move(slice);
    }
    out["slices"] = std::move(slices);
  }

  std::vector<Tally> BestTallies() const {
    std::vector<Tally> best;
    for (const Anchors& a : tallies_.anchors) best.push_back(a.best);
    return best;
  }

  // The one that most seeds chose on their training rows.
  std::string BestName() const {
    std::vector<std::size_t> chosen(study_.matrix.workers.size());
    for (const SeedFacts& f : study_.facts) ++chosen[f.best];
    return study_.matrix
        .workers[static_cast<std::size_t>(std::max_element(chosen.begin(), chosen.end()) - chosen.begin())];
  }

  const Study& study_;
  const Tallies& tallies_;
  const Setting& setting_;
  bool two_;
};

void Compare(const Json& was, const Json& is, const std::string& path, std::vector<std::string>& found) {
  static constexpr const char* kMayDiffer[] = {"revision", "revisions", "machine", "decision_us",
                                               "fit_seconds"};
  if (found.size() >= 20) return;
  if (was.is_object() && is.is_object()) {
    for (const auto& [key, value] : was.items()) {
      if (std::find(std::begin(kMayDiffer), std::end(kMayDiffer), key) != std::end(kMayDiffer)) continue;
      if (!is.contains(key))
        found.push_back(path + "/" + key + ": no longer there");
      else
        Compare(value, is[key], path + "/" + key, found);
    }
  } else if (was.is_array() && is.is_array() && was.size() == is.size()) {
    for (std::size_t i = 0; i < was.size(); ++i) Compare(was[i], is[i], fmt::format("{}/{}", path, i), found);
  } else if (was != is) {
    found.push_back(
        fmt::format("{}: was {}, is {}", path, was.dump().substr(0, 60), is.dump().substr(0, 60)));
  }
}

}  // namespace

nlohmann::ordered_json BuildReport(const Study& study, const Tallies& tallies, const Setting& setting) {
  return Builder(study, tallies, setting).Build();
}

Result<EvalConfig> ConfigOf(const nlohmann::ordered_json& report) {
  EvalConfig c;
  try {
    const auto& j = report.at("config");
    j.at("files").get_to(c.files);
    j.at("prices").get_to(c.prices);
    j.at("table").get_to(c.table);
    j.at("policies").get_to(c.policies);
    if (j.contains("verify")) j.at("verify").get_to(c.verify);  // older files have none
    j.at("train_share").get_to(c.train_share);
    j.at("seeds").get_to(c.seeds);
    j.at("first_seed").get_to(c.first_seed);
    j.at("points").get_to(c.points);
    j.at("draws").get_to(c.draws);
    j.at("score_scale").get_to(c.score_scale);
    j.at("assumed_tokens").get_to(c.assumed_tokens);
  } catch (const nlohmann::json::exception&) {
    return Fail(Code::kInvalidRequest, "this is not a result file of `baton eval --json`", "bad_result_file");
  }
  return c;
}

std::vector<std::string> Differences(const nlohmann::ordered_json& was, const nlohmann::ordered_json& is) {
  std::vector<std::string> found;
  Compare(was, is, "", found);
  return found;
}

}  // namespace baton::evaluate
