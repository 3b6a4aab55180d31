// Replay without content.
//
// Problem: "what would last Tuesday have cost under this configuration?" The record holds no text, by intent.
// Options: keep the texts (a privacy decision that a what-if must not force), or make every decision a
// function of what the record does hold. We take the second: rails depend on data classes, rules and policies
// on features, and both are recorded. So the same Rails and the same Rules run here as in the server; the
// only stand-in is a classifier that says what was found then.
//
// A learned policy decides on the feature vector, which is recorded where the operator says so
// (`learning: record_vectors`): then its choice is made again, draws included, because they depend on the
// exchange's id and the seed alone. Purses are full in a replay, and what ratings taught the server is not
// applied: what is replayed is the configuration. Without a vector a learned choice is taken as it was.
//
// What cannot be known is how long another worker's answer would have been. The estimate: as long as the
// recorded one, times the ratio of the two workers' mean lengths over the replayed log (1 where one of them
// has answered nothing in it). Input counts as recorded. A team of workers has no such estimate and is
// counted as unknown.
#include "replay/replay.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "learn/teacher.h"
#include "replay/features.h"

namespace baton::replay {
namespace {

__extension__ typedef __int128 Wide;

// Finds what was found when the exchange was recorded.
class RecordedClasses : public rails::Classifier {
 public:
  explicit RecordedClasses(std::set<rails::DataClass> classes) { found_.classes = std::move(classes); }
  rails::Classification Classify(const chat::Request&) const override { return found_; }
  rails::Classification ClassifyText(std::string_view) const override { return found_; }

 private:
  rails::Classification found_;
};

std::set<rails::DataClass> SplitClasses(std::string_view text) {
  std::set<rails::DataClass> classes;
  while (!text.empty()) {
    const auto comma = std::min(text.find(','), text.size());
    if (comma > 0) classes.emplace(text.substr(0, comma));
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  if (classes.empty()) classes.emplace("internal");
  return classes;
}

Decision Refused(const Error& error) {
  Decision d;
  d.refused = std::string(error.Name());
  return d;
}

std::string NameOf(const std::string& worker, const std::string& refused) {
  return worker.empty() ? "(refused: " + refused + ")" : worker;
}

// Mean output of each worker's answers in the log.
class Lengths {
 public:
  void Add(const record::Provenance& r) {
    if (r.worker.empty() || r.output_tokens <= 0 || r.calls.size() != 1) return;
    auto& [sum, n] = of_[r.worker];
    sum += r.output_tokens;
    ++n;
  }
  // How many times as long `to` answers as `from`.
  std::pair<std::int64_t, std::int64_t> Ratio(const std::string& from, const std::string& to) const {
    const auto a = of_.find(from), b = of_.find(to);
    if (a == of_.end() || b == of_.end()) return {1, 1};
    return {b->second.first * a->second.second, a->second.first * b->second.second};
  }

 private:
  std::map<std::string, std::pair<std::int64_t, std::int64_t>> of_;
};

// Whom the recorded decision went to first; who answered may be another one, after a failure.
const std::string& FirstWorker(const record::Provenance& r) {
  return r.calls.empty() ? r.worker : r.calls.front().worker;
}

// In integers, so that the sum does not depend on the order.
std::optional<budget::Nanos> WouldCost(const record::Provenance& r, const Decision& d,
                                       const pool::Worker& worker, const Lengths& lengths) {
  if (d.workflow != "single") return std::nullopt;
  const auto* row = worker.prices.At(ExchangeUnixNanos(r.id) / 1'000'000'000);
  if (!worker.priced || !row) return std::nullopt;
  const auto [times, over] = lengths.Ratio(FirstWorker(r), worker.name);
  chat::Usage usage;
  usage.input = r.input_tokens;
  usage.output =
      static_cast<std::int64_t>(static_cast<Wide>(r.output_tokens) * times / std::max<std::int64_t>(over, 1));
  return budget::Cost(*row, usage);
}

// Calls `use` with every record, newest first.
template <class Use>
Status ForEach(const record::Recorder& log, record::LogFilter filter, Use use) {
  filter.before = 0;
  filter.limit = 1000;
  for (;;) {
    TRY(const auto page, log.List(filter));
    for (const auto& r : page) use(r);
    if (page.size() < static_cast<std::size_t>(filter.limit)) return {};
    filter.before = page.back().id;
  }
}

void AddMoney(const record::Provenance& r, const std::optional<budget::Nanos>& would, Report& report) {
  if (!would || r.unpriced) {
    ++report.unpriced;
    return;
  }
  ++report.priced;
  report.was += r.cost;
  report.would += *would;
}

void Note(const record::Provenance& r, const Decision& d, const Deciders& deciders, const Lengths& lengths,
          std::size_t keep, Report& report) {
  const std::string& was = FirstWorker(r);
  const bool same = d.worker == was && d.workflow == r.workflow;
  std::optional<budget::Nanos> would;
  if (same) {
    would = r.cost;
  } else if (d.worker.empty()) {
    would = budget::Nanos{};
  } else if (const auto* w = deciders.catalogue->Find(d.worker)) {
    would = WouldCost(r, d, *w, lengths);
  }
  AddMoney(r, would, report);
  if (same) {
    ++report.same;
    return;
  }
  ++report.changed;
  report.refused_now += d.worker.empty() && !was.empty();
  report.answered_now += !d.worker.empty() && was.empty();
  const std::string from = NameOf(was, r.outcome), to = NameOf(d.worker, d.refused);
  ++report.moves[{from, to}];
  if (report.changes.size() < keep) report.changes.push_back({r.id, from, to, r.cost, would, d.reason});
}

// The rule leaves the choice to a learned policy in this configuration too.
bool LeftToLearned(const route::Rules& rules, const std::string& route) {
  for (const auto& rule : rules.options().rules) {
    if (rule.name == route) return rule.policy == "learned";
  }
  return route == "default";
}

// A learned choice cannot be made again without the text. Where the same rule leaves it open again it is
// taken as it was, as long as its worker is there and may serve: what changed is not this rule.
void TakeLearned(const record::Provenance& record, const rails::Permit& permit, const Deciders& deciders,
                 Decision& d) {
  if (record.policy.starts_with("rules/") || record.route != d.route ||
      !LeftToLearned(*deciders.rules, d.route))
    return;
  const auto* worker = deciders.catalogue->Find(FirstWorker(record));
  if (!worker || !permit.Allows(*worker)) return;
  d.worker = worker->name;
  d.workflow = record.workflow;
  d.propensity = record.propensity;
}

// What of the caller's controls the decision depended on.
rails::Controls ControlsOf(const record::Provenance& record) {
  rails::Controls c;
  const auto noted = learn::NotedIn(record.features);
  if (!noted) return c;
  c.explore = !noted->quiet;
  c.quality = noted->value;
  if (noted->ceiling) c.max_cost = budget::Nanos{std::llround(*noted->ceiling * 1e9)};
  return c;
}

}  // namespace

Result<Decision> Decide(const record::Provenance& record, const Deciders& deciders) {
  const auto features = FeaturesFromJson(record.features);
  if (!features) {
    return Fail(Code::kInvalidRequest, "this record has no features: it was refused early",
                "features_unreadable");
  }
  const rails::Rails rails(deciders.rails,
                           std::make_shared<RecordedClasses>(SplitClasses(record.data_classes)));
  rails::Caller caller;
  caller.tenant = record.tenant;
  chat::Request shell;
  shell.model = record.model;
  const auto permit = rails.Admit(caller, ControlsOf(record), shell, *deciders.catalogue, TimePoint());
  if (!permit) return Refused(permit.error());
  const auto route =
      deciders.rules->Choose(record.model, *features, *permit, *deciders.catalogue,
                             {route::Asking::How::kReplay, static_cast<std::uint64_t>(record.id)});
  if (!route) return Refused(route.error());
  Decision d;
  d.route = route->name();
  d.workflow = route->workflow();
  d.worker = route->candidates().front()->name;
  d.reason = route->reason();
  d.propensity = route->propensity();
  if (features->vector.empty()) TakeLearned(record, *permit, deciders, d);
  return d;
}

Result<Report> Replay(const record::Recorder& log, const Deciders& deciders, const Options& options) {
  Lengths lengths;
  TRY_VOID(ForEach(log, options.filter, [&](const record::Provenance& r) { lengths.Add(r); }));
  Report report;
  TRY_VOID(ForEach(log, options.filter, [&](const record::Provenance& r) {
    if (r.endpoint != "chat") return;
    ++report.exchanges;
    if (options.progress && report.exchanges % 10'000 == 0) options.progress(report.exchanges);
    const auto decision = Decide(r, deciders);
    if (!decision) {
      ++report.unreadable;
      return;
    }
    Note(r, *decision, deciders, lengths, options.keep, report);
  }));
  return report;
}

}  // namespace baton::replay
