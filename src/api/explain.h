// The dry run as JSON, shared by POST /v1/route and `baton route`.
#pragma once

#include <string>

#include "exchange/exchange.h"

namespace baton::api {

std::string ToJson(const exchange::Explanation& explanation);

}  // namespace baton::api
