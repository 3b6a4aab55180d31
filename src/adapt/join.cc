#include "adapt/join.h"

#include "learn/daily_cap.h"

namespace baton::adapt {
namespace {

// The one worker that was chosen answered, at its first try.
bool Clean(const record::Provenance& r) {
  return r.outcome == "ok" && r.workflow == "single" && r.degraded.empty() && r.calls.size() == 1 &&
         r.calls.front().outcome == "ok" && r.calls.front().worker == r.worker;
}

}  // namespace

std::optional<learn::Rated> RatedOf(const record::Provenance& record, const record::Feedback& rating) {
  if (record.endpoint != "chat") return std::nullopt;
  if (!record.feedback.empty() && record.feedback.front().name != rating.name) return std::nullopt;
  auto noted = learn::NotedIn(record.features);
  if (!noted) return std::nullopt;
  learn::Rated r;
  r.noted = std::move(*noted);
  r.tenant = rating.tenant;
  r.slice = record.task;
  r.worker = record.worker;
  // The rules' own choice is nobody's estimate.
  if (!record.policy.starts_with("rules/")) r.policy = record.policy;
  r.quality = rating.score();
  r.cost_usd = static_cast<double>(record.cost.v) / 1e9;
  r.output_tokens = static_cast<double>(record.output_tokens);
  r.day = learn::DayOf(rating.at_unix_ns);
  r.asked_unix_ns = ExchangeUnixNanos(record.id);
  r.clean = Clean(record);
  return r;
}

ShadowLog ShadowLogOf(std::span<const record::Provenance> records, std::int64_t since_unix_ns,
                      double value_usd) {
  ShadowLog log;
  for (const record::Provenance& r : records) {
    if (r.feedback.empty() || ExchangeUnixNanos(r.id) < since_unix_ns) continue;
    const auto rated = RatedOf(r, r.feedback.front());
    if (!rated || !rated->clean || rated->noted.would.empty()) continue;
    learn::LoggedDecision d;
    d.propensity = r.propensity;
    d.target = rated->noted.would == r.worker ? 1 : 0;
    d.reward = learn::Utility(rated->quality, rated->cost_usd, value_usd);
    d.model_logged = learn::Utility(rated->noted.quality, rated->cost_usd, value_usd);
    d.model_target = learn::Utility(rated->noted.would_quality, rated->cost_usd, value_usd);
    log.own += d.reward;
    log.decisions.push_back(d);
  }
  if (!log.decisions.empty()) log.own /= static_cast<double>(log.decisions.size());
  return log;
}

}  // namespace baton::adapt
