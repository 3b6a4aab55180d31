// Which token comes next: OpenAI's sampling parameters over one row of logits. Opening essay in sampler.cc.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/random.h"
#include "base/result.h"
#include "chat/types.h"
#include "lm/constraint.h"

namespace baton::lm {

struct SamplingOptions {
  double temperature = 1;  // 0: always the likeliest
  double top_p = 1, min_p = 0;
  std::int64_t top_k = 0;  // 0: off
  double frequency_penalty = 0, presence_penalty = 0, repetition_penalty = 1;
  std::vector<std::pair<llama_token, float>> bias;
  std::uint64_t seed = 0;
  bool seeded = false;  // the client named the seed
  bool logprobs = false;
  int top_logprobs = 0;
  bool Repeatable() const { return seeded || temperature <= 0; }
};

// Reads and checks the request's parameters; `fresh_seed` serves when the client gave none. kInvalidRequest.
Result<SamplingOptions> ReadSampling(const chat::Request& request, std::int64_t vocabulary,
                                     std::uint64_t fresh_seed);

struct Picked {
  llama_token token = 0;
  float logprob = 0;                               // of the model's own distribution; with logprobs only
  std::vector<std::pair<llama_token, float>> top;  // likeliest first; with top_logprobs only
};

// One generation's sampler. The same options, choice and logits give the same tokens. For the compute thread.
class Sampler {
 public:
  // `choice` tells apart the answers of one request with n > 1. `prompt` counts for the repetition penalty.
  Sampler(SamplingOptions options, std::int64_t choice, const std::vector<llama_token>& prompt);

  // May change `logits`. kInternal ("grammar") when the grammar allows nothing.
  Result<Picked> Pick(float* logits, int vocabulary, Constraint& constraint);

 private:
  void Adjust(float* logits, int vocabulary) const;
  Result<llama_token> Choose(const float* logits, int vocabulary, Constraint& constraint);
  llama_token Draw(const float* logits, int vocabulary);
  llama_token DrawFrom(std::vector<llama_token_data>& candidates, float best);
  Result<llama_token> ChooseAllowed(const float* logits, int vocabulary, Constraint& constraint);

  SamplingOptions options_;
  Random random_;
  std::unordered_map<llama_token, int> written_;  // how often in the answer
  std::unordered_map<llama_token, bool> in_prompt_;
  std::vector<llama_token_data> candidates_;  // scratch
  std::vector<float> blocks_;                 // scratch
};

}  // namespace baton::lm
