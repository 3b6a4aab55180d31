// Is this answer good enough? One contract for every check: a schema, a sum done again, executed code,
// agreement between answers, another model's judgement. Used by workflows while a request runs and by rewards
// afterwards.
//
// A verifier says accept, reject or "cannot tell" and how often it is wrong when it says so. The error rates
// are measured on labelled answers (docs/verifiers.md has the sets and the counts) and stop rules use them; a
// verifier without a measurement says so with n == 0 and is then trusted no more than a coin.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/cancel.h"
#include "base/clock.h"
#include "base/loop.h"
#include "base/result.h"
#include "base/task.h"
#include "budget/money.h"
#include "chat/types.h"

namespace baton::verify {

class Sandbox;  // sandbox.h

enum class Verdict { kUnknown, kAccept, kReject };
std::string_view VerdictName(Verdict v);  // "unknown", "accept", "reject"

struct Judgement {
  Verdict verdict = Verdict::kUnknown;
  // 0 (surely wrong) to 1 (surely right); hard checks give 0 or 1, kUnknown gives 0.5.
  double score = 0.5;
  // For people, the trace and the repair step: one sentence, at most 500 bytes, never the answer itself.
  std::string reason;
  // What was seen (a test's output, the differing value): untrusted text, at most 4 KB. Only ever shown as
  // data.
  std::string evidence;
};

// What is judged. Views are valid during the call.
struct Subject {
  std::string_view question;                 // text of the client's last user message
  std::string_view answer;                   // text of the answer
  const chat::Request* request = nullptr;    // never null: format asked, schema, tools
  const chat::Response* response = nullptr;  // with logprobs where asked for; may be null
  std::vector<std::string_view> others;      // independent answers to the same question
};

// How a verifier that needs a model asks one: the executor makes the call inside the exchange's lease, permit
// and trace. Null in Context: none is allowed here, and such a verifier says kUnknown.
class Asker {
 public:
  virtual ~Asker() = default;
  // One whole answer. `system` is the verifier's own text, `user` may hold untrusted text, delimited. With
  // `words`, a model that can be held to a form says one of them and nothing else (verify/choice.h).
  virtual Task<Result<std::string>> Ask(std::string system, std::string user, std::int64_t max_tokens,
                                        std::vector<std::string> words) = 0;
  // One vector per text, all of one model.
  virtual Task<Result<std::vector<std::vector<float>>>> Embed(std::vector<std::string> texts) = 0;
};

struct Context {
  Loop& loop;
  Deadline deadline;
  Cancel* cancel = nullptr;
  Asker* asker = nullptr;
};

// Shares of labelled answers, in the direction in which they hurt.
struct ErrorRate {
  double false_accept = 0.5;  // of wrong answers, how many are accepted
  double false_reject = 0.5;  // of right answers, how many are rejected
  int n = 0;                  // labelled answers it was measured on; 0: not measured
  std::string_view set;       // which set, for docs and reports
  // The labels said whether the answer had the form that is checked, not whether it was right: such a verdict
  // says nothing about the answer being right.
  bool of_form = false;
};

struct Cost {
  bool asks_model = false;      // spends the exchange's money through Asker
  int max_asks = 0;             // calls it makes at most
  std::int64_t max_tokens = 0;  // output tokens of each, at most
  Duration limit{};             // the longest it may take; zero: microseconds, on the loop
};

// Immutable and thread safe; one object serves all exchanges of a configuration.
class Verifier {
 public:
  virtual ~Verifier() = default;
  virtual std::string_view name() const = 0;
  virtual int version() const = 0;  // rises whenever a verdict could change
  virtual Cost cost() const = 0;
  virtual ErrorRate error_rate() const = 0;
  // Never fails as a call: what could not be checked (no code in the answer, sandbox unavailable, judge
  // unreachable, cancelled) is kUnknown with the reason. Long work runs off the loop. `subject` and `context`
  // outlive the task.
  virtual Task<Judgement> Check(const Subject& subject, const Context& context) const = 0;
};

// A verifier as the config names it: {name: regex, options: {pattern: '^[A-D]$'}}.
struct Spec {
  std::string name;
  std::map<std::string, std::string> options;
  bool operator==(const Spec&) const = default;
};

// What verifiers may share. Everything may be left out.
struct Tools {
  // Runs code; null: a verifier that runs code makes a sandbox of its own (two threads and a queue).
  std::shared_ptr<Sandbox> sandbox;
  // Makes the marks around judged text unguessable; 0: taken from the operating system.
  std::uint64_t seed = 0;
};

// kInvalidRequest for an unknown name (naming the nearest), an unknown or missing option, a pattern or schema
// that does not compile.
Result<std::shared_ptr<const Verifier>> Make(const Spec& spec, const Tools& tools = {});

// One row per verifier, in registry.cc: what `Make` knows, for docs, config checks and completion.
struct OptionInfo {
  std::string_view key, doc, standard;  // standard: the default; empty and required: must be given
  bool required = false;
};
struct Info {
  std::string_view name, doc;
  std::vector<OptionInfo> options;
  // Null with *error filled when an option's value is wrong.
  std::shared_ptr<const Verifier> (*make)(const Spec& spec, const Tools& tools, Error* error);
};
const std::vector<Info>& List();

}  // namespace baton::verify
