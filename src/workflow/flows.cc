// The table of named workflows. A new one is one file flow_<name>.cc, its test and one row here.
#include <fmt/format.h>

#include <algorithm>

#include "base/nearest.h"
#include "workflow/flow.h"
#include "workflow/flow_rows.h"
#include "workflow/plan_check.h"
#include "workflow/plan_prompt.h"

namespace baton::workflow {
namespace {

constexpr int kDeepest = 4;

Error Bad(const FlowSettings& s, std::string what) {
  return Fail(Code::kInvalidRequest, fmt::format("workflow '{}': {}", s.name, what), "bad_workflow");
}

std::string WrongBounds(const FlowSettings& s) {
  if (s.samples < 0 || s.samples > 32) return "samples lies between 1 and 32";
  if (!ParsePlannerForm(s.prompt)) return "prompt is full or short";
  if (s.rounds < 0 || s.rounds > 5) return "rounds lies between 1 and 5";
  if (s.layers < 0 || s.layers > 6) return "layers lies between 1 and 6";
  if (s.max_steps < 0 || s.max_steps > 16) return "max_steps lies between 1 and 16";
  if (s.confidence < 0 || s.confidence > 1) return "confidence lies between 0 and 1";
  if (s.quorum < 0 || s.quorum > 1) return "quorum lies between 0 and 1";
  if (!s.decide.empty() && s.decide != "vote" && s.decide != "judge" && s.decide != "synthesis")
    return "decide is vote, judge or synthesis";
  return {};
}

}  // namespace

const std::vector<FlowInfo>& Flows() {
  static const std::vector<FlowInfo> kFlows = {
      {"single", "One worker answers; its fallbacks stand behind it.", "workers|verify", BuildSingle},
      {"poll", "Several answer at once; then a vote, a judge or a synthesis.",
       "workers|decide|sameness|quorum|samples|judge|synthesizer|verify", BuildPoll},
      {"pipeline", "Plan, execute, verify, repair.", "workers|planner|judge|rounds|verify", BuildPipeline},
      {"cascade", "Cheap first; escalate when the answer is found wanting.",
       "workers|verify|confidence|judge|stream_early|commit_tokens", BuildCascade},
      {"compliance", "Approved workers only, personal data hidden from them, an audit mark.",
       "workers|verify|judge", BuildCompliance},
      {"code_with_verifier", "Write, run the caller's tests, repair, escalate.", "workers|verify|rounds",
       BuildCodeWithVerifier},
      {"research", "Decompose, answer the parts in parallel, synthesise, check.",
       "workers|planner|synthesizer|judge|samples|verify", BuildResearch},
      {"support_triage", "Classify; resolve what is simple; hand the rest to people.",
       "workers|planner|verify", BuildSupportTriage},
      {"mixture_of_agents", "Layers of workers, each reading the one before, then an aggregator.",
       "workers|layers|synthesizer", BuildMixtureOfAgents},
      {"self_consistency", "Several samples of one worker, then a vote.",
       "workers|samples|sameness|quorum|verify", BuildSelfConsistency},
      {"debate", "Workers answer, read each other, answer again.", "workers|rounds|judge|sameness|quorum",
       BuildDebate},
      {"conducted", "A language model writes the plan, and may look at the result and plan again.",
       "workers|planner|rounds|max_steps|prompt|file|reader", BuildConducted},
      {"coordinator", "A trained coordinator says turn by turn who works next, and in which role.",
       "workers|file|reader", BuildCoordinator},
      {"evidence", "Asks on while the answers leave enough doubt for the price; the likeliest answer.",
       "workers|file|verify", BuildEvidence},
      {"steps", "The operator's own steps.", "workers|steps|answer|judge|synthesizer|planner", BuildSteps},
  };
  return kFlows;
}

const FlowInfo* FindFlow(std::string_view name) {
  for (const auto& f : Flows()) {
    if (f.name == name) return &f;
  }
  return nullptr;
}

Result<std::shared_ptr<const Library>> Library::Build(std::vector<FlowSettings> flows) {
  std::shared_ptr<Library> library(new Library);
  for (auto& s : flows) {
    if (s.kind.empty()) s.kind = s.steps.empty() ? s.name : "steps";
    if (!FindFlow(s.kind)) {
      std::vector<std::string_view> known;
      for (const auto& f : Flows()) known.push_back(f.name);
      const std::string_view near = Nearest(s.kind, known);
      return Bad(s, fmt::format("there is no kind '{}'{}; known: {}", s.kind,
                                near.empty() ? "" : fmt::format(", did you mean '{}'?", near),
                                fmt::join(known, ", ")));
    }
    if (library->Find(s.name)) return Bad(s, "there are two of that name");
    if (std::string wrong = WrongBounds(s); !wrong.empty()) return Bad(s, wrong);
    if (s.kind == "coordinator" && (s.file.empty() || s.reader.empty()))
      return Bad(s, "a coordinator needs a 'file' and a 'reader'");
    if (s.kind == "evidence" && s.file.empty()) return Bad(s, "evidence needs a 'file'");
    if (s.kind == "steps") {
      if (std::string wrong = CheckSteps(s); !wrong.empty()) return Bad(s, wrong);
    }
    if (auto same = verify::ParseSameness(s.sameness); !same) return Bad(s, same.error().message);
    for (const auto& spec : s.verify) {
      auto check = verify::Make(spec);
      if (!check) return Bad(s, check.error().message);
      library->checks_[s.name].push_back(std::move(*check));
    }
    library->flows_.push_back(std::move(s));
  }
  for (const auto& f : Flows()) {
    // These are nothing without what the operator says of them.
    if (f.name == "steps" || f.name == "coordinator" || f.name == "evidence") continue;
    FlowSettings standard;
    standard.name = standard.kind = f.name;
    standard.description = f.doc;
    library->built_in_.push_back(std::move(standard));
  }
  return std::shared_ptr<const Library>(std::move(library));
}

std::vector<std::string> Library::names() const {
  std::vector<std::string> out;
  for (const auto* list : {&built_in_, &flows_}) {
    for (const auto& s : *list) {
      if (std::find(out.begin(), out.end(), s.name) == out.end()) out.push_back(s.name);
    }
  }
  return out;
}

const FlowSettings* Library::Find(std::string_view name) const {
  // The operator's come first: `name: cascade` gives the built-in other settings everywhere.
  for (const auto* list : {&flows_, &built_in_}) {
    for (const auto& s : *list) {
      if (s.name == name) return &s;
    }
  }
  return nullptr;
}

Result<std::shared_ptr<const verify::Verifier>> Library::CheckOf(const verify::Spec& spec) const {
  std::string key = spec.name;
  for (const auto& [name, value] : spec.options) key += '\0' + name + '\0' + value;
  MutexLock lock(m_);
  auto& made = made_[key];
  if (!made) {
    TRY(made, verify::Make(spec));
  }
  return made;
}

void Library::Prepare(const StepSettings& step) const {
  for (const auto& spec : step.verify) (void)CheckOf(spec);
  for (const auto& inner : step.loop) Prepare(inner);
}

void Library::Prepare(const std::vector<std::string>& workflows) const {
  for (const auto& flow : flows_) {
    for (const auto& step : flow.steps) Prepare(step);
  }
  for (const auto& name : workflows) {
    const FlowSettings* s = Find(name);
    if (s && s->kind == "code_with_verifier" && s->verify.empty()) (void)CheckOf({"code", {}});
  }
}

Result<Plan> Library::Make(const Request& request) const {
  TRY(Plan plan, MakeNested(request, 0));
  if (Status fine = Check(plan, request.permit); !fine) return std::move(fine).error();
  return plan;
}

Result<Plan> Library::MakeNested(const Request& request, int depth) const {
  const FlowSettings* settings = Find(request.workflow);
  if (!settings) {
    return Fail(Code::kNotFound, fmt::format("there is no workflow '{}'", request.workflow),
                "unknown_workflow");
  }
  if (depth > kDeepest) return Bad(*settings, fmt::format("workflows nest more than {} deep", kDeepest));
  static const std::vector<std::shared_ptr<const verify::Verifier>> kNoChecks;
  const auto checks = checks_.find(settings->name);
  Materials m{*settings,
              request.workers,
              request.catalogue,
              request.permit,
              request.request,
              request.unix_seconds,
              checks == checks_.end() ? kNoChecks : checks->second,
              request.permit.controls().quality.value_or(0),
              [this](const verify::Spec& spec) { return CheckOf(spec); },
              {},
              depth};
  // The settings' own workers, where they name some, in their order.
  if (!settings->workers.empty()) {
    std::vector<const pool::Worker*> named;
    for (const auto& name : settings->workers) {
      const pool::Worker* w = request.catalogue.Find(name);
      const bool able =
          w && std::find(request.workers.begin(), request.workers.end(), w) != request.workers.end();
      if (w && (able || request.permit.Allows(*w)) && w->target.can.chat) named.push_back(w);
    }
    if (named.empty()) {
      return Fail(Code::kPermissionDenied,
                  fmt::format("none of the workers of workflow '{}' may see this request", settings->name),
                  "policy_violation");
    }
    m.workers = std::move(named);
  }
  if (m.workers.empty()) return Bad(*settings, "no worker is left for it");
  m.plan_of = [this, &request](const std::string& name, int below) {
    Request inner = request;
    inner.workflow = name;
    return MakeNested(inner, below);
  };
  TRY(Plan plan, FindFlow(settings->kind)->build(m));
  plan.workflow = settings->name;
  plan.share_tools = settings->share_tools;
  return plan;
}

std::vector<std::shared_ptr<const verify::Verifier>> Library::ChecksOf(std::string_view workflow) const {
  const auto at = checks_.find(workflow);
  return at == checks_.end() ? std::vector<std::shared_ptr<const verify::Verifier>>() : at->second;
}

}  // namespace baton::workflow
