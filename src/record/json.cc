// The public JSON of a record, both ways. The shape is a promise: docs/format/provenance.md,
// test/golden/format/.
#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>

#include "record/recorder.h"

namespace baton::record {
namespace {

using Json = nlohmann::ordered_json;

std::int64_t Micros(Duration d) {
  return d.count() / 1000;
}

Json Lines(const std::string& text, std::string_view separator) {
  Json list = Json::array();
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(separator, at), text.size());
    if (end > at) list.push_back(text.substr(at, end - at));
    at = end + separator.size();
  }
  return list;
}

Json CallJson(const pool::CallRecord& c) {
  Json j{{"worker", c.worker}, {"model", c.provider_model}, {"outcome", c.outcome}};
  if (!c.fault.empty()) j["fault"] = c.fault;
  j["why"] = c.why;
  j["winner"] = c.winner;
  if (c.upstream_status != 0) j["upstream_status"] = c.upstream_status;
  j["timings"] = {{"start_unix_us", c.start_unix_ns / 1000},
                  {"queued_us", Micros(c.queued)},
                  {"first_byte_us", Micros(c.to_first_byte)},
                  {"whole_us", Micros(c.whole)}};
  j["usage"] = {{"input_tokens", c.usage.input},
                {"cached_input_tokens", c.usage.cached_input},
                {"cache_write_tokens", c.usage.cache_write},
                {"cache_write_1h_tokens", c.usage.cache_write_1h},
                {"output_tokens", c.usage.output},
                {"reasoning_tokens", c.usage.reasoning},
                {"audio_input_tokens", c.usage.audio_input},
                {"audio_output_tokens", c.usage.audio_output},
                {"known", c.usage.known},
                {"estimated", c.usage_estimated}};
  j["cost_usd"] = budget::FormatUsd(c.cost);
  j["cost_nanos"] = c.cost.v;
  j["priced"] = c.priced;
  return j;
}

Json StepsJson(const Provenance& r) {
  Json steps = Json::array();
  std::vector<StepRecord> list = r.steps;
  if (list.empty()) {
    list.emplace_back();
    list.back().name = "answer";
    list.back().role = "worker";
    list.back().calls = static_cast<int>(r.calls.size());
  }
  std::size_t next = 0;
  for (const StepRecord& s : list) {
    Json calls = Json::array();
    // Calls may have been cut off at the end.
    for (int i = 0; i < s.calls && next < r.calls.size(); ++i) calls.push_back(CallJson(r.calls[next++]));
    Json step{{"name", s.name}, {"role", s.role}, {"calls", std::move(calls)}};
    if (!s.status.empty()) step["status"] = s.status;
    if (!s.verdict.empty()) step["verdict"] = s.verdict;
    if (!s.note.empty()) step["note"] = s.note;
    if (!s.sees.empty()) step["sees"] = Lines(s.sees, ",");
    if (s.confidence > 0) step["confidence"] = (s.confidence - 1) / 1000.0;
    steps.push_back(std::move(step));
  }
  return steps;
}

Json RequestJson(const Provenance& r) {
  Json features = Json::parse(r.features, nullptr, false);
  if (features.is_discarded()) features = r.features.empty() ? Json::object() : Json(r.features);
  return {{"id", r.request_id}, {"model", r.model}, {"endpoint", r.endpoint},
          {"stream", r.stream}, {"task", r.task},   {"features", std::move(features)}};
}

Json FeedbackJson(const std::vector<Feedback>& list) {
  Json all = Json::array();
  for (const Feedback& f : list) {
    Json j{{"id", FeedbackId(f)},
           {"score", f.score()},
           {"label", f.label},
           {"source", f.source},
           {"created", f.at_unix_ns / 1'000'000'000}};
    if (!f.by.empty()) j["by"] = f.by;
    all.push_back(std::move(j));
  }
  return all;
}

// Reading: a missing or mistyped member leaves the default.
template <class T>
void Get(const Json& j, const char* name, T& to) {
  const auto it = j.find(name);
  if (it == j.end()) return;
  const Json& v = *it;
  if constexpr (std::is_same_v<T, std::string>) {
    if (v.is_string()) to = v.get<std::string>();
  } else if constexpr (std::is_same_v<T, bool>) {
    if (v.is_boolean()) to = v.get<bool>();
  } else if constexpr (std::is_same_v<T, double>) {
    if (v.is_number()) to = v.get<double>();
  } else if (v.is_number_integer()) {
    // Whole numbers only (a cast from a huge real would be undefined), kept within the type.
    using Limits = std::numeric_limits<T>;
    constexpr std::int64_t kLeast = Limits::min(), kMost = Limits::max();
    const bool huge = v.is_number_unsigned() && v.get<std::uint64_t>() > std::uint64_t{kMost};
    to = huge ? Limits::max() : static_cast<T>(std::clamp(v.get<std::int64_t>(), kLeast, kMost));
  }
}
void GetMicros(const Json& j, const char* name, Duration& to) {
  // Beyond three centuries is nobody's duration, and would overflow.
  constexpr std::int64_t kMost = std::int64_t{1} << 53;
  std::int64_t us = 0;
  Get(j, name, us);
  to = std::chrono::microseconds(std::clamp(us, -kMost, kMost));
}
const Json& Object(const Json& j, const char* name) {
  static const Json kEmpty = Json::object();
  const auto it = j.find(name);
  return it != j.end() && it->is_object() ? *it : kEmpty;
}
std::string Join(const Json& j, const char* name, std::string_view separator) {
  std::string text;
  const auto it = j.find(name);
  if (it == j.end() || !it->is_array()) return text;
  for (const Json& line : *it) {
    if (!line.is_string()) continue;
    if (!text.empty()) text += separator;
    text += line.get_ref<const std::string&>();
  }
  return text;
}

pool::CallRecord CallFrom(const Json& j) {
  pool::CallRecord c;
  Get(j, "worker", c.worker);
  Get(j, "model", c.provider_model);
  Get(j, "outcome", c.outcome);
  Get(j, "fault", c.fault);
  Get(j, "why", c.why);
  Get(j, "winner", c.winner);
  Get(j, "upstream_status", c.upstream_status);
  const Json& t = Object(j, "timings");
  Duration start{};
  GetMicros(t, "start_unix_us", start);
  c.start_unix_ns = start.count();
  GetMicros(t, "queued_us", c.queued);
  GetMicros(t, "first_byte_us", c.to_first_byte);
  GetMicros(t, "whole_us", c.whole);
  const Json& u = Object(j, "usage");
  Get(u, "input_tokens", c.usage.input);
  Get(u, "cached_input_tokens", c.usage.cached_input);
  Get(u, "cache_write_tokens", c.usage.cache_write);
  Get(u, "cache_write_1h_tokens", c.usage.cache_write_1h);
  Get(u, "output_tokens", c.usage.output);
  Get(u, "reasoning_tokens", c.usage.reasoning);
  Get(u, "audio_input_tokens", c.usage.audio_input);
  Get(u, "audio_output_tokens", c.usage.audio_output);
  Get(u, "known", c.usage.known);
  Get(u, "estimated", c.usage_estimated);
  Get(j, "cost_nanos", c.cost.v);
  Get(j, "priced", c.priced);
  return c;
}

void StepsFrom(const Json& j, Provenance& r) {
  const auto steps = j.find("steps");
  if (steps == j.end() || !steps->is_array()) return;
  for (const Json& s : *steps) {
    if (!s.is_object()) continue;
    StepRecord& step = r.steps.emplace_back();
    Get(s, "name", step.name);
    Get(s, "role", step.role);
    Get(s, "status", step.status);
    Get(s, "verdict", step.verdict);
    Get(s, "note", step.note);
    if (const auto sees = s.find("sees"); sees != s.end() && sees->is_array()) {
      for (const Json& name : *sees) {
        if (name.is_string()) step.sees += (step.sees.empty() ? "" : ",") + name.get<std::string>();
      }
    }
    if (const auto c = s.find("confidence"); c != s.end() && c->is_number())
      step.confidence = 1 + static_cast<int>(c->get<double>() * 1000 + 0.5);
    const auto calls = s.find("calls");
    if (calls == s.end() || !calls->is_array()) continue;
    for (const Json& c : *calls) {
      if (!c.is_object()) continue;
      r.calls.push_back(CallFrom(c));
      ++step.calls;
    }
  }
  // The form of a record whose workflow had no steps to name.
  if (r.steps.size() == 1 && r.steps[0].name == "answer" && r.steps[0].role == "worker") r.steps.clear();
}

void FeedbackFrom(const Json& j, Provenance& r) {
  const auto list = j.find("feedback");
  if (list == j.end() || !list->is_array()) return;
  for (const Json& item : *list) {
    if (!item.is_object()) continue;
    Feedback& f = r.feedback.emplace_back();
    f.exchange = r.id;
    double score = 0;
    Get(item, "score", score);
    f.score_millionths = static_cast<std::int64_t>(std::clamp(score, 0.0, 1.0) * 1e6 + 0.5);
    Get(item, "id", f.name);
    Get(item, "label", f.label);
    Get(item, "source", f.source);
    Get(item, "by", f.by);
    std::int64_t seconds = 0;
    Get(item, "created", seconds);
    f.at_unix_ns = std::clamp<std::int64_t>(seconds, 0, 9'000'000'000) * 1'000'000'000;
  }
}

void RequestFrom(const Json& j, Provenance& r) {
  Get(j, "id", r.request_id);
  Get(j, "model", r.model);
  Get(j, "endpoint", r.endpoint);
  Get(j, "stream", r.stream);
  Get(j, "task", r.task);
  const Json& features = Object(j, "features");
  if (!features.empty()) r.features = features.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

std::string ToJson(const Provenance& r) {
  Json j{{"id", FormatExchangeId(r.id)},
         {"object", "exchange"},
         {"created", ExchangeUnixNanos(r.id) / 1'000'000'000},
         {"tenant", r.tenant},
         {"request", RequestJson(r)},
         {"route",
          {{"name", r.route},
           {"workflow", r.workflow},
           {"policy", r.policy},
           {"reason", r.reason},
           {"propensity", r.propensity}}},
         {"data_classes", Lines(r.data_classes, ",")},
         {"rails", Lines(r.rails_reasons, "\n")},
         {"outcome", r.outcome},
         {"status", r.http_status},
         {"finish", r.finish},
         {"worker", r.worker},
         {"usage",
          {{"input_tokens", r.input_tokens},
           {"cached_input_tokens", r.cached_tokens},
           {"output_tokens", r.output_tokens},
           {"reasoning_tokens", r.reasoning_tokens}}},
         {"cost_usd", budget::FormatUsd(r.cost)},
         {"cost_nanos", r.cost.v},
         {"unpriced", r.unpriced},
         {"timings",
          {{"duration_us", Micros(r.duration)},
           {"overhead_us", Micros(r.overhead)},
           {"first_byte_us", Micros(r.first_byte)}}},
         {"losses", Lines(r.losses, ", ")},
         {"steps", StepsJson(r)}};
  if (r.calls_cut > 0) j["calls_cut"] = r.calls_cut;
  if (!r.degraded.empty()) j["degraded"] = r.degraded;
  if (!r.notes.empty()) j["notes"] = Lines(r.notes, "\n");
  if (!r.prompt_digest.empty()) j["prompt_digest"] = r.prompt_digest;
  if (!r.contract.empty()) j["contract"] = r.contract;
  if (!r.key.empty()) j["key"] = r.key;
  if (!r.user.empty()) j["user"] = r.user;
  if (!r.config.empty()) j["config"] = r.config;
  if (!r.feedback.empty()) j["feedback"] = FeedbackJson(r.feedback);
  // Texts from outside may not be UTF-8; replaced, they are still text.
  return j.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<Provenance> FromJson(std::string_view text) {
  const Json j = Json::parse(text, nullptr, false);
  std::string id;
  if (j.is_object()) Get(j, "id", id);
  const auto parsed = ParseExchangeId(id);
  if (!parsed) return Fail(Code::kInvalidRequest, "this is not the JSON of an exchange", "record_malformed");
  Provenance r;
  r.id = *parsed;
  Get(j, "tenant", r.tenant);
  RequestFrom(Object(j, "request"), r);
  Get(j, "degraded", r.degraded);
  if (const auto notes = j.find("notes"); notes != j.end() && notes->is_array()) {
    for (const Json& line : *notes) {
      if (line.is_string()) r.notes += (r.notes.empty() ? "" : "\n") + line.get<std::string>();
    }
  }
  const Json& route = Object(j, "route");
  Get(route, "name", r.route);
  Get(route, "workflow", r.workflow);
  Get(route, "policy", r.policy);
  Get(route, "reason", r.reason);
  Get(route, "propensity", r.propensity);
  r.data_classes = Join(j, "data_classes", ",");
  r.rails_reasons = Join(j, "rails", "\n");
  r.losses = Join(j, "losses", ", ");
  Get(j, "outcome", r.outcome);
  Get(j, "status", r.http_status);
  Get(j, "finish", r.finish);
  Get(j, "worker", r.worker);
  const Json& usage = Object(j, "usage");
  Get(usage, "input_tokens", r.input_tokens);
  Get(usage, "cached_input_tokens", r.cached_tokens);
  Get(usage, "output_tokens", r.output_tokens);
  Get(usage, "reasoning_tokens", r.reasoning_tokens);
  Get(j, "cost_nanos", r.cost.v);
  Get(j, "unpriced", r.unpriced);
  const Json& timings = Object(j, "timings");
  GetMicros(timings, "duration_us", r.duration);
  GetMicros(timings, "overhead_us", r.overhead);
  GetMicros(timings, "first_byte_us", r.first_byte);
  Get(j, "calls_cut", r.calls_cut);
  Get(j, "prompt_digest", r.prompt_digest);
  Get(j, "contract", r.contract);
  Get(j, "key", r.key);
  Get(j, "user", r.user);
  Get(j, "config", r.config);
  FeedbackFrom(j, r);
  StepsFrom(j, r);
  return r;
}

}  // namespace baton::record
