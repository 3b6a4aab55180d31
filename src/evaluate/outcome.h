// Outcome matrices: what each of several workers answered to each of many questions, what it scored, what it
// cost. The file `baton eval` reads is JSON Lines (also .gz, .zst): docs/format/outcomes.md.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace baton::evaluate {

inline constexpr double kUnpriced = std::numeric_limits<double>::quiet_NaN();

// One more answer of the same worker to the same question: what self-consistency and retries draw from.
struct Sample {
  float score = 0;  // 0 to 1
  std::string response, answer;
  std::int64_t completion_tokens = -1;
};

struct Cell {
  bool recorded = false;
  float score = 0;                                          // 0 to 1
  std::string response, answer;                             // as recorded; may be empty
  std::int64_t prompt_tokens = -1, completion_tokens = -1;  // -1: not recorded
  double cost_usd = kUnpriced;                              // NaN: neither recorded nor computable
  bool cost_estimated = false;  // from text length or assumed prices rather than recorded cost or tokens
  std::vector<Sample> samples;  // further answers; usually none
  // What each verifier of the study says of the answer: 1 accept, -1 reject, 0 cannot tell; empty: none was
  // run.
  std::vector<std::int8_t> verdicts;
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
