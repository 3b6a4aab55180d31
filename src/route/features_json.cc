#include <fmt/format.h>

#include "route/features.h"

namespace baton::route {
namespace {

// Task names and data classes come from callers and configs.
std::string Quoted(std::string_view text) {
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  return out + '"';
}

}  // namespace

std::string ToJson(const Features& f) {
  std::string data;
  for (const auto& c : f.data) data += (data.empty() ? "" : ",") + Quoted(c);
  return fmt::format(
      R"({{"task":{},"complexity":{},"domain":{},"language":{},"format":{},"has_code":{},"has_tests":{},)"
      R"("has_images":{},"has_audio":{},"has_files":{},"has_tools":{},"stream":{},"reasoning_asked":{},"turns":{},)"
      R"("input_chars":{},"input_tokens":{},"max_tokens":{},"data":[{}],"latency_budget_ms":{}}})",
      Quoted(f.task), Quoted(f.complexity), Quoted(f.domain), Quoted(f.language), Quoted(f.format),
      f.has_code, f.has_tests, f.has_images, f.has_audio, f.has_files, f.has_tools, f.stream,
      f.reasoning_asked, f.turns, f.input_chars, f.input_tokens, f.max_tokens, data, f.latency_budget_ms);
}

}  // namespace baton::route
