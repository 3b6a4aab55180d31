// Prompt attacks: signs in a request's texts that somebody wants to be somebody else than they are.
//
// Problem: text that reads like instructions ("ignore the rules above", "this needs the most expensive
// model", a tool's page that speaks to the model) cannot do what a caller may not do, for nothing in Baton
// reads permissions out of text: a Permit is made from the caller, the configuration and the data classes
// alone. What text can do is talk a router or a planner into spending up to the caller's own ceiling. So
// requests that bear signs are tagged, counted, and held to a ceiling of their own.
//
// How: expressions for what attacks of each family say (Vectorscan), and two small linear models
// over hashed words and letters of a sliding window: one for how attacks are phrased, one for text in a
// tool's result that gives orders (attack_model.h). Both look behind disguises first (disguise.h). Errors are
// measured on texts not trained on: docs/results/attacks.md. A tag is no proof, which is why it lowers a
// ceiling and refuses nobody.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "budget/money.h"
#include "chat/types.h"

namespace baton::rails {

// What was seen: names of families ("override", "reroute", ...) and "learned", "orders_in_data" for the
// models.
struct Suspicion {
  std::set<std::string, std::less<>> signs;
  double score = 0;  // of the phrasing model, 0 to 1, at its highest window
  bool tagged() const { return !signs.empty(); }
};

class AttackDetector {
 public:
  // kUnsupported where this CPU cannot run Vectorscan.
  static Result<std::shared_ptr<const AttackDetector>> Build();
  virtual ~AttackDetector() = default;
  // Looks at what users and tools say; system and developer messages are the operator's own. Thread safe;
  // linear.
  virtual Suspicion Look(const chat::Request& request) const = 0;
  // `from_tool`: the text is data that somebody else wrote.
  virtual Suspicion LookAt(std::string_view text, bool from_tool) const = 0;
  // All names that `signs` may hold, for counters.
  static const std::vector<std::string>& Signs();
};

struct AttackOptions {
  bool detect = true;
  // What a tagged request may cost at most, by the model name it asks for; `otherwise` for all others. Unset:
  // the ceiling that holds for everybody.
  std::map<std::string, budget::Nanos, std::less<>> max_cost;
  std::optional<budget::Nanos> otherwise;
  std::optional<budget::Nanos> CapFor(std::string_view model) const;
};

}  // namespace baton::rails
