#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "lm/sampler.h"

namespace baton::lm {
namespace {

using Json = nlohmann::json;

// What a small model answers best with; used when the client says nothing about sampling.
constexpr double kOwnTemperature = 0.7, kOwnTopP = 0.95, kOwnMinP = 0.05;
constexpr std::int64_t kOwnTopK = 40;

const Json* Find(const std::vector<std::pair<std::string, Json>>& extra, std::string_view name) {
  for (const auto& [n, value] : extra) {
    if (n == name) return &value;
  }
  return nullptr;
}

// The few extra fields that concern sampling, parsed. Fields that are not well-formed were refused long
// before.
std::vector<std::pair<std::string, Json>> Parsed(const chat::Extra& extra) {
  std::vector<std::pair<std::string, Json>> out;
  for (const auto& [name, value] : extra) {
    if (name != "logit_bias" && name != "min_p" && name != "repetition_penalty" && name != "repeat_penalty" &&
        name != "top_k") {
      continue;
    }
    Json json = Json::parse(value.text, nullptr, false);
    if (!json.is_null() && !json.is_discarded()) out.emplace_back(name, std::move(json));
  }
  return out;
}

Error Wrong(const std::string& param, const std::string& must) {
  return Fail(Code::kInvalidRequest, fmt::format("'{}' must be {}", param, must), "", param);
}

Status Range(const std::string& param, double value, double low, double high) {
  if (std::isfinite(value) && value >= low && value <= high) return {};
  return Wrong(param, fmt::format("a number from {} to {}", low, high));
}

Result<double> Number(const Json& json, const std::string& param, double low, double high) {
  if (!json.is_number()) return Wrong(param, fmt::format("a number from {} to {}", low, high));
  TRY_VOID(Range(param, json.get<double>(), low, high));
  return json.get<double>();
}

Status ReadBias(const Json& json, std::int64_t vocabulary, SamplingOptions* out) {
  if (!json.is_object()) return Wrong("logit_bias", "an object of token ids and numbers");
  for (const auto& [key, value] : json.items()) {
    char* end = nullptr;
    const long id = std::strtol(key.c_str(), &end, 10);
    if (key.empty() || *end || id < 0 || id >= vocabulary) {
      return Wrong("logit_bias", fmt::format("keyed by token ids below {}", vocabulary));
    }
    TRY(double add, Number(value, "logit_bias", -100, 100));
    // OpenAI: -100 bans, +100 forces.
    if (add <= -100) add = -1e9;
    if (add >= 100) add = 1e9;
    out->bias.emplace_back(static_cast<llama_token>(id), static_cast<float>(add));
  }
  return {};
}

Status ReadExtra(const chat::Request& request, std::int64_t vocabulary, SamplingOptions* out) {
  const auto extra = Parsed(request.extra);
  if (const Json* j = Find(extra, "min_p")) {
    TRY(out->min_p, Number(*j, "min_p", 0, 1));
  }
  for (const char* name : {"repetition_penalty", "repeat_penalty"}) {
    if (const Json* j = Find(extra, name)) {
      TRY(out->repetition_penalty, Number(*j, name, 0.01, 10));
    }
  }
  if (const Json* j = Find(extra, "top_k"); j && !request.top_k) {
    TRY(double k, Number(*j, "top_k", -1, 1e9));
    out->top_k = std::max<std::int64_t>(0, static_cast<std::int64_t>(k));
  }
  if (const Json* j = Find(extra, "logit_bias")) TRY_VOID(ReadBias(*j, vocabulary, out));
  return {};
}

bool SaysNothing(const chat::Request& r) {
  return !r.temperature && !r.top_p && !r.top_k && Parsed(r.extra).empty();
}

}  // namespace

Result<SamplingOptions> ReadSampling(const chat::Request& request, std::int64_t vocabulary,
                                     std::uint64_t fresh_seed) {
  SamplingOptions o;
  if (SaysNothing(request)) {
    o.temperature = kOwnTemperature;
    o.top_p = kOwnTopP;
    o.min_p = kOwnMinP;
    o.top_k = kOwnTopK;
  }
  o.temperature = request.temperature.value_or(o.temperature);
  o.top_p = request.top_p.value_or(o.top_p);
  o.top_k = std::max<std::int64_t>(0, request.top_k.value_or(o.top_k));
  o.frequency_penalty = request.frequency_penalty.value_or(0);
  o.presence_penalty = request.presence_penalty.value_or(0);
  TRY_VOID(Range("temperature", o.temperature, 0, 100));
  TRY_VOID(Range("top_p", o.top_p, 0, 1));
  TRY_VOID(Range("frequency_penalty", o.frequency_penalty, -100, 100));
  TRY_VOID(Range("presence_penalty", o.presence_penalty, -100, 100));
  TRY_VOID(ReadExtra(request, vocabulary, &o));
  o.seeded = request.seed.has_value();
  o.seed = o.seeded ? static_cast<std::uint64_t>(*request.seed) : fresh_seed;
  o.logprobs = request.logprobs.value_or(false);
  const std::int64_t top = request.top_logprobs.value_or(0);
  if (top < 0 || top > 20) return Wrong("top_logprobs", "a whole number from 0 to 20");
  o.top_logprobs = o.logprobs ? static_cast<int>(top) : 0;
  return o;
}

}  // namespace baton::lm
