// Does the answer conform to the schema the client asked for, or to one of the configuration's own?
//
// The client's own response_format wants the answer to *be* the JSON. With a schema from the configuration
// the answer may also carry it in one fenced block, since nothing told the worker to leave out the words
// around it. A keyword that nothing here checks never turns into an accept: the verdict is then "unknown" and
// names it.

#include <fmt/format.h>

#include "verify/rule.h"
#include "verify/schema.h"
#include "verify/text.h"

namespace baton::verify {
namespace {

constexpr Facts kFacts{
    .name = "json_schema",
    .version = 1,
    .cost = {},
    .error_rate = {
        .false_accept = 0.616, .false_reject = 0.196, .n = 64776, .set = "gsm8k, math_level5, cruxeval_o"}};
constexpr std::string_view kAnyObject = R"({"type":"object"})";

std::string_view OnlyFence(std::string_view answer) {
  const auto fences = Fences(answer);
  std::string_view found;
  int count = 0;
  for (const Fence& f : fences) {
    if (!f.language.empty() && f.language != "json") continue;
    found = Trim(f.body);
    ++count;
  }
  return count == 1 ? found : std::string_view();
}

Judgement Conforms(const Schema& schema, std::string_view answer, bool fenced) {
  using Kind = Schema::Outcome::Kind;
  auto outcome = schema.Check(Trim(answer));
  if (outcome.kind == Kind::kNotJson && fenced) {
    if (std::string_view inner = OnlyFence(answer); !inner.empty()) outcome = schema.Check(inner);
  }
  switch (outcome.kind) {
    case Kind::kNotJson:
      return Reject("the answer is not the JSON asked for: " + outcome.what);
    case Kind::kInvalid:
      return Reject("the answer does not conform to the schema: " + outcome.what,
                    "at " + (outcome.where.empty() ? "the whole value" : outcome.where));
    case Kind::kTooMuchWork:
      return Unknown("the schema could not be checked: " + outcome.what);
    case Kind::kValid:
      break;
  }
  if (!schema.unchecked().empty()) {
    return Unknown(fmt::format("the answer conforms as far as can be checked; not checked: {}",
                               fmt::join(schema.unchecked(), ", ")));
  }
  return Accept("the answer conforms to the schema");
}

class JsonSchema : public InstantRule {
 public:
  explicit JsonSchema(std::optional<Schema> own) : InstantRule(kFacts), own_(std::move(own)) {}

  Judgement Judge(const Subject& subject) const override {
    if (own_) return Conforms(*own_, subject.answer, true);
    const auto& format = subject.request->response_format;
    using Kind = chat::ResponseFormat::Kind;
    if (format.kind != Kind::kJsonSchema && format.kind != Kind::kJsonObject) {
      return Unknown("no schema was asked for");
    }
    const bool named = format.kind == Kind::kJsonSchema && !format.schema.empty();
    auto schema = Schema::Compile(named ? std::string_view(format.schema.text) : kAnyObject);
    if (!schema) return Unknown("the schema asked for cannot be used: " + schema.error().message);
    return Conforms(*schema, subject.answer, false);
  }

 private:
  std::optional<Schema> own_;
};

std::shared_ptr<const Verifier> MakeJsonSchema(const Spec& spec, const Tools&, Error* error) {
  Options options(spec, error);
  std::optional<Schema> own;
  if (options.Has("schema")) {
    auto schema = Schema::Compile(options.Text("schema"));
    if (schema) {
      own = std::move(*schema);
    } else {
      options.Wrong("schema", "cannot be used: " + schema.error().message);
    }
  }
  if (!options.ok()) return nullptr;
  return std::make_shared<JsonSchema>(std::move(own));
}

}  // namespace

Info JsonSchemaInfo() {
  return {kFacts.name,
          "The answer is JSON that conforms to a schema: the option's, or the one of the request's "
          "response_format.",
          {{"schema", "the JSON Schema as text", "the request's"}},
          MakeJsonSchema};
}

}  // namespace baton::verify
