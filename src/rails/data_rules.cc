#include "rails/data_rules.h"

#include <algorithm>
#include <charconv>
#include <map>

namespace baton::rails {
namespace {

constexpr std::string_view kActs[] = {"allow", "redact", "review", "block"};

// Findings beyond what spans hold have a class and no known type: whatever a rule of that class could say of
// them counts.
void JudgeUnknown(const std::vector<DataRule>& rules, const DataClass& found, bool any_type,
                  const auto& decide) {
  for (const DataRule& rule : rules) {
    if (!rule.Covers(found)) continue;
    if (any_type || rule.types.empty()) decide(rule);
    if (!any_type && rule.types.empty()) return;
  }
}

}  // namespace

std::string_view ActName(Act act) {
  return kActs[static_cast<std::size_t>(act)];
}

std::optional<Act> ParseAct(std::string_view name) {
  for (std::size_t i = 0; i < std::size(kActs); ++i) {
    if (kActs[i] == name) return static_cast<Act>(i);
  }
  return std::nullopt;
}

std::string_view FieldName(Field field) {
  constexpr std::string_view kNames[] = {"text",      "name",   "filename", "url",
                                         "arguments", "result", "extra",    "content"};
  return kNames[static_cast<std::size_t>(field)];
}

std::optional<Duration> ParseRetention(std::string_view text) {
  if (text == "none" || text == "0") return Duration::zero();
  std::int64_t n = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (error != std::errc() || n < 0 || n > 100'000) return std::nullopt;
  static const std::map<std::string_view, Duration> kUnits = {
      {"s", std::chrono::seconds(1)}, {"m", std::chrono::minutes(1)},    {"h", std::chrono::hours(1)},
      {"d", std::chrono::hours(24)},  {"w", std::chrono::hours(24 * 7)}, {"y", std::chrono::hours(24 * 366)}};
  const auto unit =
      kUnits.find(std::string_view(end, static_cast<std::size_t>(text.data() + text.size() - end)));
  if (unit == kUnits.end()) return std::nullopt;
  return unit->second * n;
}

bool WorkerTerms::MetBy(const pool::Worker& worker) const {
  if (!regions.empty() && !regions.contains(worker.data.region)) return false;
  if (no_training && worker.data.trains) return false;
  if (!max_retention) return true;
  const auto keeps = ParseRetention(worker.data.retention);
  return keeps && *keeps <= *max_retention;
}

bool DataRule::Covers(const Span& span) const {
  return Covers(span.data_class) && (types.empty() || types.contains(span.type));
}

const DataRule* RuleFor(const std::vector<DataRule>& rules, const Span& span) {
  for (const DataRule& rule : rules) {
    if (rule.Covers(span)) return &rule;
  }
  return nullptr;
}

Ruling Judge(const std::vector<DataRule>& rules, const Classification& found) {
  Ruling out;
  if (rules.empty()) return out;
  const auto decide = [&out](const DataRule& rule) {
    if (std::find(out.matched.begin(), out.matched.end(), &rule) == out.matched.end())
      out.matched.push_back(&rule);
    if (out.by == nullptr || rule.act > out.act) {
      out.act = rule.act;
      out.by = &rule;
    }
  };
  std::set<DataClass> with_spans;
  for (const Span& span : found.spans) {
    with_spans.insert(span.data_class);
    if (const DataRule* rule = RuleFor(rules, span)) decide(*rule);
  }
  for (const DataClass& c : found.classes) {
    if (found.truncated || !with_spans.contains(c)) JudgeUnknown(rules, c, found.truncated, decide);
  }
  return out;
}

}  // namespace baton::rails
