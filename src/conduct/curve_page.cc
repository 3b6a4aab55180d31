// The training page: two line charts drawn as SVG, nothing loaded from anywhere.
#include <fmt/format.h>

#include "conduct/chart.h"
#include "conduct/report.h"

namespace baton::conduct {
std::string CurvePage(const Study& study, const ReportFacts& facts) {
  std::vector<Line> utility, sigma;
  for (const auto& [name, rows] : study.curves) {
    Line mean{name, {}}, s{name, {}};
    for (const auto& r : rows) {
      mean.values.push_back(r.mean);
      s.values.push_back(r.sigma);
    }
    utility.push_back(mean);
    if (!rows.empty() && rows.back().sigma > 0) sigma.push_back(s);
  }
  std::string out =
      "<!doctype html><meta charset='utf-8'><title>Coordinator training</title><style>body{font:14px "
      "system-ui;margin:2em;"
      "max-width:720px}svg text{font-size:11px}pre{overflow:auto}</style><h1>Coordinator training</h1>";
  out += fmt::format("<p>{}<br>{} parameters, {}</p>", EscapeHtml(facts.command),
                     study.coordinator.parameters(), EscapeHtml(facts.machine));
  out += LineChart("Utility by generation (mean over candidates)", utility);
  out += LineChart("Step size sigma", sigma);
  return out + fmt::format("<h2>On the test problems</h2><pre>{}</pre>\n", EscapeHtml(ReportText(study)));
}

}  // namespace baton::conduct
