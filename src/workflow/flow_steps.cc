// steps: workflows as their operators write them, in YAML, turned into a plan.
//
// What repeats is unrolled here: a for-each is as many steps as its bound, a loop as many rounds, a
// sub-workflow its own steps in place of one. So everything plan.h promises about a plan holds for these too.
// A repeated step's name stands for all its copies where it is seen, and a loop's or sub-workflow's for the
// last one that came to a result (a kPick step of that name).
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "workflow/flow_rows.h"
#include "workflow/flow_tools.h"
#include "workflow/step_clause.h"

namespace baton::workflow {
namespace {

constexpr int kMostRounds = 8, kMostItems = 16;

// Both must hold: every group of one with every group of the other.
Condition Both(const Condition& a, const Condition& b) {
  if (a.empty()) return b;
  if (b.empty()) return a;
  Condition out;
  for (const auto& x : a) {
    for (const auto& y : b) {
      out.push_back(x);
      out.back().insert(out.back().end(), y.begin(), y.end());
    }
  }
  return out;
}

class Compiler {
 public:
  explicit Compiler(const Materials& m) : m_(m) {}

  Result<Plan> Compile() {
    for (const StepSettings& s : m_.settings.steps) {
      if (Status fine = One(s, "", {}); !fine) return std::move(fine).error();
    }
    auto answer = m_.settings.answer;
    if (answer.empty()) answer.push_back(m_.settings.steps.back().name);
    for (const auto& name : answer) {
      TRY(const std::vector<StepId> ids, Find(name));
      plan_.answers.insert(plan_.answers.end(), ids.begin(), ids.end());
    }
    for (const StepId a : plan_.answers) Answers(a);
    return std::move(plan_);
  }

 private:
  Step& At(StepId id) { return plan_.steps[static_cast<std::size_t>(id)]; }

  // What the client reads is in the client's form, or the contract's.
  void Answers(StepId id) {
    Step& s = At(id);
    if (s.method == Method::kPick) {
      for (const StepId from : std::vector<StepId>(s.access.steps)) Answers(from);
      return;
    }
    s.answers_client = true;
    if (m_.settings.output_schema.empty()) return;
    chat::ResponseFormat format;
    format.kind = chat::ResponseFormat::Kind::kJsonSchema;
    format.name = "output";
    format.schema = m_.settings.output_schema;
    format.strict = true;
    s.format = std::move(format);
    auto check = m_.check({"json_schema", {{"schema", m_.settings.output_schema.text}}});
    if (check && s.method == Method::kAsk) s.checks.push_back(std::move(*check));
  }

  Result<std::vector<StepId>> Find(const std::string& name) const {
    const auto at = names_.find(name);
    if (at != names_.end()) return at->second;
    return Fail(Code::kInvalidRequest,
                fmt::format("workflow '{}' refers to the step '{}', which does not stand before it",
                            m_.settings.name, name),
                "invalid_plan");
  }

  Result<Condition> Read(const std::vector<std::vector<std::string>>& when) const {
    Condition out;
    for (const auto& group : when) {
      std::vector<Clause> tests;
      for (const auto& text : group) {
        TRY(WrittenClause r, ReadClause(text));
        if (!r.step.empty()) {
          TRY(const std::vector<StepId> ids, Find(r.step));
          r.clause.step = ids.back();
        }
        tests.push_back(std::move(r.clause));
      }
      out.push_back(std::move(tests));
    }
    return out;
  }

  Result<std::vector<const pool::Worker*>> Workers(const StepSettings& s, Role role) const {
    if (s.workers.empty()) {
      if (role == Role::kSynthesizer || role == Role::kPlanner || role == Role::kVerifier) {
        const auto& named = role == Role::kSynthesizer ? m_.settings.synthesizer
                            : role == Role::kPlanner   ? m_.settings.planner
                                                       : m_.settings.judge;
        TRY(const pool::Worker* who, Named(m_, named));
        return First(who, m_.workers);
      }
      return m_.workers;
    }
    std::vector<const pool::Worker*> out;
    std::optional<Error> first;
    for (const auto& name : s.workers) {
      auto who = Named(m_, name);
      if (who) {
        out.push_back(*who);
      } else if (!first) {
        first = std::move(who).error();
      }
    }
    if (out.empty()) return *first;
    return out;
  }

  Result<Step> Make(const StepSettings& s, const std::string& suffix, const Condition& also) {
    Step step;
    step.name = s.name + suffix;
    step.role = ParseRole(s.role).value_or(Role::kWorker);
    step.instruction = s.instruction;
    step.title = s.title;
    step.access.conversation = s.conversation;
    for (const auto& name : s.sees) {
      if (name == "all") {
        step.access.all = true;
        continue;
      }
      TRY(const std::vector<StepId> ids, Find(name));
      step.access.steps.insert(step.access.steps.end(), ids.begin(), ids.end());
    }
    TRY(Condition when, Read(s.when));
    step.when = Both(also, when);
    for (const auto& spec : s.verify) {
      TRY(auto check, m_.check(spec));
      step.checks.push_back(std::move(check));
    }
    step.limits = {s.max_output, s.timeout, s.max_usd};
    step.temperature = s.temperature;
    step.optional = s.optional;
    step.client_tools = s.client_tools;
    step.redact = s.redact;
    step.method = step.role == Role::kHuman ? Method::kHand : s.tool.empty() ? Method::kAsk : Method::kTool;
    step.tool = s.tool;
    step.arguments = s.arguments.empty() ? "{}" : s.arguments;
    if (step.method != Method::kHand) {
      TRY(step.workers, Workers(s, step.role));
    }
    for (const auto& name : s.tools) {
      TRY(const pool::Worker* tools, Named(m_, name));
      step.tools.push_back(tools);
    }
    if (!m_.settings.judge.empty()) {
      TRY(step.judge, Named(m_, m_.settings.judge));
    }
    if (step.role == Role::kVerifier && step.access.steps.size() == 1)
      step.judges = step.access.steps.front();
    if (step.role == Role::kPlanner) {
      step.max_planned = Or(m_.settings.max_steps, 5);
      step.planned_workers = m_.workers;
    }
    return step;
  }

  Status One(const StepSettings& s, const std::string& suffix, const Condition& also) {
    if (plan_.steps.size() >= kMaxSteps) {
      return Fail(Code::kInvalidRequest,
                  fmt::format("workflow '{}' has more than {} steps once its loops are written out",
                              m_.settings.name, kMaxSteps),
                  "invalid_plan");
    }
    if (!s.loop.empty()) return Loop(s, suffix, also);
    if (!s.workflow.empty()) return Nested(s, suffix, also);
    const int copies = s.for_each.empty() ? 1 : std::clamp(s.at_most, 1, kMostItems);
    std::vector<StepId> ids;
    for (int i = 0; i < copies; ++i) {
      auto step = Make(s, s.for_each.empty() ? suffix : fmt::format("{}.{}", suffix, i + 1), also);
      if (!step) return std::move(step).error();
      if (!s.for_each.empty()) {
        auto list = Find(s.for_each);
        if (!list) return std::move(list).error();
        step->item = Item{list->back(), i};
      }
      ids.push_back(Add(&plan_, std::move(*step)));
    }
    names_[s.name] = std::move(ids);
    return {};
  }

  // Each round runs unless the round before has brought about `until`.
  Status Loop(const StepSettings& s, const std::string& suffix, const Condition& also) {
    const int rounds = std::clamp(s.at_most, 1, kMostRounds);
    std::map<std::string, std::vector<StepId>> copies;
    Condition go_on = also;
    for (int round = 1; round <= rounds; ++round) {
      for (const StepSettings& inner : s.loop) {
        if (Status fine = One(inner, fmt::format("{}#{}", suffix, round), go_on); !fine) return fine;
        const auto& ids = names_[inner.name];
        copies[inner.name].insert(copies[inner.name].begin(), ids.begin(), ids.end());
      }
      auto until = Read(s.until);
      if (!until) return std::move(until).error();
      if (until->size() > 1 || (!until->empty() && until->front().size() > 2))
        return Fail(Code::kInvalidRequest, "`until` takes one or two tests, all of which must hold",
                    "bad_condition");
      // Not (a and b) is (not a) or (not b).
      Condition unless;
      for (const auto& group : *until) {
        for (const Clause& t : group) unless.push_back({Not(t)});
      }
      // Of all rounds before, not the last alone: a round that did not run has brought nothing about.
      go_on = Both(go_on, unless);
    }
    for (auto& [name, ids] : copies) Settle(name, suffix, ids);
    names_[s.name] = names_[s.loop.back().name];
    return {};
  }

  Status Nested(const StepSettings& s, const std::string& suffix, const Condition& also) {
    auto inner = m_.plan_of(s.workflow, m_.depth + 1);
    if (!inner) return std::move(inner).error();
    auto outer = Make(s, suffix, also);
    if (!outer) return std::move(outer).error();
    const auto base = static_cast<StepId>(plan_.steps.size());
    const auto shift = [base](StepId id) { return id + base; };
    for (Step& step : inner->steps) {
      step.name = s.name + suffix + "/" + step.name;
      const bool entry = step.access.steps.empty() && !step.item;
      std::transform(step.access.steps.begin(), step.access.steps.end(), step.access.steps.begin(), shift);
      if (step.access.all) {
        step.access.all = false;
        for (StepId id = base; id < static_cast<StepId>(plan_.steps.size()); ++id)
          step.access.steps.push_back(id);
      }
      if (step.item) step.item->list += base;
      if (step.judges >= 0) step.judges += base;
      for (auto& group : step.when) {
        for (Clause& t : group) t.step = t.step >= 0 ? t.step + base : t.step;
      }
      step.when = Both(outer->when, step.when);
      if (entry) {
        step.access.steps = outer->access.steps;
        if (!outer->instruction.empty())
          step.instruction = outer->instruction + (step.instruction.empty() ? "" : "\n\n" + step.instruction);
      }
      step.answers_client = false;
      Add(&plan_, std::move(step));
    }
    std::transform(inner->answers.begin(), inner->answers.end(), inner->answers.begin(), shift);
    Settle(s.name, suffix, inner->answers);
    return {};
  }

  // A step of that name which is the first of these to have come to something.
  void Settle(const std::string& name, const std::string& suffix, std::vector<StepId> in_order) {
    Step pick = Ask(name + suffix, Role::kSynthesizer, {});
    pick.method = Method::kPick;
    pick.access.steps = std::move(in_order);
    names_[name] = {Add(&plan_, std::move(pick))};
  }

  const Materials& m_;
  Plan plan_;
  std::map<std::string, std::vector<StepId>> names_;
};

std::string CheckOne(const StepSettings& s, std::vector<std::string>* names, int depth) {
  if (s.name.empty()) return "every step needs a name";
  const auto known = [&](const std::string& n) {
    return std::find(names->begin(), names->end(), n) != names->end();
  };
  if (known(s.name) && depth == 0) return fmt::format("two steps are called '{}'", s.name);
  if (depth > 2) return fmt::format("step '{}': loops nest at most twice", s.name);
  if (!ParseRole(s.role)) {
    return fmt::format(
        "step '{}': there is no role '{}'; known: thinker, worker, verifier, synthesizer, planner, "
        "tool, human",
        s.name, s.role);
  }
  for (const auto& n : s.sees) {
    if (n != "all" && !known(n))
      return fmt::format("step '{}' sees '{}', which is no step before it", s.name, n);
  }
  if (!s.for_each.empty() && !known(s.for_each))
    return fmt::format("step '{}' repeats for '{}', which is no step before it", s.name, s.for_each);
  if ((!s.for_each.empty() || !s.loop.empty()) && s.at_most < 1)
    return fmt::format("step '{}' repeats: say `at_most`", s.name);
  if (s.role == "tool" && (s.tool.empty() || s.workers.empty()))
    return fmt::format("step '{}': a tool step names its `worker` and its `tool`", s.name);
  for (const auto& spec : s.verify) {
    if (auto check = verify::Make(spec); !check)
      return fmt::format("step '{}': {}", s.name, check.error().message);
  }
  for (const StepSettings& inner : s.loop) {
    if (std::string wrong = CheckOne(inner, names, depth + 1); !wrong.empty()) return wrong;
  }
  names->push_back(s.name);
  for (const auto* list : {&s.when, &s.until}) {
    for (const auto& group : *list) {
      for (const auto& text : group) {
        auto test = ReadClause(text);
        if (!test) return fmt::format("step '{}': {}", s.name, test.error().message);
        if (!test->step.empty() && !known(test->step))
          return fmt::format("step '{}' asks about '{}', which is no step before it", s.name, test->step);
      }
    }
  }
  return {};
}

}  // namespace

std::string CheckSteps(const FlowSettings& settings) {
  if (settings.steps.empty()) return "write at least one step";
  std::vector<std::string> names;
  for (const StepSettings& s : settings.steps) {
    if (std::string wrong = CheckOne(s, &names, 0); !wrong.empty()) return wrong;
  }
  for (const auto& a : settings.answer) {
    if (std::find(names.begin(), names.end(), a) == names.end())
      return fmt::format("its answer is the step '{}', which there is not", a);
  }
  return {};
}

Result<Plan> BuildSteps(const Materials& m) {
  for (const auto& name : m.settings.inputs) {
    const auto given = std::any_of(m.request.inputs.begin(), m.request.inputs.end(),
                                   [&](const auto& i) { return i.first == name; });
    if (!given) {
      return Fail(Code::kInvalidRequest,
                  fmt::format("'{}' needs the input '{}': give it as `inputs: {{\"{}\": \"...\"}}`",
                              m.settings.name, name, name),
                  "missing_input", "inputs");
    }
  }
  return Compiler(m).Compile();
}

}  // namespace baton::workflow
