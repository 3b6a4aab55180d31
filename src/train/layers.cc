#include "train/layers.h"

#include <torch/csrc/autograd/custom_function.h>

#include <cmath>

#include "train/products.h"

namespace baton::train {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::variable_list;

constexpr std::int64_t kBlock = 256;  // rows of scores at a time

// `a`, `b` and `bias` are empty where there are none.
class ProjectStep : public Function<ProjectStep> {
 public:
  static Tensor forward(AutogradContext* ctx, const Tensor& x, const Tensor& a, const Tensor& b,
                        const Tensor& w, const Tensor& bias, double scale) {
    const auto type = w.scalar_type();
    const bool adapted = a.numel() > 0;
    const Tensor xt = x.to(type);
    Tensor y = Product(xt, w.t());
    Tensor inner, at, bt;
    if (adapted) {
      at = a.to(type);
      bt = b.to(type);
      inner = (Product(xt, at.t()) * scale).to(type);
      AddProduct(y, inner, bt.t());
    }
    if (bias.numel() > 0) y.add_(bias);
    // W is kept beside the saved variables: it is no input whose gradient is wanted.
    ctx->saved_data["w"] = w;
    ctx->saved_data["scale"] = scale;
    ctx->saved_data["adapted"] = adapted;
    if (adapted) ctx->save_for_backward({xt, inner, at, bt});
    return y;
  }
  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const Tensor w = ctx->saved_data["w"].toTensor();
    const Tensor g = grads[0].to(w.scalar_type());
    Tensor dx = Product(g, w), da, db;
    if (ctx->saved_data["adapted"].toBool()) {
      const auto saved = ctx->get_saved_variables();
      const double scale = ctx->saved_data["scale"].toDouble();
      const Tensor &x = saved[0], &inner = saved[1], &a = saved[2], &b = saved[3];
      const Tensor back = (Product(g, b) * scale).to(w.scalar_type());
      AddProduct(dx, back, a);
      da = Product(back.t(), x);
      db = Product(g.t(), inner);
    }
    return {dx, da, db, Tensor(), Tensor(), Tensor()};
  }
};

class NormedStep : public Function<NormedStep> {
 public:
  static Tensor forward(AutogradContext* ctx, const Tensor& x, const Tensor& w, double epsilon) {
    const Tensor scale = at::rsqrt(at::mean(x * x, {-1}, true) + epsilon);
    ctx->save_for_backward({x, scale});
    ctx->saved_data["w"] = w;
    return x * scale * w;
  }
  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const auto saved = ctx->get_saved_variables();
    const Tensor &x = saved[0], &scale = saved[1];
    const Tensor g = grads[0] * ctx->saved_data["w"].toTensor();
    const Tensor along = at::mean(g * x, {-1}, true) * scale * scale;
    return {scale * (g - x * along), Tensor(), Tensor()};
  }
};

class GatedStep : public Function<GatedStep> {
 public:
  static Tensor forward(AutogradContext* ctx, const Tensor& gate, const Tensor& up, bool gelu) {
    ctx->save_for_backward({gate, up});
    ctx->saved_data["gelu"] = gelu;
    return (gelu ? at::gelu(gate, "tanh") : at::silu(gate)).mul_(up);
  }
  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const auto saved = ctx->get_saved_variables();
    const Tensor &gate = saved[0], &up = saved[1], &g = grads[0];
    const bool gelu = ctx->saved_data["gelu"].toBool();
    const Tensor dup = (gelu ? at::gelu(gate, "tanh") : at::silu(gate)).mul_(g);
    const Tensor through = g * up;
    Tensor dgate;
    if (gelu) {
      dgate = at::gelu_backward(through, gate, "tanh");
    } else {
      const Tensor s = at::sigmoid(gate);
      dgate = through * s * (1 + gate * (1 - s));
    }
    return {dgate, dup, Tensor()};
  }
};

class LogProbabilitiesStep : public Function<LogProbabilitiesStep> {
 public:
  static Tensor forward(AutogradContext* ctx, const Tensor& h, const Tensor& head, const Tensor& targets) {
    const Tensor ht = h.to(head.scalar_type());
    std::vector<Tensor> out, sums;
    for (std::int64_t at = 0; at < h.size(0); at += kBlock) {
      const std::int64_t end = std::min(at + kBlock, h.size(0));
      const Tensor scores = Product(ht.slice(0, at, end), head.t());
      // logsumexp by hand: LibTorch's own has no form for device "meta", which learner_test.cc looks with.
      const Tensor top = at::amax(scores, {1}, true);
      sums.push_back((scores - top).exp_().sum({1}).log_().add_(top.squeeze(1)));
      out.push_back(scores.gather(1, targets.slice(0, at, end).unsqueeze(1)).squeeze(1) - sums.back());
    }
    ctx->save_for_backward({ht, at::cat(sums), targets});
    ctx->saved_data["head"] = head;
    return at::cat(out);
  }
  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const auto saved = ctx->get_saved_variables();
    const Tensor &h = saved[0], &sums = saved[1], &targets = saved[2];
    const Tensor head = ctx->saved_data["head"].toTensor();
    std::vector<Tensor> out;
    for (std::int64_t at = 0; at < h.size(0); at += kBlock) {
      const std::int64_t end = std::min(at + kBlock, h.size(0));
      const Tensor g = grads[0].slice(0, at, end).unsqueeze(1);
      Tensor d = Product(h.slice(0, at, end), head.t());
      d.sub_(sums.slice(0, at, end).unsqueeze(1)).exp_().mul_(-g);
      d.scatter_add_(1, targets.slice(0, at, end).unsqueeze(1), g.contiguous());
      out.push_back(Product(d.to(head.scalar_type()), head));
    }
    return {at::cat(out), Tensor(), Tensor()};
  }
};

}  // namespace

at::Tensor Project(const Tensor& x, const Tensor& w, const Tensor& bias, const Tensor& a, const Tensor& b,
                   double scale) {
  // An undefined tensor is nothing that a step may take.
  const auto some = [&x](const Tensor& t) { return t.defined() ? t : x.new_empty({0}); };
  return ProjectStep::apply(x, some(a), some(b), w, some(bias), scale);
}
at::Tensor Normed(const Tensor& x, const Tensor& w, double epsilon) {
  return NormedStep::apply(x, w, epsilon);
}
at::Tensor Gated(const Tensor& gate, const Tensor& up, bool gelu) {
  return GatedStep::apply(gate, up, gelu);
}
at::Tensor LogProbabilities(const Tensor& h, const Tensor& head, const Tensor& targets) {
  return LogProbabilitiesStep::apply(h, head, targets);
}

}  // namespace baton::train
