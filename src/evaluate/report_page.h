// The report's page without its data; src/evaluate/report_page.html, taken into the program at build time.
// Holds
// "@RESULT@" once.
#pragma once

#include <string_view>

namespace baton::evaluate {

std::string_view ReportPage();

}  // namespace baton::evaluate
