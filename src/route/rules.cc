// The operator's rules: first match wins, and the Permit disposes.
//
// A rule names workers; what it may take of them is what the Permit allows and what can serve the request at
// all. A rule that is left with nobody is passed over rather than failing the request: rails have already
// made sure that nobody unsuitable can be reached, so going on is safe, and the reasons say what happened. A
// caller who names one rule or one worker gets that or an error, never something else.

#include "route/rules.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "base/nearest.h"
#include "route/pick.h"

namespace baton::route {
namespace {

constexpr std::string_view kPolicy = "rules/1";

bool IsAlias(std::string_view model) {
  return std::find(std::begin(kModelAliases), std::end(kModelAliases), model) != std::end(kModelAliases);
}

std::string DescribeAll(const std::vector<Condition>& when) {
  if (when.empty()) return "no condition";
  std::vector<std::string> parts;
  for (const auto& c : when) parts.push_back(Describe(c));
  return fmt::format("{}", fmt::join(parts, " and "));
}

}  // namespace

Route Rules::ByPick(Pick pick, std::string name, std::string reason) const {
  pick.primaries = pick.chosen.size();
  std::vector<std::string> kept = std::move(pick.notes);
  pick.notes.clear();
  for (const auto* list : {&options_.fallback.on_timeout, &options_.fallback.on_error}) {
    for (const auto& worker : *list) pick.Consider(pick.catalogue.Find(worker));
  }
  pick.notes = std::move(kept);
  Workers primaries(pick.chosen.begin(), pick.chosen.begin() + static_cast<std::ptrdiff_t>(pick.primaries));
  Workers behind(pick.chosen.begin() + static_cast<std::ptrdiff_t>(pick.primaries), pick.chosen.end());

  Route route;
  route.reason_ = fmt::format("{} -> {}", reason, Names(primaries));
  if (!behind.empty()) route.reason_ += fmt::format(" (fallback: {})", Names(behind));
  for (const auto& w : pick.catalogue.workers) {
    if (!pick.NotesLeft()) break;
    if (pick.Chosen(w.get())) continue;
    std::string prefix = w->name + ":";
    bool said = std::any_of(pick.notes.begin(), pick.notes.end(),
                            [&](const std::string& n) { return n.compare(0, prefix.size(), prefix) == 0; });
    if (said) continue;
    pick.Note(pick.permit.Allows(*w) ? fmt::format("{}: not in route '{}'", w->name, name)
                                     : fmt::format("{}: {}", w->name, pick.permit.WhyNot(*w)));
  }
  route.name_ = std::move(name);
  route.policy_ = kPolicy;
  route.candidates_ = std::move(pick.chosen);
  route.primaries_ = pick.primaries;
  route.alternatives_ = std::move(pick.notes);
  return route;
}

bool Rules::Routable(const Pick& pick) const {
  return options_.router != nullptr && !pick.f.vector.empty() && options_.router->Knows();
}

const std::shared_ptr<LearnedShare>& Rules::share() const {
  static const std::shared_ptr<LearnedShare> kNone;
  return options_.router ? options_.router->share() : kNone;
}

Route Rules::ShadowOf(const Route& of) const {
  Route route;
  route.name_ = of.name_;
  route.policy_ = of.candidate_;
  route.reason_ = fmt::format("in shadow: {} would have asked {} instead of {}", of.candidate_,
                              of.shadow_->name, of.candidates_.front()->name);
  route.candidates_ = {of.shadow_};
  route.primaries_ = 1;
  route.alone_ = true;
  return route;
}

// The learned router's choice among those chosen so far. A plain route names one worker, with the others
// behind it; a team takes all, best first. Where nothing learned decides (no policy is in place, a candidate
// only watches) the rule does, or without one the price. REQUIRES: Routable(pick).
Route Rules::Open(Pick pick, const Rule* rule, const std::string& name, const std::string& why,
                  bool team) const {
  Router::Choice choice =
      options_.router->Choose(pick.chosen, pick.f, pick.permit, team ? Asking{} : pick.asking);
  if (!choice.decided) {
    Pick plain{pick.f, pick.permit, pick.catalogue, {}, 0, {}, 0, 0, 0};
    if (rule != nullptr) plain.ConsiderRule(*rule, false);
    Route route = ByPick(plain.chosen.empty() ? std::move(pick) : std::move(plain), name,
                         why + "; no learned policy has this, so its baseline");
    route.learned_ = std::move(choice.learned);
    route.shadow_ = choice.shadow;
    route.candidate_ = std::move(choice.candidate);
    return route;
  }
  for (std::size_t i = 0; i < choice.ranked.size(); ++i) {
    pick.chosen[i] = choice.ranked[i].worker;
    if (i > 0 && pick.NotesLeft())
      pick.Note(fmt::format("{}: {}", pick.chosen[i]->name, Describe(choice.ranked[i])));
  }
  const std::size_t named = team ? pick.chosen.size() : 1;
  Route route = ByPick(std::move(pick), name, fmt::format("{}; {}", why, choice.reason));
  route.primaries_ = named;
  route.policy_ = choice.policy;
  for (const Scored& s : choice.ranked) route.expected_.push_back(s.quality);
  if (team) return route;  // a team's answer teaches nothing about one worker
  route.propensity_ = choice.propensity;
  route.learned_ = std::move(choice.learned);
  route.shadow_ = choice.shadow;
  route.candidate_ = std::move(choice.candidate);
  return route;
}

// Whom to ask is decided inside the workflow: the record names what decides there.
void Rules::NameDecider(const Rule& rule, Route* route) const {
  const auto at = options_.workflow_policies.find(route->workflow_);
  if (rule.policy == "evidence" && at != options_.workflow_policies.end()) route->policy_ = at->second;
}

// fallback.on_low_confidence: a plain route becomes a cascade, its first worker before those.
void Rules::AskFurther(const rails::Permit& permit, const rails::Catalogue& catalogue, const Features& f,
                       Route* route) const {
  if (options_.fallback.on_low_confidence.empty() || route->alone_ || route->workflow_ != "single") return;
  Workers team = {route->candidates_.front()};
  for (const auto& name : options_.fallback.on_low_confidence) {
    const auto* w = catalogue.Find(name);
    bool length = false;
    if (w && w != team.front() && permit.Allows(*w) && WhyNot(*w, f, &length).empty()) team.push_back(w);
  }
  if (team.size() < 2) return;
  route->workflow_ = "cascade";
  route->reason_ += fmt::format("; on low confidence: {}", Names(Workers(team.begin() + 1, team.end())));
  route->primaries_ = team.size();
  route->candidates_ = std::move(team);
}

// Whatever the rules say about teams: the conductor gets everybody it may have.
Result<Route> Rules::Ultra(Pick pick) const {
  pick.ConsiderAll(true);
  if (pick.chosen.empty()) return pick.NobodyLeft("any worker of this server");
  Route route = ByPick(std::move(pick), "ultra", "baton-ultra: a planner conducts all able workers");
  route.workflow_ = "conducted";
  return route;
}

Result<Route> Rules::ByWorkflow(const std::string& name, Pick pick) const {
  pick.ConsiderAll(false);
  if (pick.chosen.empty()) return pick.NobodyLeft("any worker of this server");
  Route route = ByPick(std::move(pick), name, fmt::format("workflow '{}', as the caller asks", name));
  route.workflow_ = name;
  return route;
}

Result<Route> Rules::ByRules(const std::string& model, Pick pick) const {
  for (const auto& rule : options_.rules) {
    auto failed = std::find_if(rule.when.begin(), rule.when.end(),
                               [&](const Condition& c) { return !Matches(c, pick.f); });
    if (failed != rule.when.end()) {
      if (pick.NotesLeft()) pick.Note(fmt::format("rule '{}': not so that {}", rule.name, Describe(*failed)));
      continue;
    }
    const bool routed = !rule.policy.empty() && Routable(pick);
    pick.ConsiderRule(rule, routed);
    if (pick.chosen.empty()) {
      pick.Note(fmt::format("rule '{}': matches, but none of its workers may or can serve this", rule.name));
      continue;
    }
    std::string reason = fmt::format("rule '{}': {}", rule.name, DescribeAll(rule.when));
    const bool team = rule.workflow != "single" && model != "baton-mini";
    if (rule.policy == "learned" && !routed) reason += "; no learned policy is installed, so its baseline";
    Route route =
        routed ? Open(Pick(pick), &rule, rule.name, reason, team) : ByPick(Pick(pick), rule.name, reason);
    route.workflow_ = model == "baton-mini" ? "single" : rule.workflow;
    NameDecider(rule, &route);
    route.alone_ = model == "baton-mini";
    AskFurther(pick.permit, pick.catalogue, pick.f, &route);
    return route;
  }
  pick.refused = pick.too_long = pick.forbidden = 0;
  pick.ConsiderAll(false);
  if (pick.chosen.empty()) return pick.NobodyLeft("any worker of this server");
  std::string reason = options_.rules.empty() ? "no rules" : "no rule matches";
  Route route = Routable(pick) ? Open(Pick(pick), nullptr, "default", reason, false)
                               : ByPick(Pick(pick), "default", reason + ": cheapest able worker first");
  route.alone_ = model == "baton-mini";
  AskFurther(pick.permit, pick.catalogue, pick.f, &route);
  return route;
}

Result<Route> Rules::ByRule(const Rule& rule, Pick pick) const {
  const bool routed = !rule.policy.empty() && Routable(pick);
  pick.ConsiderRule(rule, routed);
  if (pick.chosen.empty()) return pick.NobodyLeft(fmt::format("rule '{}'", rule.name));
  const std::string why = fmt::format("rule '{}', as the caller asks", rule.name);
  Route route = routed ? Open(std::move(pick), &rule, rule.name, why, rule.workflow != "single")
                       : ByPick(std::move(pick), rule.name, why);
  route.workflow_ = rule.workflow;
  NameDecider(rule, &route);
  return route;
}

Result<Route> Rules::Direct(const pool::Worker& worker, Pick pick) const {
  // A tool worker answers nothing but calls of its tools, and says so itself.
  if (worker.dialect == "tool" && pick.permit.Allows(worker)) {
    pick.chosen.push_back(&worker);
  } else {
    pick.Consider(&worker);
  }
  if (pick.chosen.empty()) return pick.NobodyLeft(fmt::format("worker '{}'", worker.name));
  Route route;
  route.name_ = "direct:" + worker.name;
  route.reason_ = fmt::format("worker '{}', as the caller asks; no fallback", worker.name);
  route.policy_ = kPolicy;
  route.candidates_ = std::move(pick.chosen);
  route.primaries_ = 1;
  return route;
}

namespace {

Error UnknownModel(const std::string& model, const std::vector<std::string>& names) {
  std::vector<std::string_view> views(names.begin(), names.end());
  std::string_view near = Nearest(model, views);
  std::string shown = model.substr(0, 64);
  std::string message = fmt::format("there is no model '{}' here", shown);
  message += near.empty() ? "." : fmt::format("; did you mean '{}'?", near);
  if (views.size() > 8) {
    views.resize(8);
    views.push_back("...");
  }
  message += fmt::format(" Known: {} (all: GET /v1/models)", fmt::join(views, ", "));
  return Fail(Code::kNotFound, message, "model_not_found", "model");
}

}  // namespace

Result<Route> Rules::Choose(const std::string& model, const Features& features, const rails::Permit& permit,
                            const rails::Catalogue& catalogue, const Asking& asking) const {
  Pick pick{features, permit, catalogue, {}, 0, {}, 0, 0, 0, asking};
  if (model == "baton-ultra") return Ultra(std::move(pick));
  if (IsAlias(model)) return ByRules(model, std::move(pick));
  for (const auto& name : options_.workflows) {
    if (name == model) return ByWorkflow(name, std::move(pick));
  }
  for (const auto& rule : options_.rules) {
    if (rule.name == model) return ByRule(rule, std::move(pick));
  }
  if (const auto* worker = catalogue.Find(model)) return Direct(*worker, std::move(pick));
  return UnknownModel(model, ModelNames(catalogue));
}

Result<Route> Rules::ChooseEmbedder(const std::string& model, const rails::Permit& permit,
                                    const rails::Catalogue& catalogue) const {
  Route route;
  route.policy_ = kPolicy;
  route.primaries_ = 1;
  if (!IsAlias(model)) {
    const auto* worker = catalogue.Find(model);
    if (worker == nullptr) return UnknownModel(model, ModelNames(catalogue));
    if (!permit.Allows(*worker)) {
      return Fail(Code::kPermissionDenied,
                  fmt::format("worker '{}' may not see data of class {}, which this request holds",
                              worker->name, fmt::join(permit.data().classes, ", ")),
                  "policy_violation", "model");
    }
    if (!worker->target.can.embeddings) {
      return Fail(
          Code::kUnsupported,
          fmt::format("worker '{}' makes no embeddings; if it does, add `embeddings` to its `can:` list",
                      worker->name),
          "no_capable_worker", "model");
    }
    route.name_ = "direct:" + worker->name;
    route.reason_ = fmt::format("worker '{}', as the caller asks; no fallback", worker->name);
    route.candidates_ = {worker};
    return route;
  }
  Workers able;
  for (const auto* w : ByCost(permit.workers(), Features{}, false)) {
    if (w->target.can.embeddings) able.push_back(w);
  }
  if (able.empty()) {
    return Fail(Code::kUnsupported,
                "no worker that may see this makes embeddings; add one with `can: [embeddings_only]`",
                "no_capable_worker", "model");
  }
  std::stable_partition(able.begin(), able.end(), [](const pool::Worker* w) { return !w->target.can.chat; });
  route.name_ = "embeddings";
  route.reason_ = fmt::format(
      "embeddings: encoders first, then the cheapest -> {} (no fallback: vectors of different "
      "models do not mix)",
      able.front()->name);
  for (std::size_t i = 1; i < able.size() && i <= kMaxAlternatives; ++i) {
    route.alternatives_.push_back(able[i]->name + ": not the first choice for embeddings");
  }
  route.candidates_ = {able.front()};
  return route;
}

std::vector<std::string> Rules::ModelNames(const rails::Catalogue& catalogue) const {
  std::vector<std::string> names(std::begin(kModelAliases), std::end(kModelAliases));
  for (const auto& rule : options_.rules) names.push_back(rule.name);
  names.insert(names.end(), options_.workflows.begin(), options_.workflows.end());
  for (const auto& w : catalogue.workers) names.push_back(w->name);
  return names;
}

}  // namespace baton::route
