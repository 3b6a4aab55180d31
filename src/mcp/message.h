// JSON-RPC 2.0 as the Model Context Protocol uses it (revision 2025-06-18): texts in, texts out, no state.
//
// What a message carries stays JSON text here: the two sides of it are read by reply.h.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace baton::mcp {

struct Message {
  enum class Kind { kReply, kErrorReply, kRequest, kNotification };
  Kind kind = Kind::kNotification;
  std::int64_t id = 0;     // kReply, kErrorReply: which of our requests; -1 when it is not one of our numbers
  std::string request_id;  // kRequest: the server's id as JSON text
  std::string method;      // kRequest, kNotification
  std::string payload;     // the result, the error object or the params, as JSON text; may be empty
};

// kBadUpstream "tool_garbage" when it is no JSON-RPC message.
Result<Message> ReadMessage(std::string_view text);

// `params` is a JSON object as text, or empty. No line break in any of these.
std::string MakeRequest(std::int64_t id, std::string_view method, std::string_view params);
std::string MakeNotification(std::string_view method, std::string_view params);
std::string MakeReply(std::string_view request_id, std::string_view result);
std::string MakeErrorReply(std::string_view request_id, int code, std::string_view message);

// Our requests' params.
std::string InitializeParams(std::string_view version);
std::string ListParams(std::string_view cursor);
// kInvalidRequest "bad_arguments" when `arguments` is no JSON object (empty counts as {}).
Result<std::string> CallParams(std::string_view name, std::string_view arguments);
std::string CancelledParams(std::int64_t id, std::string_view reason);

}  // namespace baton::mcp
