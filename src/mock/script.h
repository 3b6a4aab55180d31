// A mock provider's script: what to answer to which request, and what to break. Format: docs/mock.md.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "chat/types.h"

namespace baton::mock {

// One thing that goes wrong (or slow) with a reply.
struct Fault {
  std::optional<int> status;  // answer with this status and the dialect's error body
  std::string error_type, error_code, error_message;
  std::map<std::string, std::string> headers;  // e.g. retry-after
  Duration latency{};                          // before the head
  Duration per_chunk{};                        // between stream chunks
  std::optional<std::int64_t> cut_after;       // close the connection after that many body bytes
  std::optional<std::int64_t>
      stall_after;               // stop sending after that many body bytes, keep the connection open
  bool malformed_sse = false;    // a broken event in the middle
  bool html = false;             // an HTML page with status 200 (or `status`)
  std::int64_t split_bytes = 0;  // write the body in pieces of that size, one packet each (splits UTF-8)
  bool no_done = false;          // leave the terminator out
  std::string usage;             // "" | "wrong" (absurd figures) | "none" | "missing_output"
  bool close_before_reply = false;
  bool in_band_error = false;  // error event after half of the stream
};

struct Reply {
  std::string text;  // empty with tool_calls
  std::string reasoning, signature;
  std::vector<chat::ToolCall> tool_calls;
  std::string refusal;
  std::string finish;                // "" decides by content
  std::optional<chat::Usage> usage;  // default: counted from the texts
  int chunks = 0;                    // 0: one per word
};

struct Rule {
  std::string contains;  // in the last user message (or tool result); empty: any
  std::string model;     // empty: any
  bool has_tools = false, has_image = false;
  std::int64_t times = -1;     // how often it applies; -1: always
  std::int64_t after = 0;      // skip the first N matches
  std::optional<Reply> reply;  // absent: the built-in answer, with the fault
  Fault fault;
};

struct Script {
  std::vector<Rule> rules;  // first match; no match: the built-in answers
  std::string name = "mock";
};

// YAML or JSON file. kInvalidRequest with place and advice.
Result<Script> LoadScript(const std::string& path);
Result<Script> ParseScript(std::string_view text);

}  // namespace baton::mock
