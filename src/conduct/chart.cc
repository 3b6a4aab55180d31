#include "conduct/chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace baton::conduct {
namespace {

constexpr double kWidth = 640, kHeight = 240, kLeft = 56, kBottom = 28;
constexpr const char* kColours[] = {"#2b6cb0", "#c05621", "#2f855a", "#805ad5", "#718096"};

}  // namespace

std::string EscapeHtml(std::string_view text) {
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

std::string LineChart(const std::string& title, const std::vector<Line>& lines) {
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
  std::string out = fmt::format("<h2>{}</h2><svg viewBox='0 0 {} {}' width='{}' role='img'>",
                                EscapeHtml(title), kWidth, kHeight + kBottom, kWidth);
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
                       kHeight + 20, colour, EscapeHtml(lines[k].name));
  }
  return out + "</svg>";
}

}  // namespace baton::conduct
