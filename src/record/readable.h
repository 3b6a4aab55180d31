// Rows of the audit chain as people read them.
#pragma once

#include <string>

#include "audit/chain.h"

namespace baton::record {

// One JSON object; of a content whose it is, how large and (in the clear) what. Empty: the bytes are no such
// row.
std::string Readable(audit::Kind kind, const std::string& canonical);
// `readable` is what Readable() gives.
bool ReadableAgrees(audit::Kind kind, const std::string& canonical, const std::string& readable);

}  // namespace baton::record
