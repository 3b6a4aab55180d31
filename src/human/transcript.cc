#include "human/transcript.h"

#include <nlohmann/json.hpp>

namespace baton::human {
namespace {

using Json = nlohmann::ordered_json;

const char* RoleName(chat::Role role) {
  switch (role) {
    case chat::Role::kSystem:
      return "system";
    case chat::Role::kDeveloper:
      return "developer";
    case chat::Role::kUser:
      return "user";
    case chat::Role::kAssistant:
      return "assistant";
    case chat::Role::kTool:
      return "tool";
  }
  return "user";
}

const char* KindName(chat::Media::Kind kind) {
  switch (kind) {
    case chat::Media::Kind::kImage:
      return "image";
    case chat::Media::Kind::kAudio:
      return "audio";
    case chat::Media::Kind::kFile:
      return "file";
    case chat::Media::Kind::kVideo:
      return "video";
  }
  return "file";
}

// Base 64 has four characters for three bytes.
Json Describe(const chat::Media& media) {
  Json out = {{"type", KindName(media.kind)}};
  if (!media.media_type.empty()) out["media_type"] = media.media_type;
  if (!media.filename.empty()) out["filename"] = media.filename;
  if (!media.url.empty() && !media.url.starts_with("data:")) out["url"] = media.url;
  if (!media.data.empty()) out["bytes"] = media.data.size() / 4 * 3;
  return out;
}

Json TextBlock(const std::string& text) {
  return {{"type", "text"}, {"text", text}};
}

// What of a message's parts goes where.
struct Draft {
  Json content = Json::array();
  Json calls = Json::array();
  std::string call_id;

  void operator()(const chat::Text& t) { content.push_back(TextBlock(t.text)); }
  void operator()(const chat::Refusal& r) { content.push_back({{"type", "refusal"}, {"text", r.text}}); }
  void operator()(const chat::Media& m) { content.push_back(Describe(m)); }
  void operator()(const chat::ToolCall& c) {
    calls.push_back({{"id", c.id}, {"name", c.name}, {"arguments", c.arguments}});
  }
  void operator()(const chat::ToolResult& r) {
    call_id = r.call_id;
    for (const auto& piece : r.content) std::visit(*this, piece);
  }
  // A model's reasoning and vendors' own parts were never meant for a reader.
  void operator()(const chat::Reasoning&) {}
  void operator()(const chat::Opaque&) {}
};

Json MessageJson(const chat::Message& message) {
  Draft draft;
  for (const auto& part : message.parts) std::visit([&draft](const auto& p) { draft(p); }, part);
  Json out = {{"role", RoleName(message.role)}};
  if (!message.name.empty()) out["name"] = message.name;
  if (!draft.call_id.empty()) out["tool_call_id"] = draft.call_id;
  const bool plain = draft.content.size() == 1 && draft.content[0]["type"] == "text";
  out["content"] = plain ? draft.content[0]["text"] : std::move(draft.content);
  if (!draft.calls.empty()) out["tool_calls"] = std::move(draft.calls);
  return out;
}

}  // namespace

std::string Transcript(const std::vector<chat::Message>& messages) {
  Json list = Json::array();
  for (const auto& m : messages) list.push_back(MessageJson(m));
  return list.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace baton::human
