// Learning steps on a model's adapters: losses in, AdamW out. No LibTorch type leaves this folder's .cc files
// through this header, so what stands above compiles fast and knows nothing of tensors.
//
// One thread uses a Learner. Everything is repeatable: the same seed, batches, machine and number of threads
// give the same numbers, also across Save and Restore.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "lm/adapter.h"
#include "lm/weights.h"

namespace baton::train {

enum class Precision {
  kAuto,      // kBfloat16 where the processor has units for it
  kBfloat16,  // products of 16-bit factors, everything else in 32 bits
  kFloat,
  kDouble,  // for tests of gradients
};

struct LearnerOptions {
  std::string base;  // GGUF
  int rank = 8;
  double alpha = 16;
  std::vector<std::string> projections = {"attn_q",   "attn_k", "attn_v",  "attn_output",
                                          "ffn_gate", "ffn_up", "ffn_down"};
  std::uint64_t seed = 1;
  Precision precision = Precision::kAuto;
  std::string device = "auto";  // "cpu"; "cuda" or "cuda:1"; auto: a GPU when this LibTorch has one
  int threads = 1;
  // AdamW (Loshchilov and Hutter, 2019).
  double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, decay = 0;
  double most_norm = 1;     // gradients longer than this are shortened; 0: never
  double ratio_clip = 0.2;  // of the policy loss
};

// A prompt and what followed it.
struct Continuation {
  std::vector<int> tokens;
  // Supervised: the weight of its tokens. Policy: its advantage.
  double weight = 1;
  // Policy: log-probabilities under the policy that is improved upon, by this learner; empty: it is the
  // present one.
  std::vector<float> before;
};
struct Example {
  std::vector<int> prompt;
  std::vector<Continuation> continuations;
};

enum class Loss {
  kSupervised,  // minus the weighted mean log-probability of the tokens
  // Minus the mean over continuations of the mean over their tokens of
  //   min(ratio * advantage, clip(ratio, 1 - c, 1 + c) * advantage),  ratio = p / p before
  // (GRPO without a reference model: Shao et al., 2024, arXiv 2402.03300, beta = 0).
  kPolicy,
};

struct BatchResult {
  double loss = 0;
  std::int64_t tokens = 0;                   // that were computed, prompts counted once
  double clipped = 0;                        // share of tokens whose ratio was outside the clip
  std::vector<std::vector<float>> logprobs;  // of each continuation, in order, as they were before the step
};
struct StepResult {
  double norm = 0;       // of the gradient, before shortening
  bool skipped = false;  // it was no number: nothing has changed
};

class Learner {
 public:
  // Everything that training changes.
  struct State {
    std::int64_t steps = 0;
    std::vector<float> parameters, mean, square;  // of one length, in the order of the adapters
    bool operator==(const State&) const = default;
  };

  // Seconds. Errors of lm::WeightFile and of Transformer::Load; kInvalidRequest "device" (no such name),
  // kUnavailable "no_device" (this LibTorch, or this machine, has none); kInternal "no_memory".
  static Result<std::unique_ptr<Learner>> Create(const LearnerOptions& options);
  virtual ~Learner() = default;

  // Adds the gradient of the examples' loss, as a mean over all of them, one example at a time. kInternal.
  virtual Result<BatchResult> Accumulate(const std::vector<Example>& examples, Loss loss) = 0;
  // One step of AdamW along what was accumulated.
  virtual StepResult Step(double rate) = 0;
  // What a batch's loss is, without a gradient.
  virtual Result<BatchResult> Measure(const std::vector<Example>& examples, Loss loss) = 0;
  // Scores behind every token.
  virtual Result<std::vector<std::vector<float>>> Scores(const std::vector<int>& tokens) = 0;
  // The accumulated gradient, for tests.
  virtual std::vector<float> Gradient() const = 0;

  virtual State Save() const = 0;
  // kInvalidRequest "other_checkpoint": of another size.
  virtual Status Restore(const State& state) = 0;
  // Goes on from an adapter as ToAdapter() gave it: its numbers, an optimiser that has seen nothing.
  // kInvalidRequest "other_adapter": of another rank, scale or set of projections; then nothing has changed.
  virtual Status StartFrom(const lm::WeightFile& adapter) = 0;
  // `vocabulary`: lm::VocabularyDigest of the base.
  virtual lm::Adapter ToAdapter(const std::string& vocabulary) const = 0;

  virtual std::int64_t parameters() const = 0;
  // "bf16", "f32" or "f64"; on another device than the processor with its name, "f32 on cuda:0". A GPU
  // multiplies 32-bit floats by their first 10 bits (TF32) and sums in 32.
  virtual std::string precision() const = 0;
};

}  // namespace baton::train
