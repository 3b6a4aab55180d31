// Rows of a route. Its `when:` has no rows of its own: its keys are route::FeatureFields().

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/nearest.h"
#include "config/draft.h"
#include "config/rows_shapes.h"
#include "config/scalars.h"

namespace baton::config {
namespace {

using Kind_ = route::FieldInfo::Kind;

const route::FieldInfo* FindField(std::string_view name) {
  for (const auto& f : route::FeatureFields()) {
    if (f.name == name) return &f;
  }
  return nullptr;
}

std::string UnknownField(const std::string& name) {
  std::vector<std::string_view> known;
  for (const auto& f : route::FeatureFields()) known.push_back(f.name);
  std::string_view near = Nearest(name, known);
  if (!near.empty()) return fmt::format("unknown condition '{}' in when; did you mean '{}'?", name, near);
  return fmt::format("unknown condition '{}' in when; known: {}", name.substr(0, 40), fmt::join(known, ", "));
}

// "task: code" or "task: [code, maths]".
bool ReadAny(const route::FieldInfo& field, const Tree& tree, Problems* problems,
             std::vector<std::string>* any) {
  auto one = [&](const Tree& t) {
    if (t.kind != Tree::Kind::kScalar || t.scalar.empty()) {
      problems->Add(t.place, fmt::format("{} wants a text or a list of texts", field.name));
      return;
    }
    auto known = route::KnownValues(field.name);
    if (!known.empty() && std::find(known.begin(), known.end(), t.scalar) == known.end()) {
      std::string_view near = Nearest(t.scalar, known);
      // A caller may name a task of its own (baton-task), so only what looks like a slip is refused there.
      if (field.name == "task" && near.empty())
        return problems->Warn(
                   t.place,
                   fmt::format(
                       "task '{}' is none that Baton computes; only callers who send it as baton-task match",
                       t.scalar)),
               any->push_back(t.scalar);
      return problems->Add(t.place, near.empty() ? fmt::format("{} is never '{}'; known: {}", field.name,
                                                               t.scalar, fmt::join(known, ", "))
                                                 : fmt::format("{} is never '{}'; did you mean '{}'?",
                                                               field.name, t.scalar, near));
    }
    any->push_back(t.scalar);
  };
  if (tree.kind == Tree::Kind::kList) {
    for (const auto& t : tree.items) one(t);
  } else {
    one(tree);
  }
  return !any->empty();
}

// "input_tokens: {gt: 1000, le: 8000}" or "turns: 1".
bool ReadRange(const route::FieldInfo& field, const Tree& tree, Problems* problems,
               route::Condition::Range* range) {
  if (tree.kind == Tree::Kind::kScalar) {
    double v = 0;
    if (std::string wrong = ReadNumber(tree.scalar, &v); !wrong.empty()) {
      problems->Add(tree.place, fmt::format("{}: {}; write a number or {{lt: 1500}}", field.name, wrong));
      return false;
    }
    range->ge = range->le = v;
    return true;
  }
  if (tree.kind != Tree::Kind::kMap || tree.keys.empty()) {
    problems->Add(tree.place,
                  fmt::format("{} wants a number or bounds like {{lt: 1500}} (lt, le, gt, ge)", field.name));
    return false;
  }
  bool fine = true;
  for (std::size_t i = 0; i < tree.keys.size() && i < tree.items.size(); ++i) {
    const auto& [key, place] = tree.keys[i];
    std::optional<double>* bound = key == "lt"   ? &range->lt
                                   : key == "le" ? &range->le
                                   : key == "gt" ? &range->gt
                                   : key == "ge" ? &range->ge
                                                 : nullptr;
    double v = 0;
    std::string wrong = bound == nullptr ? fmt::format("unknown bound '{}'; known: lt, le, gt, ge", key)
                        : tree.items[i].kind != Tree::Kind::kScalar ? std::string("a bound is a number")
                                                                    : ReadNumber(tree.items[i].scalar, &v);
    if (!wrong.empty()) {
      problems->Add(place, fmt::format("{}: {}", field.name, wrong));
      fine = false;
    } else {
      *bound = v;
    }
  }
  return fine;
}

bool ReadCondition(const route::FieldInfo& field, const Tree& tree, Problems* problems, route::Condition* c) {
  c->field = field.name;
  if (field.kind == Kind_::kFlag) {
    bool flag = false;
    std::string wrong = tree.kind == Tree::Kind::kScalar ? ReadFlag(tree.scalar, &flag)
                                                         : std::string("must be true or false");
    if (!wrong.empty()) return problems->Add(tree.place, fmt::format("{}: {}", field.name, wrong)), false;
    c->want = flag;
    return true;
  }
  if (field.kind == Kind_::kNumber) {
    route::Condition::Range range;
    bool fine = ReadRange(field, tree, problems, &range);
    c->want = range;
    return fine;
  }
  std::vector<std::string> any;
  bool fine = ReadAny(field, tree, problems, &any);
  c->want = any;
  return fine;
}

void When(Node* node, const Tree& tree, Problems* problems) {
  auto* route = static_cast<RouteDraft*>(node);
  if (tree.kind != Tree::Kind::kMap)
    return problems->Add(tree.place, "when must be a map of conditions, like {task: code}");
  for (std::size_t i = 0; i < tree.keys.size() && i < tree.items.size(); ++i) {
    const auto& [key, place] = tree.keys[i];
    const auto* field = FindField(key);
    if (field == nullptr) {
      problems->Add(place, UnknownField(key));
      continue;
    }
    ConditionDraft c;
    c.place = tree.items[i].place;
    if (ReadCondition(*field, tree.items[i], problems, &c.v)) route->when.push_back(std::move(c));
  }
}

const Shape& UseShape() {
  using U = UseDraft;
  static const Shape kShape{
      "use",
      "Who answers.",
      {
          MakeRow(Kind::kText, "worker", Into<&U::worker>, "One worker."),
          MakeRow(Kind::kTexts, "workers", Into<&U::workers>,
                  "Workers in order of preference: those behind stand in when those before fail."),
          MakeRow(
              Kind::kText, "workflow", Into<&U::workflow>,
              "How they work together: a named workflow, built in or of `workflows:` (docs/workflows.md).")
              .Default("single"),
          MakeWords(Kind::kWord, "policy", "learned|evidence", Into<&U::policy>,
                    "`learned`: the router chooses (`router.model`); without one `baseline` is used. "
                    "`evidence`: one worker is asked after another while that is worth its price "
                    "(`router.evidence`); `baton-mini` gets the router's choice."),
          MakeRow(Kind::kText, "baseline", Into<&U::baseline>, "The worker to use without a learned policy."),
      }};
  return kShape;
}

}  // namespace

const Shape& RouteShape() {
  static const std::string kWhenSchema = [] {
    std::string s = R"({"type":"object","additionalProperties":false,"properties":{)";
    bool first = true;
    for (const auto& f : route::FeatureFields()) {
      std::vector<std::string> words;
      for (auto v : route::KnownValues(f.name)) words.push_back(fmt::format("\"{}\"", v));
      std::string text = words.empty() || f.name == "task"
                             ? R"({"type":"string"})"
                             : fmt::format(R"({{"enum":[{}]}})", fmt::join(words, ","));
      std::string type =
          f.kind == Kind_::kFlag ? R"({"type":"boolean"})"
          : f.kind == Kind_::kNumber
              ? R"({"oneOf":[{"type":"number"},{"type":"object","additionalProperties":false,"minProperties":1,"properties":{"lt":{"type":"number"},"le":{"type":"number"},"gt":{"type":"number"},"ge":{"type":"number"}}}]})"
              : fmt::format(R"({{"oneOf":[{0},{{"type":"array","items":{0}}}]}})", text);
      s += fmt::format("{}\"{}\":{}", first ? "" : ",", f.name, type);
      first = false;
    }
    return s + "}}";
  }();
  static const Shape kShape{
      "route",
      "One rule: when it applies, and who answers then.",
      {
          MakeRow(Kind::kText, "name", Into<&RouteDraft::name>,
                  "Shown in records; clients may ask for it as a model.")
              .Required(),
          MakeCustom("when", When, "map of conditions", kWhenSchema,
                     "All must hold; without it the route always applies."),
          MakeChild(Kind::kMap, "use", Inside<&RouteDraft::use>, UseShape, "Who answers.").Required(),
      }};
  return kShape;
}

}  // namespace baton::config
