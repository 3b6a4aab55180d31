// A study as the result file of learning.md (fixed keys), and as one page with curves.
#pragma once

#include <string>
#include <vector>

#include "conduct/study.h"

namespace baton::conduct {

struct ReportFacts {
  std::string command, revision, machine, simulated;  // simulated: which workers are; empty: none
  std::vector<std::uint64_t> seeds;
  double usd_per_right = 0;
  std::vector<std::pair<std::string, std::string>> settings;  // whatever else made the numbers
};

// JSON, indented: the keys of docs/format/coordinator_results.md.
std::string ReportJson(const Study& study, const std::vector<arena::Problem>& test, const ReportFacts& facts);
// The same in a table for a terminal; a difference whose interval holds zero reads "no difference found".
std::string ReportText(const Study& study);
// Self-contained HTML: utility and sigma over generations as SVG. Everything that comes from outside is
// escaped.
std::string CurvePage(const Study& study, const ReportFacts& facts);
// One policy of a result file: shares of workers, roles and steps per slice beside the oracle's, what the
// gate said, collapse, examples; with `before_json` (an earlier result file) what has changed.
// kInvalidRequest "bad_results", kNotFound "no_policy" naming those there are.
Result<std::string> InspectText(const std::string& results_json, const std::string& policy,
                                const std::string& before_json = "");
// The table page of `baton eval live`: the whole, then every family apart. Escaped like CurvePage.
std::string TablePage(const Study& study, const std::vector<arena::Problem>& test, const ReportFacts& facts);

}  // namespace baton::conduct
