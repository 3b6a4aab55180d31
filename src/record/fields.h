// The fields of a record, listed once. The journal's encoding, the columns of the store and the binding of
// statements all walk these lists, so they cannot disagree; the order is part of both formats
// (docs/format/provenance.md): new fields go to the end.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "record/provenance.h"

namespace baton::record {

// How a field is stored. kWord: repeated text, kept as a number of the dictionary where that pays.
enum class Store { kNumber, kText, kWord };

// `limit`: longest text kept, in bytes.
struct Field {
  std::string_view name;
  Store store = Store::kNumber;
  std::size_t limit = 0;
};

// Bounds by construction: with these no record is longer than 192 KB, whatever a client or a provider sends.
inline constexpr std::size_t kMaxText = 2048, kMaxLongText = 8192, kMaxName = 128, kMaxWhy = 256;
inline constexpr std::size_t kMaxCalls = 64, kMaxSteps = 64, kMaxRecordBytes = 192 * 1024;

// A decoded record whose texts point into the encoded bytes. Same names as Provenance, so that the lists
// below fit both.
struct CallView {
  std::string_view worker, provider_model, outcome, fault, why;
  std::int64_t start_unix_ns = 0;
  Duration queued{}, to_first_byte{}, whole{};
  struct {
    std::int64_t input = 0, cached_input = 0, cache_write = 0, cache_write_1h = 0, output = 0, reasoning = 0,
                 audio_input = 0, audio_output = 0;
    bool known = false;
  } usage;
  budget::Nanos cost;
  bool priced = false, usage_estimated = false, winner = false;
  int upstream_status = 0;
};
struct StepView {
  std::string_view name, role;
  int calls = 0;
  std::string_view status, verdict, note, sees;
  int confidence = 0;
};
struct RecordView {
  ExchangeId id = 0;
  std::string_view request_id, tenant, endpoint, model, route, workflow, policy, reason, worker, data_classes,
      rails_reasons, features, task, losses, outcome, finish, prompt_digest, degraded, notes, contract, key,
      user, config;
  double propensity = 1;
  int http_status = 0;
  bool stream = false, unpriced = false;
  std::int64_t input_tokens = 0, cached_tokens = 0, output_tokens = 0, reasoning_tokens = 0;
  budget::Nanos cost;
  Duration duration{}, overhead{}, first_byte{};
  int calls_cut = 0;
  std::vector<CallView> calls;
  std::vector<StepView> steps;
};

// Calls f(Field, value) for every field but the id and the children.
template <class Record, class F>
void EachRecordField(Record& r, F&& f) {
  f(Field{"request_id", Store::kText, kMaxText}, r.request_id);
  f(Field{"tenant", Store::kWord, kMaxText}, r.tenant);
  f(Field{"endpoint", Store::kWord, kMaxText}, r.endpoint);
  f(Field{"model", Store::kWord, kMaxText}, r.model);
  f(Field{"route", Store::kWord, kMaxText}, r.route);
  f(Field{"workflow", Store::kWord, kMaxText}, r.workflow);
  f(Field{"policy", Store::kWord, kMaxText}, r.policy);
  f(Field{"reason", Store::kWord, kMaxText}, r.reason);
  f(Field{"propensity"}, r.propensity);
  f(Field{"worker", Store::kWord, kMaxText}, r.worker);
  f(Field{"data_classes", Store::kWord, kMaxText}, r.data_classes);
  f(Field{"rails_reasons", Store::kWord, kMaxLongText}, r.rails_reasons);
  f(Field{"features", Store::kText, kMaxLongText}, r.features);
  f(Field{"task", Store::kWord, kMaxText}, r.task);
  f(Field{"losses", Store::kWord, kMaxText}, r.losses);
  f(Field{"outcome", Store::kWord, kMaxText}, r.outcome);
  f(Field{"http_status"}, r.http_status);
  f(Field{"stream"}, r.stream);
  f(Field{"finish", Store::kWord, kMaxText}, r.finish);
  f(Field{"input_tokens"}, r.input_tokens);
  f(Field{"cached_tokens"}, r.cached_tokens);
  f(Field{"output_tokens"}, r.output_tokens);
  f(Field{"reasoning_tokens"}, r.reasoning_tokens);
  f(Field{"cost_nanos"}, r.cost);
  f(Field{"unpriced"}, r.unpriced);
  f(Field{"duration_us"}, r.duration);
  f(Field{"overhead_us"}, r.overhead);
  f(Field{"first_byte_us"}, r.first_byte);
  f(Field{"prompt_digest", Store::kText, kMaxText}, r.prompt_digest);
  f(Field{"calls_cut"}, r.calls_cut);
}

template <class Call, class F>
void EachCallField(Call& c, F&& f) {
  f(Field{"worker", Store::kWord, kMaxName}, c.worker);
  f(Field{"provider_model", Store::kWord, kMaxName}, c.provider_model);
  f(Field{"outcome", Store::kWord, kMaxName}, c.outcome);
  f(Field{"fault", Store::kWord, kMaxName}, c.fault);
  f(Field{"why", Store::kWord, kMaxWhy}, c.why);
  f(Field{"start_unix_ns"}, c.start_unix_ns);
  f(Field{"queued_us"}, c.queued);
  f(Field{"first_byte_us"}, c.to_first_byte);
  f(Field{"whole_us"}, c.whole);
  f(Field{"input_tokens"}, c.usage.input);
  f(Field{"cached_input_tokens"}, c.usage.cached_input);
  f(Field{"cache_write_tokens"}, c.usage.cache_write);
  f(Field{"cache_write_1h_tokens"}, c.usage.cache_write_1h);
  f(Field{"output_tokens"}, c.usage.output);
  f(Field{"reasoning_tokens"}, c.usage.reasoning);
  f(Field{"audio_input_tokens"}, c.usage.audio_input);
  f(Field{"audio_output_tokens"}, c.usage.audio_output);
  f(Field{"usage_known"}, c.usage.known);
  f(Field{"cost_nanos"}, c.cost);
  f(Field{"priced"}, c.priced);
  f(Field{"usage_estimated"}, c.usage_estimated);
  f(Field{"winner"}, c.winner);
  f(Field{"upstream_status"}, c.upstream_status);
}

template <class Step, class F>
void EachStepField(Step& s, F&& f) {
  f(Field{"name", Store::kWord, kMaxName}, s.name);
  f(Field{"role", Store::kWord, kMaxName}, s.role);
  f(Field{"calls"}, s.calls);
}

// Since version 2 of the store; in the journal behind everything else, so that payloads of version 1, which
// end before them, still read.
template <class Record, class F>
void EachLaterRecordField(Record& r, F&& f) {
  f(Field{"degraded", Store::kWord, kMaxText}, r.degraded);
  f(Field{"notes", Store::kWord, kMaxText}, r.notes);
}

template <class Step, class F>
void EachLaterStepField(Step& s, F&& f) {
  f(Field{"status", Store::kWord, kMaxName}, s.status);
  f(Field{"verdict", Store::kWord, kMaxName}, s.verdict);
  f(Field{"note", Store::kWord, kMaxWhy}, s.note);
  f(Field{"sees", Store::kWord, kMaxWhy}, s.sees);
  f(Field{"confidence"}, s.confidence);
}

// Since version 3. A block like the one above: what is empty in all of its fields is not written, so that the
// bytes of an older record, over which its digest was made, stay what they were. A later block does the same.
template <class Record, class F>
void EachThirdRecordField(Record& r, F&& f) {
  f(Field{"contract", Store::kWord, kMaxName}, r.contract);
  f(Field{"key_name", Store::kWord, kMaxName}, r.key);
  f(Field{"user_name", Store::kWord, kMaxName}, r.user);
  f(Field{"config", Store::kWord, kMaxName}, r.config);
}

// All columns of a table, in order.
template <class Record, class F>
void EachRecordColumn(Record& r, F&& f) {
  EachRecordField(r, f);
  EachLaterRecordField(r, f);
  EachThirdRecordField(r, f);
}
template <class Step, class F>
void EachStepColumn(Step& s, F&& f) {
  EachStepField(s, f);
  EachLaterStepField(s, f);
}

}  // namespace baton::record
