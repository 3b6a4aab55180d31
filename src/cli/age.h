// Times on the command line.
#pragma once

#include <string>

#include "base/clock.h"
#include "base/result.h"

namespace baton::cli {

// "90s", "15m", "2h", "7d". `option` names it in the error.
Result<Duration> ParseAge(const std::string& text, const std::string& option);

}  // namespace baton::cli
