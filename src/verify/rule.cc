#include "verify/rule.h"

#include <fmt/format.h>

#include <charconv>

#include "verify/text.h"

namespace baton::verify {
namespace {

constexpr std::size_t kMaxReason = 500;
constexpr std::size_t kMaxEvidence = 4096;

Judgement Make(Verdict verdict, double score, std::string reason, std::string evidence) {
  if (reason.size() > kMaxReason) reason.resize(Clip(reason, kMaxReason).size());
  if (evidence.size() > kMaxEvidence) evidence.resize(Clip(evidence, kMaxEvidence).size());
  return {verdict, score, std::move(reason), std::move(evidence)};
}

}  // namespace

std::string_view VerdictName(Verdict v) {
  switch (v) {
    case Verdict::kAccept:
      return "accept";
    case Verdict::kReject:
      return "reject";
    case Verdict::kUnknown:
      break;
  }
  return "unknown";
}

Judgement Accept(std::string reason, std::string evidence) {
  return Make(Verdict::kAccept, 1, std::move(reason), std::move(evidence));
}
Judgement Reject(std::string reason, std::string evidence) {
  return Make(Verdict::kReject, 0, std::move(reason), std::move(evidence));
}
Judgement Unknown(std::string reason, std::string evidence) {
  return Make(Verdict::kUnknown, 0.5, std::move(reason), std::move(evidence));
}

bool Options::Has(std::string_view key) const {
  return spec_.options.contains(std::string(key));
}

std::string Options::Text(std::string_view key, std::string_view standard) const {
  auto at = spec_.options.find(std::string(key));
  return at == spec_.options.end() ? std::string(standard) : at->second;
}

bool Options::Flag(std::string_view key, bool standard) {
  if (!Has(key)) return standard;
  const std::string text = Text(key);
  if (text == "true" || text == "yes") return true;
  if (text == "false" || text == "no") return false;
  Wrong(key, "must be yes or no");
  return standard;
}

double Options::Number(std::string_view key, double standard, double least, double most) {
  if (!Has(key)) return standard;
  const std::string text = Text(key);
  double value = 0;
  auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (bad != std::errc() || end != text.data() + text.size() || !(value >= least && value <= most)) {
    Wrong(key, fmt::format("must be a number from {:g} to {:g}", least, most));
    return standard;
  }
  return value;
}

void Options::Wrong(std::string_view key, std::string_view what) {
  if (!ok_) return;
  ok_ = false;
  *error_ = Fail(Code::kInvalidRequest, fmt::format("option '{}' of verifier '{}' {}", key, spec_.name, what),
                 "invalid_verifier_option", std::string(key));
}

}  // namespace baton::verify
