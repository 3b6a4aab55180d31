// Outcome matrices: what each of several workers answered to each of many questions, what it scored, what it
// cost. The file `baton eval` reads is JSON Lines (also .gz, .zst): docs/format/outcomes.md.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace baton::evaluate {

struct Cell {
  bool recorded = false;
  float score = 0;                                             // 0 to 1
  std::string response, answer;                                // as recorded; may be empty
  std::int64_t prompt_tokens = -1, completion_tokens = -1;     // -1: not recorded
  double cost_usd = std::numeric_limits<double>::quiet_NaN();  // NaN: neither recorded nor computable
  bool cost_estimated = false;  // from text length and a price table rather than recorded
};

struct Row {
  std::string id, benchmark, slice, prompt, reference;
  std::vector<Cell> cells;  // one per worker of the matrix
};

struct OutcomeMatrix {
  std::string file, sha256;
  std::vector<std::string> workers;
  std::vector<Row> rows;
};

}  // namespace baton::evaluate
