// What one policy did with one seed's test rows, summed up by block of questions and by value. Everything the
// report says, intervals included, is computed from tallies; single rows are not kept.
//
// A block is a handful of questions of one slice, near duplicates together, the same for every seed and
// policy. It is the unit that the bootstrap draws: with some hundreds of blocks the interval is that of
// drawing questions, and a thousand draws over ten seeds and twenty policies cost seconds.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "evaluate/outcome.h"
#include "evaluate/policy.h"
#include "evaluate/replay.h"
#include "evaluate/split.h"

namespace baton::evaluate {

struct Blocks {
  std::vector<std::uint32_t> of_row;    // block of each row of the matrix
  std::vector<std::uint32_t> slice_of;  // slice of each block
  std::vector<std::string> slices;      // names
  std::vector<std::size_t> slice_rows;  // rows per slice
  std::size_t size() const { return slice_of.size(); }
};

// Slices: the rows' own word where there is one; the benchmark where the matrix holds several. Those beyond
// the largest `max_slices` - 1 are one slice, "other". About `target` blocks in all.
Blocks MakeBlocks(const OutcomeMatrix& matrix, const std::vector<std::size_t>& group,
                  std::size_t target = 400, std::size_t max_slices = 16);

struct Tally {
  std::size_t blocks = 0, values = 0;
  std::vector<float> rows, hard_rows;  // per block: questions; questions that 1 to 3 workers answer right
  // Per block and value (block-major): sums over the block's questions.
  std::vector<float> quality, cost, calls, tokens, hard_right, best_calls;
  std::vector<float> worst;  // per value: the most spent on one question
  // What the policy believed of all recorded test cells, by tenth of belief, and what came true.
  struct Bin {
    // squares: of the difference, for the Brier score
    double cells = 0, believed = 0, scored = 0, squares = 0;
  };
  std::vector<Bin> calibration;                 // 10, or none
  double decide_p50_us = 0, decide_p99_us = 0;  // of the first decision on a question, features given
  double fit_seconds = 0;
  std::string skipped;  // why the policy was left out; everything else is empty then

  void Resize(std::size_t b, std::size_t v);
};

// What follows from the training rows of one seed, whatever the policy.
struct SeedFacts {
  Split split;
  std::size_t best = 0, cheapest = 0, dearest = 0;  // workers, by mean quality and mean cost on training rows
};
SeedFacts FactsOf(const OutcomeMatrix& matrix, Split split);

// How many workers answer each row right (score of at least a half), for the hard questions.
std::vector<std::uint16_t> SolvedBy(const OutcomeMatrix& matrix);

struct TallyInput {
  const OutcomeMatrix& matrix;
  const Blocks& blocks;
  const std::vector<std::uint16_t>& solved_by;
  const std::vector<float>& features;
  std::size_t width = 0, embedded = 0;
  const std::vector<double>& values;
  const Clock& clock;
};

// Fits the policy on the seed's training rows and replays its test rows once per value.
Tally RunPolicy(const TallyInput& in, const SeedFacts& seed, std::uint64_t seed_number, Policy& policy);
// One worker alone on the test rows; where it has no recorded answer it scores 0 at the mean price.
Tally RunAlone(const TallyInput& in, const SeedFacts& seed, std::size_t worker);
// For each question the cheapest of the best answers, known by looking at the scores: a bound, not a policy.
Tally RunOracle(const TallyInput& in, const SeedFacts& seed);

}  // namespace baton::evaluate
