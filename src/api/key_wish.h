// What /admin is told about keys and balances, as plain data.
#pragma once

#include <string>

#include "access/issue.h"
#include "base/result.h"

namespace baton::api {

// Bodies are JSON objects of at most 64 KB; a member that nobody knows is refused, for it may have been meant
// as a limit. kInvalidRequest "bad_key_request" naming the member, "bad_body"; kTooLarge.

// POST /admin/keys. Names and amounts are checked by access::IssueKey.
Result<access::KeyWish> ReadKeyWish(const std::string& body);

// POST /admin/keys/{id}/rotate: {"overlap": "24h"}, which is also the default.
Result<Duration> ReadOverlap(const std::string& body);

// POST /admin/budgets: added to what is spent; negative takes back.
struct Correction {
  std::string account;
  budget::Amount change;
};
Result<Correction> ReadCorrection(const std::string& body);

}  // namespace baton::api
