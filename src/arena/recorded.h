// Recorded outcomes as a pool: each worker says what it once said to the same question, and costs what it
// cost.
//
// For single turns only: nobody recorded what a worker would have said to another step's output. A step that
// sees anything but the question is answered as if it saw the question alone; policies for several turns are
// trained live.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "arena/environment.h"

namespace baton::arena {

struct RecordedCell {
  bool recorded = false;
  double score = 0;  // 0 to 1
  std::string response;
  std::int64_t prompt_tokens = 0, completion_tokens = 0;
  double cost_usd = 0;
};
struct RecordedRow {
  std::string id, slice, prompt, reference;
  std::vector<RecordedCell> cells;  // one per worker
};
struct RecordedSet {
  std::vector<std::string> workers;
  std::vector<RecordedRow> rows;
};

// Problems of the rows; their answers are scored by what was recorded for the worker who gave it.
std::vector<Problem> ProblemsOf(const RecordedSet& set);
// The same interface over the set. A worker without a record for a question fails there. Prices are per call,
// the worker's mean. `set` outlives it. kInvalidRequest "bad_recording": no workers, or rows of unequal
// length.
Result<std::unique_ptr<Environment>> CreateRecorded(Loop& loop, const RecordedSet& set);

}  // namespace baton::arena
