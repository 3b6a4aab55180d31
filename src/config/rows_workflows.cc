// Rows of a workflow and its steps. What their words mean: docs/workflows.md.

#include <fmt/format.h>

#include "config/draft.h"
#include "config/rows_shapes.h"

namespace baton::config {
namespace {

using Step = workflow::StepSettings;
using Flow = workflow::FlowSettings;

constexpr std::string_view kVerifySchema = kVerifiersSchema;
constexpr std::string_view kTestSchema =
    R"({"oneOf":[{"type":"string"},{"type":"array","items":{"type":"string"}}]})";

// `json_schema`, or {name: regex, pattern: '^[A-D]$'}.
void ReadSpec(const Tree& tree, Problems* problems, std::vector<verify::Spec>* to) {
  verify::Spec spec;
  if (tree.kind == Tree::Kind::kScalar) {
    spec.name = tree.scalar;
  } else if (tree.kind == Tree::Kind::kMap) {
    for (std::size_t i = 0; i < tree.keys.size() && i < tree.items.size(); ++i) {
      const Tree& value = tree.items[i];
      const std::string text = value.kind == Tree::Kind::kScalar ? value.scalar : ToJson(value);
      (tree.keys[i].first == "name" ? spec.name : spec.options[tree.keys[i].first]) = text;
    }
  }
  if (spec.name.empty())
    return problems->Add(tree.place, "a verifier is a name, or a map with its `name` and options");
  to->push_back(std::move(spec));
}

constexpr auto& ReadSpecs = ReadVerifiers;

// A text or a list of texts, any of which must hold; in a text " and " joins tests that must all hold.
void ReadTests(const Tree& tree, Problems* problems, std::vector<std::vector<std::string>>* to) {
  const auto one = [&](const Tree& t) {
    if (t.kind != Tree::Kind::kScalar || t.scalar.empty())
      return problems->Add(t.place, "a test is a text like `rejected draft`");
    std::vector<std::string> group;
    std::string_view rest = t.scalar;
    for (std::size_t at; (at = rest.find(" and ")) != std::string_view::npos; rest.remove_prefix(at + 5))
      group.emplace_back(rest.substr(0, at));
    group.emplace_back(rest);
    to->push_back(std::move(group));
  };
  if (tree.kind != Tree::Kind::kList) return one(tree);
  for (const Tree& item : tree.items) one(item);
}

void StepVerify(Node* node, const Tree& tree, Problems* problems) {
  ReadSpecs(tree, problems, &static_cast<StepDraft*>(node)->v.verify);
}
void StepWhen(Node* node, const Tree& tree, Problems* problems) {
  ReadTests(tree, problems, &static_cast<StepDraft*>(node)->v.when);
}
void StepUntil(Node* node, const Tree& tree, Problems* problems) {
  ReadTests(tree, problems, &static_cast<StepDraft*>(node)->v.until);
}
void FlowVerify(Node* node, const Tree& tree, Problems* problems) {
  ReadSpecs(tree, problems, &static_cast<WorkflowDraft*>(node)->v.verify);
}
void FlowOutput(Node* node, const Tree& tree, Problems* problems) {
  if (tree.kind != Tree::Kind::kMap)
    return problems->Add(tree.place, "output is a JSON schema, written as a map");
  static_cast<WorkflowDraft*>(node)->v.output_schema.text = ToJson(tree);
}

template <auto Member>
constexpr Setter S() {
  return Into<&StepDraft::v, Member>;
}
template <auto Member>
constexpr Setter F() {
  return Into<&WorkflowDraft::v, Member>;
}

std::vector<Row> StepRows() {
  return {
      MakeRow(Kind::kText, "name", S<&Step::name>(), "Unique in the workflow; other steps refer to it.")
          .Required(),
      MakeWords(
          Kind::kWord, "role", "thinker|worker|verifier|synthesizer|planner|tool|human", S<&Step::role>(),
          "What it is for. A verifier begins its reply with ACCEPT or REJECT; a planner's reply is a plan.")
          .Default("worker"),
      MakeRow(Kind::kText, "instruction", S<&Step::instruction>(),
              "What it is to do, in plain language; without one it answers the conversation."),
      MakeRow(Kind::kTexts, "workers", S<&Step::workers>(),
              "Who may do it, in order of preference; without, those of the workflow."),
      MakeRow(Kind::kTexts, "sees", S<&Step::sees>(), "Earlier steps whose output it reads, or `all`."),
      MakeRow(Kind::kFlag, "conversation", S<&Step::conversation>(), "It reads what the client sent.")
          .Default("true"),
      MakeCustom(
          "when", StepWhen, "test or list of tests", kTestSchema,
          "It runs only if one of these holds: `rejected draft`, `not answered search`, `confidence draft < "
          "0.7`, "
          "`label triage angry`, `items list >= 3`, `usd_left >= 0.01`, `ms_left >= 500`; ` and ` joins."),
      MakeCustom("verify", StepVerify, "verifier or list", kVerifySchema,
                 "Checks of its output, in order (docs/verifiers.md)."),
      MakeRow(Kind::kTexts, "tools", S<&Step::tools>(), "Tool workers whose tools it may call."),
      MakeRow(Kind::kText, "tool", S<&Step::tool>(), "Role tool: the tool to call."),
      MakeRow(Kind::kText, "arguments", S<&Step::arguments>(),
              "Role tool: its arguments as JSON; {{NAME}} is a step's output, {{question}} the client's last "
              "message."),
      MakeRow(Kind::kText, "for_each", S<&Step::for_each>(),
              "Repeated for the items that step's output lists; see at_most."),
      MakeRow(Kind::kText, "workflow", S<&Step::workflow>(), "This workflow stands in its place."),
      MakeRow(Kind::kInteger, "at_most", S<&Step::at_most>(), "Bound of for_each (16) or loop (8).")
          .Between(1, 16),
      MakeRow(Kind::kInteger, "max_output", S<&Step::max_output>(), "Output tokens at most.").Between(1, 1e7),
      MakeRow(Kind::kDuration, "timeout", S<&Step::timeout>(), "Time it may take.").Between(0.001, 86400),
      MakeRow(Kind::kMoney, "max_usd", S<&Step::max_usd>(), "Dollars it may cost."),
      MakeRow(Kind::kNumber, "temperature", S<&Step::temperature>(), "Instead of the client's.")
          .Between(0, 2),
      MakeRow(Kind::kFlag, "optional", S<&Step::optional>(), "Dropped when money or time runs short.")
          .Default("false"),
      MakeRow(Kind::kFlag, "client_tools", S<&Step::client_tools>(), "It may call the client's tools.")
          .Default("false"),
      MakeRow(Kind::kFlag, "redact", S<&Step::redact>(), "Personal data is hidden from its worker.")
          .Default("false"),
  };
}

const Shape& InnerStepShape() {
  static const Shape kShape{"step", "One step of a loop.", StepRows()};
  return kShape;
}

const Shape& StepShape() {
  static const Shape kShape = [] {
    Shape s{"step", "One step.", StepRows()};
    s.rows.push_back(MakeChild(Kind::kList, "loop", Append<&StepDraft::loop>, InnerStepShape,
                               "Steps repeated at most `at_most` times, until `until` holds."));
    s.rows.push_back(MakeCustom("until", StepUntil, "test or list of tests", kTestSchema, "Ends the loop."));
    return s;
  }();
  return kShape;
}

}  // namespace

void ReadVerifiers(const Tree& tree, Problems* problems, std::vector<verify::Spec>* to) {
  if (tree.kind != Tree::Kind::kList) return ReadSpec(tree, problems, to);
  for (const Tree& item : tree.items) ReadSpec(item, problems, to);
}

const Shape& WorkflowShape() {
  static const Shape kShape{
      "workflow",
      "A team: one of the named workflows with other settings, or steps of your own.",
      {
          MakeRow(Kind::kText, "name", F<&Flow::name>(),
                  "What routes call it, and clients as a model. The name of a built-in one changes that.")
              .Required(),
          MakeRow(Kind::kText, "kind", F<&Flow::kind>(),
                  "Which named workflow it is; `steps` for your own. Without, by its name or its steps."),
          MakeRow(Kind::kText, "description", F<&Flow::description>(), "For people."),
          MakeRow(Kind::kTexts, "workers", F<&Flow::workers>(),
                  "Whom it may use, in order; without, those of the route. Never more than the rails allow."),
          MakeRow(Kind::kText, "judge", F<&Flow::judge>(), "Who judges; without, its dearest worker."),
          MakeRow(Kind::kText, "planner", F<&Flow::planner>(), "Who plans; without, its dearest worker."),
          MakeRow(Kind::kText, "file", F<&Flow::file>(),
                  "coordinator: the trained file; conducted: its gate (docs/coordinator.md, "
                  "docs/conductor.md), relative to the config file."),
          MakeRow(Kind::kText, "reader", F<&Flow::reader>(),
                  "coordinator, conducted with a gate: the local worker whose model reads the transcript."),
          MakeRow(Kind::kText, "synthesizer", F<&Flow::synthesizer>(),
                  "Who writes the last answer; without, its dearest worker."),
          MakeCustom("verify", FlowVerify, "verifier or list", kVerifySchema,
                     "Checks of its answers, in order (docs/verifiers.md)."),
          MakeRow(Kind::kInteger, "samples", F<&Flow::samples>(),
                  "self_consistency: samples; poll: how many answer first; research: parts.")
              .Between(1, 32),
          MakeRow(Kind::kInteger, "rounds", F<&Flow::rounds>(),
                  "Repairs, rounds of debate, or looks of the planner.")
              .Between(1, 5),
          MakeRow(Kind::kInteger, "layers", F<&Flow::layers>(), "mixture_of_agents: layers.").Between(1, 6),
          MakeWords(Kind::kWord, "prompt", "full|short", F<&Flow::prompt>(),
                    "conducted: what the planner is told; a trained one wants `short` (docs/conductor.md).")
              .Default("full"),
          MakeRow(Kind::kInteger, "max_steps", F<&Flow::max_steps>(), "conducted: steps of a plan.")
              .Between(1, 16),
          MakeRow(Kind::kNumber, "confidence", F<&Flow::confidence>(),
                  "cascade: below it the next one is asked.")
              .Between(0, 1),
          MakeRow(Kind::kNumber, "quorum", F<&Flow::quorum>(), "Agreement that ends a vote early.")
              .Between(0, 1),
          MakeWords(Kind::kWord, "decide", "vote|judge|synthesis", F<&Flow::decide>(), "poll: how it ends.")
              .Default("vote"),
          MakeWords(Kind::kWord, "sameness", "auto|normalised|choice|number", F<&Flow::sameness>(),
                    "When two answers count as the same.")
              .Default("auto"),
          MakeRow(Kind::kFlag, "stream_early", F<&Flow::stream_early>(),
                  "cascade: a cheap answer streams once its first tokens are sure enough, and is then kept.")
              .Default("false"),
          MakeRow(Kind::kInteger, "commit_tokens", F<&Flow::commit_tokens>(),
                  "stream_early: after how many tokens.")
              .Between(1, 4096)
              .Default("24"),
          MakeRow(Kind::kFlag, "share_tools", F<&Flow::share_tools>(),
                  "Tool turns of one step are seen by all.")
              .Default("false"),
          MakeChild(Kind::kList, "steps", Append<&WorkflowDraft::steps>, StepShape,
                    "Steps of your own, in order."),
          MakeRow(Kind::kTexts, "answer", F<&Flow::answer>(),
                  "Steps whose output the client reads, best first; without, the last."),
          MakeRow(Kind::kTexts, "inputs", F<&Flow::inputs>(),
                  "A contract: what callers must give under `inputs` in the request."),
          MakeCustom("output", FlowOutput, "JSON schema", R"({"type":"object"})",
                     "A contract: the JSON schema of the answer; checked, and asked of the worker."),
      }};
  return kShape;
}

}  // namespace baton::config
