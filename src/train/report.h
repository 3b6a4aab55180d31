// What a training run came to: the result file (docs/format/conductor_results.md), tables, one HTML page.
#pragma once

#include <string>
#include <vector>

#include "train/checkpoint.h"
#include "train/evaluation.h"

namespace baton::train {

struct RunFacts {
  std::string command, revision, machine, base, precision;
  std::uint64_t seed = 0;
  std::int64_t parameters = 0, lessons = 0, lesson_rollouts = 0;
  double train_seconds = 0, usd_per_right = 0;
  std::vector<std::string> pool, added;
};

std::string ResultsJson(const RunFacts& facts, const std::vector<CurveRow>& curve,
                        const std::vector<Contest>& contests);
// Made from the result file alone, so that tables and file cannot differ. kInvalidRequest "bad_results".
Result<std::string> ResultsMarkdown(const std::string& results_json);
std::string TrainingPage(const RunFacts& facts, const std::vector<CurveRow>& curve,
                         const std::string& markdown);

}  // namespace baton::train
