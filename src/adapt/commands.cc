// What operators ask of policies. Each step changes a copy, is kept with the event that tells of it, and only
// then decides anything.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "adapt/join.h"
#include "adapt/learning.h"

namespace baton::adapt {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kFirstShare = 0.05;
constexpr int kPoliciesKept = 8;
constexpr int kEventsShown = 20;
constexpr int kPage = 1000;
constexpr std::size_t kMostShadowRows = 20'000;

std::string Dump(const Json& j) {
  return j.dump(2, ' ', false, Json::error_handler_t::replace);
}

Json Of(const learn::Interval& i) {
  return {{"value", i.value}, {"low", i.low}, {"high", i.high}};
}

Json Of(const learn::ArmComparison::Bounds& b) {
  return {{"difference", b.difference}, {"low", b.low}, {"high", b.high}};
}

}  // namespace

void Learning::Run(learn::Command command, std::function<void(Result<std::string>)> done) {
  const bool posted = Post([this, command = std::move(command), done]() mutable { done(Do(command)); });
  if (!posted) done(Fail(Code::kUnavailable, "the server is ending", "shutting_down"));
}

Result<std::string> Learning::Do(learn::Command& command) {
  using What = learn::Command::What;
  if (command.what == What::kShow) return Show();
  if (command.what == What::kInstall) return Install(command);
  learn::Promotion next = promotion_;
  learn::PromotionEvent event;
  Status done = Error{};
  switch (command.what) {
    case What::kShadow:
      done = Shadow(next, command, event);
      break;
    case What::kPromote:
      done = Promote(next, command, event);
      break;
    default: {
      auto back = learn::RollBack(next, "asked for", deps_.clock->UnixNanos());
      if (back) event = std::move(*back);
      done = back ? Status() : Status(back.error());
    }
  }
  if (!done) {
    (void)deps_.recorder->Append(
        {0, command.by, "policy_refused", promotion_.candidate, std::string(done.error().Name())});
    return done.error();
  }
  event.by = command.by;
  std::swap(promotion_, next);
  if (Status kept = Keep(event); !kept) {
    std::swap(promotion_, next);
    return kept.error();
  }
  if (command.what == What::kRollback && deps_.metrics)
    deps_.metrics
        ->GetCounter("baton_policy_rollbacks_total", "Candidates taken back, by whom", {{"by", "operator"}})
        .Add();
  deps_.log.Info("policy {}: {} ({})", event.what, event.candidate, event.detail);
  (void)keep_->DropPolicies(promotion_, kPoliciesKept);
  ReadPolicies();
  Publish();
  return Show();
}

Result<std::string> Learning::Install(const learn::Command& command) {
  if (!setup_.featurizer)
    return Fail(Code::kUnsupported,
                "without the static table no policy can be used here; `baton models pull minilm-static`",
                "no_static_table");
  TRY(const estimate::RouterModel model, estimate::RouterFromBytes(command.bytes, command.name));
  TRY_VOID(estimate::CheckFeatures(model, *setup_.featurizer));
  TRY_VOID(keep_->PutPolicy(model.version, command.name, command.bytes, deps_.clock->UnixNanos()));
  (void)deps_.recorder->Append({0, command.by, "policy_install", model.version, command.name});
  return Dump({{"policy", model.version},
               {"name", command.name},
               {"workers", model.workers},
               {"trained_on", model.trained_on}});
}

Status Learning::Shadow(learn::Promotion& p, const learn::Command& command, learn::PromotionEvent& event) {
  if (command.policy == setup_.configured && !command.policy.empty())
    return Fail(Code::kConflict, "this is the configured policy itself: there is nothing to compare",
                "same_policy");
  TRY_VOID(keep_->GetPolicy(command.policy));
  if (!setup_.featurizer || !ReadPolicy(command.policy))
    return Fail(Code::kInvalidRequest,
                fmt::format("policy {} cannot be used here; the log says why", command.policy),
                "other_features");
  TRY(event, learn::StartShadow(p, command.policy, deps_.clock->UnixNanos()));
  return {};
}

Status Learning::Promote(learn::Promotion& p, const learn::Command& command, learn::PromotionEvent& event) {
  const std::int64_t now = deps_.clock->UnixNanos();
  if (p.stage != learn::Stage::kShadow) {
    if (command.share > 0 && p.stage == learn::Stage::kCanary)
      return Fail(Code::kConflict, "a canary is running; its share stays as it is", "canary_running");
    TRY(event, learn::GoFull(p, Gate(), command.force, now));
    return {};
  }
  // The log's word before the first request is shifted: no candidate that is beyond doubt worse.
  const Estimated e = EstimateShadow();
  if (e.estimate && e.estimate->dr.high < e.own && !command.force) {
    return Fail(
        Code::kPermissionDenied,
        fmt::format("by the log of {} rated requests the candidate earns at most {:.3f} where {:.3f} was "
                    "earned; `force` goes past this",
                    e.rows, e.estimate->dr.high, e.own),
        "gate_closed");
  }
  const double share = command.share > 0 ? command.share : kFirstShare;
  TRY(event, learn::StartCanary(p, share, !setup_.settings.single.empty(), now));
  return {};
}

Learning::Estimated Learning::EstimateShadow() {
  Estimated e;
  std::vector<record::Provenance> records;
  record::LogFilter filter;
  filter.since_unix_ns = promotion_.since_unix_ns;
  filter.limit = kPage;
  for (;;) {
    auto page = deps_.recorder->List(filter);
    if (!page) {
      e.estimate = page.error();
      return e;
    }
    const bool last = page->size() < static_cast<std::size_t>(kPage);
    if (!page->empty()) filter.before = page->back().id;
    for (auto& r : *page) {
      if (!r.feedback.empty()) records.push_back(std::move(r));
    }
    if (last || records.size() >= kMostShadowRows) break;
  }
  const ShadowLog log = ShadowLogOf(records, promotion_.since_unix_ns, setup_.value_usd);
  e.rows = log.decisions.size();
  e.own = log.own;
  e.estimate = learn::EstimateOffPolicy(log.decisions, {});
  return e;
}

std::string Learning::Show() {
  const learn::Promotion& p = promotion_;
  Json out;
  out["object"] = "baton.policies";
  out["stage"] = learn::StageName(p.stage);
  out["candidate"] = p.candidate;
  out["configured"] = setup_.configured;
  out["in_place"] = Json::object();
  for (const auto& [slice, policy] : p.in_place) out["in_place"][slice] = policy;
  out["since_unix"] = p.since_unix_ns / 1'000'000'000;
  if (p.stage == learn::Stage::kCanary) {
    out["share"] = p.share;
    out["single"] = p.with_single ? setup_.settings.single : "";
    Json slices = Json::array();
    for (const learn::Verdict& v : learn::Judge(p, Gate())) {
      Json j = {{"slice", v.slice},     {"passes", v.passes}, {"harms", v.harms},
                {"rewards", v.rewards}, {"reason", v.reason}, {"over_in_place", Of(v.in_place)}};
      if (p.with_single) j["over_single"] = Of(v.single);
      slices.push_back(std::move(j));
    }
    out["slices"] = std::move(slices);
  }
  if (p.stage == learn::Stage::kShadow) {
    const Estimated e = EstimateShadow();
    Json j = {{"rated", e.rows}, {"own", e.own}};
    if (e.estimate) {
      j["ips"] = Of(e.estimate->ips);
      j["snips"] = Of(e.estimate->snips);
      j["dr"] = Of(e.estimate->dr);
      j["effective"] = e.estimate->effective;
    } else {
      j["refused"] = e.estimate.error().Name();
      j["why"] = e.estimate.error().message;
    }
    out["estimate"] = std::move(j);
  }
  Json policies = Json::array();
  if (const auto kept = keep_->Policies()) {
    for (const auto& k : *kept)
      policies.push_back({{"policy", k.hash},
                          {"name", k.name},
                          {"bytes", k.bytes},
                          {"kept_unix", k.kept_unix_ns / 1'000'000'000},
                          {"usable", models_.contains(k.hash) || !Used().contains(k.hash)}});
  }
  out["policies"] = std::move(policies);
  Json learned = Json::object();
  for (const auto& [policy, bandit] : teacher_->bandits()) learned[policy] = bandit.observations();
  out["ratings_learned"] = std::move(learned);
  const auto usd = [](budget::Nanos n) { return budget::FormatUsd(n); };
  out["explore_usd_today"] = usd(share_->live.explore().spent());
  out["shadow_usd_today"] = usd(share_->live.shadow().spent());
  Json events = Json::array();
  if (const auto all = keep_->Events(kEventsShown)) {
    for (const auto& ev : *all)
      events.push_back({{"what", ev.what},
                        {"policy", ev.candidate},
                        {"by", ev.by},
                        {"detail", ev.detail},
                        {"at_unix", ev.unix_ns / 1'000'000'000}});
  }
  out["events"] = std::move(events);
  return Dump(out);
}

}  // namespace baton::adapt
