// What another configuration would have done with recorded traffic: which requests it would have sent
// elsewhere, and what that would have cost. Calls nobody, reads no clock, draws nothing: the same records and
// the same configuration give the same bytes.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "budget/money.h"
#include "rails/rails.h"
#include "record/recorder.h"
#include "route/rules.h"

namespace baton::replay {

// What the other configuration decides with.
struct Deciders {
  rails::RailsOptions rails;
  const route::Rules* rules = nullptr;
  const rails::Catalogue* catalogue = nullptr;
};

// One recorded exchange under the other configuration.
struct Decision {
  std::string route, workflow, worker, reason;  // worker: the first choice; empty: refused
  std::string refused;                          // the refusal's name
  double propensity = 1;
};

// `record` holds no content: data classes, features and the model asked for are what was recorded.
// kInvalidRequest "features_unreadable" where the record's features are none (an exchange refused before it
// had any).
Result<Decision> Decide(const record::Provenance& record, const Deciders& deciders);

struct Change {
  ExchangeId id = 0;
  std::string from, to;  // workers; "(refused: NAME)" where there was or would be none
  budget::Nanos was;
  std::optional<budget::Nanos> would;  // nullopt: not known (no price, or a team of workers)
  std::string reason;
};

struct Report {
  std::int64_t exchanges = 0;  // chat exchanges looked at
  std::int64_t same = 0;       // same worker, same workflow
  std::int64_t changed = 0;
  std::int64_t unreadable = 0;                     // without features: refused before they were computed
  std::int64_t refused_now = 0, answered_now = 0;  // of the changed: refused only now, answered only now
  // Over all exchanges whose cost is known on both sides.
  std::int64_t priced = 0, unpriced = 0;
  budget::Nanos was, would;
  std::map<std::pair<std::string, std::string>, std::int64_t> moves;  // (from, to) -> how many
  std::vector<Change> changes;                                        // the newest `keep`, newest first
};

struct Options {
  record::LogFilter filter;  // what of the log; `limit` and `before` are ours
  std::size_t keep = 50;
  std::function<void(std::int64_t)> progress;  // exchanges so far; may be empty
};

// Two passes over the log: output lengths per worker, then decisions. Memory does not grow with the log.
Result<Report> Replay(const record::Recorder& log, const Deciders& deciders, const Options& options);

std::string ToJson(const Report& report);
std::string ToText(const Report& report);

}  // namespace baton::replay
