// Rules: the operator's `routes:` list, first match wins; plus the model names every caller may use.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/result.h"
#include "rails/rails.h"
#include "route/features.h"
#include "route/route.h"

namespace baton::route {

// One condition: field of Features, and what it must be.
struct Condition {
  struct Range { std::optional<double> lt, le, gt, ge; };
  std::string field;                                           // one of FeatureFields()
  std::variant<std::vector<std::string>, bool, Range> want;    // any of these / equal / in range
};

struct Rule {
  std::string name;
  std::vector<Condition> when;       // all must hold; empty: always
  std::string workflow = "single";
  std::vector<std::string> workers;  // order of preference; empty: all the Permit allows, cheapest first
  std::string policy;                // "learned": falls to `baseline` until a policy is installed
  std::string baseline;
};

struct Fallback {
  std::vector<std::string> on_timeout, on_error, on_low_confidence;
  std::string on_policy_violation = "refuse";  // refuse | human_review
};

struct RulesOptions {
  std::vector<Rule> rules;
  Fallback fallback;
};

// Names of the fields a condition may use, with their kinds, for config checks and docs.
struct FieldInfo { std::string_view name; enum class Kind { kText, kFlag, kNumber, kSet } kind; };
const std::vector<FieldInfo>& FeatureFields();

class Rules {
 public:
  // Names are checked by config/; here unknown workers are a broken invariant.
  explicit Rules(RulesOptions options) : options_(std::move(options)) {}

  // `model` is what the client asked for:
  //   baton, baton-mini, baton-ultra  -> the rules;
  //   a rule's name                   -> that rule;
  //   a worker's name                 -> that worker alone, no fallback (escape hatch);
  // kNotFound "model_not_found" (lists near names) otherwise. kPermissionDenied when the Permit forbids the named
  // worker. Workers that cannot serve the request at all (images without vision, context too small, embeddings) are
  // skipped with a reason; kUnsupported when none is left.
  Result<Route> Choose(const std::string& model, const Features& features, const rails::Permit& permit,
                       const rails::Catalogue& catalogue) const;
  Result<Route> ChooseEmbedder(const std::string& model, const rails::Permit& permit,
                               const rails::Catalogue& catalogue) const;
  const RulesOptions& options() const { return options_; }
  // Every model name a caller may use: baton*, rules, workers.
  std::vector<std::string> ModelNames(const rails::Catalogue& catalogue) const;

 private:
  RulesOptions options_;
};

}  // namespace baton::route
