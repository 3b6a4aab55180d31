#include "workflow/flow_tools.h"

#include <fmt/format.h>

#include <algorithm>

namespace baton::workflow {
namespace {

std::int64_t PriceOf(const pool::Worker& w, std::int64_t unix_seconds) {
  const budget::PriceRow* row = w.prices.At(unix_seconds);
  return row ? row->output.v : 0;
}

}  // namespace

const pool::Worker* Strongest(const std::vector<const pool::Worker*>& workers, std::int64_t unix_seconds) {
  return *std::max_element(workers.begin(), workers.end(), [&](const auto* a, const auto* b) {
    return PriceOf(*a, unix_seconds) < PriceOf(*b, unix_seconds);
  });
}

std::vector<const pool::Worker*> CheapFirst(std::vector<const pool::Worker*> workers,
                                            std::int64_t unix_seconds) {
  std::stable_sort(workers.begin(), workers.end(), [&](const auto* a, const auto* b) {
    return PriceOf(*a, unix_seconds) < PriceOf(*b, unix_seconds);
  });
  return workers;
}

Result<const pool::Worker*> Named(const Materials& m, const std::string& name) {
  if (name.empty()) return Strongest(m.workers, m.unix_seconds);
  const pool::Worker* w = m.catalogue.Find(name);
  if (!w) {
    return Fail(Code::kInvalidRequest,
                fmt::format("workflow '{}' names the worker '{}', which there is not", m.settings.name, name),
                "unknown_worker");
  }
  if (!m.permit.Allows(*w)) {
    return Fail(Code::kPermissionDenied,
                fmt::format("workflow '{}' needs the worker '{}', which may not see data of class {}",
                            m.settings.name, name, fmt::join(m.permit.data().classes, ", ")),
                "policy_violation");
  }
  return w;
}

Clause Is(Clause::What what, StepId step) {
  Clause t;
  t.what = what;
  t.step = step;
  return t;
}

Clause Not(Clause test) {
  test.negated = !test.negated;
  return test;
}

Clause Below(StepId step, double confidence) {
  Clause t = Is(Clause::What::kConfidence, step);
  t.lt = confidence;
  return t;
}

Clause AtLeast(StepId step, double confidence) {
  Clause t = Is(Clause::What::kConfidence, step);
  t.ge = confidence;
  return t;
}

Condition AnyOf(std::initializer_list<Clause> tests) {
  Condition out;
  for (const Clause& t : tests) out.push_back({t});
  return out;
}

Condition AllOf(std::initializer_list<Clause> tests) {
  return {std::vector<Clause>(tests)};
}

Condition Wanting(StepId step, double confidence) {
  Condition out = AnyOf({Is(Clause::What::kFailed, step), Is(Clause::What::kRejected, step)});
  if (confidence > 0) out.push_back({Below(step, confidence)});
  return out;
}

Step Ask(std::string name, Role role, std::vector<const pool::Worker*> workers, std::string instruction) {
  Step s;
  s.name = std::move(name);
  s.role = role;
  s.workers = std::move(workers);
  s.instruction = std::move(instruction);
  return s;
}

std::vector<const pool::Worker*> First(const pool::Worker* who, const std::vector<const pool::Worker*>& all) {
  std::vector<const pool::Worker*> out = {who};
  for (const auto* w : all) {
    if (w != who && out.size() < kMaxCandidates) out.push_back(w);
  }
  return out;
}

StepId Add(Plan* plan, Step step) {
  plan->steps.push_back(std::move(step));
  return static_cast<StepId>(plan->steps.size()) - 1;
}

std::vector<StepId> Range(StepId from, StepId to) {
  std::vector<StepId> out;
  for (; from < to; ++from) out.push_back(from);
  return out;
}

std::vector<std::shared_ptr<const verify::Verifier>> ConfidenceCheck(double least) {
  auto made = verify::Make({"confidence", {{"threshold", fmt::format("{}", least)}}});
  std::vector<std::shared_ptr<const verify::Verifier>> out;
  if (made) out.push_back(std::move(*made));
  return out;
}

double QuorumWorth(const Materials& m, const pool::Worker& next) {
  constexpr double kSure = 0.999;
  const budget::PriceRow* row = next.prices.At(m.unix_seconds);
  if (m.settings.quorum > 0) return m.settings.quorum;
  if (m.quality <= 0 || !row) return kSure;
  constexpr std::int64_t kUsualInput = 500, kUsualOutput = 400;
  const double price = static_cast<double>(budget::WorstCase(*row, kUsualInput, kUsualOutput).v) / 1e9;
  return std::clamp(1 - price / (50 * m.quality), 0.0, kSure);
}

verify::Sameness SamenessOf(const Materials& m) {
  const auto read = verify::ParseSameness(m.settings.sameness);
  return read ? *read : verify::Sameness::kAuto;
}

}  // namespace baton::workflow
