// The coordinator at work: reads the transcript before every turn and names the next step.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "arena/memo.h"
#include "arena/single_flight.h"
#include "base/random.h"
#include "conduct/coordinator.h"
#include "lm/engine.h"
#include "workflow/chooser.h"

namespace baton::conduct {

// The transcript as the base model reads it: "role: content" lines, nothing of the model's chat template.
// Long questions and outputs are cut (their beginnings count), so that a turn costs what a turn costs.
std::string Transcript(std::string_view question, const workflow::Progress& progress);

// A transcript as the base model sees it.
struct ReadState {
  std::vector<float> state;  // length 1, of the base model's width
  std::int64_t tokens = 0;   // that were read: they are part of the bill
};

// States of transcripts. On one loop.
class StateReader {
 public:
  virtual ~StateReader() = default;
  virtual Task<Result<ReadState>> Read(std::string transcript) = 0;
  virtual const BaseModel& base() const = 0;
};
// From the engine's second-to-last token; remembered when there is a memo (which, as `loop`, outlives it).
std::unique_ptr<StateReader> NewEngineReader(Loop& loop, std::shared_ptr<lm::Engine> engine,
                                             std::string sha256, arena::Memo* memo);
BaseModel BaseOf(const lm::Engine& engine, std::string sha256);

class CoordinatorChooser : public workflow::Chooser {
 public:
  struct Options {
    const Coordinator* coordinator = nullptr;  // outlives it
    StateReader* reader = nullptr;             // outlives it
    std::vector<const pool::Worker*> workers;  // coordinator->workers in their order; null: may not be asked
    std::string question;
    std::int64_t max_answer = 0;     // tokens of a thought or an answer; 0: the client's own cap
    std::unique_ptr<Random> random;  // null: the likeliest choice
  };
  explicit CoordinatorChooser(Options options) : o_(std::move(options)) {}

  Task<workflow::NextSteps> Next(const workflow::Progress& progress) override;
  // What it has chosen, turn by turn.
  const std::vector<Choice>& choices() const { return choices_; }
  // Tokens read to choose it.
  std::int64_t read_tokens() const { return read_tokens_; }

 private:
  // By a request's first transcript: who answers it alone, for the gate did not let it in, and may be asked.
  // Nullopt: the coordinator decides.
  struct Refusal {
    std::size_t worker;
    std::string reason;
  };
  std::optional<Refusal> Refused(std::span<const float> state) const;
  Open OpenNow(const workflow::Progress& progress) const;
  workflow::NextSteps StepFor(const Choice& choice, const workflow::Progress& progress) const;

  Options o_;
  std::vector<Choice> choices_;
  std::int64_t read_tokens_ = 0;
  bool refused_ = false;  // the fallback has been asked: that is all
};

// The step of a turn: `turn` counts from 1. What CoordinatorChooser adds, and the one step of single-turn
// episodes.
workflow::Step TurnStep(int turn, const pool::Worker* worker, workflow::Role role, std::int64_t max_answer);

}  // namespace baton::conduct
