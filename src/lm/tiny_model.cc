#include "lm/tiny_model.h"

#include <fmt/format.h>
#include <ggml.h>
#include <gguf.h>

#include <cmath>
#include <deque>
#include <memory>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "lm/weights.h"

namespace baton::lm {
namespace {

struct Free {
  void operator()(gguf_context* c) const { gguf_free(c); }
  void operator()(ggml_context* c) const { ggml_free(c); }
};

class Writer {
 public:
  Writer(const TinyModel& m, gguf_context* gguf)
      : m_(m),
        gguf_(gguf),
        random_(m.seed),
        tensors_(
            ggml_init({.mem_size = 256 * ggml_tensor_overhead(), .mem_buffer = nullptr, .no_alloc = true})) {}

  void Set(const std::string& key, std::uint32_t v) {
    gguf_set_val_u32(gguf_, (m_.architecture + "." + key).c_str(), v);
  }
  void Set(const std::string& key, float v) {
    gguf_set_val_f32(gguf_, (m_.architecture + "." + key).c_str(), v);
  }

  // rows 0: a vector around `centre`.
  void Tensor(const std::string& name, std::int64_t columns, std::int64_t rows, double centre = 0) {
    const double reach = rows > 0 ? std::sqrt(3.0 / static_cast<double>(columns)) : 0.3;
    auto& data = keep_.emplace_back(static_cast<std::size_t>(columns * std::max<std::int64_t>(1, rows)));
    for (float& v : data) v = static_cast<float>(centre + (2 * random_.Unit() - 1) * reach);
    ggml_tensor* t = rows > 0 ? ggml_new_tensor_2d(tensors_.get(), GGML_TYPE_F32, columns, rows)
                              : ggml_new_tensor_1d(tensors_.get(), GGML_TYPE_F32, columns);
    ggml_set_name(t, name.c_str());
    gguf_add_tensor(gguf_, t);
    gguf_set_tensor_data(gguf_, name.c_str(), data.data());
  }

 private:
  const TinyModel& m_;
  gguf_context* gguf_;
  Random random_;
  std::unique_ptr<ggml_context, Free> tensors_;
  std::deque<std::vector<float>> keep_;  // gguf holds pointers until it is written
};

void WriteFacts(const TinyModel& m, Writer* w) {
  const auto whole = [](int v) { return static_cast<std::uint32_t>(v); };
  w->Set("block_count", whole(m.layers));
  w->Set("context_length", std::uint32_t{2048});
  w->Set("embedding_length", whole(m.width));
  w->Set("feed_forward_length", whole(m.inner));
  w->Set("attention.head_count", whole(m.heads));
  w->Set("attention.head_count_kv", whole(m.kv_heads));
  w->Set("attention.key_length", whole(m.head_width));
  w->Set("attention.value_length", whole(m.head_width));
  w->Set("rope.dimension_count", whole(m.head_width));
  w->Set("attention.layer_norm_rms_epsilon", 1e-5F);
  w->Set("rope.freq_base", 100000.0F);
  if (m.architecture == "gemma3") w->Set("attention.sliding_window", whole(m.window > 0 ? m.window : 512));
}

void WriteLayer(const TinyModel& m, const std::string& at, Writer* w) {
  const std::int64_t q = static_cast<std::int64_t>(m.heads) * m.head_width,
                     kv = static_cast<std::int64_t>(m.kv_heads) * m.head_width;
  w->Tensor(at + "attn_norm.weight", m.width, 0, 1);
  w->Tensor(at + "attn_q.weight", m.width, q);
  w->Tensor(at + "attn_k.weight", m.width, kv);
  w->Tensor(at + "attn_v.weight", m.width, kv);
  w->Tensor(at + "attn_output.weight", q, m.width);
  if (m.architecture == "qwen2") {
    w->Tensor(at + "attn_q.bias", q, 0);
    w->Tensor(at + "attn_k.bias", kv, 0);
    w->Tensor(at + "attn_v.bias", kv, 0);
  }
  if (m.architecture == "qwen3" || m.architecture == "gemma3") {
    w->Tensor(at + "attn_q_norm.weight", m.head_width, 0, 1);
    w->Tensor(at + "attn_k_norm.weight", m.head_width, 0, 1);
  }
  if (m.architecture == "gemma3") {
    w->Tensor(at + "post_attention_norm.weight", m.width, 0, 1);
    w->Tensor(at + "post_ffw_norm.weight", m.width, 0, 1);
  }
  w->Tensor(at + "ffn_norm.weight", m.width, 0, 1);
  w->Tensor(at + "ffn_gate.weight", m.width, m.inner);
  w->Tensor(at + "ffn_up.weight", m.width, m.inner);
  w->Tensor(at + "ffn_down.weight", m.inner, m.width);
}

}  // namespace

Status WriteTinyModel(const TinyModel& m, const std::string& path) {
  TRY([[maybe_unused]] const auto checked, WeightFile::Open(m.tokenizer));
  const std::unique_ptr<gguf_context, Free> from(
      gguf_init_from_file(m.tokenizer.c_str(), {.no_alloc = true, .ctx = nullptr}));
  const std::unique_ptr<gguf_context, Free> out(gguf_init_empty());
  if (!from) return Fail(Code::kInvalidRequest, m.tokenizer + " cannot be read", "gguf_damaged");
  gguf_set_kv(out.get(), from.get());
  for (std::int64_t i = gguf_get_n_kv(out.get()); i-- > 0;) {
    const std::string key = gguf_get_key(out.get(), i);
    if (!key.starts_with("tokenizer.")) gguf_remove_key(out.get(), key.c_str());
  }
  gguf_set_val_str(out.get(), "general.architecture", m.architecture.c_str());
  gguf_set_val_str(out.get(), "general.name", ("tiny " + m.architecture).c_str());
  const auto vocabulary = checked->ShapeOf("token_embd.weight")->rows;
  Writer w(m, out.get());
  WriteFacts(m, &w);
  w.Tensor("token_embd.weight", m.width, vocabulary);
  w.Tensor("output_norm.weight", m.width, 0, 1);
  for (int i = 0; i < m.layers; ++i) WriteLayer(m, fmt::format("blk.{}.", i), &w);
  if (gguf_write_to_file(out.get(), path.c_str(), false)) return {};
  return Fail(Code::kInternal, path + " cannot be written", "cannot_write");
}

}  // namespace baton::lm
