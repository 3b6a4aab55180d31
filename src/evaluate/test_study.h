// Small simulated outcome matrices for tests.
#pragma once

#include <string>

#include "base/random.h"
#include "evaluate/outcome.h"

namespace baton::evaluate {

// Questions of two kinds that their words give away. "small" answers the easy ones for a cent of what "large"
// costs, which answers nearly all; "middle" is between. Answers are numbers: right ones agree, wrong ones
// seldom.
inline OutcomeMatrix Simulated(std::size_t rows, std::uint64_t seed = 1) {
  Random random(seed);
  OutcomeMatrix m;
  m.workers = {"large", "middle", "small"};
  const double easy[] = {0.97, 0.95, 0.93}, hard[] = {0.9, 0.55, 0.1}, usd[] = {0.01, 0.002, 0.0001};
  const char* words[] = {"apples", "pears", "trains", "boxes", "shelves", "rivers", "stones", "cards"};
  for (std::size_t r = 0; r < rows; ++r) {
    const bool is_hard = random.Unit() < 0.5;
    Row row;
    row.id = "q" + std::to_string(r);
    row.benchmark = "simulated";
    row.slice = is_hard ? "hard" : "easy";
    const std::uint64_t truth = random.Below(1000);
    row.prompt = std::string(is_hard ? "Prove the theorem about prime integrals of" : "Add the number of") +
                 " " + words[random.Below(8)] + " and " + words[random.Below(8)] + " number " +
                 std::to_string(random.Below(100000));
    row.reference = std::to_string(truth);
    for (std::size_t w = 0; w < 3; ++w) {
      Cell cell;
      cell.recorded = true;
      const bool right = random.Unit() < (is_hard ? hard : easy)[w];
      cell.score = right ? 1 : 0;
      cell.answer = std::to_string(right ? truth : random.Below(1000) + 1000);
      cell.response = "The answer is " + cell.answer + ".";
      cell.cost_usd = usd[w];
      row.cells.push_back(cell);
    }
    m.rows.push_back(row);
  }
  return m;
}

}  // namespace baton::evaluate
