// Rows of a contract. What its words mean: docs/contracts.md.

#include "config/draft.h"
#include "config/rows_shapes.h"

namespace baton::config {
namespace {

using Contract = workflow::ContractSettings;

template <auto Member>
constexpr Setter C() {
  return Into<&ContractDraft::v, Member>;
}

void Output(Node* node, const Tree& tree, Problems* problems) {
  if (tree.kind != Tree::Kind::kMap)
    return problems->Add(tree.place, "output is a JSON schema, written as a map");
  static_cast<ContractDraft*>(node)->v.output_schema.text = ToJson(tree);
}

void Verify(Node* node, const Tree& tree, Problems* problems) {
  ReadVerifiers(tree, problems, &static_cast<QualityDraft*>(node)->verify);
}

const Shape& QualityShape() {
  static const Shape kShape{
      "quality",
      "How good an answer must be to leave, beside its form.",
      {
          MakeCustom("verify", Verify, "verifier or list", kVerifiersSchema,
                     "Checks of the answer, in order (docs/verifiers.md)."),
          MakeRow(Kind::kNumber, "confidence", Into<&QualityDraft::confidence>,
                  "An answer measured to be less sure is not accepted.")
              .Between(0, 1),
          MakeRow(Kind::kInteger, "repairs", Into<&QualityDraft::repairs>,
                  "How often an answer that is not accepted is written again, with the objection in sight.")
              .Between(0, 3)
              .Default("1"),
      }};
  return kShape;
}

const Shape& CeilingShape() {
  static const Shape kShape{
      "ceiling",
      "The most one request may take; a caller can only lower it.",
      {
          MakeRow(Kind::kMoney, "usd", Into<&CeilingDraft::usd>, "US dollars, all calls together."),
          MakeRow(Kind::kInteger, "tokens", Into<&CeilingDraft::tokens>,
                  "Input and output tokens of all calls.")
              .Between(1, 1e12),
          MakeRow(Kind::kDuration, "time", Into<&CeilingDraft::time>, "Time to the whole answer.")
              .Between(0.001, 86400),
      }};
  return kShape;
}

}  // namespace

const Shape& ContractShape() {
  static const Shape kShape{
      "contract",
      "What an application names instead of a model: what goes in, what must come out, and within which "
      "bounds.",
      {
          MakeRow(Kind::kText, "name", C<&Contract::name>(), "What applications ask for, as a model.")
              .Required(),
          MakeRow(Kind::kText, "description", C<&Contract::description>(), "For people."),
          MakeRow(Kind::kText, "instruction", C<&Contract::instruction>(),
                  "What is to be done, in plain language; goes before the conversation."),
          MakeRow(Kind::kTexts, "inputs", C<&Contract::inputs>(),
                  "What callers give under `inputs` in the request: all of these and no others."),
          MakeCustom("output", Output, "JSON schema", R"({"type":"object"})",
                     "The schema of the answer: asked of the worker, and checked before anything leaves."),
          MakeRow(Kind::kText, "task", C<&Contract::task>(), "The task, for routes and reports."),
          MakeRow(Kind::kTexts, "data", C<&Contract::data>(),
                  "Classes of data it may be given; a request with another is refused. Without: any."),
          MakeChild(Kind::kMap, "quality", Inside<&ContractDraft::quality>, QualityShape, "The quality bar."),
          MakeChild(Kind::kMap, "ceiling", Inside<&ContractDraft::ceiling>, CeilingShape,
                    "Dollars, tokens, time."),
          MakeRow(Kind::kText, "policy", C<&Contract::policy>(),
                  "Who chooses: `baton` (the routes), `baton-mini`, a route's or a workflow's name. Never a "
                  "worker's.")
              .Default("baton"),
      }};
  return kShape;
}

}  // namespace baton::config
