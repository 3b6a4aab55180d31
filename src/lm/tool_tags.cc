#include "lm/tool_tags.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace baton::lm {
namespace {

using Json = nlohmann::ordered_json;
using Kind = chat::ToolChoice::Kind;

constexpr int kMaxCalls = 8;

bool Offered(const chat::Request& request, const chat::Tool& tool) {
  return request.tool_choice.kind != Kind::kNamed || tool.name == request.tool_choice.name;
}

Json Parameters(const chat::Tool& tool) {
  Json schema = tool.parameters.empty() ? Json() : Json::parse(tool.parameters.text, nullptr, false);
  if (!schema.is_object() || schema.empty())
    schema = Json{{"type", "object"}, {"properties", Json::object()}};
  return schema;
}

}  // namespace

std::string ToolInstructions(const chat::Request& request) {
  std::string text = "You can call these functions:\n";
  for (const chat::Tool& tool : request.tools) {
    if (!Offered(request, tool)) continue;
    text +=
        Json{{"name", tool.name}, {"description", tool.description}, {"parameters", Parameters(tool)}}.dump(
            -1, ' ', false, Json::error_handler_t::replace) +
        "\n";
  }
  text += fmt::format(
      "To call one, write {}{{\"name\": the function, \"arguments\": {{...}}}}{} and nothing else.",
      kToolOpen, kToolClose);
  if (request.tool_choice.kind == Kind::kUnset || request.tool_choice.kind == Kind::kAuto) {
    text += " When no function helps, answer in plain words.";
  }
  return text;
}

std::string TaggedCall(const chat::ToolCall& call) {
  return fmt::format("{}{{\"name\": {}, \"arguments\": {}}}{}", kToolOpen,
                     Json(call.name).dump(-1, ' ', false, Json::error_handler_t::replace),
                     call.arguments.empty() ? "{}" : call.arguments, kToolClose);
}

Result<GrammarSpec> ToolGrammar(const chat::Request& request) {
  Json calls = Json::array();
  for (const chat::Tool& tool : request.tools) {
    if (!Offered(request, tool)) continue;
    calls.push_back({{"type", "object"},
                     {"properties", {{"name", {{"const", tool.name}}}, {"arguments", Parameters(tool)}}},
                     {"required", {"name", "arguments"}},
                     {"additionalProperties", false}});
  }
  if (calls.empty()) {
    return Fail(Code::kInvalidRequest,
                fmt::format("tool_choice names '{}', which is not among 'tools'", request.tool_choice.name),
                "", "tool_choice");
  }
  const Json schema = calls.size() == 1 ? calls[0] : Json{{"anyOf", calls}};
  TRY(std::string inner,
      GrammarOfSchema(schema.dump(-1, ' ', false, Json::error_handler_t::replace), "tools"));
  // The schema's own rules, with its root renamed, inside the tags.
  GrammarSpec spec;
  const std::string marker = "root ::= ";
  const std::size_t at = inner.starts_with(marker) ? 0 : inner.find("\n" + marker) + 1;
  if (at == 0 && !inner.starts_with(marker))
    return Fail(Code::kInternal, "a schema gave a grammar without a root");
  inner.replace(at, marker.size(), "one-call ::= ");
  const int most = request.parallel_tool_calls.value_or(false) ? kMaxCalls : 1;
  spec.gbnf = fmt::format("root ::= tagged-call{}\ntagged-call ::= \"{}\" one-call \"{}\"\n{}",
                          most == 1 ? "" : fmt::format("{{1,{}}}", most), kToolOpen, kToolClose, inner);
  spec.lazy = request.tool_choice.kind == Kind::kUnset || request.tool_choice.kind == Kind::kAuto;
  if (spec.lazy) spec.trigger_patterns = {std::string(kToolOpen)};
  return spec;
}

}  // namespace baton::lm
