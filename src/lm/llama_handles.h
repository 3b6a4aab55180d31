// Owners for llama.cpp's handles. Included by .cc files and private headers of this folder only.
#pragma once

#include <llama.h>

#include <memory>

namespace baton::lm {

struct FreeModel {
  void operator()(llama_model* m) const { llama_model_free(m); }
};
struct FreeContext {
  void operator()(llama_context* c) const { llama_free(c); }
};
struct FreeSampler {
  void operator()(llama_sampler* s) const { llama_sampler_free(s); }
};
struct FreeAdapter {
  void operator()(llama_adapter_lora* a) const { llama_adapter_lora_free(a); }
};
using AdapterHandle = std::unique_ptr<llama_adapter_lora, FreeAdapter>;
using ModelHandle = std::unique_ptr<llama_model, FreeModel>;
using ContextHandle = std::unique_ptr<llama_context, FreeContext>;
using SamplerHandle = std::unique_ptr<llama_sampler, FreeSampler>;

// A batch with room for `capacity` tokens, each in one sequence.
class Batch {
 public:
  explicit Batch(int capacity) : batch_(llama_batch_init(capacity, 0, 1)), capacity_(capacity) {}
  ~Batch() { llama_batch_free(batch_); }
  Batch(const Batch&) = delete;
  Batch& operator=(const Batch&) = delete;

  void Clear() { batch_.n_tokens = 0; }
  int size() const { return batch_.n_tokens; }
  int room() const { return capacity_ - batch_.n_tokens; }
  // Returns the token's row in the batch. REQUIRES: room() > 0.
  int Add(llama_token token, llama_pos pos, llama_seq_id seq, bool output) {
    const int i = batch_.n_tokens++;
    batch_.token[i] = token;
    batch_.pos[i] = pos;
    batch_.n_seq_id[i] = 1;
    batch_.seq_id[i][0] = seq;
    batch_.logits[i] = output;
    return i;
  }
  const llama_batch& get() const { return batch_; }

 private:
  llama_batch batch_;
  int capacity_;
};

}  // namespace baton::lm
