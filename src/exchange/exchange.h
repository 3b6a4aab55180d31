// One request is one exchange: admit, decide, run, record. exchange.cc is the table of contents of Baton.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/cancel.h"
#include "base/ids.h"
#include "base/metric.h"
#include "base/task.h"
#include "chat/sink.h"
#include "exchange/keep.h"
#include "exchange/shadow.h"
#include "guard/rule.h"
#include "human/desk.h"
#include "pool/pool.h"
#include "rails/rails.h"
#include "record/recorder.h"
#include "route/rules.h"
#include "workflow/describe.h"
#include "workflow/run.h"

namespace baton::exchange {

// Everything one configuration decides with; immutable, shared by all loops. An exchange keeps the one it
// started with to its end.
struct Policies {
  rails::Rails rails;
  route::Rules rules;
  rails::Catalogue catalogue;
  workflow::Runner runner;
  std::string config{};                                    // digest of the configuration it was made from
  std::shared_ptr<const workflow::Contracts> contracts{};  // null: none
  std::shared_ptr<const Keeper> keeper{};                  // null: nothing of the content is kept
  bool refuse_unrecorded = false;  // what could not be recorded is refused before anybody is asked
  std::shared_ptr<const guard::Rules> guards{};  // null: none
  // Requests that hold no other classes keep their feature vectors in the record; empty: none does.
  std::set<rails::DataClass> vector_classes{};
  double shadow_share = 0;  // of what a candidate in shadow decides otherwise: run in the background
};

// What an exchange needs from the loop it runs on. `pool` belongs to the same configuration as `policies`.
struct House : std::enable_shared_from_this<House> {
  std::shared_ptr<const Policies> policies;
  std::unique_ptr<pool::Pool> pool;
  // Where requests wait for people; shared by all loops. Null: nowhere.
  human::Desk* desk = nullptr;
  // What goes on after its client was served, on this loop; outlives all houses of it. Null: nothing does.
  Background* background = nullptr;
};

// What came in, beside the conversation itself.
struct Envelope {
  rails::Caller caller;
  rails::Controls controls;
  std::string request_id;
  TimePoint received;
};

// What the reply's head needs; known before the first byte of the answer.
struct Heading {
  ExchangeId id = 0;
  std::string route;
  std::string worker;
  std::string losses;    // LossHeader form
  std::string degraded;  // why the answer is not what its workflow wanted; known at the end
  bool passthrough = false, injected_usage = false;
  Duration overhead{};  // Baton's own share so far
};

// The client's side of an exchange. Methods are called on the exchange's loop.
class Reader : public chat::Sink {
 public:
  // Once, before the first Put(); only for streams.
  virtual void OnHeading(const Heading& heading) = 0;
};

// How an exchange ended. Its record is written by Close(), once, after the reply's status is settled and
// before its last byte leaves: so a completed reply always has its record. Dropped without it, the record is
// written all the same, without a status.
template <class Response>
class Outcome {
 public:
  Outcome(record::Recorder* recorder, record::Provenance record)
      : recorder_(recorder), record_(std::move(record)) {}
  Outcome(Outcome&& o) noexcept
      : response(std::move(o.response)),
        heading(std::move(o.heading)),
        delivered(o.delivered),
        pending_case(std::move(o.pending_case)),
        cost(o.cost),
        unpriced(o.unpriced),
        recorder_(std::exchange(o.recorder_, nullptr)),
        record_(std::move(o.record_)),
        content_(std::move(o.content_)) {}
  Outcome& operator=(Outcome&&) = delete;
  ~Outcome() { Close(0); }

  Result<Response> response = Error{};
  Heading heading;
  bool delivered = false;  // part of the answer went out before a failure
  // Not empty: `response` is an error "human_pending" and no failure; a person will answer this case
  // (human/desk.h).
  std::string pending_case;
  budget::Nanos cost;
  bool unpriced = false;

  void Close(int http_status) {
    record_.http_status = http_status;
    auto* to = std::exchange(recorder_, nullptr);
    if (!to || !to->Submit(std::move(record_))) return;
    if (content_) to->AddContent(std::move(*content_));
  }

 private:
  friend class Conductor;
  // Not recorded at all: the record has no room, which is why there is no answer.
  void Unrecorded(Error why) {
    recorder_ = nullptr;
    response = std::move(why);
  }
  record::Recorder* recorder_;
  record::Provenance record_;
  std::optional<record::Content> content_;
};
using ChatOutcome = Outcome<chat::Response>;
using EmbedOutcome = Outcome<chat::EmbedResponse>;

// What would happen, and why; nobody is called, nothing is recorded.
struct Explanation {
  route::Features features;
  std::vector<std::string> data_classes, rails_reasons, allowed;
  Result<route::Route> route = Error{};
  std::vector<provider::Loss> losses;  // of the first candidate
  std::int64_t input_tokens = 0, max_output_tokens = 0;
  budget::Nanos worst_case;  // of the first candidate, or of all steps of the plan
  bool priced = false;
  std::optional<workflow::Outline> plan;  // unset: one plain call
};

class Conductor {
 public:
  Conductor(const Clock& clock, IdSource& ids, record::Recorder* recorder, Metrics& metrics);

  // `reader` null: whole answer in the outcome. Otherwise events go to it and the outcome holds what was
  // assembled. `house`, `request` and `reader` must outlive the task. On any failure the outcome holds the
  // error.
  Task<ChatOutcome> Chat(House& house, Envelope envelope, const chat::Request& request, Reader* reader,
                         Cancel* cancel) const;
  Task<EmbedOutcome> Embed(House& house, Envelope envelope, const chat::EmbedRequest& request,
                           Cancel* cancel) const;
  Result<Explanation> Explain(House& house, const Envelope& envelope, const chat::Request& request) const;

 private:
  class Observer;
  // A refusal that the configuration lays before a person; review.cc.
  static bool GoesToReview(const House& house, const Error& refusal);
  Task<void> Review(House& house, const Envelope& envelope, const chat::Request& request, Reader* reader,
                    Cancel* cancel, ChatOutcome& out) const;
  // The request as its contract shapes it, where it names one.
  struct Asked {
    const workflow::Contract* contract = nullptr;
    std::optional<chat::Request> shaped{};
    const chat::Request& Of(const chat::Request& given) const { return shaped ? *shaped : given; }
  };
  static Result<Asked> UnderContract(const Policies& policies, const chat::Request& given,
                                     rails::Controls* controls);
  // Admitted by the rails and by the contract.
  static Result<rails::Permit> Admit(const Policies& policies, const Envelope& envelope, const Asked& asked,
                                     const chat::Request& request);
  bool MustRefuse(const Policies& policies) const;
  struct ShadowRun;
  // After the answer: asks whom the candidate would have asked, where the day's purse has the money.
  void StartShadow(House& house, const Envelope& envelope, const chat::Request& request,
                   const route::Route& route, std::int64_t input_tokens, const ChatOutcome& out) const;
  Task<void> RunShadow(ShadowRun run) const;
  record::Provenance Begin(const Envelope& envelope, const std::string& model, const char* endpoint) const;

  const Clock& clock_;
  IdSource& ids_;
  record::Recorder* recorder_;
  Histogram overhead_seconds_;
};

}  // namespace baton::exchange
