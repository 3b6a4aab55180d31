#include "mcp/message.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace baton::mcp {
namespace {

using Json = nlohmann::ordered_json;

std::string Dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string Quoted(std::string_view text) {
  return Dump(Json(text));
}

constexpr int kMaxDepth = 100;

// The parser below keeps a node for every level and takes them down one by one; a text of nothing but
// brackets would hold up the loop for seconds.
bool TooDeep(std::string_view text) {
  int depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      i += c == '\\';
      quoted = c != '"';
    } else if (c == '"') {
      quoted = true;
    } else if (c == '{' || c == '[') {
      if (++depth > kMaxDepth) return true;
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return false;
}

Error Garbage(const char* why) {
  return Fail(Code::kBadUpstream, fmt::format("the tool server sent something that is no message: {}", why),
              "tool_garbage");
}

}  // namespace

Result<Message> ReadMessage(std::string_view text) {
  if (TooDeep(text)) return Garbage("it is nested too deeply");
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return Garbage("not a JSON object");
  const auto version = json.find("jsonrpc");
  if (version == json.end() || *version != "2.0") return Garbage("jsonrpc is not \"2.0\"");
  const auto id = json.find("id");
  const auto method = json.find("method");
  Message m;
  if (method != json.end()) {
    if (!method->is_string()) return Garbage("its method is no text");
    m.method = method->get<std::string>();
    if (const auto params = json.find("params"); params != json.end()) m.payload = Dump(*params);
    const bool request = id != json.end() && !id->is_null();
    m.kind = request ? Message::Kind::kRequest : Message::Kind::kNotification;
    if (request) m.request_id = Dump(*id);
    return m;
  }
  const auto result = json.find("result"), error = json.find("error");
  if ((result == json.end()) == (error == json.end())) return Garbage("it is neither a request nor a reply");
  m.kind = error == json.end() ? Message::Kind::kReply : Message::Kind::kErrorReply;
  m.id = id != json.end() && id->is_number_integer() ? id->get<std::int64_t>() : -1;
  m.payload = Dump(error == json.end() ? *result : *error);
  return m;
}

std::string MakeRequest(std::int64_t id, std::string_view method, std::string_view params) {
  return fmt::format(R"({{"jsonrpc":"2.0","id":{},"method":{},"params":{}}})", id, Quoted(method),
                     params.empty() ? "{}" : params);
}

std::string MakeNotification(std::string_view method, std::string_view params) {
  if (params.empty()) return fmt::format(R"({{"jsonrpc":"2.0","method":{}}})", Quoted(method));
  return fmt::format(R"({{"jsonrpc":"2.0","method":{},"params":{}}})", Quoted(method), params);
}

std::string MakeReply(std::string_view request_id, std::string_view result) {
  return fmt::format(R"({{"jsonrpc":"2.0","id":{},"result":{}}})", request_id, result);
}

std::string MakeErrorReply(std::string_view request_id, int code, std::string_view message) {
  return fmt::format(R"({{"jsonrpc":"2.0","id":{},"error":{{"code":{},"message":{}}}}})", request_id, code,
                     Quoted(message));
}

// No capability is declared: a server that asks us for roots, sampling or elicitation is told there is none.
std::string InitializeParams(std::string_view version) {
  return fmt::format(
      R"({{"protocolVersion":{},"capabilities":{{}},"clientInfo":{{"name":"baton","title":"Baton","version":"1"}}}})",
      Quoted(version));
}

std::string ListParams(std::string_view cursor) {
  return cursor.empty() ? "{}" : fmt::format(R"({{"cursor":{}}})", Quoted(cursor));
}

Result<std::string> CallParams(std::string_view name, std::string_view arguments) {
  const bool blank = arguments.find_first_not_of(" \t\r\n") == std::string_view::npos;
  Json json = Json::object();
  if (!blank) json = TooDeep(arguments) ? Json() : Json::parse(arguments, nullptr, false);
  if (!json.is_object())
    return Fail(Code::kInvalidRequest, fmt::format("the arguments for tool '{}' are no JSON object", name),
                "bad_arguments");
  // Written anew rather than passed on: a model's line breaks would end the message early.
  return fmt::format(R"({{"name":{},"arguments":{}}})", Quoted(name), Dump(json));
}

std::string CancelledParams(std::int64_t id, std::string_view reason) {
  return fmt::format(R"({{"requestId":{},"reason":{}}})", id, Quoted(reason));
}

}  // namespace baton::mcp
