// What keeps a shadow run harmless.
//
// The request is admitted again, by the same rails: the same data classes, the same workers, the same hidden
// values. It is not the tenant's money: the day's purse for shadow runs pays, so the request comes without
// its key's budgets, under a ceiling of what was taken from the purse. A worker's own budget and limits hold
// as for any call. What the worker says goes nowhere but into one comparison.
#include "exchange/shadow.h"

#include <fmt/format.h>

#include "chat/assemble.h"
#include "exchange/exchange.h"
#include "exchange/note.h"
#include "learn/choice.h"
#include "workflow/same_answer.h"

namespace baton::exchange {
namespace {

constexpr std::int64_t kUsualOutput = 4096;  // where nobody says how long an answer may be

// The most that asking this worker can cost; nullopt: nobody knows, so nobody asks.
std::optional<budget::Nanos> Worst(const pool::Worker& w, const chat::Request& request,
                                   std::int64_t input_tokens, std::int64_t unix_seconds) {
  const auto* row = w.priced ? w.prices.At(unix_seconds) : nullptr;
  if (row == nullptr) return std::nullopt;
  const std::int64_t out =
      request.max_tokens.value_or(w.target.max_output > 0 ? w.target.max_output : kUsualOutput);
  return budget::WorstCase(*row, input_tokens, out) + budget::PerCall(*row, 1);
}

std::string AnswerOf(const Result<chat::Response>& response) {
  return response && !response->choices.empty() ? chat::TextOf(response->choices.front().message) : "";
}

}  // namespace

bool Background::Enter() {
  if (cancel_.fired() || running_ >= kMost) return false;
  ++running_;
  return true;
}

void Background::Leave() {
  if (--running_ == 0 && cancel_.fired()) idle_.Set();
}

Task<void> Background::End() {
  cancel_.Fire(Cancel::Why::kShutdown);
  if (running_ > 0) co_await idle_.Wait();
}

// Everything a run needs, its own: the client and its exchange are gone.
struct Conductor::ShadowRun {
  std::shared_ptr<House> house;
  Envelope envelope;
  chat::Request request;
  route::Route route;
  ExchangeId parent = 0;
  std::string answer;  // what the client got
  std::int64_t input_tokens = 0;
  budget::Nanos taken;
  std::int64_t day = 0;
};

void Conductor::StartShadow(House& house, const Envelope& envelope, const chat::Request& request,
                            const route::Route& route, std::int64_t input_tokens,
                            const ChatOutcome& out) const {
  const Policies& p = *house.policies;
  const auto share = p.rules.share();
  if (!share || !house.background || !out.response) return;
  const auto id = static_cast<std::uint64_t>(out.heading.id);
  if (learn::UnitOf(learn::MixKeys(id, 3)) >= p.shadow_share) return;
  const auto worst = Worst(*route.shadow(), request, input_tokens, clock_.UnixNanos() / 1'000'000'000);
  auto keep = house.weak_from_this().lock();
  if (!worst || !keep) return;
  const auto day = share->live.shadow().Take(*worst);
  if (!day) return;
  if (!house.background->Enter()) {
    share->live.shadow().GiveBack(*worst, *day);
    return;
  }
  auto run = std::make_shared<ShadowRun>(ShadowRun{std::move(keep), envelope, request,
                                                   p.rules.ShadowOf(route), out.heading.id,
                                                   AnswerOf(out.response), input_tokens, *worst, *day});
  run->envelope.caller.principal = nullptr;
  run->envelope.controls = {};
  run->envelope.controls.max_cost = *worst;
  run->request.stream = false;
  run->request.raw.clear();
  // Behind what the loop does now: the client's reply goes out first.
  house.pool->loop().Post([this, run] { Spawn(RunShadow(std::move(*run))); });
}

Task<void> Conductor::RunShadow(ShadowRun run) const {
  House& house = *run.house;
  const Policies& p = *house.policies;
  run.envelope.received = clock_.Now();
  record::Provenance record = Begin(run.envelope, run.request.model, "shadow");
  record.request_id = FormatExchangeId(run.parent);
  record.config = p.config;
  budget::Nanos spent;
  Result<rails::Permit> permit = p.rails.Admit(run.envelope.caller, run.envelope.controls, run.request,
                                               p.catalogue, run.envelope.received);
  if (permit) {
    NotePermit(*permit, record);
    NoteRoute(run.route, record);
    const chat::Request& shown = permit->veil() ? permit->veil()->chat : run.request;
    workflow::Job job{*permit, run.route, shown, p.catalogue, run.input_tokens, *house.pool};
    job.cancel = house.background->cancel();
    job.exchange = static_cast<std::uint64_t>(record.id);
    job.keep = house.policies;
    workflow::Trace trace = co_await p.runner.Run(std::move(job));
    NoteTrace(trace, record);
    spent = record.cost;
    const std::string said = AnswerOf(trace.answer());
    record.notes = workflow::SameAnswer(run.answer, said) ? "says the same as the answer given"
                                                          : "says something else than the answer given";
  } else {
    NoteRefusal(permit.error(), record);
  }
  p.rules.share()->live.shadow().GiveBack({std::max<std::int64_t>(0, run.taken.v - spent.v)}, run.day);
  record.duration = clock_.Now() - run.envelope.received;
  if (recorder_) (void)recorder_->Submit(std::move(record));
  house.background->Leave();
}

}  // namespace baton::exchange
