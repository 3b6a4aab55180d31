// The training page: two line charts drawn as SVG, nothing loaded from anywhere.
#include <fmt/format.h>

#include <map>

#include "conduct/chart.h"
#include "conduct/report.h"
#include "conduct/table.h"

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

std::string TablePage(const Study& study, const std::vector<arena::Problem>& test, const ReportFacts& facts) {
  std::map<std::string, std::vector<std::size_t>> families;
  for (std::size_t i = 0; i < test.size(); ++i) families[test[i].family].push_back(i);
  std::string out =
      "<!doctype html><meta charset='utf-8'><title>Live pool</title><style>body{font:14px "
      "system-ui;margin:2em}"
      "pre{overflow:auto}</style><h1>A live pool, every policy on the same problems</h1>";
  out += fmt::format("<p>{}<br>{}, revision {}</p>", EscapeHtml(facts.command), EscapeHtml(facts.machine),
                     EscapeHtml(facts.revision));
  if (!facts.simulated.empty())
    out += fmt::format("<p>Simulated workers: {}</p>", EscapeHtml(facts.simulated));
  out += fmt::format("<h2>All {} problems</h2><pre>{}</pre>", test.size(), EscapeHtml(ReportText(study)));
  for (const auto& [family, rows] : families)
    out += fmt::format("<h2>{} ({})</h2><pre>{}</pre>", EscapeHtml(family), rows.size(),
                       EscapeHtml(ReportText(Part(study, rows))));
  return out + "\n";
}

}  // namespace baton::conduct
