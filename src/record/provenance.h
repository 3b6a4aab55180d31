// The durable record of one exchange: who asked what kind of thing, which route and why, which workers were
// called, what it cost. Holds no content and no secret.
//
// What is kept is a little less than what these structs can hold (record/encode.h): durations to the
// microsecond, texts up to 2 KB (features and rails_reasons 8 KB), of a call's usage the counts without the
// provider's raw object. docs/format/provenance.md describes the stored and the public form.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/ids.h"
#include "budget/money.h"
#include "pool/pool.h"
#include "record/feedback.h"

namespace baton::record {

// Which step of the workflow made which calls. The steps' calls stand one after the other in
// Provenance::calls.
struct StepRecord {
  std::string name, role;
  int calls = 0;
  std::string status{};   // "done", "failed", "skipped", "dropped", "called_off", "awaits_tool"
  std::string verdict{};  // "accept", "reject"; empty: nobody judged
  std::string note{};     // why it was skipped, dropped or rejected; what its checks said
  std::string sees{};     // names of the steps it read: "draft,check"
  int confidence = 0;     // thousandths plus one; 0: nothing measured it
  bool operator==(const StepRecord&) const = default;
};

struct Provenance {
  ExchangeId id = 0;
  std::string request_id;  // the client's x-request-id / X-Client-Request-Id, or ours
  std::string tenant;
  std::string endpoint;  // "chat", "embeddings"
  std::string model;     // as asked
  std::string route, workflow, policy, reason;
  double propensity = 1;
  std::string worker;         // who answered; empty on failure
  std::string data_classes;   // "internal,personal"
  std::string rails_reasons;  // lines
  std::string features;       // JSON text
  std::string task;
  std::string losses;   // LossHeader form
  std::string outcome;  // "ok", "client_gone", or the error's Name()
  int http_status = 0;
  bool stream = false;
  std::string finish;  // finish reason
  std::int64_t input_tokens = 0, cached_tokens = 0, output_tokens = 0,
               reasoning_tokens = 0;              // sums over calls
  budget::Nanos cost;                             // sum over calls
  bool unpriced = false;                          // some call has no price: `cost` is a lower bound
  Duration duration{}, overhead{}, first_byte{};  // overhead: time in Baton itself
  std::string prompt_digest;                      // keyed digest of what was asked; empty: none was made
  std::vector<pool::CallRecord> calls;
  // Empty: all calls belong to the one step of `single`, {"answer", "worker"}.
  std::vector<StepRecord> steps;
  // Why the answer is not what its workflow wanted; empty: it is.
  std::string degraded;
  std::string notes;     // lines: decisions of the workflow that belong to no step
  std::string contract;  // the behaviour contract that was asked for; empty: none
  std::string key;       // which key asked, by its public name; empty: none was needed
  std::string user;      // whom the key or token stands for
  std::string config;    // digest of the configuration that decided
  // What was said about the answer later; filled by readers, stored as rows of its own.
  std::vector<Feedback> feedback;
  int calls_cut = 0;  // calls and steps beyond the record's size limit, which were not kept
};

}  // namespace baton::record
