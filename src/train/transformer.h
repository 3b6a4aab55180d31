// The model that is trained: Llama (SmolLM2), Qwen2, Qwen3 and Gemma 3, read from the GGUF file that
// llama.cpp serves, with low-rank adapters on its projections.
//
// Problem: a group of rollouts is one prompt and many continuations of it; as separate sequences the prompt
// would be computed as often as there are continuations. Choice: a Bundle is computed at once: rows of the
// prompt, then rows of every continuation, padded to the longest. All products but attention's run over all
// rows together; attention of a continuation looks at the prompt and at itself (two products, one softmax).
// There is no cache of keys: generating is llama.cpp's part.
#pragma once

#include <ATen/ATen.h>

#include <memory>
#include <string>
#include <vector>

#include "base/random.h"
#include "base/result.h"
#include "lm/weights.h"

namespace baton::train {

struct Architecture {
  std::string name;  // of the file: "llama", "qwen2", "qwen3", "gemma3"
  std::int64_t layers = 0, width = 0, heads = 0, kv_heads = 0, head_width = 0, inner = 0, vocabulary = 0;
  double epsilon = 0, rope_base = 0, rope_base_local = 0;
  bool rope_halves = false;  // pairs (i, i + half) rotate; else neighbours, as llama.cpp stores Llama's
  std::int64_t window = 0;   // local layers look back so far; 0: none are local
  int global_every = 1;      // every so many'th layer is not local
  double embedding_scale = 1;
  bool gelu = false, head_norms = false, biases = false, post_norms = false;
};
// kUnsupported "architecture" for others, and for scaled rotations.
Result<Architecture> ReadArchitecture(const lm::WeightFile& file);

// A prompt and its continuations; without any, the prompt alone.
struct Bundle {
  std::vector<int> prompt;
  std::vector<std::vector<int>> continuations;
};

// One matrix with an adapter.
struct Adapted {
  std::string tensor;  // its name in the file
  at::Tensor a, b;     // in 32 (or 64) bits, with gradients
};

class Transformer {
 public:
  struct Options {
    at::ScalarType products = at::kFloat;  // kBFloat16, kFloat or kDouble (everything then)
    int rank = 8;
    double alpha = 16;
    std::vector<std::string> projections;  // of "attn_q" ... "ffn_down": which get adapters
    std::uint64_t seed = 1;                // of the adapters' first values
    at::Device device = at::kCPU;          // where everything is and is computed
  };
  // Reads and unpacks every tensor. Errors of the file; kUnsupported.
  static Result<std::unique_ptr<Transformer>> Load(const std::string& path, const Options& options);

  // The last layer's normed output: rows of the prompt, then of each continuation, padded to the longest.
  at::Tensor Hidden(const Bundle& bundle) const;
  // Log-probability of every token of every continuation, one after the other, no padding.
  at::Tensor LogProbabilitiesOf(const Bundle& bundle) const;
  // Scores behind every token of a prompt. No gradient.
  at::Tensor Scores(const std::vector<int>& prompt) const;

  const Architecture& architecture() const { return arch_; }
  const std::string& name() const { return name_; }
  const std::vector<Adapted>& adapters() const { return adapters_; }
  const Options& options() const { return options_; }
  std::int64_t parameters() const;  // of the adapters

 private:
  struct Matrix {
    at::Tensor w, bias;
    int adapter = -1;  // into adapters_
  };
  struct Layer {
    Matrix q, k, v, o, gate, up, down;
    at::Tensor before_attention, after_attention, before_inner, after_inner, q_norm, k_norm;
  };
  struct Shape;
  Transformer() = default;
  Result<at::Tensor> Read(const lm::WeightFile& file, const std::string& name, at::ScalarType type) const;
  Result<Matrix> ReadMatrix(const lm::WeightFile& file, const std::string& name, Random& random);
  Result<Layer> ReadLayer(const lm::WeightFile& file, std::int64_t index, Random& random);
  at::Tensor Here(const at::Tensor& t) const { return t.to(options_.device); }
  at::Tensor Apply(const Matrix& m, const at::Tensor& x) const;
  at::Tensor Attention(const Layer& layer, const at::Tensor& x, const Shape& shape, bool local) const;
  at::Tensor Attend(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const Shape& shape,
                    bool local) const;

  Architecture arch_;
  Options options_;
  std::string name_;
  at::ScalarType plain_ = at::kFloat;  // of everything that is no product
  at::Tensor embedding_, head_, last_norm_;
  std::vector<Layer> layers_;
  std::vector<Adapted> adapters_;
};

}  // namespace baton::train
