// The git revision this program was built from, "-dirty" with local changes; "unknown" outside a checkout.
#pragma once

#include <string_view>

namespace baton::cli {

std::string_view Revision();

}  // namespace baton::cli
