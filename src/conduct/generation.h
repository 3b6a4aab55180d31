// Inside conduct/: one generation of any optimiser: which problems, which trials, one line of the curve.
#pragma once

#include <vector>

#include "base/random.h"
#include "conduct/optimise.h"

namespace baton::conduct {

// The problems of one generation: the same for every candidate, so that their differences are the
// candidates'.
std::vector<const arena::Problem*> DrawProblems(const std::vector<arena::Problem>& problems, int n,
                                                Random& random);
// From seed and generation alone, so that a resumed run draws the same; `purpose` keeps optimisers apart.
Random OfGeneration(std::uint64_t seed, int generation, std::uint64_t purpose);
// Candidate-major, each with a seed of its own.
std::vector<Trial> TrialsOf(const std::vector<Coordinator>& candidates,
                            const std::vector<const arena::Problem*>& problems, Random& random);
// `utilities`: the mean of each candidate's runs.
CurveRow RowOf(int generation, const std::vector<Run>& runs, std::size_t per_candidate,
               std::vector<double>* utilities);
// As asked, or ceil(4 + 3 ln n).
int PopulationOf(const Coordinator& c, const OptimiseOptions& o);
// The options' spread for every row of a head; empty when there is none.
std::vector<double> SpreadFor(const OptimiseOptions& o, std::size_t parameters);

}  // namespace baton::conduct
