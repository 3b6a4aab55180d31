#include "conduct/coordinator.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace baton::conduct {
namespace {

Error Bad(std::string what) {
  return Fail(Code::kInvalidRequest, std::move(what), "bad_coordinator");
}

Status CheckGate(const Coordinator& c) {
  const Gate& g = *c.gate;
  const auto check = [&](const std::string& worker) {
    if (std::find(c.workers.begin(), c.workers.end(), worker) != c.workers.end()) return Status();
    return Status(Bad(fmt::format("the gate falls back to '{}', who is none of its workers", worker)));
  };
  TRY_VOID(check(g.fallback));
  for (const auto& s : g.slices) {
    TRY_VOID(check(s.worker));
    const bool whole =
        s.centre.size() == static_cast<std::size_t>(c.base.width) &&
        std::all_of(s.centre.begin(), s.centre.end(), [](float v) { return std::isfinite(v); });
    if (!whole)
      return Bad(fmt::format("slice '{}' of the gate has no centre of the base model's width", s.slice));
  }
  return {};
}

std::vector<double> Logits(const Coordinator& c, std::span<const float> state) {
  const auto width = static_cast<std::size_t>(c.base.width);
  const double scale = std::sqrt(static_cast<double>(width));
  std::vector<double> out(c.rows());
  for (std::size_t r = 0; r < out.size(); ++r) {
    double sum = 0;
    for (std::size_t i = 0; i < width; ++i) sum += static_cast<double>(c.head[r * width + i]) * state[i];
    out[r] = sum * scale;
  }
  return out;
}

// Over those that are open; the others get 0.
std::vector<double> Softmax(std::span<const double> logits, const std::vector<bool>& open) {
  double most = -std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < logits.size(); ++i) {
    if (open.empty() || open[i]) most = std::max(most, logits[i]);
  }
  std::vector<double> out;
  double sum = 0;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    out.push_back(open.empty() || open[i] ? std::exp(logits[i] - most) : 0);
    sum += out.back();
  }
  for (double& p : out) p /= sum;
  return out;
}

std::size_t Pick(const std::vector<double>& odds, Random* random) {
  if (!random) return static_cast<std::size_t>(std::max_element(odds.begin(), odds.end()) - odds.begin());
  double left = random->Unit();
  for (std::size_t i = 0; i < odds.size(); ++i) {
    left -= odds[i];
    if (left < 0 && odds[i] > 0) return i;
  }
  // Rounding: the last that is possible at all.
  for (std::size_t i = odds.size(); i-- > 1;) {
    if (odds[i] > 0) return i;
  }
  return 0;
}

}  // namespace

Status CheckShape(const Coordinator& c) {
  if (c.workers.empty() || c.base.width < 1 || c.turns < 1 || c.turns > 16)
    return Bad("no workers, no width or no turns");
  if (c.parameters() > kMostParameters)
    return Bad(fmt::format("{} parameters; at most {} are allowed", c.parameters(), kMostParameters));
  if (c.head.size() != c.parameters())
    return Bad(fmt::format("the head has {} numbers instead of {}", c.head.size(), c.parameters()));
  if (!std::all_of(c.head.begin(), c.head.end(), [](float v) { return std::isfinite(v); }))
    return Bad("the head holds something that is no number");
  return c.gate ? CheckGate(c) : Status();
}

Odds OddsOf(const Coordinator& c, std::span<const float> state, const Open& open) {
  const std::vector<double> logits = Logits(c, state);
  Odds out;
  out.workers = Softmax(std::span(logits).first(c.workers.size()), open.workers);
  out.roles = Softmax(std::span(logits).subspan(c.workers.size()),
                      {true, c.roles && open.think, c.roles && open.verify});
  return out;
}

Choice Choose(const Coordinator& c, std::span<const float> state, const Open& open, Random* random) {
  const Odds odds = OddsOf(c, state, open);
  Choice out;
  out.worker = Pick(odds.workers, random);
  out.role = Pick(odds.roles, random);
  out.propensity = random ? odds.workers[out.worker] * odds.roles[out.role] : 1;
  out.state.assign(state.begin(), state.end());
  out.open = open;
  return out;
}

std::string_view RolePrompt(workflow::Role role) {
  switch (role) {
    case workflow::Role::kThinker:
      return "Task: do not answer yet. Write down, between backticks, the one expression, query, line of "
             "code or fact "
             "that settles it.";
    case workflow::Role::kVerifier:
      return "Task: check the last answer. Begin with ACCEPT if it is right, with REJECT and the reason if "
             "it is not.";
    default:
      return "Task: answer the question, briefly.";
  }
}

std::int64_t RoleTokens(workflow::Role role, std::int64_t answer) {
  return role == workflow::Role::kVerifier ? std::min<std::int64_t>(answer, 8) : answer;
}

Status Fits(const Coordinator& c, const std::vector<std::string>& pool, const BaseModel& base) {
  std::vector<std::string> missing;
  for (const auto& w : c.workers) {
    if (std::find(pool.begin(), pool.end(), w) == pool.end()) missing.push_back(w);
  }
  if (!missing.empty())
    return Fail(
        Code::kInvalidRequest,
        fmt::format(
            "the coordinator was trained for workers that are not here: {}; train one for this pool with "
            "`baton train coordinator`",
            fmt::join(missing, ", ")),
        "coordinator_pool");
  const bool same = c.base.width == base.width && c.base.parameters == base.parameters &&
                    c.base.vocabulary == base.vocabulary &&
                    (c.base.sha256.empty() || base.sha256.empty() || c.base.sha256 == base.sha256);
  if (!same)
    return Fail(
        Code::kInvalidRequest,
        fmt::format(
            "the coordinator reads with {} ({} parameters, width {}), here is {} ({} parameters, width {})",
            c.base.name, c.base.parameters, c.base.width, base.name, base.parameters, base.width),
        "coordinator_base");
  return {};
}

}  // namespace baton::conduct
