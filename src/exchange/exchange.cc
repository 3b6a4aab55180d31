#include "exchange/exchange.h"

#include <algorithm>

#include "exchange/note.h"
#include "exchange/unveil.h"
#include "guard/pool.h"

namespace baton::exchange {
namespace {

// Time the client waited for Baton itself: what passed, less what the answering worker took.
Duration Own(Duration passed, Duration in_worker) {
  return std::max(Duration::zero(), passed - in_worker);
}

Duration WorkerTime(const std::vector<pool::CallRecord>& calls) {
  for (const auto& c : calls) {
    if (c.winner) return c.whole;
  }
  return calls.empty() ? Duration::zero() : calls.back().whole;
}

Error NoRoom() {
  return Fail(Code::kUnavailable,
              "the audit log cannot take any more records, and this server does not answer what it cannot "
              "record; make "
              "room on the disk of the store",
              "audit_unavailable");
}

}  // namespace

// Turns the pool's "this worker's answer begins" into the heading of the client's reply.
class Conductor::Observer : public pool::CallObserver {
 public:
  Observer(const Clock& clock, TimePoint received, Reader* reader, Heading& heading)
      : clock_(clock), received_(received), reader_(reader), heading_(heading) {}

  void OnAnswering(const pool::Worker& worker, const std::vector<provider::Loss>& losses, bool passthrough,
                   bool injected_usage, Duration in_worker) override {
    heading_.worker = worker.name;
    heading_.losses = provider::LossHeader(losses);
    heading_.passthrough = passthrough;
    heading_.injected_usage = injected_usage;
    heading_.overhead = Own(clock_.Now() - received_, in_worker);
    if (reader_) reader_->OnHeading(heading_);
  }

 private:
  const Clock& clock_;
  TimePoint received_;
  Reader* reader_;
  Heading& heading_;
};

Conductor::Conductor(const Clock& clock, IdSource& ids, record::Recorder* recorder, Metrics& metrics)
    : clock_(clock),
      ids_(ids),
      recorder_(recorder),
      overhead_seconds_(
          metrics.GetHistogram("baton_overhead_seconds", "Baton's own share of a request's time",
                               {25e-6, 50e-6, 100e-6, 250e-6, 500e-6, 1e-3, 2.5e-3, 5e-3, 1e-2, 0.1})) {}

record::Provenance Conductor::Begin(const Envelope& envelope, const std::string& model,
                                    const char* endpoint) const {
  record::Provenance r;
  r.id = ids_.Next();
  r.request_id = envelope.request_id;
  r.tenant = envelope.caller.tenant;
  if (const auto& who = envelope.caller.principal) {
    r.key = who->key;
    r.user = who->user;
  }
  r.endpoint = endpoint;
  r.model = model;
  r.outcome = "ok";
  return r;
}

Task<ChatOutcome> Conductor::Chat(House& house, Envelope envelope, const chat::Request& given, Reader* reader,
                                  Cancel* cancel) const {
  const Policies& p = *house.policies;
  ChatOutcome out(recorder_, Begin(envelope, given.model, "chat"));
  record::Provenance& record = out.record_;
  record.stream = given.stream;
  record.config = p.config;
  out.heading.id = record.id;
  if (MustRefuse(p)) {
    out.Unrecorded(NoRoom());
    co_return out;
  }

  // A contract shapes the request before anybody looks at it, so that all below see what workers will see.
  const Result<Asked> asked = UnderContract(p, given, &envelope.controls);
  if (!asked) {
    NoteRefusal(asked.error(), record);
    out.response = asked.error();
    co_return out;
  }
  const chat::Request& request = asked->Of(given);
  if (asked->contract) record.contract = asked->contract->name();

  // Admit. From here: the worker set, the data classes, the ceiling and the deadline are fixed.
  Result<rails::Permit> permit = Admit(p, envelope, *asked, request);
  if (!permit) {
    NoteRefusal(permit.error(), record);
    out.response = std::move(permit).error();
    if (GoesToReview(house, out.response.error()))
      co_await Review(house, envelope, request, reader, cancel, out);
    co_return out;
  }
  NotePermit(*permit, record);

  // Decide. From here: the route is fixed; nothing below may change it.
  const chat::Request& shown = permit->veil() ? permit->veil()->chat : request;
  const route::Features features =
      route::Compute(shown, *permit, p.rules.featurizer(), p.rules.classifiers());
  NoteFeatures(features, record);
  if (KeepsVector(p.vector_classes, *permit)) NoteVector(features, record);
  Result<route::Route> route =
      p.rules.Choose(request.model, features, *permit, p.catalogue,
                     {route::Asking::How::kLive, static_cast<std::uint64_t>(record.id)});
  if (!route) {
    NoteRefusal(route.error(), record);
    out.response = std::move(route).error();
    co_return out;
  }
  NoteRoute(*route, record);
  out.heading.route = route->name();

  // Run. From here: every call is made, settled and described in the trace; the client may have read the
  // answer.
  std::optional<Unveil> unveil;
  if (permit->veil() && reader) reader = &unveil.emplace(*permit->veil(), *reader);
  std::optional<guard::GuardedPool> guarded;
  if (p.guards && !p.guards->empty()) guarded.emplace(*p.guards, *permit, *house.pool);
  pool::Pool& through = guarded ? *guarded : *house.pool;
  Observer observer(clock_, envelope.received, reader, out.heading);
  workflow::Job job{*permit, *route, shown, p.catalogue, features.input_tokens, through};
  job.sink = reader;
  job.observer = &observer;
  job.cancel = cancel;
  job.desk = house.desk;
  job.exchange = static_cast<std::uint64_t>(record.id);
  job.keep = house.policies;
  job.contract = asked->contract;
  workflow::Trace trace = co_await p.runner.Run(std::move(job));
  NoteTrace(trace, record);
  NotePace(record, p.rules);
  NoteHeading(trace, out.heading);
  out.delivered = trace.delivered();
  out.pending_case = trace.pending_case();
  out.heading.degraded = trace.degraded();
  out.cost = record.cost;
  out.unpriced = record.unpriced;
  out.response = std::move(trace.answer());
  if (guarded) NoteGuards(guarded->notes(), record);
  if (permit->veil()) Restore(*permit->veil(), out);
  if (!out.response) out.response = WithoutSecrets(p.rails.classifier(), out.response.error());
  if (p.keeper) {
    record.prompt_digest = p.keeper->DigestOf(request.messages);
    out.content_ =
        p.keeper->ContentOf(record, permit->found(), request, out.response ? &*out.response : nullptr);
  }

  if (route->shadow() != nullptr) StartShadow(house, envelope, request, *route, features.input_tokens, out);

  // Record. Close() writes it when the reply's status is known; only bookkeeping is left.
  record.duration = clock_.Now() - envelope.received;
  record.overhead = Own(record.duration, WorkerTime(record.calls));
  overhead_seconds_.Observe(std::chrono::duration<double>(record.overhead).count());
  if (!request.stream) out.heading.overhead = record.overhead;
  co_return out;
}

Task<EmbedOutcome> Conductor::Embed(House& house, Envelope envelope, const chat::EmbedRequest& request,
                                    Cancel* cancel) const {
  const Policies& p = *house.policies;
  EmbedOutcome out(recorder_, Begin(envelope, request.model, "embeddings"));
  record::Provenance& record = out.record_;
  record.config = p.config;
  out.heading.id = record.id;
  if (MustRefuse(p)) {
    out.Unrecorded(NoRoom());
    co_return out;
  }

  Result<rails::Permit> permit =
      p.rails.Admit(envelope.caller, envelope.controls, request, p.catalogue, envelope.received);
  if (!permit) {
    NoteRefusal(permit.error(), record);
    out.response = std::move(permit).error();
    co_return out;
  }
  NotePermit(*permit, record);

  const chat::EmbedRequest& asked = permit->veil() ? permit->veil()->embed : request;
  Result<route::Route> route = p.rules.ChooseEmbedder(request.model, *permit, p.catalogue);
  if (!route) {
    NoteRefusal(route.error(), record);
    out.response = std::move(route).error();
    co_return out;
  }
  NoteRoute(*route, record);
  out.heading.route = route->name();

  pool::Pool::EmbedOutcome embedded = co_await p.runner.Embed(*permit, *route, asked, *house.pool, cancel);
  NoteEmbedding(embedded, record);
  out.heading.worker = record.worker;
  out.heading.losses = record.losses;
  // The bytes of another dialect are no answer for this client.
  out.heading.passthrough = embedded.response.has_value() && !embedded.response->raw.empty() &&
                            embedded.response->raw_dialect == request.raw_dialect;
  out.cost = record.cost;
  out.unpriced = record.unpriced;
  out.response = std::move(embedded.response);
  if (!out.response) out.response = WithoutSecrets(p.rails.classifier(), out.response.error());

  record.duration = clock_.Now() - envelope.received;
  record.overhead = out.heading.overhead = Own(record.duration, WorkerTime(record.calls));
  overhead_seconds_.Observe(std::chrono::duration<double>(record.overhead).count());
  co_return out;
}

Result<Conductor::Asked> Conductor::UnderContract(const Policies& p, const chat::Request& given,
                                                  rails::Controls* controls) {
  Asked asked;
  asked.contract = p.contracts ? p.contracts->Find(given.model) : nullptr;
  if (!asked.contract) return asked;
  TRY(asked.shaped, asked.contract->Shape(given));
  asked.contract->Bound(controls);
  return asked;
}

Result<rails::Permit> Conductor::Admit(const Policies& p, const Envelope& envelope, const Asked& asked,
                                       const chat::Request& request) {
  TRY(rails::Permit permit,
      p.rails.Admit(envelope.caller, envelope.controls, request, p.catalogue, envelope.received));
  if (asked.contract) TRY_VOID(asked.contract->MayHold(permit.data().classes));
  return permit;
}

bool Conductor::MustRefuse(const Policies& p) const {
  return p.refuse_unrecorded && recorder_ && !recorder_->HasRoom();
}

Result<Explanation> Conductor::Explain(House& house, const Envelope& given_envelope,
                                       const chat::Request& given) const {
  const Policies& p = *house.policies;
  Envelope envelope = given_envelope;
  TRY(const Asked asked, UnderContract(p, given, &envelope.controls));
  const chat::Request& request = asked.Of(given);
  TRY(rails::Permit permit, Admit(p, envelope, asked, request));
  Explanation e;
  e.data_classes.assign(permit.found().begin(), permit.found().end());
  e.rails_reasons = permit.reasons();
  for (const auto* w : permit.workers()) e.allowed.push_back(w->name);
  const chat::Request& shown = permit.veil() ? permit.veil()->chat : request;
  e.features = route::Compute(shown, permit, p.rules.featurizer(), p.rules.classifiers());
  e.route = p.rules.Choose(request.model, e.features, permit, p.catalogue);
  if (!e.route) return e;
  const pool::Worker& first = *e.route->candidates().front();
  TRY(e.losses, house.pool->Explain(first, shown));
  e.input_tokens = e.features.input_tokens;
  e.max_output_tokens = request.max_tokens.value_or(first.target.max_output);
  if (const auto* row = first.prices.At(clock_.UnixNanos() / 1'000'000'000)) {
    e.priced = true;
    e.worst_case = budget::WorstCase(*row, e.input_tokens, e.max_output_tokens);
  }
  if (e.route->workflow() != "single" || (asked.contract && asked.contract->checks())) {
    const std::int64_t now = clock_.UnixNanos() / 1'000'000'000;
    auto plan = p.runner.MakePlan(permit, *e.route, shown, p.catalogue, now, asked.contract);
    if (!plan) {
      e.route = std::move(plan).error();
      return e;
    }
    e.plan = workflow::Describe(*plan, shown, e.input_tokens, now);
    e.worst_case = e.plan->worst.usd;
    e.priced = !e.plan->worst.unpriced;
  }
  return e;
}

}  // namespace baton::exchange
