#include "mock/checks.h"

#include <fmt/format.h>

#include <set>

#include "mock/answers.h"

namespace baton::mock {
namespace {

Status CheckSignature(const chat::Reasoning& r, std::size_t message) {
  if (!r.signature.starts_with(kSignaturePrefix) || r.signature == Signature(r.text)) return {};
  return Fail(
      Code::kInvalidRequest,
      fmt::format("messages[{}]: the signature does not belong to this reasoning text; send the block back "
                  "unchanged.",
                  message),
      "invalid_signature", fmt::format("messages[{}]", message));
}

}  // namespace

Status CheckConversation(const chat::Request& request) {
  std::set<std::string> calls, names;
  for (std::size_t i = 0; i < request.messages.size(); ++i) {
    for (const auto& part : request.messages[i].parts) {
      if (const auto* call = std::get_if<chat::ToolCall>(&part)) {
        calls.insert(call->id);
        names.insert(call->name);
      }
      if (const auto* reasoning = std::get_if<chat::Reasoning>(&part))
        TRY_VOID(CheckSignature(*reasoning, i));
      const auto* result = std::get_if<chat::ToolResult>(&part);
      // Gemini knows calls by name where they have no id.
      if (result && !calls.count(result->call_id) && !names.count(result->name)) {
        return Fail(
            Code::kInvalidRequest,
            fmt::format("messages[{}]: a tool result for '{}', but no earlier message has a call of that id.",
                        i, result->call_id),
            "unknown_tool_call", fmt::format("messages[{}]", i));
      }
    }
  }
  return {};
}

}  // namespace baton::mock
