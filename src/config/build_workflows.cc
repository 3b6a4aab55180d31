// Workflows: every name must lead somewhere, and every plan must be writable.

#include <fmt/format.h>

#include <algorithm>

#include "config/draft.h"

namespace baton::config {
namespace {

workflow::StepSettings StepOf(const StepDraft& d) {
  workflow::StepSettings s = d.v;
  for (const StepDraft& inner : d.loop) s.loop.push_back(StepOf(inner));
  return s;
}

class Names {
 public:
  Names(const RootDraft& draft, Problems* problems) : problems_(problems) {
    for (const auto& w : draft.workers) known_.push_back(w.name);
  }

  void Check(const std::vector<std::string>& names, const Place& place, const std::string& who) const {
    for (const auto& n : names) {
      if (n.empty() || std::find(known_.begin(), known_.end(), n) != known_.end()) continue;
      problems_->Add(place, fmt::format("{} names the worker '{}', which there is not; known: {}", who, n,
                                        fmt::join(known_, ", ")));
    }
  }
  void CheckStep(const StepDraft& s, const std::string& who) const {
    Check(s.v.workers, s.At("workers"), fmt::format("{}, step '{}',", who, s.v.name));
    Check(s.v.tools, s.At("tools"), fmt::format("{}, step '{}',", who, s.v.name));
    for (const StepDraft& inner : s.loop) CheckStep(inner, who);
  }

 private:
  std::vector<std::string> known_;
  Problems* problems_;
};

// A setting that its kind does not read would be believed to work.
void WarnUnused(const WorkflowDraft& d, const workflow::FlowInfo& info, Problems* problems) {
  const auto reads = [&](std::string_view key) {
    std::string_view rest = info.uses;
    while (!rest.empty()) {
      const auto end = std::min(rest.find('|'), rest.size());
      if (rest.substr(0, end) == key) return true;
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return false;
  };
  for (std::string_view key :
       {"judge", "planner", "synthesizer", "file", "reader", "verify", "samples", "rounds", "layers",
        "max_steps", "confidence", "quorum", "decide", "sameness", "stream_early", "steps"}) {
    if (d.Has(key) && !reads(key))
      problems->Warn(d.At(key), fmt::format("workflow '{}' is of kind '{}', which does not read '{}'",
                                            d.v.name, info.name, key));
  }
}

// `router.evidence` is the built-in workflow with that file.
void AddEvidence(const RootDraft& draft, Problems* problems, Config* config) {
  const Place place = draft.router.At("evidence");
  const bool taken = std::any_of(draft.workflows.begin(), draft.workflows.end(),
                                 [](const WorkflowDraft& d) { return d.v.name == "evidence"; });
  if (taken)
    return problems->Add(place, "there is a workflow 'evidence' with a file of its own: give one of the two");
  workflow::FlowSettings s;
  s.name = s.kind = "evidence";
  s.file = ResolvePath(place, draft.router.evidence);
  config->workflows.push_back(std::move(s));
}

}  // namespace

void BuildWorkflows(const RootDraft& draft, Problems* problems, Config* config) {
  const Names names(draft, problems);
  for (const WorkflowDraft& d : draft.workflows) {
    if (d.v.name.empty()) continue;  // told as missing
    const std::string who = fmt::format("workflow '{}'", d.v.name);
    workflow::FlowSettings s = d.v;
    for (const StepDraft& step : d.steps) {
      s.steps.push_back(StepOf(step));
      names.CheckStep(step, who);
      if (!step.v.workflow.empty() && step.v.workflow == d.v.name)
        problems->Add(step.At("workflow"), fmt::format("{} holds itself", who));
    }
    names.Check(d.v.workers, d.At("workers"), who);
    names.Check({d.v.judge}, d.At("judge"), who);
    names.Check({d.v.planner}, d.At("planner"), who);
    names.Check({d.v.reader}, d.At("reader"), who);
    if (!s.file.empty()) s.file = ResolvePath(d.At("file"), s.file);
    names.Check({d.v.synthesizer}, d.At("synthesizer"), who);
    const bool worker = std::any_of(draft.workers.begin(), draft.workers.end(),
                                    [&](const WorkerDraft& w) { return w.name == d.v.name; });
    if (worker || d.v.name.starts_with("baton"))
      problems->Add(d.At("name"),
                    fmt::format("'{}' is the name of a worker or of Baton's own: call the workflow "
                                "something else",
                                d.v.name));
    config->workflows.push_back(s);
    // One at a time, so that each is told at its place.
    auto alone = workflow::Library::Build({std::move(s)});
    if (!alone) {
      problems->Add(d.place, alone.error().message);
      config->workflows.pop_back();
      continue;
    }
    const auto* info = workflow::FindFlow((*alone)->own().front().kind);
    if (info) WarnUnused(d, *info, problems);
    // A built-in with other settings is no model of its own name.
    if (!workflow::FindFlow(d.v.name)) config->routes.workflows.push_back(d.v.name);
  }
  if (!draft.router.evidence.empty()) AddEvidence(draft, problems, config);
  auto all = workflow::Library::Build(config->workflows);
  if (!all) return problems->Add({}, all.error().message);
  for (const WorkflowDraft& d : draft.workflows) {
    for (const StepDraft& step : d.steps) {
      if (!step.v.workflow.empty() && !(*all)->Find(step.v.workflow))
        problems->Add(step.At("workflow"), fmt::format("there is no workflow '{}'", step.v.workflow));
    }
  }
  config->library = std::move(*all);
}

}  // namespace baton::config
