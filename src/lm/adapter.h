// Low-rank adapters (LoRA) as GGUF files: what a trainer makes of a model and llama.cpp lays over it while it
// runs. For a matrix W of the base the model computes W x + (alpha / rank) B A x.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

namespace baton::lm {

class LoadedModel;

struct Adapter {
  struct Part {
    std::string tensor;  // of the base: "blk.0.attn_q.weight"
    std::int64_t in = 0, out = 0, rank = 0;
    std::vector<float> a;  // rank x in, row after row
    std::vector<float> b;  // out x rank
  };
  std::string architecture;  // of the base
  float alpha = 0;
  // Digest of the base's vocabulary (VocabularyDigest), and its name for people. An adapter for other tokens
  // would run and say nonsense; with the digest it is refused instead.
  std::string vocabulary, base;
  std::vector<std::pair<std::string, std::string>> notes;  // how it was made; keys begin with "baton."
  std::vector<Part> parts;
};

// Written aside and renamed: `path` is whole or as it was. kInternal "cannot_write" (a full disk).
Status WriteAdapter(const Adapter& adapter, const std::string& path);

// 16 hexadecimal digits over every token's text.
std::string VocabularyDigest(const LoadedModel& model);

// Is this an adapter for that model? kNotFound, kInvalidRequest: errors of CheckGguf, "not_an_adapter",
// "foreign_adapter" (other architecture or vocabulary; says both).
Status CheckAdapter(const std::string& path, const LoadedModel& model);

}  // namespace baton::lm
