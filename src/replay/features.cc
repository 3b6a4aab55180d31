#include "replay/features.h"

#include <nlohmann/json.hpp>

namespace baton::replay {
namespace {

using Json = nlohmann::json;

void Take(const Json& j, const char* key, std::string& to) {
  const auto at = j.find(key);
  if (at != j.end() && at->is_string()) to = at->get<std::string>();
}
void Take(const Json& j, const char* key, bool& to) {
  const auto at = j.find(key);
  if (at != j.end() && at->is_boolean()) to = at->get<bool>();
}
void Take(const Json& j, const char* key, std::int64_t& to) {
  const auto at = j.find(key);
  if (at != j.end() && at->is_number_integer()) to = at->get<std::int64_t>();
}

}  // namespace

std::optional<route::Features> FeaturesFromJson(std::string_view json) {
  const Json j = Json::parse(json, nullptr, false);
  if (!j.is_object() || !j.contains("task")) return std::nullopt;
  route::Features f;
  Take(j, "task", f.task);
  Take(j, "complexity", f.complexity);
  Take(j, "domain", f.domain);
  Take(j, "language", f.language);
  Take(j, "format", f.format);
  Take(j, "has_code", f.has_code);
  Take(j, "has_tests", f.has_tests);
  Take(j, "has_images", f.has_images);
  Take(j, "has_audio", f.has_audio);
  Take(j, "has_files", f.has_files);
  Take(j, "has_tools", f.has_tools);
  Take(j, "stream", f.stream);
  Take(j, "reasoning_asked", f.reasoning_asked);
  Take(j, "turns", f.turns);
  Take(j, "input_chars", f.input_chars);
  Take(j, "input_tokens", f.input_tokens);
  Take(j, "max_tokens", f.max_tokens);
  Take(j, "latency_budget_ms", f.latency_budget_ms);
  const auto vector = j.find("vector");
  if (vector != j.end() && vector->is_string())
    f.vector = route::VectorFromText(vector->get_ref<const std::string&>()).value_or(std::vector<float>());
  const auto data = j.find("data");
  if (data != j.end() && data->is_array()) {
    for (const auto& c : *data) {
      if (c.is_string()) f.data.insert(c.get<std::string>());
    }
  }
  return f;
}

}  // namespace baton::replay
