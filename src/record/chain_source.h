// A store as a source for verification: every link with the row it stands for, in one consistent view.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "audit/event.h"
#include "audit/verify.h"
#include "record/content.h"

namespace baton::record {

// Reads beside a running server. Holds its view of the store until destroyed.
Result<std::unique_ptr<audit::Source>> OpenChainSource(const std::string& path);
// Events of that action, oldest first.
Result<std::vector<audit::Event>> ReadEvents(const std::string& path, std::string_view action);
// Every content that was not erased, oldest first, until `take` fails.
Status EachContent(const std::string& path, const std::function<Status(const Content&)>& take);

}  // namespace baton::record
