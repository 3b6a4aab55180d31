#include "pool/tool_calls.h"

#include <algorithm>
#include <set>

#include "chat/assemble.h"

namespace baton::pool {
namespace {

std::vector<chat::ToolCall> Forced(const chat::Request& request) {
  const bool named = request.tool_choice.kind == chat::ToolChoice::Kind::kNamed;
  const bool only =
      request.tool_choice.kind == chat::ToolChoice::Kind::kRequired && request.tools.size() == 1;
  if ((!named && !only) || request.messages.empty()) return {};
  const chat::Message& last = request.messages.back();
  if (last.role != chat::Role::kUser) return {};
  chat::ToolCall call;
  call.id = "call_0";
  call.name = named ? request.tool_choice.name : request.tools.front().name;
  call.arguments = chat::TextOf(last);
  return {call};
}

}  // namespace

std::vector<chat::ToolCall> ToolCallsOf(const chat::Request& request) {
  std::set<std::string> answered;
  for (auto m = request.messages.rbegin(); m != request.messages.rend(); ++m) {
    for (const auto& part : m->parts) {
      if (const auto* r = std::get_if<chat::ToolResult>(&part)) answered.insert(r->call_id);
    }
    // Anything but a tool's answer after the calls: they are history.
    if (m->role == chat::Role::kTool) continue;
    if (m->role != chat::Role::kAssistant) break;
    std::vector<chat::ToolCall> calls;
    for (const auto& part : m->parts) {
      const auto* c = std::get_if<chat::ToolCall>(&part);
      if (c && !answered.contains(c->id)) calls.push_back(*c);
    }
    return calls;
  }
  return Forced(request);
}

}  // namespace baton::pool
