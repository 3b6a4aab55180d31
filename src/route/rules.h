// Rules: the operator's `routes:` list, first match wins; plus the model names every caller may use.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "rails/rails.h"
#include "route/features.h"
#include "route/route.h"
#include "route/router.h"

namespace baton::route {

// One condition: field of Features, and what it must be.
struct Condition {
  struct Range {
    std::optional<double> lt, le, gt, ge;
  };
  std::string field;                                         // one of FeatureFields()
  std::variant<std::vector<std::string>, bool, Range> want;  // any of these / equal / in range
};

struct Rule {
  std::string name;
  std::vector<Condition> when;  // all must hold; empty: always
  std::string workflow = "single";
  std::vector<std::string> workers;  // order of preference; empty: all the Permit allows, cheapest first
  // "learned": the router's choice; `baseline` where none is installed. "evidence": `workflow` decides answer
  // by answer whom to ask, over `workers` or everybody able.
  std::string policy;
  std::string baseline;
};

struct Fallback {
  std::vector<std::string> on_timeout, on_error, on_low_confidence;
  std::string on_policy_violation = "refuse";  // refuse | human_review
};

struct RulesOptions {
  std::vector<Rule> rules;
  Fallback fallback;
  // The operator's own workflows: clients may ask for one by its name.
  std::vector<std::string> workflows;
  // What is learned; null: not installed.
  std::shared_ptr<const estimate::Featurizer> featurizer = nullptr;
  std::shared_ptr<const estimate::Classifiers> classifiers = nullptr;
  std::shared_ptr<const Router> router = nullptr;
  // Versions of what decides inside workflows (evidence models), by workflow: a route's policy() where a rule
  // says `policy: evidence`.
  std::map<std::string, std::string> workflow_policies{};
};

// Names of the fields a condition may use, with their kinds, for config checks and docs.
struct FieldInfo {
  std::string_view name;
  enum class Kind { kText, kFlag, kNumber, kSet } kind;
  std::string_view doc;
};
const std::vector<FieldInfo>& FeatureFields();
// A condition in words: "complexity is low", "latency_budget_ms below 1500".
std::string Describe(const Condition& condition);
// All hold. A number that the request does not say (max_tokens, latency_budget_ms: 0) is in no range.
// REQUIRES: known fields with the right kind of `want` (config/ checks both).
bool Matches(const Condition& condition, const Features& features);

// The names that stand for Baton's own choice rather than for a worker or a rule.
inline constexpr std::string_view kModelAliases[] = {"baton", "baton-mini", "baton-ultra"};

class Rules {
 public:
  // Names are checked by config/; here unknown workers are a broken invariant.
  explicit Rules(RulesOptions options) : options_(std::move(options)) {}

  // `model` is what the client asked for:
  //   baton, baton-mini, baton-ultra  -> the rules, first match wins; a rule of which no worker may or can
  //   serve is
  //                                      passed over (and said so); without a match, all allowed and able
  //                                      workers, cheapest first (baton-ultra: dearest first);
  //   where the rule says `policy: learned`, or none matches, the learned router chooses among all allowed
  //   and able workers, the others behind it by their worth;
  //     baton-mini takes one worker, whatever workflow the rule names, and never two at once; baton-ultra
  //     takes the workflow `conducted` over all allowed workers, dearest first;
  //   a workflow's name               -> that workflow over all allowed workers, cheapest first;
  //   a rule's name                   -> that rule, whatever its conditions;
  //   a worker's name                 -> that worker alone, no fallback (escape hatch).
  // kNotFound "model_not_found" (lists near names) otherwise. kPermissionDenied "policy_violation" when the
  // Permit forbids the named worker. Workers that cannot serve the request at all (images without vision,
  // context too small, encoders) are skipped with a reason, exact workers are chosen only by name; when none
  // is left, kTooLarge "context_length_exceeded" if length alone was the reason, else kUnsupported
  // "no_capable_worker". Every candidate is one of the Permit's workers. Thread safe.
  // `asking`: what a drawn decision is drawn by; without it nothing is drawn.
  Result<Route> Choose(const std::string& model, const Features& features, const rails::Permit& permit,
                       const rails::Catalogue& catalogue, const Asking& asking = {}) const;
  // The same names, for embeddings. Exactly one candidate: vectors of different models do not mix, so there
  // is no fallback. Encoders come before chat models that can also embed.
  Result<Route> ChooseEmbedder(const std::string& model, const rails::Permit& permit,
                               const rails::Catalogue& catalogue) const;
  const RulesOptions& options() const { return options_; }
  // For Compute(); null: nothing learned is installed.
  const estimate::Featurizer* featurizer() const { return options_.featurizer.get(); }
  const estimate::Classifiers* classifiers() const { return options_.classifiers.get(); }
  // What decisions of all configurations share; null: nothing is.
  const std::shared_ptr<LearnedShare>& share() const;
  // The candidate's part of a decision that has a shadow, as a route of its own. REQUIRES: route.shadow().
  Route ShadowOf(const Route& route) const;
  // Every model name a caller may use: baton*, rules, workers.
  std::vector<std::string> ModelNames(const rails::Catalogue& catalogue) const;

 private:
  struct Pick;
  Route ByPick(Pick pick, std::string name, std::string reason) const;
  Result<Route> ByRules(const std::string& model, Pick pick) const;
  void NameDecider(const Rule& rule, Route* route) const;
  void AskFurther(const rails::Permit& permit, const rails::Catalogue& catalogue, const Features& f,
                  Route* route) const;
  bool Routable(const Pick& pick) const;
  Route Open(Pick pick, const Rule* rule, const std::string& name, const std::string& why, bool team) const;
  Result<Route> Ultra(Pick pick) const;
  Result<Route> ByWorkflow(const std::string& name, Pick pick) const;
  Result<Route> ByRule(const Rule& rule, Pick pick) const;
  Result<Route> Direct(const pool::Worker& worker, Pick pick) const;

  RulesOptions options_;
};

}  // namespace baton::route
