// The rule table: what each dialect does with each parameter of a request. Nothing is dropped in silence.
//
// A codec asks for a Plan before it encodes. The plan says which parameters must not be sent, and carries the
// losses; content that cannot travel (a foreign signature, a participant name) is added to it while encoding.
// docs/dialects.md shows the table; a test keeps the two equal.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "chat/types.h"
#include "provider/dialect.h"

namespace baton::provider {

// What becomes of a parameter in a dialect.
enum class Fate {
  kHonoured,      // the dialect has it
  kEmulated,      // the same effect by other means
  kApproximated,  // nearly the same effect
  kDropped,       // left out and declared; refused when the target is strict
  kRefused,       // the answer would be wrong without it
};
std::string_view FateName(Fate fate);

enum class Param : std::uint8_t {
  kTools,
  kToolChoice,
  kParallelToolCalls,
  kResponseFormat,
  kReasoningEffort,
  kReasoningBudget,
  kThinking,
  kTemperature,
  kTopP,
  kTopK,
  kFrequencyPenalty,
  kPresencePenalty,
  kMaxTokens,
  kSeed,
  kN,
  kLogprobs,
  kTopLogprobs,
  kStop,
  kUser,
  kMetadata,
  kStreamOptions,
  kCount
};

struct Rule {
  Param param;
  std::string_view name;  // as in losses, errors and `rejects`
  bool (*given)(const chat::Request&);
  Fate openai, anthropic, gemini;
  std::string_view anthropic_note, gemini_note;
};
const std::vector<Rule>& Rules();

// Fields of OpenAI's API that have no neutral form; they travel in Request::extra. For a worker of the
// dialect they were written in they are honoured.
struct ExtraRule {
  std::string_view name;
  Fate anthropic, gemini;
  std::string_view anthropic_note, gemini_note;
};
const std::vector<ExtraRule>& ExtraRules();

class Plan {
 public:
  // kUnsupported, with `param`, when something given must not be degraded.
  static Result<Plan> Make(const chat::Request& request, chat::Dialect dialect, const Target& target);

  bool Sends(Param p) const { return !(omitted_ & (1u << static_cast<unsigned>(p))); }
  // True when the top-level extra field is to be written as it is.
  bool SendsExtra(std::string_view name) const;

  // The extra fields were written in the worker's own dialect (else: each one written is a loss).
  bool own_extra() const { return all_extra_; }
  // Text for the system prompt that stands in for a response format; usually empty.
  const std::string& instruction() const { return instruction_; }

  // Takes the response format out and puts words into instruction().
  void EmulateFormat(const chat::ResponseFormat& format);

  // Declares a loss; a second one for the same parameter is ignored.
  void Lose(std::string_view param, Loss::How how, std::string_view note);
  // Content that must not be left out and cannot be sent: Finish() then fails with kUnsupported.
  void Refuse(std::string_view param, std::string_view why);
  // After encoding: kUnsupported when the target is strict and something was dropped.
  Result<std::vector<Loss>> Finish();
  const std::vector<Loss>& losses() const { return losses_; }

 private:
  Status Apply(const Rule& rule, Fate fate, std::string_view note, const Target& target);
  Status CheckAbilities(const chat::Request& request, const Target& target);
  Status CheckExtra(const chat::Request& request, chat::Dialect dialect, const Target& target);

  void Omit(Param p) { omitted_ |= 1u << static_cast<unsigned>(p); }

  std::uint32_t omitted_ = 0;
  bool all_extra_ = true;
  std::vector<std::string> omitted_extra_;
  std::vector<Loss> losses_;
  std::string instruction_;
  std::string model_;
  std::optional<Error> refusal_;
  bool strict_ = false;
};

std::string_view DialectName(chat::Dialect dialect);

// Reasoning effort as a number of tokens and back; the steps are those of Google's OpenAI-compatible surface.
std::int64_t BudgetOfEffort(std::string_view effort);
std::string_view EffortOfBudget(std::int64_t budget);

// The instruction that stands in for a response format where the worker has none; empty when none is needed.
std::string FormatInstruction(const chat::ResponseFormat& format);

}  // namespace baton::provider
