#include "train/transformer.h"

#include <c10/core/GradMode.h>
#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "train/layers.h"
#include "train/products.h"

namespace baton::train {

using at::Tensor;

// What all layers share of one Bundle: places of rows, angles, who may look at whom.
struct Transformer::Shape {
  std::int64_t prompt = 0, count = 0, longest = 0;
  Tensor angles, angles_local;            // cos and sin: [2, rows, half]
  Tensor prompt_mask, own_mask;           // added to scores; window not in them
  Tensor far_prompt, far_own, far_cross;  // the same for local layers; undefined where nothing is too far
  std::int64_t rows() const { return prompt + count * longest; }
};

namespace {

constexpr double kNever = -std::numeric_limits<double>::infinity();

std::int64_t Longest(const Bundle& bundle) {
  std::size_t most = 0;
  for (const auto& c : bundle.continuations) most = std::max(most, c.size());
  return static_cast<std::int64_t>(most);
}

Tensor TokensOf(const Bundle& bundle, std::int64_t longest) {
  std::vector<std::int64_t> all(bundle.prompt.begin(), bundle.prompt.end());
  for (const auto& c : bundle.continuations) {
    all.insert(all.end(), c.begin(), c.end());
    all.insert(all.end(), static_cast<std::size_t>(longest) - c.size(), 0);
  }
  return at::tensor(all, at::kLong);
}

Tensor Positions(std::int64_t prompt, std::int64_t count, std::int64_t longest) {
  const Tensor own = at::arange(prompt, prompt + longest, at::kDouble).repeat({count});
  return at::cat({at::arange(0, prompt, at::kDouble), own});
}

Tensor Angles(const Tensor& positions, std::int64_t width, double base, at::ScalarType type) {
  const Tensor steps = at::arange(0, width, 2, at::kDouble) / static_cast<double>(width);
  const Tensor angles = at::outer(positions, at::pow(base, -steps));
  return at::stack({at::cos(angles), at::sin(angles)}).to(type);
}

// x [rows, heads, width]
Tensor Rotate(const Tensor& x, const Tensor& angles, bool halves) {
  const Tensor cos = angles[0].unsqueeze(1), sin = angles[1].unsqueeze(1);
  if (halves) {
    const auto parts = x.chunk(2, -1);
    return at::cat({parts[0] * cos - parts[1] * sin, parts[1] * cos + parts[0] * sin}, -1);
  }
  const Tensor pairs = x.view({x.size(0), x.size(1), -1, 2});
  const Tensor first = pairs.select(-1, 0), second = pairs.select(-1, 1);
  return at::stack({first * cos - second * sin, second * cos + first * sin}, -1).flatten(2);
}

// A key at `keys[j]` may be looked at from `queries[i]`: not later, and not `window` or more before.
Tensor Mask(const Tensor& queries, const Tensor& keys, std::int64_t window, at::ScalarType type) {
  const Tensor distance = queries.unsqueeze(1) - keys.unsqueeze(0);
  Tensor never = distance < 0;
  if (window > 0) never = never | (distance >= static_cast<double>(window));
  return at::zeros(distance.sizes(), type).masked_fill(never, kNever);
}

}  // namespace

Result<Architecture> ReadArchitecture(const lm::WeightFile& file) {
  Architecture a;
  a.name = file.Word("general.architecture").value_or("");
  const auto number = [&](const std::string& key, double standard) {
    return file.Number(a.name + "." + key).value_or(standard);
  };
  const auto whole = [&](const std::string& key, double standard) {
    return static_cast<std::int64_t>(number(key, standard));
  };
  const bool gemma = a.name == "gemma3";
  const bool known = a.name == "llama" || a.name == "qwen2" || a.name == "qwen3" || gemma;
  const std::string scaling = file.Word(a.name + ".rope.scaling.type").value_or("none");
  if (!known || scaling != "none" || file.ShapeOf("rope_freqs.weight") || number("expert_count", 0) > 0)
    return Fail(Code::kUnsupported,
                fmt::format("a model of architecture '{}' cannot be trained here; llama, qwen2, qwen3 and "
                            "gemma3 can, without scaled rotations and without experts",
                            a.name),
                "architecture");
  a.layers = whole("block_count", 0);
  a.width = whole("embedding_length", 0);
  a.heads = whole("attention.head_count", 0);
  a.kv_heads = whole("attention.head_count_kv", static_cast<double>(a.heads));
  a.inner = whole("feed_forward_length", 0);
  a.epsilon = number("attention.layer_norm_rms_epsilon", 1e-5);
  const auto embedding = file.ShapeOf("token_embd.weight");
  if (!embedding || a.layers < 1 || a.heads < 1 || a.kv_heads < 1 || a.heads % a.kv_heads != 0 ||
      a.inner < 1 || embedding->columns != a.width)
    return Fail(Code::kInvalidRequest, "the model file's own facts do not fit together", "gguf_damaged");
  a.vocabulary = embedding->rows;
  a.head_width = whole("attention.key_length", static_cast<double>(a.width / a.heads));
  a.rope_base = a.rope_base_local = number("rope.freq_base", 10000);
  a.rope_halves = a.name != "llama";
  a.head_norms = file.ShapeOf("blk.0.attn_q_norm.weight").has_value();
  a.biases = file.ShapeOf("blk.0.attn_q.bias").has_value();
  if (gemma) {
    a.gelu = a.post_norms = true;
    a.embedding_scale = std::sqrt(static_cast<double>(a.width));
    a.rope_base_local = 10000;
    a.window = whole("attention.sliding_window", 0);
    a.global_every = 6;
  }
  return a;
}

Result<Tensor> Transformer::Read(const lm::WeightFile& file, const std::string& name,
                                 at::ScalarType type) const {
  TRY(std::vector<float> floats, file.Floats(name));
  const auto shape = *file.ShapeOf(name);
  Tensor t = at::from_blob(floats.data(), {shape.rows, shape.columns}, at::kFloat)
                 .to(options_.device, type, false, true);
  return shape.rows == 1 ? t.squeeze(0) : t;
}

Result<Transformer::Matrix> Transformer::ReadMatrix(const lm::WeightFile& file, const std::string& name,
                                                    Random& random) {
  Matrix m;
  const std::string tensor = name + ".weight";
  TRY(m.w, Read(file, tensor, options_.products));
  if (file.ShapeOf(name + ".bias")) {
    TRY(m.bias, Read(file, name + ".bias", plain_));
  }
  const std::string kind = name.substr(name.rfind('.') + 1);
  const auto& wanted = options_.projections;
  if (std::find(wanted.begin(), wanted.end(), kind) == wanted.end()) return m;
  // The usual start: A uniform, B zero, so that the adapted model begins as its base.
  const std::int64_t in = m.w.size(1), out = m.w.size(0);
  const double reach = 1 / std::sqrt(static_cast<double>(in));
  std::vector<double> a(static_cast<std::size_t>(options_.rank * in));
  for (double& v : a) v = (2 * random.Unit() - 1) * reach;
  Adapted adapted;
  adapted.tensor = tensor;
  adapted.a = Here(at::tensor(a, at::kDouble).view({options_.rank, in}).to(plain_)).requires_grad_(true);
  adapted.b = Here(at::zeros({out, options_.rank}, plain_)).requires_grad_(true);
  m.adapter = static_cast<int>(adapters_.size());
  adapters_.push_back(std::move(adapted));
  return m;
}

Result<Transformer::Layer> Transformer::ReadLayer(const lm::WeightFile& file, std::int64_t index,
                                                  Random& random) {
  Layer l;
  const std::string at = fmt::format("blk.{}.", index);
  const std::pair<const char*, Matrix*> matrices[] = {
      {"attn_q", &l.q},      {"attn_k", &l.k},  {"attn_v", &l.v},     {"attn_output", &l.o},
      {"ffn_gate", &l.gate}, {"ffn_up", &l.up}, {"ffn_down", &l.down}};
  for (const auto& [name, matrix] : matrices) {
    TRY(*matrix, ReadMatrix(file, at + name, random));
  }
  TRY(l.before_attention, Read(file, at + "attn_norm.weight", plain_));
  TRY(l.before_inner, Read(file, at + "ffn_norm.weight", plain_));
  if (arch_.head_norms) {
    TRY(l.q_norm, Read(file, at + "attn_q_norm.weight", plain_));
    TRY(l.k_norm, Read(file, at + "attn_k_norm.weight", plain_));
  }
  if (arch_.post_norms) {
    TRY(l.after_attention, Read(file, at + "post_attention_norm.weight", plain_));
    TRY(l.after_inner, Read(file, at + "post_ffw_norm.weight", plain_));
  }
  return l;
}

Result<std::unique_ptr<Transformer>> Transformer::Load(const std::string& path, const Options& options) {
  TRY(const auto file, lm::WeightFile::Open(path));
  std::unique_ptr<Transformer> t(new Transformer);
  TRY(t->arch_, ReadArchitecture(*file));
  t->options_ = options;
  t->plain_ = options.products == at::kDouble ? at::kDouble : at::kFloat;
  t->name_ = file->Word("general.name").value_or(t->arch_.name);
  TRY(t->embedding_, t->Read(*file, "token_embd.weight", options.products));
  t->head_ = t->embedding_;
  if (file->ShapeOf("output.weight")) {
    TRY(t->head_, t->Read(*file, "output.weight", options.products));
  }
  TRY(t->last_norm_, t->Read(*file, "output_norm.weight", t->plain_));
  Random random(options.seed);
  for (std::int64_t i = 0; i < t->arch_.layers; ++i) {
    TRY(Layer layer, t->ReadLayer(*file, i, random));
    t->layers_.push_back(std::move(layer));
  }
  return t;
}

std::int64_t Transformer::parameters() const {
  std::int64_t n = 0;
  for (const auto& a : adapters_) n += a.a.numel() + a.b.numel();
  return n;
}

Tensor Transformer::Apply(const Matrix& m, const Tensor& x) const {
  if (m.adapter < 0) return Project(x, m.w, m.bias, {}, {}, 0);
  const Adapted& a = adapters_[static_cast<std::size_t>(m.adapter)];
  return Project(x, m.w, m.bias, a.a, a.b, options_.alpha / options_.rank);
}

// q [rows, heads, width], k and v [rows, kv heads, width]. Heads that share their keys are folded into one
// longer list of queries: [kv heads, group * rows, width].
Tensor Transformer::Attend(const Tensor& q, const Tensor& k, const Tensor& v, const Shape& s,
                           bool local) const {
  const auto type = options_.products;
  const std::int64_t kv = arch_.kv_heads, group = arch_.heads / kv, hw = arch_.head_width;
  const std::int64_t p = s.prompt, n = s.count, c = s.longest;
  const auto pick = [&](const Tensor& usual, const Tensor& far) {
    return local && far.defined() ? far : usual;
  };

  const Tensor kp = k.slice(0, 0, p).permute({1, 2, 0}), vp = v.slice(0, 0, p).permute({1, 0, 2});
  const Tensor qp =
      q.slice(0, 0, p).reshape({p, kv, group, hw}).permute({1, 2, 0, 3}).reshape({kv, group * p, hw});
  Tensor scores = BatchProduct(qp, kp, type).view({kv, group, p, p}) + pick(s.prompt_mask, s.far_prompt);
  Tensor out = BatchProduct(at::softmax(scores, -1).view({kv, group * p, p}), vp, type)
                   .view({kv, group, p, hw})
                   .permute({2, 0, 1, 3})
                   .reshape({p, arch_.heads * hw});
  if (n * c == 0) return out;

  const Tensor qc = q.slice(0, p).view({n, c, kv, group, hw});
  const Tensor over_prompt = qc.permute({2, 3, 0, 1, 4}).reshape({kv, group * n * c, hw});
  const Tensor over_own = qc.permute({0, 2, 3, 1, 4}).reshape({n * kv, group * c, hw});
  const Tensor kc = k.slice(0, p).view({n, c, kv, hw}).permute({0, 2, 3, 1}).reshape({n * kv, hw, c});
  const Tensor vc = v.slice(0, p).view({n, c, kv, hw}).permute({0, 2, 1, 3}).reshape({n * kv, c, hw});
  Tensor to_prompt = BatchProduct(over_prompt, kp, type).view({kv, group, n, c, p}).permute({2, 0, 1, 3, 4});
  if (local && s.far_cross.defined()) to_prompt = to_prompt + s.far_cross;
  const Tensor to_own =
      BatchProduct(over_own, kc, type).view({n, kv, group, c, c}) + pick(s.own_mask, s.far_own);
  const Tensor weights = at::softmax(at::cat({to_prompt, to_own}, -1), -1);
  const Tensor from_prompt =
      BatchProduct(weights.slice(-1, 0, p).permute({1, 2, 0, 3, 4}).reshape({kv, group * n * c, p}), vp, type)
          .view({kv, group, n, c, hw})
          .permute({2, 3, 0, 1, 4});
  const Tensor from_own = BatchProduct(weights.slice(-1, p).reshape({n * kv, group * c, c}), vc, type)
                              .view({n, kv, group, c, hw})
                              .permute({0, 3, 1, 2, 4});
  return at::cat({out, (from_prompt + from_own).reshape({n * c, arch_.heads * hw})});
}

Tensor Transformer::Attention(const Layer& layer, const Tensor& x, const Shape& s, bool local) const {
  const std::int64_t rows = s.rows(), hw = arch_.head_width;
  Tensor q = Apply(layer.q, x).view({rows, arch_.heads, hw});
  Tensor k = Apply(layer.k, x).view({rows, arch_.kv_heads, hw});
  const Tensor v = Apply(layer.v, x).view({rows, arch_.kv_heads, hw});
  if (arch_.head_norms) {
    q = Normed(q, layer.q_norm, arch_.epsilon);
    k = Normed(k, layer.k_norm, arch_.epsilon);
  }
  const Tensor& angles = local ? s.angles_local : s.angles;
  q = Rotate(q, angles, arch_.rope_halves) / std::sqrt(static_cast<double>(hw));
  k = Rotate(k, angles, arch_.rope_halves);
  return Apply(layer.o, Attend(q, k, v, s, local));
}

Tensor Transformer::Hidden(const Bundle& bundle) const {
  Shape s;
  s.prompt = static_cast<std::int64_t>(bundle.prompt.size());
  s.count = static_cast<std::int64_t>(bundle.continuations.size());
  s.longest = Longest(bundle);
  const Tensor positions = Positions(s.prompt, s.count, s.longest);
  s.angles = Here(Angles(positions, arch_.head_width, arch_.rope_base, plain_));
  s.angles_local = Here(Angles(positions, arch_.head_width, arch_.rope_base_local, plain_));
  const Tensor before = at::arange(0, s.prompt, at::kDouble),
               behind = at::arange(s.prompt, s.prompt + s.longest, at::kDouble);
  s.prompt_mask = Here(Mask(before, before, 0, plain_));
  s.own_mask = Here(Mask(behind, behind, 0, plain_));
  if (arch_.window > 0 && s.prompt + s.longest > arch_.window) {
    s.far_prompt = Here(Mask(before, before, arch_.window, plain_));
    s.far_own = Here(Mask(behind, behind, arch_.window, plain_));
    s.far_cross = Here(Mask(behind, before, arch_.window, plain_));
  }
  const Tensor tokens = Here(TokensOf(bundle, s.longest));
  Tensor x = embedding_.index({tokens}).to(plain_) * arch_.embedding_scale;
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    const Layer& l = layers_[i];
    const bool local = arch_.window > 0 && (static_cast<int>(i) + 1) % arch_.global_every != 0;
    Tensor y = Attention(l, Normed(x, l.before_attention, arch_.epsilon), s, local);
    if (arch_.post_norms) y = Normed(y, l.after_attention, arch_.epsilon);
    x = x + y;
    const Tensor h = Normed(x, l.before_inner, arch_.epsilon);
    y = Apply(l.down, Gated(Apply(l.gate, h), Apply(l.up, h), arch_.gelu));
    if (arch_.post_norms) y = Normed(y, l.after_inner, arch_.epsilon);
    x = x + y;
  }
  return Normed(x, last_norm_, arch_.epsilon);
}

Tensor Transformer::LogProbabilitiesOf(const Bundle& bundle) const {
  const std::int64_t longest = Longest(bundle), prompt = static_cast<std::int64_t>(bundle.prompt.size());
  // Token j of a continuation is foretold by the row before it; the first by the prompt's last.
  std::vector<std::int64_t> rows, targets;
  for (std::size_t i = 0; i < bundle.continuations.size(); ++i) {
    const auto& c = bundle.continuations[i];
    const std::int64_t begin = prompt + static_cast<std::int64_t>(i) * longest;
    for (std::size_t j = 0; j < c.size(); ++j) {
      rows.push_back(j == 0 ? prompt - 1 : begin + static_cast<std::int64_t>(j) - 1);
      targets.push_back(c[j]);
    }
  }
  const Tensor hidden = Hidden(bundle).index({Here(at::tensor(rows, at::kLong))});
  return LogProbabilities(hidden, head_, Here(at::tensor(targets, at::kLong)));
}

Tensor Transformer::Scores(const std::vector<int>& prompt) const {
  const c10::NoGradGuard none;
  return Product(Hidden({prompt, {}}).to(head_.scalar_type()), head_.t());
}

}  // namespace baton::train
