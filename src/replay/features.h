// Features as the record keeps them.
#pragma once

#include <optional>
#include <string_view>

#include "route/features.h"

namespace baton::replay {

// The other way round of route::ToJson(). nullopt: not such text. What an older record lacks keeps its
// default.
std::optional<route::Features> FeaturesFromJson(std::string_view json);

}  // namespace baton::replay
