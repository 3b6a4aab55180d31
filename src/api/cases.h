// Cases of the review queue as JSON.
#pragma once

#include <string>

#include "human/case.h"

namespace baton::api {

// Where the client of a case looks for its end.
std::string CaseUrl(const std::string& id);
// The body of a 202: the work lives on as a case.
std::string PendingBody(const std::string& case_id, ExchangeId exchange);
// For reviewers; `content`: with transcript, draft and resolution.
std::string ReviewerJson(const human::Case& c, bool content);
// For the client: how it stands, and when it was answered the completion.
std::string ClientJson(const human::Case& c);

}  // namespace baton::api
