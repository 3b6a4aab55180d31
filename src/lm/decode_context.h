// Making llama contexts for generation, and moving running sequences from one to another.
#pragma once

#include "base/result.h"
#include "lm/llama_handles.h"
#include "lm/loaded_model.h"

namespace baton::lm {

struct ContextShape {
  int threads = 1;
  int sequences = 8;
  int tokens = 1024;                      // per sequence
  int batch = 512;                        // tokens per step, at most
  bool exact = false;                     // 32-bit cache: for comparisons, not for speed
  llama_adapter_lora* adapter = nullptr;  // outlives the context
};

// kInternal ("no_memory", "adapter").
Result<ContextHandle> NewDecodeContext(const LoadedModel& model, const ContextShape& shape);
// Null: none. What the context has in its cache was computed with the one before; the caller empties it.
Status UseAdapter(llama_context* context, llama_adapter_lora* adapter);
// Gives `to` what `from` knows of a sequence. kInternal; then `to` is of no use.
Status CopySequence(llama_context* from, llama_context* to, int sequence);

}  // namespace baton::lm
