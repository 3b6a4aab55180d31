// One thread, one connection, one promotion. The order inside a look matters: money is written down before it
// can be spent; lessons are kept with how far feedback was read, in one transaction, before anybody decides
// by them; a canary is judged on what is kept. So a process that is killed anywhere repeats at most the
// lessons of one look, and they are not in what it finds.
#include "adapt/learning.h"

#include <fmt/format.h>

#include <algorithm>
#include <future>

#include "adapt/join.h"
#include "estimate/router_model.h"
#include "record/ratings.h"

namespace baton::adapt {
namespace {

constexpr int kRatingsAtOnce = 256;

learn::BanditOptions BanditOf(const learn::Settings& s) {
  learn::BanditOptions o;
  o.half_life = s.half_life;
  return o;
}

learn::TrustOptions TrustOf(const learn::Settings& s) {
  learn::TrustOptions o;
  o.per_day = s.tenant_ratings_per_day;
  o.share = s.tenant_share;
  return o;
}

const char* LessonName(learn::Lesson lesson) {
  switch (lesson) {
    case learn::Lesson::kTaught:
      return "taught";
    case learn::Lesson::kNotClean:
      return "not_clean";
    case learn::Lesson::kNoWeight:
      return "no_weight";
  }
  return "";
}

void Count(Metrics* metrics, const char* name, const char* help, const Labels& labels) {
  if (metrics) metrics->GetCounter(name, help, labels).Add();
}

void Set(Metrics* metrics, const char* name, const char* help, double v) {
  if (metrics) metrics->GetGauge(name, help).Set(v);
}

}  // namespace

Learning::Learning(Deps deps)
    : deps_(std::move(deps)),
      share_(std::make_shared<route::LearnedShare>(route::Learnt{}, learn::Live::Caps{})) {}

Result<std::unique_ptr<Learning>> Learning::Open(Deps deps) {
  std::unique_ptr<Learning> l(new Learning(std::move(deps)));
  TRY(auto db, store::OpenSqlite(l->deps_.store));
  TRY(l->keep_, learn::Keep::Open(std::move(db)));
  TRY(l->ratings_, store::OpenSqlite(l->deps_.store));
  TRY_VOID(l->Load());
  l->LoadPurses();
  l->thread_ = std::thread([self = l.get()] { self->Loop(); });
  return l;
}

void Learning::Refused(const std::string& what, const std::string& why) {
  deps_.log.Err("{} is left out: {}", what, why);
  Count(deps_.metrics, "baton_learned_refused_total", "Learned files that could not be used, by why",
        {{"reason", "state"}});
}

Status Learning::Load() {
  auto promotion = keep_->LoadPromotion();
  if (promotion) {
    promotion_ = std::move(*promotion);
  } else if (promotion.error().reason == "state_damaged" || promotion.error().code == Code::kInvalidRequest) {
    Refused("the state of promotions", promotion.error().message);
  } else {
    return promotion.error();
  }
  TRY(learn::Learned learned, keep_->LoadLearned());
  for (const std::string& key : learned.damaged)
    Refused("what was learned", fmt::format("'{}' is damaged", key));
  learn::Teacher::Bandits bandits;
  for (const auto& [policy, bytes] : learned.bandits) {
    auto bandit = learn::Bandit::Load(bytes, BanditOf(setup_.settings));
    if (bandit) {
      bandits.emplace(policy, std::move(*bandit));
    } else {
      Refused(fmt::format("what ratings taught {}", policy), bandit.error().message);
    }
  }
  learn::Trust trust(TrustOf(setup_.settings));
  if (!learned.trust.empty()) {
    auto loaded = learn::Trust::Load(learned.trust, TrustOf(setup_.settings));
    if (loaded) {
      trust = std::move(*loaded);
    } else {
      Refused("the trust in tenants", loaded.error().message);
    }
  }
  feedback_seen_ = learned.feedback_seen;
  teacher_ = std::make_unique<learn::Teacher>(BanditOf(setup_.settings), std::move(bandits), std::move(trust),
                                              setup_.value_usd);
  return {};
}

void Learning::LoadPurses() {
  for (auto [purse, cap] :
       {std::pair("explore", &share_->live.explore()), std::pair("shadow", &share_->live.shadow())}) {
    auto grant = keep_->LoadGrant(purse);
    // Unknown is taken for all spent: the cap holds whatever the disk did.
    if (!grant) grant = learn::DailyCap::Grant{learn::DayOf(deps_.clock->UnixNanos()), {INT64_MAX / 2}};
    cap->Restore(*grant);
  }
}

bool Learning::Post(Job job) {
  MutexLock lock(m_);
  if (stop_) return false;
  jobs_.push_back(std::move(job));
  wake_.NotifyOne();
  return true;
}

void Learning::Wait(Job job) {
  std::promise<void> done;
  const bool posted = Post([&] {
    job();
    done.set_value();
  });
  if (posted) done.get_future().wait();
}

void Learning::Tick() {
  Wait([this] { Look(); });
}

void Learning::Stop() {
  {
    MutexLock lock(m_);
    stop_ = true;
    wake_.NotifyOne();
  }
  if (thread_.joinable()) thread_.join();
}

void Learning::Loop() {
  // By the thread's own clock, which no test turns: jobs that come often must not put off the looking.
  auto next_look = SystemClock().Now() + deps_.every;
  for (;;) {
    Job job;
    {
      MutexLock lock(m_);
      const auto left = [&] { return std::chrono::duration_cast<Duration>(next_look - SystemClock().Now()); };
      if (jobs_.empty() && !stop_ && deps_.every > Duration::zero() && left() > Duration::zero())
        wake_.WaitFor(lock, left());
      while (jobs_.empty() && !stop_ && deps_.every == Duration::zero()) wake_.Wait(lock);
      if (!jobs_.empty()) {
        job = std::move(jobs_.front());
        jobs_.pop_front();
      } else if (stop_) {
        return;
      }
    }
    if (job) job();
    if (deps_.every > Duration::zero() && SystemClock().Now() >= next_look) {
      Look();
      next_look = SystemClock().Now() + deps_.every;
    }
  }
}

void Learning::Configure(Setup setup) {
  Wait([this, &setup] {
    setup_ = std::move(setup);
    const learn::Settings& s = setup_.settings;
    // The same knowledge under the new settings: as if it were read from the disk.
    learn::Teacher::Bandits bandits;
    for (const auto& [policy, bandit] : teacher_->bandits()) {
      if (auto again = learn::Bandit::Load(bandit.Save(), BanditOf(s)))
        bandits.emplace(policy, std::move(*again));
    }
    auto trust = learn::Trust::Load(teacher_->trust().Save(), TrustOf(s));
    teacher_ = std::make_unique<learn::Teacher>(BanditOf(s), std::move(bandits),
                                                trust ? std::move(*trust) : learn::Trust(TrustOf(s)),
                                                setup_.value_usd);
    share_->live.explore().SetPerDay(s.explore ? s.explore_usd_per_day : budget::Nanos{0});
    share_->live.shadow().SetPerDay(s.shadow_usd_per_day);
    share_->live.upgrades().Set(
        {.share = s.upgrade_share, .burst = s.upgrade_burst, .factor = s.upgrade_factor});
    ReadPolicies();
    Publish();
    Look();
  });
}

void Learning::Grant(std::string_view purse, learn::DailyCap& cap) {
  const auto due = cap.Due(deps_.clock->UnixNanos());
  if (!due) return;
  // Not written down, not spendable: the next look tries again.
  if (keep_->SaveGrant(purse, *due)) cap.Apply(*due);
}

void Learning::Look() {
  Grant("explore", share_->live.explore());
  Grant("shadow", share_->live.shadow());
  while (ReadRatings()) {
  }
  const auto usd = [](budget::Nanos n) { return static_cast<double>(n.v) / 1e9; };
  Set(deps_.metrics, "baton_explore_usd_today", "Dollars that exploring was granted and used today",
      usd(share_->live.explore().spent()));
  Set(deps_.metrics, "baton_shadow_usd_today", "Dollars that shadow runs were granted and used today",
      usd(share_->live.shadow().spent()));
  Set(deps_.metrics, "baton_policy_stage", "Of the candidate policy: 0 none, 1 shadow, 2 canary, 3 full",
      static_cast<double>(promotion_.stage));
}

learn::Learned Learning::ToKeep() const {
  learn::Learned l;
  for (const auto& [policy, bandit] : teacher_->bandits()) l.bandits[policy] = bandit.Save();
  l.trust = teacher_->trust().Save();
  l.feedback_seen = feedback_seen_;
  return l;
}

bool Learning::ReadRatings() {
  auto ratings = record::RatingsAfter(*ratings_, feedback_seen_, kRatingsAtOnce);
  if (!ratings || ratings->empty()) return false;
  for (const record::Rating& r : *ratings) {
    feedback_seen_ = r.seq;
    const auto record = deps_.recorder->Find(r.feedback.exchange);
    const auto rated = record ? RatedOf(*record, r.feedback) : std::nullopt;
    const char* lesson = "nothing_learned_decided";
    if (rated) lesson = LessonName(teacher_->Teach(*rated, promotion_));
    Count(deps_.metrics, "baton_ratings_learned_total",
          "Pieces of feedback read by learning, by what became of them", {{"lesson", lesson}});
  }
  teacher_->Keep(Used());
  // A store that cannot be written keeps the older state, and so must we: the same ratings come again.
  if (Status kept = keep_->Save(promotion_, ToKeep()); !kept) {
    deps_.log.Warn("what ratings taught could not be kept, trying again: {}", kept.error().message);
    if (Status again = Load(); !again) deps_.log.Err("{}", again.error().message);
    return false;
  }
  JudgeCanary();
  Publish();
  return ratings->size() == kRatingsAtOnce;
}

learn::GateOptions Learning::Gate() const {
  learn::GateOptions g;
  g.least = setup_.settings.least_rewards;
  g.margin = setup_.settings.margin;
  return g;
}

// Beyond doubt worse in one slice is enough: a canary that harms somebody ends.
void Learning::JudgeCanary() {
  if (promotion_.stage != learn::Stage::kCanary) return;
  for (const learn::Verdict& v : learn::Judge(promotion_, Gate())) {
    if (!v.harms) continue;
    learn::Promotion next = promotion_;
    auto event =
        learn::RollBack(next, fmt::format("slice {}: {}", v.slice, v.reason), deps_.clock->UnixNanos());
    if (!event) return;
    event->by = "server";
    std::swap(promotion_, next);
    if (!Keep(*event)) {
      std::swap(promotion_, next);
      return;
    }
    deps_.log.Warn("canary of {} rolled back: slice {}: {}", event->candidate, v.slice, v.reason);
    Count(deps_.metrics, "baton_policy_rollbacks_total", "Candidates taken back, by whom", {{"by", "harm"}});
    return;
  }
}

// The state as it is now, what led to it, and a link of the audit chain.
Status Learning::Keep(const learn::PromotionEvent& event) {
  TRY_VOID(keep_->Save(promotion_, event));
  (void)deps_.recorder->Append(
      {event.unix_ns, event.by, "policy_" + event.what, event.candidate, event.detail});
  Count(deps_.metrics, "baton_policy_steps_total", "Steps of promotions", {{"step", event.what}});
  return {};
}

std::set<std::string> Learning::Used() const {
  std::set<std::string> used = {setup_.configured, promotion_.candidate};
  for (const auto* placement : {&promotion_.in_place, &promotion_.before}) {
    for (const auto& [slice, policy] : *placement) used.insert(policy);
  }
  used.erase("");
  return used;
}

std::shared_ptr<const estimate::RouterModel> Learning::ReadPolicy(const std::string& version) {
  auto kept = keep_->GetPolicy(version);
  auto model =
      kept ? estimate::RouterFromBytes(kept->bytes, kept->name) : Result<estimate::RouterModel>(kept.error());
  Status fits = model ? estimate::CheckFeatures(*model, *setup_.featurizer) : Status(model.error());
  if (fits && model->version != version)
    fits = Fail(Code::kInvalidRequest, fmt::format("its bytes are those of {}", model->version),
                "router_damaged");
  if (!fits) {
    Refused(fmt::format("policy {}", version), fits.error().message);
    return nullptr;
  }
  return std::make_shared<const estimate::RouterModel>(std::move(*model));
}

// Those that decide or may come back to decide, and the candidate. What was read stays read.
void Learning::ReadPolicies() {
  std::map<std::string, std::shared_ptr<const estimate::RouterModel>, std::less<>> next;
  for (const std::string& version : Used()) {
    if (!setup_.featurizer || version == setup_.configured) continue;
    const auto at = models_.find(version);
    const bool fits = at != models_.end() && estimate::CheckFeatures(*at->second, *setup_.featurizer);
    auto model = fits ? at->second : ReadPolicy(version);
    if (model) next[version] = std::move(model);
  }
  models_ = std::move(next);
}

void Learning::Publish() {
  route::Learnt next;
  next.regime = RegimeOf(setup_.settings, setup_.value_usd);
  next.regime.promotion = promotion_;
  if (setup_.settings.adapt) {
    for (const auto& [policy, bandit] : teacher_->bandits())
      next.regime.corrections[policy] = bandit.Snapshot();
  }
  next.models = models_;
  share_->learnt.Set(std::make_shared<const route::Learnt>(std::move(next)));
}

learn::Regime RegimeOf(const learn::Settings& s, double value_usd) {
  learn::Regime r;
  r.choice = {.value_usd = value_usd, .floor = s.explore_floor, .most = s.explore_share};
  r.explore = s.explore;
  r.quiet_tenants.insert(s.opt_out_tenants.begin(), s.opt_out_tenants.end());
  r.quiet_classes.insert(s.opt_out_classes.begin(), s.opt_out_classes.end());
  r.single = s.single;
  r.seed = s.seed;
  return r;
}

}  // namespace baton::adapt
