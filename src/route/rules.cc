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

namespace baton::route {
namespace {

constexpr std::size_t kMaxAlternatives = 16;
constexpr std::string_view kPolicy = "rules/1";
// An answer of usual length, to compare prices by.
constexpr std::int64_t kUsualOutput = 400;

bool IsAlias(std::string_view model) {
  return std::find(std::begin(kModelAliases), std::end(kModelAliases), model) != std::end(kModelAliases);
}

// Why this worker cannot serve the request, whoever asks; empty: it can. `length` tells that length is the
// reason.
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

// For comparing workers: what this request would cost at the newest prices. Unpriced workers come last.
std::int64_t ExpectedCost(const pool::Worker& w, const Features& f) {
  const budget::PriceRow* row = w.priced ? w.prices.At(std::numeric_limits<std::int64_t>::max()) : nullptr;
  if (row == nullptr) return std::numeric_limits<std::int64_t>::max();
  return budget::WorstCase(*row, f.input_tokens, kUsualOutput).v;
}

using Workers = std::vector<const pool::Worker*>;

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

std::string DescribeAll(const std::vector<Condition>& when) {
  if (when.empty()) return "no condition";
  std::vector<std::string> parts;
  for (const auto& c : when) parts.push_back(Describe(c));
  return fmt::format("{}", fmt::join(parts, " and "));
}

}  // namespace

// A choice in the making.
struct Rules::Pick {
  const Features& f;
  const rails::Permit& permit;
  const rails::Catalogue& catalogue;
  Workers chosen;
  std::size_t primaries = 0;
  std::vector<std::string> notes;
  // Candidates left out, and how many of them for length alone or because the Permit forbids them.
  int refused = 0, too_long = 0, forbidden = 0;

  void Note(std::string line) {
    if (notes.size() < kMaxAlternatives) notes.push_back(std::move(line));
  }
  bool NotesLeft() const { return notes.size() < kMaxAlternatives; }
  bool Chosen(const pool::Worker* w) const {
    return std::find(chosen.begin(), chosen.end(), w) != chosen.end();
  }

  // Adds the worker unless something speaks against it.
  void Consider(const pool::Worker* w) {
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

  // What a rule names, or everybody by cost.
  void ConsiderRule(const Rule& rule) {
    if (!rule.baseline.empty()) Consider(catalogue.Find(rule.baseline));
    for (const auto& name : rule.workers) Consider(catalogue.Find(name));
    if (rule.baseline.empty() && rule.workers.empty()) ConsiderAll(false);
  }
  void ConsiderAll(bool dearest_first) {
    for (const auto* w : ByCost(permit.workers(), f, dearest_first)) Consider(w);
  }

  Error NobodyLeft(std::string_view what) const {
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
      return Fail(Code::kPermissionDenied,
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
};

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
    pick.Note(pick.permit.Allows(*w)
                  ? fmt::format("{}: not in route '{}'", w->name, name)
                  : fmt::format("{}: {}", w->name, pick.permit.WhyNot(*w)));
  }
  route.name_ = std::move(name);
  route.policy_ = kPolicy;
  route.candidates_ = std::move(pick.chosen);
  route.primaries_ = pick.primaries;
  route.alternatives_ = std::move(pick.notes);
  return route;
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
    pick.ConsiderRule(rule);
    if (pick.chosen.empty()) {
      pick.Note(fmt::format("rule '{}': matches, but none of its workers may or can serve this", rule.name));
      continue;
    }
    std::string reason = fmt::format("rule '{}': {}", rule.name, DescribeAll(rule.when));
    if (rule.policy == "learned") reason += "; no learned policy is installed, so its baseline";
    Route route = ByPick(Pick(pick), rule.name, reason);
    route.workflow_ = model == "baton-mini" ? "single" : rule.workflow;
    route.alone_ = model == "baton-mini";
    AskFurther(pick.permit, pick.catalogue, pick.f, &route);
    return route;
  }
  pick.refused = pick.too_long = pick.forbidden = 0;
  pick.ConsiderAll(false);
  if (pick.chosen.empty()) return pick.NobodyLeft("any worker of this server");
  std::string reason = options_.rules.empty() ? "no rules" : "no rule matches";
  Route route = ByPick(Pick(pick), "default", reason + ": cheapest able worker first");
  route.alone_ = model == "baton-mini";
  AskFurther(pick.permit, pick.catalogue, pick.f, &route);
  return route;
}

Result<Route> Rules::ByRule(const Rule& rule, Pick pick) const {
  pick.ConsiderRule(rule);
  if (pick.chosen.empty()) return pick.NobodyLeft(fmt::format("rule '{}'", rule.name));
  Route route = ByPick(std::move(pick), rule.name, fmt::format("rule '{}', as the caller asks", rule.name));
  route.workflow_ = rule.workflow;
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
                            const rails::Catalogue& catalogue) const {
  Pick pick{features, permit, catalogue, {}, 0, {}, 0, 0, 0};
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
