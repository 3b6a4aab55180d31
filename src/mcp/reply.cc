#include "mcp/reply.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace baton::mcp {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMaxName = 128, kMaxWords = 500;

std::string Dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Error Garbage(const char* what) {
  return Fail(Code::kBadUpstream, fmt::format("the tool server's answer makes no sense: {}", what),
              "tool_garbage");
}

std::string TextAt(const Json& json, const char* key) {
  const auto at = json.find(key);
  return at != json.end() && at->is_string() ? at->get<std::string>() : "";
}

// For messages and the log.
std::string Harmless(std::string text) {
  if (text.size() > kMaxWords) text.resize(kMaxWords);
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  return text;
}

bool IsToolName(std::string_view name) {
  return !name.empty() && name.size() <= kMaxName && std::all_of(name.begin(), name.end(), [](char c) {
    return static_cast<unsigned char>(c) > 0x20 && c != 0x7f;
  });
}

// Why the tool cannot be offered to a model; empty: it can.
std::string Flaw(const Json& tool, const Limits& limits) {
  if (!tool.is_object() || !IsToolName(TextAt(tool, "name"))) return "it has no usable name";
  const auto schema = tool.find("inputSchema");
  if (schema == tool.end() || !schema->is_object()) return "its inputSchema is no JSON object";
  const auto type = schema->find("type");
  if (type != schema->end() && *type != "object") return "its inputSchema does not describe an object";
  if (Dump(*schema).size() > limits.max_schema) return "its inputSchema is too long";
  return "";
}

// A cut must not fall inside a UTF-8 character.
std::string Cut(std::string text, std::size_t most) {
  if (text.size() <= most) return text;
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xc0) == 0x80) --most;
  text.resize(most);
  return text;
}

chat::Media MediaOf(chat::Media::Kind kind, const Json& item) {
  chat::Media media;
  media.kind = kind;
  media.data = TextAt(item, kind == chat::Media::Kind::kFile ? "blob" : "data");
  media.media_type = TextAt(item, "mimeType");
  if (kind == chat::Media::Kind::kAudio) {
    const auto slash = media.media_type.find('/');
    if (slash != std::string::npos) media.format = media.media_type.substr(slash + 1);
  }
  return media;
}

void AddText(std::string text, chat::ToolResult* out) {
  out->content.emplace_back(chat::Text{std::move(text), {}});
}

void AddResource(const Json& item, chat::ToolResult* out) {
  const auto resource = item.find("resource");
  if (resource == item.end() || !resource->is_object()) return AddText("[a resource without content]", out);
  if (resource->contains("text")) return AddText(TextAt(*resource, "text"), out);
  chat::Media media = MediaOf(chat::Media::Kind::kFile, *resource);
  if (media.media_type.starts_with("image/")) media.kind = chat::Media::Kind::kImage;
  const std::string uri = TextAt(*resource, "uri");
  const auto slash = uri.rfind('/');
  media.filename = slash == std::string::npos ? uri : uri.substr(slash + 1);
  out->content.emplace_back(std::move(media));
}

void AddContent(const Json& item, chat::ToolResult* out) {
  const std::string type = item.is_object() ? TextAt(item, "type") : "";
  if (type == "text") {
    AddText(TextAt(item, "text"), out);
  } else if (type == "image") {
    out->content.emplace_back(MediaOf(chat::Media::Kind::kImage, item));
  } else if (type == "audio") {
    out->content.emplace_back(MediaOf(chat::Media::Kind::kAudio, item));
  } else if (type == "resource") {
    AddResource(item, out);
  } else if (type == "resource_link") {
    AddText(fmt::format("{}: {}", TextAt(item, "name"), TextAt(item, "uri")), out);
  } else {
    AddText(fmt::format("[content of the unknown type '{}']", Harmless(type)), out);
  }
}

}  // namespace

Result<ServerInfo> ReadInitialize(std::string_view result) {
  const Json json = Json::parse(result, nullptr, false);
  if (!json.is_object()) return Garbage("the reply to initialize is no object");
  ServerInfo info;
  info.protocol = Harmless(TextAt(json, "protocolVersion"));
  if (std::find(std::begin(kVersions), std::end(kVersions), info.protocol) == std::end(kVersions)) {
    return Fail(
        Code::kUnsupported,
        fmt::format("the tool server speaks version '{}' of the protocol; this Baton speaks {} and older",
                    info.protocol, kVersions[0]),
        "tool_version");
  }
  if (const auto server = json.find("serverInfo"); server != json.end() && server->is_object()) {
    info.name = Harmless(TextAt(*server, "name"));
    info.version = Harmless(TextAt(*server, "version"));
  }
  const auto capabilities = json.find("capabilities");
  info.tools = capabilities != json.end() && capabilities->is_object() && capabilities->contains("tools");
  return info;
}

Result<ToolPage> ReadToolPage(std::string_view result, const Limits& limits) {
  const Json json = Json::parse(result, nullptr, false);
  if (!json.is_object()) return Garbage("the list of tools is no object");
  const auto tools = json.find("tools");
  if (tools == json.end() || !tools->is_array()) return Garbage("there is no list of tools");
  ToolPage page;
  for (const Json& item : *tools) {
    if (std::string flaw = Flaw(item, limits); !flaw.empty()) {
      const std::string name = item.is_object() ? Harmless(TextAt(item, "name")) : "";
      page.left_out.push_back(fmt::format("{}: {}", name.empty() ? "a tool" : name, flaw));
      continue;
    }
    chat::Tool& tool = page.tools.emplace_back();
    tool.name = TextAt(item, "name");
    tool.description = Cut(TextAt(item, "description"), limits.max_description);
    if (tool.description.empty()) tool.description = Cut(TextAt(item, "title"), limits.max_description);
    tool.parameters.text = Dump(item["inputSchema"]);
  }
  page.next_cursor = TextAt(json, "nextCursor");
  return page;
}

Result<chat::ToolResult> ReadToolResult(std::string_view result) {
  const Json json = Json::parse(result, nullptr, false);
  if (!json.is_object()) return Garbage("the result of the tool is no object");
  chat::ToolResult out;
  out.is_error = json.value("isError", Json()) == Json(true);
  const auto content = json.find("content");
  if (content != json.end() && content->is_array()) {
    for (const Json& item : *content) AddContent(item, &out);
  }
  const auto structured = json.find("structuredContent");
  if (structured != json.end() && structured->is_object()) {
    std::string text = Dump(*structured);
    if (out.content.empty()) AddText(text, &out);
    out.extra.emplace_back("structuredContent", chat::Json{std::move(text)});
  } else if (content == json.end() || !content->is_array()) {
    return Garbage("the result of the tool has no content");
  }
  return out;
}

Error ReadError(std::string_view error) {
  const Json json = Json::parse(error, nullptr, false);
  const std::string said = json.is_object() ? Harmless(TextAt(json, "message")) : "";
  std::int64_t code = 0;
  if (json.is_object() && json.contains("code") && json["code"].is_number_integer()) code = json["code"];
  const bool ours = code == -32602 || code == -32601;
  return Fail(ours ? Code::kInvalidRequest : Code::kBadUpstream,
              fmt::format("the tool server refused: {} ({})", said.empty() ? "no reason given" : said, code),
              ours ? "tool_refused" : "tool_error");
}

}  // namespace baton::mcp
