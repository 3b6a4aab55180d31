#include <nlohmann/json.hpp>

#include "evaluate/report.h"
#include "evaluate/report_page.h"

namespace baton::evaluate {

// The page with the result inside. In a script block only "</" could end it early, and "<!--" change how it
// is read: every "<" is written as JSON's own escape.
std::string ReportHtml(const nlohmann::ordered_json& report) {
  std::string data = report.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace), safe;
  for (const char c : data) {
    if (c == '<')
      safe += "\\u003c";
    else
      safe += c;
  }
  std::string page(ReportPage());
  constexpr std::string_view kPlace = "@RESULT@";
  page.replace(page.find(kPlace), kPlace.size(), safe);
  return page;
}

}  // namespace baton::evaluate
