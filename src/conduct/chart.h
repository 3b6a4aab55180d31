// Line charts as SVG for pages that load nothing from anywhere.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace baton::conduct {

std::string EscapeHtml(std::string_view text);

struct Line {
  std::string name;
  std::vector<double> values;
};
// A heading and the chart, all lines on one scale; at most five colours, then they repeat.
std::string LineChart(const std::string& title, const std::vector<Line>& lines);

}  // namespace baton::conduct
