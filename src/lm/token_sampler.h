// Many continuations of many prompts, as tokens with the probability each was drawn with: what reinforcement
// learning needs and what an engine that chats does not tell.
//
// Blocking, for one thread; the owner's. The same wishes, in the same order, with the same options give the
// same tokens on the same machine.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "chat/types.h"

namespace baton::lm {

class TokenSampler {
 public:
  struct Options {
    std::string path;
    int threads = 1;
    int sequences = 32;  // drawn together
    int context = 1024;  // tokens of a sequence, prompt and continuation
    bool exact = false;  // keeps keys and values in 32 bits, for comparisons
  };
  // Errors as Engine::Load; kInvalidRequest "model_is_encoder".
  static Result<std::unique_ptr<TokenSampler>> Load(const Options& options);
  virtual ~TokenSampler() = default;

  // Laid over the model from now on; empty: none. Errors as LoadedModel::LoadAdapter.
  virtual Status SetAdapter(const std::string& path) = 0;

  // What an Engine would read for this request, token for token.
  virtual Result<std::vector<int>> Tokens(const chat::Request& request) const = 0;
  // Plain text, no control tokens in it.
  virtual Result<std::vector<int>> TokensOf(std::string_view text) const = 0;
  // Control tokens have no text.
  virtual std::string Text(const std::vector<int>& tokens) const = 0;
  // The token that ends an answer.
  virtual int end() const = 0;
  virtual int vocabulary() const = 0;
  virtual std::string vocabulary_digest() const = 0;

  struct Wish {
    std::vector<int> prompt;  // equal prompts that follow each other are read once
    std::uint64_t seed = 0;
    double temperature = 1;  // 0: always the likeliest
  };
  struct Drawn {
    std::vector<int> tokens;      // with the end token, where it ended by itself
    std::vector<float> logprobs;  // of each, under the model's own distribution (temperature 1)
    bool ended = false;
  };
  // At most `most` tokens each. kTooLarge "context_length_exceeded", kInternal.
  virtual Result<std::vector<Drawn>> Draw(const std::vector<Wish>& wishes, int most) = 0;

  // Scores of every next token behind each of these tokens, for comparisons.
  virtual Result<std::vector<std::vector<float>>> Logits(const std::vector<int>& tokens) = 0;
};

}  // namespace baton::lm
