// One model file in memory: weights, vocabulary, facts. Shared by everything in this folder; immutable after
// Load.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "lm/engine.h"
#include "lm/llama_handles.h"
#include "text/wordpiece.h"

namespace baton::lm {

class LoadedModel {
 public:
  // Checks hash and header, then loads. Errors as Engine::Load.
  static Result<LoadedModel> Load(const std::string& path, const std::string& sha256);

  // An adapter for this model, from a GGUF file. It must go before the model does. Errors of CheckAdapter;
  // kInvalidRequest "adapter_unusable" for tensors that this model has not, or of another size.
  Result<AdapterHandle> LoadAdapter(const std::string& path) const;

  llama_model* get() const { return model_.get(); }
  const llama_vocab* vocab() const { return vocab_; }
  const ModelInfo& info() const { return info_; }
  void SetAbilities(bool tools, bool reasoning) {
    info_.native_tools = tools;
    info_.native_reasoning = reasoning;
  }

  // `special`: text of special tokens ("<|im_end|>") becomes those tokens. `add`: the model's own start (and
  // end) tokens are put around. Thread safe.
  Result<std::vector<llama_token>> Tokenize(std::string_view text, bool add, bool special) const;
  // An encoder's vocabulary; null for other models. Texts are cut by it rather than by llama.cpp, which
  // differs from the reference on texts in other scripts, with symbols or marks.
  const text::WordPiece* words() const { return words_ ? &*words_ : nullptr; }
  // The token's bytes (may be part of a character). Special tokens have none unless `special`.
  std::string Piece(llama_token token, bool special) const;
  // No text of n bytes has fewer tokens than n divided by this.
  int longest_piece() const { return longest_piece_; }

 private:
  LoadedModel() = default;
  ModelHandle model_;
  const llama_vocab* vocab_ = nullptr;
  ModelInfo info_;
  std::optional<text::WordPiece> words_;
  int longest_piece_ = 1;
};

}  // namespace baton::lm
