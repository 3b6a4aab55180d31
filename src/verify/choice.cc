#include "verify/choice.h"

#include <nlohmann/json.hpp>

namespace baton::verify {

chat::ResponseFormat OneOf(const std::vector<std::string>& words) {
  const nlohmann::json schema{{"type", "object"},
                              {"properties", {{"verdict", {{"type", "string"}, {"enum", words}}}}},
                              {"required", {"verdict"}},
                              {"additionalProperties", false}};
  chat::ResponseFormat format;
  format.kind = chat::ResponseFormat::Kind::kJsonSchema;
  format.name = "verdict";
  format.schema = chat::Json{schema.dump()};
  format.strict = true;
  return format;
}

std::string WordOf(std::string reply) {
  const auto j = nlohmann::json::parse(reply, nullptr, false);
  if (!j.is_object() || j.size() != 1 || !j.contains("verdict") || !j["verdict"].is_string()) return reply;
  return j["verdict"].get<std::string>();
}

}  // namespace baton::verify
