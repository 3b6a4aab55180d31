// The training page: two line charts drawn as SVG, nothing loaded from anywhere.
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>

#include "conduct/report.h"
#include "conduct/table.h"

namespace baton::conduct {
namespace {

constexpr double kWidth = 640, kHeight = 240, kLeft = 56, kBottom = 28;
constexpr const char* kColours[] = {"#2b6cb0", "#c05621", "#2f855a", "#805ad5", "#718096"};

std::string Escape(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '&')
      out += "&amp;";
    else if (c == '"')
      out += "&quot;";
    else
      out.push_back(c);
  }
  return out;
}

struct Line {
  std::string name;
  std::vector<double> values;
};

std::string Chart(const std::string& title, const std::vector<Line>& lines) {
  double low = std::numeric_limits<double>::infinity(), high = -low;
  std::size_t most = 2;
  for (const auto& l : lines) {
    for (const double v : l.values) {
      low = std::min(low, v);
      high = std::max(high, v);
    }
    most = std::max(most, l.values.size());
  }
  if (!(high > low)) {
    low -= 0.5;
    high = low + 1;
  }
  std::string out = fmt::format("<h2>{}</h2><svg viewBox='0 0 {} {}' width='{}' role='img'>", Escape(title),
                                kWidth, kHeight + kBottom, kWidth);
  for (int i = 0; i <= 4; ++i) {
    const double v = low + (high - low) * i / 4, y = kHeight - (kHeight - 10) * i / 4;
    out += fmt::format(
        "<line x1='{}' x2='{}' y1='{:.1f}' y2='{:.1f}' stroke='#e2e8f0'/><text x='2' "
        "y='{:.1f}'>{:.4g}</text>",
        kLeft, kWidth, y, y, y + 4, v);
  }
  for (std::size_t k = 0; k < lines.size(); ++k) {
    const char* colour = kColours[k % std::size(kColours)];
    out += fmt::format("<polyline fill='none' stroke='{}' stroke-width='2' points='", colour);
    for (std::size_t i = 0; i < lines[k].values.size(); ++i) {
      const double x = kLeft + (kWidth - kLeft - 6) * static_cast<double>(i) / static_cast<double>(most - 1);
      const double y = kHeight - (kHeight - 10) * (lines[k].values[i] - low) / (high - low);
      out += fmt::format("{:.1f},{:.1f} ", x, y);
    }
    out += fmt::format("'/><text x='{}' y='{}' fill='{}'>{}</text>", kLeft + 8 + 150 * static_cast<double>(k),
                       kHeight + 20, colour, Escape(lines[k].name));
  }
  return out + "</svg>";
}

}  // namespace

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
  out += fmt::format("<p>{}<br>{} parameters, {}</p>", Escape(facts.command), study.coordinator.parameters(),
                     Escape(facts.machine));
  out += Chart("Utility by generation (mean over candidates)", utility);
  out += Chart("Step size sigma", sigma);
  return out + fmt::format("<h2>On the test problems</h2><pre>{}</pre>\n", Escape(ReportText(study)));
}

std::string TablePage(const Study& study, const std::vector<arena::Problem>& test, const ReportFacts& facts) {
  std::map<std::string, std::vector<std::size_t>> families;
  for (std::size_t i = 0; i < test.size(); ++i) families[test[i].family].push_back(i);
  std::string out =
      "<!doctype html><meta charset='utf-8'><title>Live pool</title><style>body{font:14px "
      "system-ui;margin:2em}"
      "pre{overflow:auto}</style><h1>A live pool, every policy on the same problems</h1>";
  out += fmt::format("<p>{}<br>{}, revision {}</p>", Escape(facts.command), Escape(facts.machine),
                     Escape(facts.revision));
  if (!facts.simulated.empty()) out += fmt::format("<p>Simulated workers: {}</p>", Escape(facts.simulated));
  out += fmt::format("<h2>All {} problems</h2><pre>{}</pre>", test.size(), Escape(ReportText(study)));
  for (const auto& [family, rows] : families)
    out += fmt::format("<h2>{} ({})</h2><pre>{}</pre>", Escape(family), rows.size(),
                       Escape(ReportText(Part(study, rows))));
  return out + "\n";
}

}  // namespace baton::conduct
