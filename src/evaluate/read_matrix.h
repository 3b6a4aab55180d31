// Outcome matrices from JSON Lines: docs/format/outcomes.md.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "evaluate/data_file.h"
#include "evaluate/outcome.h"

namespace baton::evaluate {

struct ReadOptions {
  FileLimits file;
  std::size_t rows = 2'000'000, workers = 2000;
  std::size_t text_bytes = std::size_t{6} << 30;  // prompts and answers that are kept
  double score_scale = 1;                         // scores are divided by this; a judge's 1 to 10 needs 10
  bool keep_texts = true;
};

// A line, or a part of one, that was not used, and why. Reading goes on.
struct LineProblem {
  std::uint64_t line = 0;
  std::string what;
};

struct ReadReport {
  std::uint64_t lines = 0;
  std::uint64_t problem_count = 0;
  std::vector<LineProblem> problems;  // the first 50
};

// Adds the file's rows to `matrix`; its workers join those that are there. Lines that cannot be read, doubled
// ids and scores that are none are left out and reported. Errors: the file cannot be read at all, is over a
// limit, or holds no usable row ("no_rows"); the matrix is then unusable.
Status ReadMatrix(const std::string& path, const ReadOptions& options, OutcomeMatrix& matrix,
                  ReadReport& report);

// The same from bytes; what tests and the fuzzer use.
Status ReadMatrixFrom(std::string_view bytes, const ReadOptions& options, OutcomeMatrix& matrix,
                      ReadReport& report);

}  // namespace baton::evaluate
