// Models of a few thousand random numbers, for tests of whatever computes with models: every architecture
// that the trainer knows, in seconds and without a download.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace baton::lm {

struct TinyModel {
  std::string architecture = "llama";  // "llama", "qwen2", "qwen3", "gemma3"
  std::string tokenizer;               // a GGUF file whose vocabulary it takes over
  std::uint64_t seed = 1;
  int layers = 2, width = 64, heads = 4, kv_heads = 2, head_width = 16, inner = 96;
  int window = 0;  // gemma3: local layers look back so far
};
// As 32-bit floats. Errors of WeightFile::Open on the tokenizer; kInternal "cannot_write".
Status WriteTinyModel(const TinyModel& model, const std::string& path);

}  // namespace baton::lm
