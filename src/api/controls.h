// The caller's baton-* controls, from headers or from the request's metadata (which wins, being more
// specific).
#pragma once

#include "base/result.h"
#include "chat/types.h"
#include "net/http.h"
#include "rails/rails.h"

namespace baton::api {

// Removes baton-* keys from `metadata`; `stripped` says whether there were any (the raw body is then not to
// be passed on). kInvalidRequest naming the control for a value that is not what it should be, or an unknown
// baton-* name.
Result<rails::Controls> ReadControls(const net::HeaderViews& headers,
                                     std::vector<std::pair<std::string, std::string>>& metadata,
                                     bool& stripped);

// What a contract is given: takes the member `inputs`, an object of texts (other values as their JSON), out
// of the request's extra fields. kInvalidRequest when it is no object.
Status ReadInputs(chat::Request* request);

}  // namespace baton::api
