#include "mock/breakage.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

namespace baton::mock {
namespace {

using Value = nlohmann::ordered_json;

constexpr std::array kOutputKeys = {"completion_tokens", "output_tokens", "candidatesTokenCount",
                                    "total_tokens", "totalTokenCount"};

void BreakObject(const std::string& how, Value* usage) {
  if (how == "missing_output") {
    for (const char* key : kOutputKeys) usage->erase(key);
    return;
  }
  for (auto& [key, value] : usage->items()) {
    if (value.is_number_integer())
      value = std::find(kOutputKeys.begin(), kOutputKeys.end(), key) == kOutputKeys.end() ? 1'000'000'000'000
                                                                                          : -7;
  }
}

bool BreakIn(const std::string& how, Value* json) {
  bool changed = false;
  for (const char* key : {"usage", "usageMetadata"}) {
    if (!json->contains(key) || !(*json)[key].is_object()) continue;
    changed = true;
    if (how == "none")
      json->erase(key);
    else
      BreakObject(how, &(*json)[key]);
  }
  // Anthropic's first event carries a message with a usage of its own.
  if (json->contains("message") && (*json)["message"].is_object())
    changed |= BreakIn(how, &(*json)["message"]);
  return changed;
}

std::string BreakJson(const std::string& how, std::string_view text) {
  Value json = Value::parse(text, nullptr, false);
  if (!json.is_object() || !BreakIn(how, &json)) return std::string(text);
  return json.dump(-1, ' ', false, Value::error_handler_t::replace);
}

std::string ScriptedError(chat::Dialect dialect, int status, const Fault& fault) {
  const std::string message =
      fault.error_message.empty() ? fmt::format("scripted error {}", status) : fault.error_message;
  Value body;
  if (dialect == chat::Dialect::kAnthropic) {
    body = {{"type", "error"}, {"error", {{"type", fault.error_type}, {"message", message}}}};
  } else if (dialect == chat::Dialect::kGemini) {
    body = {{"error", {{"code", status}, {"message", message}, {"status", fault.error_type}}}};
  } else {
    body = {
        {"error", {{"message", message}, {"type", fault.error_type}, {"param", nullptr}, {"code", nullptr}}}};
    if (!fault.error_code.empty()) body["error"]["code"] = fault.error_code;
  }
  return body.dump();
}

}  // namespace

Code CodeOf(int status) {
  switch (status) {
    case 401:
      return Code::kUnauthenticated;
    case 403:
      return Code::kPermissionDenied;
    case 404:
      return Code::kNotFound;
    case 408:
      return Code::kDeadline;
    case 409:
      return Code::kConflict;
    case 413:
      return Code::kTooLarge;
    case 429:
      return Code::kRateLimited;
    case 503:
    case 529:
      return Code::kOverloaded;
    case 504:
      return Code::kDeadline;
    default:
      return status < 500 ? Code::kInvalidRequest : Code::kInternal;
  }
}

std::string ErrorBody(const provider::ClientCodec& codec, int status, const Fault& fault) {
  if (!fault.error_type.empty()) return ScriptedError(codec.dialect(), status, fault);
  Error error =
      Fail(CodeOf(status),
           fault.error_message.empty() ? fmt::format("scripted error {}", status) : fault.error_message,
           fault.error_code);
  return codec.EncodeError(error, status);
}

std::string HtmlPage(int status) {
  return fmt::format(
      "<!DOCTYPE html>\n<html><head><title>{0}</title></head>\n<body><h1>{0}</h1><p>A page from something "
      "that is "
      "not a model.</p></body></html>\n",
      status);
}

void BreakUsage(const std::string& how, std::string* bytes) {
  if (how.empty()) return;
  constexpr std::string_view kData = "data: ";
  if (bytes->find(kData) == std::string::npos) {
    *bytes = BreakJson(how, *bytes);
    return;
  }
  std::string out;
  for (std::size_t i = 0; i < bytes->size();) {
    const auto end = std::min(bytes->find('\n', i), bytes->size());
    const std::string_view line(bytes->data() + i, end - i);
    out += line.starts_with(kData) ? std::string(kData) + BreakJson(how, line.substr(kData.size()))
                                   : std::string(line);
    if (end < bytes->size()) out += '\n';
    i = end + 1;
  }
  *bytes = std::move(out);
}

std::vector<std::string> EncodeStream(const provider::ClientCodec& codec,
                                      const std::vector<chat::Event>& events,
                                      const provider::ReplyShape& shape, const Fault& fault) {
  auto encoder = codec.NewStreamEncoder(shape);
  std::vector<std::string> chunks;
  const auto keep = [&](std::string bytes) {
    if (bytes.empty()) return;
    BreakUsage(fault.usage, &bytes);
    chunks.push_back(std::move(bytes));
  };
  for (std::size_t i = 0; i < events.size(); ++i) {
    if (i == (events.size() + 1) / 2) {
      if (fault.malformed_sse) keep("data: {\"broken\": \n\n");
      if (fault.in_band_error) {
        std::string bytes;
        encoder->Error(
            Fail(Code::kOverloaded,
                 fault.error_message.empty() ? "scripted failure in mid-stream" : fault.error_message,
                 fault.error_code),
            &bytes);
        keep(std::move(bytes));
        return chunks;
      }
    }
    std::string bytes;
    encoder->Event(events[i], &bytes);
    keep(std::move(bytes));
  }
  std::string end;
  encoder->Finish(&end);
  if (!fault.no_done) {
    keep(std::move(end));
  } else if (end.empty() && !chunks.empty()) {
    chunks.pop_back();  // a dialect without terminator ends with its last event
  }
  return chunks;
}

}  // namespace baton::mock
