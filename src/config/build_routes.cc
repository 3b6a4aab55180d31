// Routes and fallbacks: every name must lead somewhere.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "base/nearest.h"
#include "config/draft.h"

namespace baton::config {
namespace {

class RouteBuilder {
 public:
  RouteBuilder(const RootDraft& draft, const workflow::Library* library, Problems* problems)
      : library_(library), routed_(!draft.router.model.empty()), problems_(problems) {
    for (const auto& w : draft.workers) workers_.push_back(w.name);
    classes_.assign(std::begin(rails::kBuiltInClasses), std::end(rails::kBuiltInClasses));
    classes_.push_back(draft.data.default_class);
    for (const auto& p : draft.data.patterns) classes_.push_back(p.v.data_class);
  }

  route::Rule Rule(const RouteDraft& d) {
    const std::string who = fmt::format("route '{}'", d.name);
    route::Rule rule;
    rule.name = d.name;
    for (const auto& c : d.when) {
      rule.when.push_back(c.v);
      CheckClasses(c);
    }
    rule.workflow = d.use.policy == "evidence" ? EvidenceOf(d) : d.use.workflow;
    if (library_ && !library_->Find(rule.workflow))
      problems_->Add(d.use.At("workflow"), UnknownWorkflow(rule.workflow));
    rule.policy = d.use.policy;
    rule.baseline = d.use.baseline;
    rule.workers = d.use.workers;
    if (!d.use.worker.empty()) rule.workers.insert(rule.workers.begin(), d.use.worker);
    CheckUse(d, who);
    return rule;
  }

  void CheckWorkers(const std::vector<std::string>& names, const Place& place, const std::string& who) {
    for (const auto& name : names) {
      if (std::find(workers_.begin(), workers_.end(), name) != workers_.end()) continue;
      std::vector<std::string_view> known(workers_.begin(), workers_.end());
      std::string_view near = Nearest(name, known);
      problems_->Add(
          place, near.empty()
                     ? fmt::format("{} names the worker '{}', which there is not; known: {}", who, name,
                                   fmt::join(known, ", "))
                     : fmt::format("{} names the worker '{}', which there is not; did you mean '{}'?", who,
                                   name, near));
    }
  }

  // Classes that nothing ever finds: a misspelt one would protect nothing.
  void CheckWorkerClasses(const WorkerDraft& w) {
    for (const auto& c : w.data.v.classes) {
      if (!KnownClass(c))
        problems_->Warn(w.data.At("classes"),
                        fmt::format("worker '{}' may see data of class '{}', which no pattern finds{}",
                                    w.name, c, Hint(c)));
    }
  }

  void CheckClassNames(const std::vector<std::string>& names, const Place& place) {
    for (const auto& name : names) {
      if (!KnownClass(name))
        problems_->Add(place, fmt::format("data class '{}' is found by no pattern{}", name, Hint(name)));
    }
  }

  // A worker of that name?
  bool IsWorker(std::string_view name) const {
    return std::find(workers_.begin(), workers_.end(), name) != workers_.end();
  }

 private:
  // The workflow that decides for `policy: evidence`: the one that is named, or the only one of its kind.
  std::string EvidenceOf(const RouteDraft& d) {
    std::vector<std::string> of_kind;
    for (const auto& flow : library_ ? library_->own() : std::vector<workflow::FlowSettings>()) {
      if (flow.kind != "evidence") continue;
      if (d.use.Has("workflow") && flow.name == d.use.workflow) return flow.name;
      of_kind.push_back(flow.name);
    }
    if (d.use.Has("workflow")) {
      problems_->Add(
          d.use.At("workflow"),
          fmt::format("route '{}': with 'policy: evidence' the workflow is one of kind evidence", d.name));
      return "single";
    }
    if (of_kind.size() == 1) return of_kind.front();
    problems_->Add(d.use.At("policy"),
                   of_kind.empty()
                       ? fmt::format("route '{}': 'policy: evidence' decides by a trained model; give one as "
                                     "`router: {{evidence: FILE}}` (`baton train evidence`)",
                                     d.name)
                       : fmt::format("route '{}': there are {} workflows of kind evidence ({}); name one as "
                                     "'workflow'",
                                     d.name, of_kind.size(), fmt::join(of_kind, ", ")));
    return "single";
  }

  bool KnownClass(std::string_view c) const {
    return std::find(classes_.begin(), classes_.end(), c) != classes_.end();
  }
  std::string Hint(std::string_view c) const {
    std::string_view near = Nearest(c, classes_);
    return near.empty() ? std::string() : fmt::format("; did you mean '{}'?", near);
  }

  void CheckClasses(const ConditionDraft& c) {
    if (c.v.field != "data") return;
    for (const auto& name : std::get<std::vector<std::string>>(c.v.want)) {
      if (!KnownClass(name))
        problems_->Add(c.place, fmt::format("data class '{}' is found by no pattern{}", name, Hint(name)));
    }
  }

  void CheckUse(const RouteDraft& d, const std::string& who) {
    const UseDraft& u = d.use;
    if (!d.Has("use")) return;  // told as missing
    if (u.Has("worker") && u.Has("workers"))
      problems_->Add(u.At("worker"), fmt::format("{}: give 'worker' or 'workers', not both", who));
    const bool named = !u.worker.empty() || !u.workers.empty(), learned = u.policy == "learned";
    if (!learned && !u.baseline.empty())
      problems_->Add(u.At("baseline"),
                     fmt::format("{}: 'baseline' belongs to 'policy: learned'; use 'worker'", who));
    if (learned && named)
      problems_->Add(u.place, fmt::format("{}: with 'policy' the worker is called 'baseline'", who));
    // A team may be everybody the rails allow.
    if (u.policy.empty() && !named && !u.Has("worker") && !u.Has("workers") && u.workflow == "single")
      problems_->Add(u.place, fmt::format("{}: name a 'worker' or 'workers' to use", who));
    if (u.Has("workers") && u.workers.empty())
      problems_->Add(u.At("workers"), fmt::format("{}: the list of workers is empty", who));
    if (learned && !routed_)
      problems_->Warn(u.At("policy"), fmt::format("{}: no learned policy is installed: uses {}", who,
                                                  u.baseline.empty() ? "the cheapest able worker"
                                                                     : "the baseline " + u.baseline));
    if (!u.worker.empty()) CheckWorkers({u.worker}, u.At("worker"), who);
    CheckWorkers(u.workers, u.At("workers"), who);
    if (!u.baseline.empty()) CheckWorkers({u.baseline}, u.At("baseline"), who);
  }

  std::string UnknownWorkflow(const std::string& name) const {
    const auto names = library_->names();
    std::vector<std::string_view> known(names.begin(), names.end());
    const std::string_view near = Nearest(name, known);
    if (!near.empty()) return fmt::format("there is no workflow '{}'; did you mean '{}'?", name, near);
    return fmt::format("there is no workflow '{}'; known: {}", name, fmt::join(known, ", "));
  }

  const workflow::Library* library_;  // null: it could not be built, which has been told
  const bool routed_;                 // a router is configured
  Problems* problems_;
  std::vector<std::string> workers_;
  std::vector<std::string_view> classes_;
};

bool IsRuleName(std::string_view name) {
  return name.size() <= 64 &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._/-") ==
             std::string_view::npos;
}

void CheckName(const RouteDraft& d, const RouteBuilder& builder, std::set<std::string>* names,
               Problems* problems) {
  if (!IsRuleName(d.name))
    problems->Add(d.At("name"), "a route's name has 1 to 64 letters, digits or . _ / -");
  if (!names->insert(d.name).second)
    problems->Add(d.At("name"), fmt::format("there are two routes called '{}'", d.name));
  bool alias = std::find(std::begin(route::kModelAliases), std::end(route::kModelAliases), d.name) !=
               std::end(route::kModelAliases);
  if (alias || d.name == "default" || d.name == "embeddings")
    problems->Add(d.At("name"),
                  fmt::format("'{}' is Baton's own name; call the route something else", d.name));
  if (builder.IsWorker(d.name))
    problems->Add(
        d.At("name"),
        fmt::format("route and worker are both called '{}': a client that asks for it could mean either",
                    d.name));
}

}  // namespace

void BuildRoutes(const RootDraft& draft, Problems* problems, Config* config) {
  RouteBuilder builder(draft, config->library.get(), problems);
  std::set<std::string> names;
  const RouteDraft* always = nullptr;
  for (const auto& d : draft.routes) {
    if (d.name.empty()) continue;  // told as missing
    CheckName(d, builder, &names, problems);
    if (always != nullptr)
      problems->Warn(d.place, fmt::format("route '{}' can rarely be reached: '{}' before it has no condition",
                                          d.name, always->name));
    config->routes.rules.push_back(builder.Rule(d));
    if (d.when.empty() && !d.Has("when") && always == nullptr) always = &d;
  }
  const FallbackDraft& f = draft.fallback;
  builder.CheckWorkers(f.on_timeout, f.At("on_timeout"), "fallback.on_timeout");
  builder.CheckWorkers(f.on_error, f.At("on_error"), "fallback.on_error");
  builder.CheckWorkers(f.on_low_confidence, f.At("on_low_confidence"), "fallback.on_low_confidence");
  config->continue_streams = f.on_stream_break == "continue";
  config->routes.fallback = {f.on_timeout, f.on_error, f.on_low_confidence, f.on_policy_violation};
  for (const auto& w : draft.workers) builder.CheckWorkerClasses(w);
  const RouterDraft& r = draft.router;
  if (!r.model.empty()) config->router.model = ResolvePath(r.At("model"), r.model);
  config->router.table_named = r.Has("table") || r.Has("model");
  config->router.table = ResolvePath(r.Has("table") ? r.At("table") : draft.place, r.table);
  config->router.settings = r.v;
  const LearningDraft& l = draft.learning;
  if (!l.v.single.empty()) builder.CheckWorkers({l.v.single}, l.At("single"), "learning.single");
  builder.CheckClassNames({l.v.opt_out_classes.begin(), l.v.opt_out_classes.end()}, l.At("opt_out_classes"));
  builder.CheckClassNames({l.v.vector_classes.begin(), l.v.vector_classes.end()}, l.At("record_vectors"));
  config->learning = l.v;
}

}  // namespace baton::config
