#include "lm/decode_context.h"

#include <fmt/format.h>

#include <vector>

namespace baton::lm {

// 16-bit cache, no flash attention: on two AVX-512 cores neither flash attention nor a 32-bit cache made
// batched decoding measurably faster (November 2026, SmolLM2 and Gemma at 1 and 8 sequences), and both cost:
// the former the independence of a row's result from what else is in the batch, the latter twice the memory.
Result<ContextHandle> NewDecodeContext(const LoadedModel& model, const ContextShape& shape) {
  llama_context_params params = llama_context_default_params();
  params.n_ctx = static_cast<std::uint32_t>(shape.tokens) * static_cast<std::uint32_t>(shape.sequences);
  params.n_seq_max = static_cast<std::uint32_t>(shape.sequences);
  params.n_batch = params.n_ubatch = static_cast<std::uint32_t>(shape.batch);
  params.n_threads = params.n_threads_batch = shape.threads;
  params.flash_attn_type = LLAMA_FLASH_ATTN_TYPE_DISABLED;
  params.type_k = params.type_v = shape.exact ? GGML_TYPE_F32 : GGML_TYPE_F16;
  params.kv_unified = false;
  params.swa_full = false;
  params.no_perf = true;
  try {
    if (ContextHandle context{llama_init_from_model(model.get(), params)}) {
      if (shape.adapter) TRY_VOID(UseAdapter(context.get(), shape.adapter));
      return context;
    }
  } catch (const std::exception&) {
    // Told below: the cause is memory in all but damaged models.
  }
  return Fail(
      Code::kInternal,
      fmt::format("no memory for {} sequences of {} tokens: lower the worker's parallel or context setting",
                  shape.sequences, shape.tokens),
      "no_memory");
}

Status UseAdapter(llama_context* context, llama_adapter_lora* adapter) {
  float scale = 1;
  if (llama_set_adapters_lora(context, &adapter, adapter ? 1 : 0, &scale) == 0) return {};
  return Fail(Code::kInternal, "the adapter could not be laid over the model", "adapter");
}

Status CopySequence(llama_context* from, llama_context* to, int sequence) {
  std::vector<std::uint8_t> state(llama_state_seq_get_size(from, sequence));
  const std::size_t n = llama_state_seq_get_data(from, state.data(), state.size(), sequence);
  if (n != 0 && llama_state_seq_set_data(to, state.data(), n, sequence) != 0) return {};
  return Fail(Code::kInternal, "the model's cache could not be enlarged", "no_memory");
}

}  // namespace baton::lm
