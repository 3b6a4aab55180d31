// The client's own bytes to a worker of the same dialect, and small things all dialects' encoders share.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "chat/types.h"
#include "provider/dialect.h"
#include "provider/loss.h"

namespace baton::provider {

inline bool Rejects(const Target& target, std::string_view name) {
  return std::find(target.rejects.begin(), target.rejects.end(), name) != target.rejects.end();
}

// True when the request came in `dialect`, nobody rewrote it, the worker can take all of it, and no other
// vendor's signature is in it.
bool CanPass(const chat::Request& r, chat::Dialect dialect, const Plan& plan, const Target& target);

// The raw body with the value of "model" replaced. REQUIRES: CanPass, and raw_model_len > 0.
std::string WithModel(const chat::Request& r, std::string_view model);

// JSON content type and what the answer is expected to be.
std::vector<std::pair<std::string, std::string>> JsonHeaders(bool stream);

// Tool arguments as the JSON object that Anthropic and Gemini demand. A valid object stays byte for byte; no
// text at all becomes {}; anything else becomes {"_arguments_text": "..."}; both are declared in the plan
// (where given).
std::string ArgumentsAsObject(const std::string& arguments, Plan* plan);
// The way back: the text inside a wrapped object, or the object's own bytes.
std::string ArgumentsFromObject(std::string_view object);

// The media type of base64 data by its first bytes, for senders who did not say; "image/png" when unknown.
std::string_view GuessImageType(std::string_view base64);

}  // namespace baton::provider
