// The learned evidence policy as a file: docs/format/evidence.md.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "estimate/evidence_plan.h"

namespace baton::estimate {

struct EvidenceModel {
  std::string version;     // "evidence-" and the first digits of the checksum; set by reading and writing
  std::string trained_on;  // for people: files, rows, seed
  std::vector<std::string> workers;  // names, in the table's order
  std::vector<double> out_tokens;    // mean length of their answers; negative: not known
  Evidence evidence;
};

std::string ToText(EvidenceModel* model);
// kInvalidRequest: "not_evidence" (something else), "evidence_version" (of a later format),
// "evidence_damaged" (changed, cut short, or numbers that fit nothing).
Result<EvidenceModel> EvidenceFromText(std::string_view text, const std::string& name);
// The same of a file; kNotFound, kTooLarge (over 64 MB).
Result<EvidenceModel> LoadEvidence(const std::string& path);
Status SaveEvidence(EvidenceModel* model, const std::string& path);

}  // namespace baton::estimate
