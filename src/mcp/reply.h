// What a tool server answers, read into the neutral types.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "chat/types.h"
#include "mcp/limits.h"

namespace baton::mcp {

// Versions of the protocol that this client speaks, the newest first.
inline constexpr std::string_view kVersions[] = {"2025-06-18", "2025-03-26", "2024-11-05"};

struct ServerInfo {
  std::string name, version;  // of the server; bounded
  std::string protocol;
  bool tools = false;  // it offers tools
};
// kUnsupported "tool_version" when the server speaks only versions that we do not.
Result<ServerInfo> ReadInitialize(std::string_view result);

struct ToolPage {
  std::vector<chat::Tool> tools;
  std::string next_cursor;            // empty: the last page
  std::vector<std::string> left_out;  // "name: why", for the log
};
// A tool without a usable name or with a schema that is no JSON Schema of an object is left out.
Result<ToolPage> ReadToolPage(std::string_view result, const Limits& limits);

// Text, images, audio, resources; structured content goes into `extra` as "structuredContent" and, where the
// server gave nothing else, into the text as well. kBadUpstream "tool_garbage" when it is no result.
Result<chat::ToolResult> ReadToolResult(std::string_view result);

// A JSON-RPC error object: -32602 (and -32601) are the caller's fault: kInvalidRequest "tool_refused"; others
// are the server's: kBadUpstream "tool_error". The server's words are bounded and made harmless.
Error ReadError(std::string_view error);

}  // namespace baton::mcp
