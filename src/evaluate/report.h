// What an evaluation found: the result file (JSON, keys fixed: docs/format/outcomes.md), and that file as
// tables for a terminal and as one HTML page that needs no network.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "base/result.h"
#include "evaluate/run.h"

namespace baton::evaluate {

struct Setting {
  std::string revision, machine;
  int jobs = 1;
};

// Computes every figure and interval; takes seconds.
nlohmann::ordered_json BuildReport(const Study& study, const Tallies& tallies, const Setting& setting);

std::string ReportText(const nlohmann::ordered_json& report);
std::string ReportHtml(const nlohmann::ordered_json& report);

// The configuration a result file was made with. kInvalidRequest: it is no result file.
Result<EvalConfig> ConfigOf(const nlohmann::ordered_json& report);
// Names of the first differences, times, machine and revision aside; empty: the same.
std::vector<std::string> Differences(const nlohmann::ordered_json& was, const nlohmann::ordered_json& is);

}  // namespace baton::evaluate
