#include "estimate/evidence_terms.h"

namespace baton::estimate {
namespace {

void AddOpinion(const Opinion& o, double own, std::span<const float> prior, std::array<double, kTerms>* row) {
  (*row)[kReliabilityTerm] += own;
  if (!prior.empty()) (*row)[kPriorTerm] += PriorShift(prior[static_cast<std::size_t>(o.worker)], own);
  if (o.group == kUnread) (*row)[kUnreadTerm] += 1;
  for (std::size_t s = 0; s < kSigns; ++s) (*row)[kSignTerm + s] += static_cast<double>(o.signs[s]);
}

}  // namespace

void FillTerms(const Belief& belief, std::span<const Opinion> opinions, std::span<const float> prior,
               const Posterior& groups, TermRows* out) {
  const auto count = static_cast<std::size_t>(groups.count);
  for (std::size_t k = 0; k <= count; ++k) {
    out->rows[k].fill(0);
    out->given[k] = 0;
  }
  for (std::size_t i = 0; i < opinions.size(); ++i) {
    const auto k = static_cast<std::size_t>(groups.of[i]);
    AddOpinion(opinions[i], belief.OwnLogOdds(opinions[i].worker), prior, &out->rows[k]);
    // Each pair counts as its share of the group: with many members pairs repeat each other.
    for (std::size_t j = 0; j < i; ++j) {
      if (groups.of[j] == groups.of[i])
        out->rows[k][kPairTerm] +=
            belief.PairLift(opinions[j].worker, opinions[i].worker) * 2 / groups.groups[k].size;
    }
  }
  for (std::size_t k = 0; k < count; ++k) {
    const int size = groups.groups[k].size;
    // Only the verdict on the answer that would be given: equal answers get equal verdicts, not new ones.
    out->given[k] = opinions[static_cast<std::size_t>(groups.groups[k].best)].log_ratio;
    out->rows[k][kSizeTerm] = size - 1;
    out->rows[k][kLogSizeTerm] = std::log(size);
  }
  out->rows[count][kNoneTerm] = 1;
  out->rows[count][kNoneMoreTerm] = static_cast<double>(opinions.size()) - 1;
}

}  // namespace baton::estimate
