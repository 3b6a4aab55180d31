// What a measured time depends on.
#pragma once

#include <string>

namespace baton {

// "AMD EPYC 9654, 2 cores, Linux 6.1.0": for reports.
std::string Machine();

}  // namespace baton
