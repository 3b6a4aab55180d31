// One line per vendor.
#include "provider/codecs.h"

namespace baton::provider {
namespace {

struct Entry {
  std::string_view name;
  const WorkerCodec& (*worker)();
  const ClientCodec& (*client)();
};

constexpr Entry kEntries[] = {
    {"openai", OpenAiWorkerCodec, OpenAiClientCodec},
    {"anthropic", AnthropicWorkerCodec, AnthropicClientCodec},
    {"gemini", GeminiWorkerCodec, GeminiClientCodec},
};

}  // namespace

const WorkerCodec* FindWorkerCodec(std::string_view dialect_name) {
  for (const auto& e : kEntries) {
    if (e.name == dialect_name) return &e.worker();
  }
  return nullptr;
}

const ClientCodec* FindClientCodec(std::string_view dialect_name) {
  for (const auto& e : kEntries) {
    if (e.name == dialect_name) return &e.client();
  }
  return nullptr;
}

std::vector<std::string_view> DialectNames() {
  std::vector<std::string_view> names;
  for (const auto& e : kEntries) names.push_back(e.name);
  return names;
}

}  // namespace baton::provider
