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

  Classification data;
  std::vector<const pool::Worker*> workers;
  budget::Ceiling ceiling;
  std::vector<std::string> reasons;
  std::string tier;

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
      span.message = i;
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
  static Status Constrain(const RailsOptions&, const Classifier&, D& draft) {
    if (draft.catalogue.workers.empty()) {
      return Fail(Code::kUnavailable, "this server has no workers; add one under `workers:` in the config",
                  "no_workers");
    }
    for (const auto& w : draft.catalogue.workers) {
      if (MaySee(*w, draft.data)) draft.workers.push_back(w.get());
    }
    if (std::none_of(draft.workers.begin(), draft.workers.end(),
                     [&](const auto* w) { return MayAnswer(*w, draft.chat); })) {
      return NobodyMaySee(draft.data);
    }
    if (draft.workers.size() < draft.catalogue.workers.size()) {
      draft.reasons.push_back(fmt::format("data class {}: only {} may see it",
                                          fmt::join(draft.data.classes, ", "), Who(draft.workers)));
    }
    return {};
  }

  // Cheaper workers for whoever's budget runs low. Of those that may see the data; if none of the cheaper ones
  // may, the rule gives way: what a budget cannot pay it refuses all the same.
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
    draft.ceiling.usd = options.max_cost_per_request;
    if (caller.max_cost && (!draft.ceiling.usd || *caller.max_cost < *draft.ceiling.usd)) {
      draft.ceiling.usd = caller.max_cost;
      draft.reasons.push_back(
          fmt::format("cost: at most {} USD, as the caller asks", FormatUsd(*caller.max_cost)));
    } else if (draft.ceiling.usd) {
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
      // Before anybody is chosen, because all that follows depends on what the text holds, and nobody may be chosen before that
      // is known.
      {"screen", Steps::Screen<Draft>},
      // Before any ceiling: a request that nobody may see is refused for that reason and holds no money.
      {"constrain", Steps::Constrain<Draft>},
      // After it: saving money never shows data to anybody else.
      {"tier_down", Steps::TierDown<Draft>},
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

Result<Permit> Rails::Apply(Draft draft) const {
  for (const auto& rail : List()) TRY_VOID(rail.apply(options_, *classifier_, draft));
  Permit permit;
  permit.caller_ = draft.caller;
  permit.controls_ = draft.controls;
  const access::Principal* who = draft.caller.principal.get();
  permit.lease_ = std::make_unique<budget::Lease>(
      draft.ceiling, who ? budget::OpenPurse(who->purse, clock_) : nullptr);
  permit.tier_ = std::move(draft.tier);
  permit.workers_ = std::move(draft.workers);
  permit.data_ = std::move(draft.data);
  permit.reasons_ = std::move(draft.reasons);
  return permit;
}

Result<Permit> Rails::Admit(const Caller& caller, const Controls& controls, const chat::Request& request,
                            const Catalogue& catalogue, TimePoint received) const {
  return Apply({caller, controls, &request, nullptr, catalogue, received, {}, {}, {}, {}, {}});
}

Result<Permit> Rails::Admit(const Caller& caller, const Controls& controls, const chat::EmbedRequest& request,
                            const Catalogue& catalogue, TimePoint received) const {
  return Apply({caller, controls, nullptr, &request, catalogue, received, {}, {}, {}, {}, {}});
}

std::set<DataClass> Rails::ClassesOf(const chat::Request& request) const {
  return classifier_->Classify(request).classes;
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
