// The rails: what must hold before anybody may choose. Their order is a list, and each line says why it
// stands where it does. docs/routing.md quotes the list; a test asserts it.

#include "rails/rails.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

namespace baton::rails {

// What the rails have found so far. Only Apply() turns it into a Permit, when all have passed.
struct Rails::Draft {
  const Caller& caller;
  const Controls& controls;
  const chat::Request* chat = nullptr;  // exactly one of the two
  const chat::EmbedRequest* embed = nullptr;
  const Catalogue& catalogue;
  TimePoint received;

  Classification data{};
  std::set<DataClass> found{};
  std::unique_ptr<Veil> veil{};
  std::vector<const DataRule*> rules{};      // that decided about something found
  Act act = Act::kAllow;                     // the strictest of them
  const AttackDetector* detector = nullptr;  // null: nobody looks
  Suspicion suspicion{};
  std::vector<const pool::Worker*> workers{};
  budget::Ceiling ceiling{};
  std::vector<std::string> reasons{};
  std::string tier{};

  const std::string& model() const { return chat ? chat->model : embed->model; }
};

struct Rails::Rail {
  std::string_view name;
  Status (*apply)(const RailsOptions&, const Classifier&, Draft&);
};

namespace {

using Names = std::vector<std::string_view>;

bool MaySee(const pool::Worker& worker, const Classification& data) {
  return std::includes(worker.data.classes.begin(), worker.data.classes.end(), data.classes.begin(),
                       data.classes.end());
}

// A tool worker answers calls of its tools under its own name and nothing else: it is nobody to fall back on.
bool MayAnswer(const pool::Worker& worker, const chat::Request* chat) {
  return worker.dialect != "tool" || !chat || chat->model == worker.name;
}

Names FoundTypes(const Classification& data) {
  Names types;
  for (const auto& span : data.spans) {
    if (types.size() < 5 && std::find(types.begin(), types.end(), span.type) == types.end())
      types.push_back(span.type);
  }
  return types;
}

Error NobodyMaySee(const Classification& data) {
  std::string what = fmt::format("{}", fmt::join(data.classes, ", "));
  Names types = FoundTypes(data);
  std::string found = types.empty() ? "" : fmt::format(" (found: {})", fmt::join(types, ", "));
  return Fail(
      Code::kPermissionDenied,
      fmt::format(
          "this request holds data of class {}{}, which no worker of this server may see; take it out "
          "of the request, or allow a worker to see it (`data: {{classes: [...]}}` in the config)",
          what, found),
      "policy_violation");
}

// Says who is left, or how many, when a catalogue is too long to list.
std::string Who(const std::vector<const pool::Worker*>& workers) {
  if (workers.size() > 4) return fmt::format("{} workers", workers.size());
  Names names;
  for (const auto* w : workers) names.push_back(w->name);
  return fmt::format("{}", fmt::join(names, ", "));
}

Classification ClassifyAll(const Classifier& classifier, const chat::EmbedRequest& request) {
  Classification all;
  for (std::size_t i = 0; i < request.texts.size(); ++i) {
    Classification one = classifier.ClassifyText(request.texts[i]);
    all.classes.insert(one.classes.begin(), one.classes.end());
    all.truncated = all.truncated || one.truncated;
    for (auto& span : one.spans) {
      span.place = {i, 0, Field::kText, 0};
      if (all.spans.size() < Classification::kMaxSpans) {
        all.spans.push_back(std::move(span));
      } else {
        all.truncated = true;
      }
    }
  }
  // Token ids hide their text; only the default class can be said of them.
  if (all.classes.empty() || !request.tokens.empty()) all.classes.merge(classifier.ClassifyText("").classes);
  return all;
}

std::string Describe(const Classification& data) {
  const Names types = FoundTypes(data);
  std::string out = fmt::format("{}", fmt::join(data.classes, ", "));
  return types.empty() ? out : out + fmt::format(" (found: {})", fmt::join(types, ", "));
}

Error RefusedBy(const DataRule& rule, const Classification& data, bool people) {
  if (people) {
    return Fail(Code::kPermissionDenied,
                fmt::format("this request holds data of class {}, which rule '{}' lays before a person",
                            Describe(data), rule.name),
                "needs_review");
  }
  return Fail(Code::kPermissionDenied,
              fmt::format("this request holds data of class {}, which rule '{}' keeps from every worker",
                          Describe(data), rule.name),
              "data_blocked");
}

// The rules that every worker must meet for what is left to see, and that it meets none of them says which.
bool MeetsTerms(const pool::Worker& worker, const std::vector<const DataRule*>& rules) {
  return std::all_of(rules.begin(), rules.end(), [&](const DataRule* r) { return r->only.MetBy(worker); });
}

Error NobodyMeets(const std::vector<const DataRule*>& rules, const Classification& data) {
  Names names;
  for (const auto* r : rules) {
    if (!r->only.empty()) names.push_back(r->name);
  }
  return Fail(
      Code::kPermissionDenied,
      fmt::format("this request holds data of class {}, and no worker that may see it meets the terms of "
                  "rule {} (region, retention, training)",
                  Describe(data), fmt::join(names, ", ")),
      "policy_violation");
}

}  // namespace

// `Steps` is a friend-less helper: it names Draft through its template argument, which keeps the rails free
// functions although Draft is private.
namespace {
struct Steps {
  template <class D>
  static Status Authorise(const RailsOptions&, const Classifier&, D& draft) {
    const access::Principal* who = draft.caller.principal.get();
    if (!who || who->MayAsk(draft.model())) return {};
    return Fail(Code::kPermissionDenied,
                fmt::format("this key may not ask for '{}'; GET /v1/models lists what it may ask for",
                            draft.model().substr(0, 64)),
                "model_not_allowed", "model");
  }

  template <class D>
  static Status Screen(const RailsOptions&, const Classifier& classifier, D& draft) {
    draft.data =
        draft.chat != nullptr ? classifier.Classify(*draft.chat) : ClassifyAll(classifier, *draft.embed);
    return {};
  }

  template <class D>
  static Status Govern(const RailsOptions& options, const Classifier& classifier, D& draft) {
    draft.found = draft.data.classes;
    const Ruling ruling = Judge(options.data_rules, draft.data);
    if (!ruling.by) return {};
    draft.rules = ruling.matched;
    draft.act = ruling.act;
    if (ruling.act == Act::kBlock) return RefusedBy(*ruling.by, draft.data, false);
    if (ruling.act == Act::kReview) return RefusedBy(*ruling.by, draft.data, draft.chat != nullptr);
    const bool hides = std::any_of(ruling.matched.begin(), ruling.matched.end(),
                                   [](const DataRule* r) { return r->act == Act::kRedact; });
    if (hides) Cover(options, classifier, draft);
    return {};
  }

  // What could not be hidden is found again, and still decides who may see the rest.
  template <class D>
  static void Cover(const RailsOptions& options, const Classifier& classifier, D& draft) {
    auto veil = std::make_unique<Veil>();
    const auto wanted = [&](const Span& span) {
      const DataRule* rule = RuleFor(options.data_rules, span);
      return rule && rule->act == Act::kRedact;
    };
    int hidden = 0;
    if (draft.chat) {
      veil->chat = *draft.chat;
      hidden = veil->marks.HideIn(&veil->chat, draft.data, wanted);
    } else {
      veil->embed = *draft.embed;
      hidden = veil->marks.HideIn(&veil->embed, draft.data, wanted);
    }
    if (hidden == 0) return;
    draft.reasons.push_back(fmt::format("hidden from workers: {} places, {} values, of class {}", hidden,
                                        veil->marks.size(), Describe(draft.data)));
    draft.data = draft.chat ? classifier.Classify(veil->chat) : ClassifyAll(classifier, veil->embed);
    draft.rules = Judge(options.data_rules, draft.data).matched;
    draft.veil = std::move(veil);
  }

  template <class D>
  static Status Constrain(const RailsOptions&, const Classifier&, D& draft) {
    if (draft.catalogue.workers.empty()) {
      return Fail(Code::kUnavailable, "this server has no workers; add one under `workers:` in the config",
                  "no_workers");
    }
    for (const auto& w : draft.catalogue.workers) {
      if (MaySee(*w, draft.data)) draft.workers.push_back(w.get());
    }
    const auto nobody = [&] {
      return std::none_of(draft.workers.begin(), draft.workers.end(),
                          [&](const auto* w) { return MayAnswer(*w, draft.chat); });
    };
    if (nobody()) return NobodyMaySee(draft.data);
    std::erase_if(draft.workers, [&](const auto* w) { return !MeetsTerms(*w, draft.rules); });
    if (nobody()) return NobodyMeets(draft.rules, draft.data);
    if (draft.workers.size() < draft.catalogue.workers.size()) {
      draft.reasons.push_back(fmt::format("data class {}: only {} may see it",
                                          fmt::join(draft.data.classes, ", "), Who(draft.workers)));
    }
    return {};
  }

  // Texts cannot ask for more than the caller may; what they can talk others into costs at most this.
  template <class D>
  static Status Suspect(const RailsOptions& options, const Classifier&, D& draft) {
    if (!draft.detector || !draft.chat) return {};
    draft.suspicion = draft.detector->Look(*draft.chat);
    if (!draft.suspicion.tagged()) return {};
    const auto cap = options.attacks.CapFor(draft.chat->model);
    if (cap) draft.ceiling.usd = cap;
    draft.reasons.push_back(fmt::format(
        "signs of an attack ({}): {}", fmt::join(draft.suspicion.signs, ", "),
        cap ? fmt::format("at most {} USD", FormatUsd(*cap)) : std::string("no ceiling is set for those")));
    return {};
  }

  // Cheaper workers for whoever's budget runs low. Of those that may see the data; if none of the cheaper
  // ones may, the rule gives way: what a budget cannot pay it refuses all the same.
  template <class D>
  static Status TierDown(const RailsOptions&, const Classifier&, D& draft) {
    const access::Principal* who = draft.caller.principal.get();
    if (!who || !who->tier_down || !who->purse || !who->purse->ledger) return {};
    const double used = who->purse->ledger->UsedShare(*who->purse->claims);
    if (used < who->tier_down->at) return {};
    const auto& cheap = who->tier_down->workers;
    const auto is_cheap = [&](const pool::Worker* w) {
      return std::find(cheap.begin(), cheap.end(), w->name) != cheap.end();
    };
    std::vector<const pool::Worker*> kept;
    std::copy_if(draft.workers.begin(), draft.workers.end(), std::back_inserter(kept), is_cheap);
    const std::string share = fmt::format("{:.0f} % of a budget is used", used * 100);
    if (kept.empty()) {
      draft.reasons.push_back(fmt::format("budget: {}, but no cheaper worker may see the data", share));
      return {};
    }
    if (kept.size() == draft.workers.size()) return {};
    draft.workers = std::move(kept);
    draft.tier = fmt::format("is not asked any more: {}", share);
    draft.reasons.push_back(fmt::format("budget: {}: only {} may be asked", share, Who(draft.workers)));
    return {};
  }

  template <class D>
  static Status Ceil(const RailsOptions& options, const Classifier&, D& draft) {
    const Controls& caller = draft.controls;
    if (caller.max_cost && caller.max_cost->v < 0) {
      return Fail(Code::kInvalidRequest, "baton-max-cost-usd must not be negative", "bad_control",
                  "baton-max-cost-usd");
    }
    if (caller.deadline && caller.deadline->count() <= 0) {
      return Fail(Code::kInvalidRequest, "baton-deadline-ms must be more than 0", "bad_control",
                  "baton-deadline-ms");
    }
    const bool capped = draft.ceiling.usd.has_value();
    const auto own = options.max_cost_per_request;
    if (own && (!capped || *own < *draft.ceiling.usd)) draft.ceiling.usd = own;
    if (caller.max_cost && (!draft.ceiling.usd || *caller.max_cost < *draft.ceiling.usd)) {
      draft.ceiling.usd = caller.max_cost;
      draft.reasons.push_back(
          fmt::format("cost: at most {} USD, as the caller asks", FormatUsd(*caller.max_cost)));
    } else if (draft.ceiling.usd && !capped) {
      draft.reasons.push_back(fmt::format("cost: at most {} USD per request", FormatUsd(*draft.ceiling.usd)));
    }
    Duration limit = options.default_deadline;
    if (caller.deadline && *caller.deadline < limit) {
      limit = *caller.deadline;
      draft.reasons.push_back(
          fmt::format("deadline: {} ms, as the caller asks",
                      std::chrono::duration_cast<std::chrono::milliseconds>(limit).count()));
    }
    draft.ceiling.tokens = caller.max_tokens;
    if (draft.ceiling.tokens)
      draft.reasons.push_back(fmt::format("tokens: at most {} in all calls together", *draft.ceiling.tokens));
    draft.ceiling.deadline = Deadline(draft.received + limit);
    return {};
  }
};
}  // namespace

const std::vector<Rails::Rail>& Rails::List() {
  // docs: rails begin
  static const std::vector<Rail> kList = {
      // First, and cheap: a name that the key may not ask for is refused before anybody looks at the text.
      {"authorise", Steps::Authorise<Draft>},
      // Before anybody is chosen, because all that follows depends on what the text holds.
      {"screen", Steps::Screen<Draft>},
      // What the operator's rules say of it, before who may see it: a rule may hide it.
      {"govern", Steps::Govern<Draft>},
      // Before any ceiling: a request that nobody may see is refused for that reason and holds no money.
      {"constrain", Steps::Constrain<Draft>},
      // After it: saving money never shows data to anybody else.
      {"tier_down", Steps::TierDown<Draft>},
      // Before the ceiling, which it may lower.
      {"suspect", Steps::Suspect<Draft>},
      // Last: from here on money and time run, and the lease that holds them belongs to a request that will
      // be served.
      {"ceiling", Steps::Ceil<Draft>},
  };
  // docs: rails end
  return kList;
}

std::vector<std::string_view> Rails::Order() {
  std::vector<std::string_view> names;
  for (const auto& rail : List()) names.push_back(rail.name);
  return names;
}

Rails::Rails(RailsOptions options, std::shared_ptr<const Classifier> classifier,
             std::shared_ptr<const AttackDetector> detector, Metrics* metrics, const Clock& clock)
    : options_(std::move(options)),
      classifier_(std::move(classifier)),
      detector_(std::move(detector)),
      clock_(clock) {
  if (!metrics) return;
  for (const auto& sign : AttackDetector::Signs()) {
    attacks_[sign] = metrics->GetCounter("baton_attack_attempts_total",
                                         "Requests with signs of a prompt attack", {{"sign", sign}});
  }
  for (const Act act : {Act::kAllow, Act::kRedact, Act::kReview, Act::kBlock}) {
    acts_[std::string(ActName(act))] =
        metrics->GetCounter("baton_data_rules_total", "Requests that a data rule decided about",
                            {{"act", std::string(ActName(act))}});
  }
}

void Rails::Count(const Draft& draft) const {
  for (const auto& sign : draft.suspicion.signs) {
    if (const auto at = attacks_.find(sign); at != attacks_.end()) at->second.Add();
  }
  if (draft.rules.empty()) return;
  if (const auto at = acts_.find(ActName(draft.act)); at != acts_.end()) at->second.Add();
}

Result<Permit> Rails::Apply(Draft draft) const {
  draft.detector = detector_.get();
  for (const auto& rail : List()) {
    Status passed = rail.apply(options_, *classifier_, draft);
    if (passed) continue;
    Count(draft);
    return std::move(passed).error();
  }
  Count(draft);
  Permit permit;
  permit.caller_ = draft.caller;
  permit.controls_ = draft.controls;
  const access::Principal* who = draft.caller.principal.get();
  permit.lease_ =
      std::make_unique<budget::Lease>(draft.ceiling, who ? budget::OpenPurse(who->purse, clock_) : nullptr);
  permit.tier_ = std::move(draft.tier);
  permit.workers_ = std::move(draft.workers);
  permit.data_ = std::move(draft.data);
  permit.found_ = std::move(draft.found);
  permit.veil_ = std::move(draft.veil);
  permit.suspicion_ = std::move(draft.suspicion);
  permit.reasons_ = std::move(draft.reasons);
  return permit;
}

Result<Permit> Rails::Admit(const Caller& caller, const Controls& controls, const chat::Request& request,
                            const Catalogue& catalogue, TimePoint received) const {
  return Apply({.caller = caller,
                .controls = controls,
                .chat = &request,
                .catalogue = catalogue,
                .received = received});
}

Result<Permit> Rails::Admit(const Caller& caller, const Controls& controls, const chat::EmbedRequest& request,
                            const Catalogue& catalogue, TimePoint received) const {
  return Apply({.caller = caller,
                .controls = controls,
                .embed = &request,
                .catalogue = catalogue,
                .received = received});
}

std::set<DataClass> Rails::ClassesOf(const chat::Request& request) const {
  return classifier_->Classify(request).classes;
}

chat::Request WithoutSecrets(const Classifier& classifier, const chat::Request& request) {
  chat::Request shown = request;
  Marks marks;
  marks.HideIn(&shown, classifier.Classify(request), [](const Span& s) { return s.data_class == "secret"; });
  return shown;
}

const pool::Worker* Catalogue::Find(std::string_view name) const {
  for (const auto& w : workers) {
    if (w->name == name) return w.get();
  }
  return nullptr;
}

bool Permit::Allows(const pool::Worker& worker) const {
  return std::find(workers_.begin(), workers_.end(), &worker) != workers_.end();
}

std::string Permit::WhyNot(const pool::Worker& worker) const {
  if (!tier_.empty() && MaySee(worker, data_)) return tier_;
  return fmt::format("may not see {}", fmt::join(data_.classes, ", "));
}

bool Permit::Allows(const pool::Worker& worker, const std::set<DataClass>& also) const {
  return Allows(worker) &&
         std::includes(worker.data.classes.begin(), worker.data.classes.end(), also.begin(), also.end());
}

}  // namespace baton::rails
