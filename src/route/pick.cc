#include "route/pick.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <limits>
#include <utility>

namespace baton::route {
namespace {

// An answer of usual length, to compare prices by.
constexpr std::int64_t kUsualOutput = 400;

// For comparing workers: what this request would cost at the newest prices. Unpriced workers come last.
std::int64_t ExpectedCost(const pool::Worker& w, const Features& f) {
  const budget::PriceRow* row = w.priced ? w.prices.At(std::numeric_limits<std::int64_t>::max()) : nullptr;
  if (row == nullptr) return std::numeric_limits<std::int64_t>::max();
  return budget::WorstCase(*row, f.input_tokens, kUsualOutput).v;
}

}  // namespace

std::string WhyNot(const pool::Worker& w, const Features& f, bool* length) {
  const auto& can = w.target.can;
  if (w.dialect == "tool") return "runs tools: it is asked by workflows or by its own name";
  if (!can.chat) return "is an encoder: it only embeds";
  if (f.has_images && !can.vision) return "cannot see images";
  if (f.has_audio && !can.audio) return "cannot hear audio";
  if (f.has_files && !can.files) return "cannot read files";
  if (f.has_tools && !can.tools) return "has no tools";
  // The estimate leans upwards; what exceeds the window by half is too long by any count. What lies between
  // is left to the worker, whose own refusal leads to the next candidate.
  if (w.context > 0 && f.input_tokens / 3 * 2 > w.context) {
    *length = true;
    return fmt::format("context of {} tokens is too small for about {}", w.context, f.input_tokens);
  }
  return {};
}

Workers ByCost(const Workers& workers, const Features& f, bool dearest_first) {
  std::vector<std::pair<std::int64_t, const pool::Worker*>> keyed;
  keyed.reserve(workers.size());
  for (const auto* w : workers) keyed.emplace_back(ExpectedCost(*w, f), w);
  std::stable_sort(keyed.begin(), keyed.end(), [&](const auto& a, const auto& b) {
    bool known = a.second->priced, other = b.second->priced;
    if (known != other) return known;
    if (a.first != b.first) return dearest_first ? a.first > b.first : a.first < b.first;
    return a.second->context > b.second->context;
  });
  Workers out;
  out.reserve(keyed.size());
  for (const auto& [cost, w] : keyed) out.push_back(w);
  return out;
}

std::string Names(const Workers& workers) {
  std::vector<std::string_view> names;
  for (const auto* w : workers) names.push_back(w->name);
  if (names.size() > 5) {
    std::size_t more = names.size() - 5;
    names.resize(5);
    return fmt::format("{} and {} more", fmt::join(names, ", "), more);
  }
  return fmt::format("{}", fmt::join(names, ", "));
}

bool Rules::Pick::Chosen(const pool::Worker* w) const {
  return std::find(chosen.begin(), chosen.end(), w) != chosen.end();
}

void Rules::Pick::Consider(const pool::Worker* w) {
  if (w == nullptr || Chosen(w)) return;
  bool length = false;
  std::string why;
  if (!permit.Allows(*w)) {
    ++forbidden;
    why = permit.WhyNot(*w);
  } else {
    why = WhyNot(*w, f, &length);
  }
  if (why.empty()) {
    chosen.push_back(w);
    return;
  }
  ++refused;
  too_long += length;
  Note(fmt::format("{}: {}", w->name, why));
}

void Rules::Pick::ConsiderRule(const Rule& rule, bool routed) {
  if (routed && rule.policy == "learned") return ConsiderAll(false);
  if (!rule.baseline.empty()) Consider(catalogue.Find(rule.baseline));
  for (const auto& name : rule.workers) Consider(catalogue.Find(name));
  if (rule.baseline.empty() && rule.workers.empty()) ConsiderAll(false);
}

void Rules::Pick::ConsiderAll(bool dearest_first) {
  for (const auto* w : ByCost(permit.workers(), f, dearest_first)) {
    // It computes what it is asked to compute: for those who name it, not for whoever comes along.
    if (w->dialect != "exact") Consider(w);
  }
}

Error Rules::Pick::NobodyLeft(std::string_view what) const {
  std::string reasons = notes.empty() ? std::string() : fmt::format(": {}", fmt::join(notes, "; "));
  if (refused > 0 && refused == too_long) {
    return Fail(
        Code::kTooLarge,
        fmt::format("the request has about {} tokens, more than {} can take{}; shorten it or name a worker "
                    "with a larger context",
                    f.input_tokens, what, reasons),
        "context_length_exceeded", "messages");
  }
  if (refused > 0 && refused == forbidden && permit.low_budget()) {
    return Fail(
        Code::kPermissionDenied,
        fmt::format("this request cannot be served by {}{}; ask for another model (`baton` chooses one)",
                    what, reasons),
        "tier_down", "model");
  }
  if (refused > 0 && refused == forbidden) {
    return Fail(
        Code::kPermissionDenied,
        fmt::format(
            "the request holds data of class {}, which {} may not see; take it out, or ask for a model "
            "that may see it (`baton` chooses one)",
            fmt::join(permit.data().classes, ", "), what),
        "policy_violation", "model");
  }
  return Fail(Code::kUnsupported, fmt::format("this request cannot be served by {}{}", what, reasons),
              "no_capable_worker", "model");
}

}  // namespace baton::route
