// An evaluation from files to tallies: read, price, group near duplicates, split, then every policy on every
// seed, side by side and resumable.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "evaluate/analysis.h"
#include "evaluate/prices.h"
#include "evaluate/read_matrix.h"
#include "evaluate/tally.h"

namespace baton::evaluate {

// Everything that the figures depend on besides the files' content and the code; stored in the result file.
struct EvalConfig {
  std::vector<std::string> files;
  std::string table;                  // the static table that texts become vectors by; empty: hashed words
  std::string prices;                 // file; empty: built-in list prices
  std::vector<std::string> policies;  // empty: all
  std::vector<std::string> verify;    // verifiers whose verdicts the matrix holds (Cell::verdicts)
  double train_share = 0.5;
  int seeds = 10;
  std::uint64_t first_seed = 1;
  int points = 24;   // values of the knob
  int draws = 1000;  // of the bootstrap
  double score_scale = 1;
  std::int64_t assumed_tokens = 250;
};

struct FileInfo {
  std::string file, sha256;
  std::size_t rows = 0, workers = 0;
  ReadReport report;
};

// What is fixed before any policy runs.
struct Study {
  EvalConfig config;
  std::vector<FileInfo> files;
  OutcomeMatrix matrix;
  std::vector<WorkerPrice> prices;
  std::size_t near_duplicates = 0;  // rows that are near duplicates of another
  Blocks blocks;
  std::vector<std::uint16_t> solved_by;
  std::vector<float> features;
  std::size_t width = 0, embedded = 0;
  std::string feature_id;  // what the features are
  std::vector<double> values;
  std::vector<std::uint64_t> seeds;
  std::vector<SeedFacts> facts;  // by seed
};

// Errors: a file that cannot be used, an unknown policy ("unknown_policy"), a split with an empty side.
Result<Study> Prepare(const EvalConfig& config);

struct RunOptions {
  int jobs = 1;
  // Of this program. Parts that another one finished are done again, unless it is one of `trusted`: the
  // caller says that nothing those parts depend on has changed since.
  std::string revision;
  std::vector<std::string> trusted;
  std::string resume;  // where finished parts are kept; empty: nowhere
  // After each finished part: what it was, how many of how many are done. Called by one thread at a time.
  std::function<void(const std::string& what, std::size_t done, std::size_t of)> progress;
};

struct Tallies {
  std::vector<PolicyTallies> policies;  // those that could not run: `skipped` in their first tally
  std::vector<Anchors> anchors;         // by seed
  std::vector<PolicyTallies> alone;     // every worker
};

// Equal study, equal tallies (but for times), whatever `jobs`.
Result<Tallies> Run(const Study& study, const RunOptions& options, const Clock& clock);

// Calls task(i) for each i < n on up to `jobs` threads; returns when all are done.
void InParallel(std::size_t n, int jobs, const std::function<void(std::size_t)>& task);

}  // namespace baton::evaluate
