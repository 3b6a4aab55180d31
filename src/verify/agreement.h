// Which answers say the same? Groups independent answers and tells how sure the largest group is. Used by
// votes (poll, self-consistency) and by the `agreement` verifier.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace baton::verify {

enum class Sameness {
  // Choice if two thirds of the answers that say anything look like choices, else number if two thirds end in
  // one, else normalised text. An answer that cannot be read in the way chosen is in no group.
  kAuto,
  // The text marked as the answer ("answer" in JSON, \boxed, "The answer is ..."; where nothing marks one,
  // the
  // whole), case, white space, punctuation and articles aside.
  kNormalised,
  kChoice,     // the option letter chosen
  kNumber,     // the final number, units and notation aside
  kEmbedding,  // cosine of given vectors at or above a threshold
};

struct Groups {
  // of[i]: group of answer i, 0 for the largest (of equals the one that began first); -1: nothing could be
  // read from it.
  std::vector<int> of;
  std::vector<int> sizes;         // by group, descending
  std::vector<std::string> keys;  // what the group agrees on ("B", "42"), at most 200 bytes each
  // Size of the largest over the number of answers; 0 without answers.
  double agreement = 0;
  // Index of the answer that stands for the largest group (its first member); -1 without answers.
  int representative = -1;
};

// Pure, linear in the texts. With kEmbedding use the second form (this one compares normalised text then).
// By vectors: an answer joins the first group whose first member is near enough; an empty vector is in none.
Groups Group(const std::vector<std::string_view>& answers, Sameness how);
// By keys: equal keys are one group, nullopt is in none.
Groups GroupByKeys(const std::vector<std::optional<std::string>>& keys);
Groups GroupByVectors(const std::vector<std::vector<float>>& vectors, double threshold);
// "auto", "normalised", "choice", "number", "embedding".
Result<Sameness> ParseSameness(std::string_view word);

// P(the leading group stays the leader when all `more` further answers are in), each answer independently
// joining the leader with probability `p` and the runner-up otherwise. A tie is not yet overtaken. 1 when it
// cannot be overtaken.
double LeadHolds(int leader, int runner_up, int more, double p);

}  // namespace baton::verify
