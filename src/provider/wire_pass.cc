#include "provider/wire_pass.h"

#include "provider/json_reader.h"
#include "provider/json_writer.h"

namespace baton::provider {
namespace {

constexpr std::string_view kWrapped = "_arguments_text";

bool Foreign(chat::Dialect origin, chat::Dialect here) {
  return origin != here && origin != chat::Dialect::kNone;
}

bool HoldsForeign(const chat::Request& r, chat::Dialect here) {
  for (const auto& message : r.messages) {
    if (message.role != chat::Role::kAssistant) continue;
    for (const auto& part : message.parts) {
      const auto* thought = std::get_if<chat::Reasoning>(&part);
      if (thought && Foreign(thought->origin, here)) return true;
      const auto* call = std::get_if<chat::ToolCall>(&part);
      if (call && Foreign(call->signature_origin, here)) return true;
    }
  }
  return false;
}

}  // namespace

bool CanPass(const chat::Request& r, chat::Dialect dialect, const Plan& plan, const Target& target) {
  return !r.raw.empty() && r.raw_dialect == dialect && plan.losses().empty() && target.rejects.empty() &&
         r.raw_model_pos + r.raw_model_len <= r.raw.size() && !HoldsForeign(r, dialect);
}

std::string WithModel(const chat::Request& r, std::string_view model) {
  const std::string quoted = JsonString(model);
  std::string body;
  body.reserve(r.raw.size() + quoted.size() + 64);  // room for the reader's padding
  body.append(r.raw, 0, r.raw_model_pos).append(quoted).append(r.raw, r.raw_model_pos + r.raw_model_len);
  return body;
}

std::vector<std::pair<std::string, std::string>> JsonHeaders(bool stream) {
  return {{"content-type", "application/json"},
          {"accept", stream ? "text/event-stream" : "application/json"}};
}

std::string ArgumentsAsObject(const std::string& arguments, Plan* plan) {
  if (IsJsonObject(arguments)) {
    // Exactly the object: white space around it would be lost inside another document anyway.
    const auto first = arguments.find('{'), last = arguments.rfind('}');
    return arguments.substr(first, last - first + 1);
  }
  const bool blank = arguments.find_first_not_of(" \t\r\n") == std::string::npos;
  if (plan) {
    plan->Lose(
        "messages.tool_calls.arguments", blank ? Loss::How::kApproximated : Loss::How::kEmulated,
        blank ? "no arguments are sent as {}" : "arguments that are no JSON object are sent as text in one");
  }
  if (blank) return "{}";
  std::string out;
  JsonWriter(&out).BeginObject().Field(kWrapped, arguments).EndObject();
  return out;
}

std::string ArgumentsFromObject(std::string_view object) {
  if (object.find(kWrapped) != std::string_view::npos) {
    if (const auto doc = JsonDoc::Parse(object, JsonDoc::Surrogates::kReplace)) {
      const JsonView text = doc->root()[kWrapped];
      if (text.is_string() && doc->root().size() == 1) return std::string(text.str());
    }
  }
  return std::string(object);
}

std::string_view GuessImageType(std::string_view base64) {
  if (base64.starts_with("/9j/")) return "image/jpeg";
  if (base64.starts_with("R0lGOD")) return "image/gif";
  if (base64.starts_with("UklGR")) return "image/webp";
  if (base64.starts_with("JVBER")) return "application/pdf";
  return "image/png";
}

}  // namespace baton::provider
