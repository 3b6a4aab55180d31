#include "guard/rule.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace baton::guard {
namespace {

constexpr std::array<const char*, 6> kSeen = {"clean",   "flagged",    "redacted",
                                              "blocked", "fault_open", "fault_closed"};

}  // namespace

std::string_view DeedName(Deed deed) {
  constexpr std::string_view kNames[] = {"flag", "redact", "block"};
  return kNames[static_cast<std::size_t>(deed)];
}

Rules::Rules(std::vector<Rule> rules, std::shared_ptr<const rails::Classifier> classifier, Metrics* metrics)
    : rules_(std::move(rules)), classifier_(std::move(classifier)), counters_(rules_.size()) {
  for (std::size_t i = 0; i < rules_.size(); ++i) {
    const Rule& r = rules_[i];
    (r.asks() ? asks_ : finds_) = true;
    alters_ = alters_ || r.deed != Deed::kFlag || r.on_fault == OnFault::kClosed;
    if (!r.asks()) window_ = std::max(window_, r.window);
    for (std::size_t s = 0; metrics && s < kSeen.size(); ++s) {
      counters_[i][s] = metrics->GetCounter("baton_guard_total", "Texts of workers judged by a guard",
                                            {{"guard", r.name}, {"result", kSeen[s]}});
    }
  }
}

void Rules::Count(const Rule& rule, Seen seen) const {
  const auto at = static_cast<std::size_t>(&rule - rules_.data());
  counters_[at][static_cast<std::size_t>(seen)].Add();
}

Error Blocked(const Rule& rule) {
  return Fail(Code::kPermissionDenied,
              fmt::format("guard '{}' has withheld the answer of a worker", rule.name), "guard_blocked");
}

Error Faulted(const Rule& rule) {
  return Fail(
      Code::kPermissionDenied,
      fmt::format("guard '{}' could not judge the answer of a worker, and then lets nothing pass", rule.name),
      "guard_fault");
}

}  // namespace baton::guard
