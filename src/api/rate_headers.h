// x-ratelimit-*: what is left of a key's limits, as OpenAI's clients read it.
#pragma once

#include <string>

#include "access/principal.h"
#include "net/http.h"

namespace baton::api {

// "12ms", "1s", "6m0s", "1h2m3s".
std::string ResetText(Duration d);
// Limit, remaining and reset of requests and tokens, of the tightest limit each; nothing where there is none.
void AddRateHeaders(const access::Principal& who, TimePoint now, net::HeaderList& headers);

}  // namespace baton::api
