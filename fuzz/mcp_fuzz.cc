// What a tool server may send: any bytes are either read or refused, what is read can be said again on one
// line, and nothing of it gets unescaped into the answer's JSON.
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string_view>

#include "mcp/message.h"
#include "mcp/reply.h"

namespace {

void MustBe(bool fact) {
  if (!fact) std::abort();
}

bool IsJson(const std::string& text) {
  return nlohmann::json::accept(text);
}

void ReadAsPayload(std::string_view text) {
  const baton::mcp::Limits limits;
  (void)baton::mcp::ReadInitialize(text);
  MustBe(!baton::mcp::ReadError(text).message.empty());
  if (const auto page = baton::mcp::ReadToolPage(text, limits)) {
    for (const auto& tool : page->tools) MustBe(!tool.name.empty() && IsJson(tool.parameters.text));
  }
  if (const auto result = baton::mcp::ReadToolResult(text)) {
    for (const auto& [name, value] : result->extra) MustBe(!name.empty() && IsJson(value.text));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  ReadAsPayload(text);
  if (const auto params = baton::mcp::CallParams(text.substr(0, 8), text)) {
    const std::string request = baton::mcp::MakeRequest(1, "tools/call", *params);
    MustBe(request.find('\n') == std::string::npos && IsJson(request));
  }
  const auto message = baton::mcp::ReadMessage(text);
  if (!message) return 0;
  if (!message->payload.empty()) ReadAsPayload(message->payload);
  if (message->kind == baton::mcp::Message::Kind::kRequest) {
    const std::string reply = baton::mcp::MakeErrorReply(message->request_id, -32601, message->method);
    MustBe(reply.find('\n') == std::string::npos && IsJson(reply));
  }
  return 0;
}
