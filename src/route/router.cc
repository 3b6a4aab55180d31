// One choice: what each policy expects of each worker (score.h), who fits under the ceiling and the deadline,
// who is drawn among those (learn/live.h), and why, in words.
//
// Policies come and go while a configuration serves (a candidate is handed in, a slice is promoted), and a
// configuration comes and goes while policies serve. So scorers, which join the two, are made when a decision
// first sees a new set of policies: a lookup of names, microseconds, once per change.
#include "route/router.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "learn/teacher.h"

namespace baton::route {
namespace {

// A caller to whom quality is worth nothing still wants the best of equally cheap workers.
constexpr double kLeastValue = 1e-12;
// Beyond any price: what learn/live.cc puts on workers that a caller may not reach.
constexpr double kOutOfReach = 1e5;
// For replay, whose purses are full: no step up is too dear.
constexpr double kFullPurse = 1e9;

const learn::Regime& NoRegime() {
  static const learn::Regime kNone;
  return kNone;
}

learn::View ViewOf(std::string_view policy, std::span<const Scored> scored, double value) {
  learn::View v;
  v.policy = policy;
  v.prospects.reserve(scored.size());
  for (const Scored& s : scored)
    v.prospects.push_back({s.quality, s.spread, s.cost_usd, s.output_usd, s.tokens, s.bias_usd / value});
  return v;
}

// The caller as the upgrade limit counts: a key by itself, without keys a tenant.
std::string CallerOf(const rails::Permit& permit) {
  const auto& who = permit.caller().principal;
  return who ? fmt::format("{}/{}", permit.tenant(), who->key) : permit.tenant();
}

bool MayExperiment(const learn::Regime& regime, const Features& f, const rails::Permit& permit) {
  if (!permit.controls().explore || regime.quiet_tenants.contains(permit.tenant())) return false;
  return std::none_of(f.data.begin(), f.data.end(),
                      [&](const std::string& c) { return regime.quiet_classes.contains(c); });
}

// The chosen one first, the others of those that were open by what the deciding policy holds them worth now.
void Rank(const learn::Answer& a, const pool::Worker* chosen, double value, Router::Choice* c) {
  for (std::size_t i = 0; i < a.options.size(); ++i) {
    Scored& s = c->ranked[i];
    s.worth_usd = a.options[i].quality * value - a.options[i].cost_usd;
    if (a.options[i].cost_usd > s.cost_usd + kOutOfReach) continue;  // shown as the model sees it
    s.quality = a.options[i].quality - s.bias_usd / value;
    s.cost_usd = a.options[i].cost_usd;
  }
  const auto end = c->ranked.begin() + static_cast<std::ptrdiff_t>(a.options.size());
  std::stable_sort(c->ranked.begin(), end, [&](const Scored& x, const Scored& y) {
    if ((x.worker == chosen) != (y.worker == chosen)) return x.worker == chosen;
    return x.worth_usd > y.worth_usd;
  });
}

// Empty: it is what the policy holds for best.
std::string WhyDrawn(const learn::Answer& a, const Router::Choice& c) {
  const std::string who = Describe(c.ranked.front());
  if (a.arm == learn::Arm::kSingle) return fmt::format("canary: the best single worker ({})", who);
  if (a.explored) return fmt::format("exploring ({}, drawn with probability {:.3f})", who, a.propensity);
  return {};
}

}  // namespace

struct Router::Deciders {
  const Scorer* in_place = nullptr;
  const Scorer* candidate = nullptr;
  const Scorer* first() const { return in_place ? in_place : candidate; }
};

struct Router::Request {
  const Features& f;
  const rails::Permit& permit;
  const Asking& asking;
  const learn::Regime& regime;
  double value = 0;
  std::optional<double> ceiling_usd{};
  // What is recorded of every decision.
  learn::Noted Noted() const {
    learn::Noted n;
    n.x = learn::Compact::Project(f.vector, regime.seed);
    n.quiet = !permit.controls().explore;
    n.value = permit.controls().quality;
    n.ceiling = ceiling_usd;
    return n;
  }
  bool Fits(const Scored& s) const {
    if (ceiling_usd && s.cost_usd > *ceiling_usd) return false;
    return f.latency_budget_ms <= 0 || s.wait_s * 1000 <= static_cast<double>(f.latency_budget_ms);
  }
};

const Scorer* Router::Board::Find(std::string_view policy) const {
  const auto at = scorers.find(policy);
  return at == scorers.end() ? nullptr : at->second.get();
}

Router::Router(std::shared_ptr<const estimate::RouterModel> model, RouterSettings settings,
               const rails::Catalogue& catalogue, const Clock& clock, std::shared_ptr<LearnedShare> share)
    : settings_(settings), catalogue_(catalogue), clock_(clock), share_(std::move(share)) {
  if (model)
    configured_ = std::make_unique<const Scorer>(std::move(model), settings_, catalogue_, clock_,
                                                 share_ ? &share_->pace : nullptr);
}

std::shared_ptr<const Router::Board> Router::Now() const {
  auto learnt = share_ ? share_->learnt.Get() : nullptr;
  MutexLock lock(m_);
  if (board_ && board_->learnt == learnt) return board_;
  auto board = std::make_shared<Board>();
  if (learnt) {
    for (const auto& [version, model] : learnt->models)
      board->scorers[version] =
          std::make_unique<const Scorer>(model, settings_, catalogue_, clock_, &share_->pace);
  }
  board->learnt = std::move(learnt);
  return board_ = std::move(board);
}

Router::Deciders Router::DecidersFor(const Board& board, const Features& f) const {
  Deciders d;
  d.in_place = configured_.get();
  if (!board.learnt) return d;
  const learn::Regime& regime = board.learnt->regime;
  // A promoted policy that could not be read again leaves its slices to the configured one.
  if (const Scorer* promoted = board.Find(regime.InPlace(f.task))) d.in_place = promoted;
  d.candidate = board.Find(regime.Candidate());
  if (d.candidate == d.in_place) d.candidate = nullptr;
  return d;
}

bool Router::Knows() const {
  return configured_ != nullptr || !Now()->scorers.empty();
}

std::vector<double> Router::Expect(std::span<const pool::Worker* const> able, const Features& f) const {
  const auto board = Now();
  const Deciders deciders = DecidersFor(*board, f);
  std::vector<double> out;
  if (!deciders.in_place || able.empty() || f.vector.empty()) return out;
  for (const Scored& s : deciders.in_place->Score(able, f, kLeastValue)) out.push_back(s.quality);
  return out;
}

Router::Choice Router::Choose(std::span<const pool::Worker* const> able, const Features& f,
                              const rails::Permit& permit, const Asking& asking) const {
  const auto board = Now();
  const Deciders deciders = DecidersFor(*board, f);
  Choice c;
  if (!deciders.first()) return c;
  Request r{f, permit, asking, board->learnt ? board->learnt->regime : NoRegime()};
  r.value = std::max(permit.controls().quality.value_or(settings_.value_usd), kLeastValue);
  if (const auto left = permit.lease().usd_left()) r.ceiling_usd = static_cast<double>(left->v) / 1e9;
  c.ranked = deciders.first()->Score(able, f, r.value);
  c.policy = deciders.first()->model().version;
  const auto fits =
      std::stable_partition(c.ranked.begin(), c.ranked.end(), [&](const Scored& s) { return r.Fits(s); });
  // Where nobody fits the cheapest has the best chance with a shorter answer.
  std::stable_sort(fits, c.ranked.end(),
                   [](const Scored& a, const Scored& b) { return a.cost_usd < b.cost_usd; });
  if (fits == c.ranked.begin()) {
    c.decided = deciders.in_place != nullptr;
    if (!c.decided) return c;
    c.reason = Reason(c, r.value);
    learn::Noted noted = r.Noted();
    noted.quality = c.ranked.front().quality;
    noted.tokens = c.ranked.front().tokens;
    if (asking.how != Asking::How::kDry) c.learned = learn::RecordText(noted);
    return c;
  }
  Decide(r, deciders, &c);
  return c;
}

// Among those that fit, which stand first in `choice->ranked`.
void Router::Decide(const Request& r, const Deciders& deciders, Choice* c) const {
  const auto fits =
      std::find_if(c->ranked.begin(), c->ranked.end(), [&](const Scored& s) { return !r.Fits(s); });
  std::vector<const pool::Worker*> workers;
  std::vector<std::string_view> names;
  for (auto s = c->ranked.begin(); s != fits; ++s)
    workers.push_back(s->worker), names.push_back(s->worker->name);
  const std::span<const Scored> scored(c->ranked.data(), workers.size());

  const learn::View first = ViewOf(deciders.first()->model().version, scored, r.value);
  learn::View second;
  if (deciders.candidate && deciders.in_place)
    second = ViewOf(deciders.candidate->model().version, deciders.candidate->Score(workers, r.f, r.value),
                    r.value);
  const std::string caller = CallerOf(r.permit);
  learn::Question q;
  q.workers = names;
  learn::Noted noted = r.Noted();
  q.compact = noted.x;
  q.slice = r.f.task;
  q.caller = caller;
  q.exchange = r.asking.exchange;
  q.value_usd = r.value;
  q.may_explore = r.asking.how != Asking::How::kDry && MayExperiment(r.regime, r.f, r.permit);
  q.in_place = deciders.in_place ? &first : nullptr;
  if (deciders.candidate) q.candidate = deciders.in_place ? &second : &first;
  const learn::Answer a =
      share_ && r.asking.how == Asking::How::kLive
          ? share_->live.Decide(r.regime, q)
          : learn::Live::DecideAs(r.regime, q, q.may_explore && r.regime.explore ? kFullPurse : -1);

  noted.arm = a.arm;
  noted.trial = a.trial;
  if (a.shadow) {
    noted.would = names[*a.shadow];
    noted.would_quality = a.shadow_quality;
    c->candidate = deciders.candidate->model().version;
    if (!a.decided || *a.shadow != a.worker) c->shadow = workers[*a.shadow];
  }
  c->decided = a.decided;
  if (a.decided) {
    noted.quality = a.file_quality;
    noted.tokens = a.file_tokens;
    noted.explored = a.explored;
    c->propensity = a.propensity;
    c->policy = a.policy;
    Rank(a, workers[a.worker], r.value, c);
    c->reason = WhyDrawn(a, *c);
    if (c->reason.empty()) c->reason = Reason(*c, r.value);
    if (a.arm == learn::Arm::kCandidate) c->reason = fmt::format("canary of {}: {}", c->policy, c->reason);
    if (std::abs(a.quality - a.file_quality) >= 0.01)
      c->reason += fmt::format("; ratings moved it from {:.2f} to {:.2f}", a.file_quality, a.quality);
    if (a.limited) c->reason += "; far dearer workers are out of reach: this caller's upgrades are used up";
  }
  if (r.asking.how != Asking::How::kDry) c->learned = learn::RecordText(noted);
}

std::string Router::Reason(const Choice& choice, double value) const {
  const Scored& s = choice.ranked.front();
  // The round number below its estimate that makes it the cheapest above it, if there is one.
  const double floor = std::floor(s.quality * 20) / 20;
  const bool cheapest = std::none_of(choice.ranked.begin() + 1, choice.ranked.end(), [&](const Scored& o) {
    return o.quality >= floor && o.cost_usd < s.cost_usd;
  });
  std::string reason = cheapest && floor > 0
                           ? fmt::format("cheapest worker with P(correct) above {:.2f}", floor)
                           : std::string("most worth for its price");
  reason += fmt::format(" ({})", Describe(s));
  const Scored* better = nullptr;
  for (const Scored& o : choice.ranked) {
    if (o.quality > s.quality + 0.005 && (better == nullptr || o.worth_usd > better->worth_usd)) better = &o;
  }
  if (better == nullptr) return reason;
  const double more = better->cost_usd - s.cost_usd;
  if (more > 0)
    return reason + fmt::format("; {} ({:.2f}) not worth {} more at {} per right answer",
                                better->worker->name, better->quality, UsdText(more), UsdText(value));
  return reason + fmt::format("; {} ({:.2f}) is less certain", better->worker->name, better->quality);
}

}  // namespace baton::route
