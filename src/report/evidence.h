// Evidence for a review: the controls with the figures of this store, as JSON or as one HTML page.
#pragma once

#include <string>
#include <vector>

#include "report/measured.h"

namespace baton::report {

struct EvidenceInput {
  const Measured& measured;
  std::int64_t events = 0;  // of the audit log
  std::string version, config_digest;
  std::int64_t at_unix_ns = 0;
};
std::string EvidenceJson(const EvidenceInput& in);
// Every text escaped, no script, nothing loaded from elsewhere.
std::string EvidenceHtml(const EvidenceInput& in);

}  // namespace baton::report
