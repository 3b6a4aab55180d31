// The training page: curves drawn as SVG, tables as text, nothing loaded from anywhere.
#include <fmt/format.h>

#include "conduct/chart.h"
#include "train/report.h"

namespace baton::train {
namespace {

conduct::Line LineOf(const char* name, const std::vector<CurveRow>& curve, bool warm,
                     double CurveRow::*value) {
  conduct::Line out{name, {}};
  for (const auto& r : curve) {
    if ((r.phase == "warm_start") == warm) out.values.push_back(r.*value);
  }
  return out;
}

}  // namespace

std::string TrainingPage(const RunFacts& facts, const std::vector<CurveRow>& curve,
                         const std::string& markdown) {
  using conduct::EscapeHtml;
  std::string out =
      "<!doctype html><meta charset='utf-8'><title>Conductor training</title><style>body{font:14px "
      "system-ui;margin:2em;max-width:720px}svg text{font-size:11px}pre{overflow:auto}</style>"
      "<h1>Conductor training</h1>";
  out += fmt::format("<p>{}<br>{} parameters over {} ({}), {}</p>", EscapeHtml(facts.command),
                     facts.parameters, EscapeHtml(facts.base), facts.precision, EscapeHtml(facts.machine));
  out += conduct::LineChart("Warm start: loss by step", {LineOf("loss", curve, true, &CurveRow::loss)});
  out += conduct::LineChart(
      "By reward: means over the rollouts of a step",
      {LineOf("reward", curve, false, &CurveRow::reward), LineOf("right", curve, false, &CurveRow::right),
       LineOf("valid", curve, false, &CurveRow::valid)});
  out += conduct::LineChart("Log-probabilities: llama.cpp against the trainer, mean difference",
                            {LineOf("apart", curve, false, &CurveRow::gap_mean)});
  return out + fmt::format("<pre>{}</pre>\n", EscapeHtml(markdown));
}

}  // namespace baton::train
