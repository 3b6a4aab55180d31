#include "train/products.h"

#include <torch/csrc/autograd/custom_function.h>

#if BATON_ONEDNN
#include <dnnl.hpp>
#endif

namespace baton::train {
namespace {

#if BATON_ONEDNN
using dnnl::memory;

struct Machine {
  dnnl::engine engine{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream{engine};
};
Machine& TheMachine() {
  // oneDNN keeps its compiled kernels by thread and shape; so does this.
  thread_local Machine machine;
  return machine;
}

memory::desc DescriptionOf(const at::Tensor& t, memory::data_type type) {
  return memory::desc(memory::dims(t.sizes().begin(), t.sizes().end()), type,
                      memory::dims(t.strides().begin(), t.strides().end()));
}

void Multiply(const at::Tensor& a, const at::Tensor& b, at::Tensor& c, bool add) {
  Machine& m = TheMachine();
  const auto da = DescriptionOf(a, memory::data_type::bf16), db = DescriptionOf(b, memory::data_type::bf16),
             dc = DescriptionOf(c, memory::data_type::f32);
  dnnl::primitive_attr attributes;
  if (add) {
    dnnl::post_ops sum;
    sum.append_sum(1.0F);
    attributes.set_post_ops(sum);
  }
  const dnnl::matmul product(
      dnnl::matmul::primitive_desc(dnnl::matmul::desc(da, db, dc), attributes, m.engine));
  product.execute(m.stream, {{DNNL_ARG_SRC, memory(da, m.engine, a.data_ptr())},
                             {DNNL_ARG_WEIGHTS, memory(db, m.engine, b.data_ptr())},
                             {DNNL_ARG_DST, memory(dc, m.engine, c.data_ptr())}});
  m.stream.wait();
}
#else
void Multiply(const at::Tensor&, const at::Tensor&, at::Tensor&, bool) {}
#endif

class BatchProductStep : public torch::autograd::Function<BatchProductStep> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* ctx, const at::Tensor& a, const at::Tensor& b,
                            at::ScalarType type) {
    const at::Tensor x = a.to(type), y = b.to(type);
    ctx->save_for_backward({x, y});
    return Product(x, y);
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* ctx,
                                                 torch::autograd::variable_list grads) {
    const auto saved = ctx->get_saved_variables();
    const at::Tensor g = grads[0].to(saved[0].scalar_type());
    return {Product(g, saved[1].transpose(1, 2)), Product(saved[0].transpose(1, 2), g), at::Tensor()};
  }
};

// Without oneDNN, and elsewhere than on the processor, 16-bit factors become floats, which changes none of
// them: the device's own product then sums in 32 bits, as oneDNN does.
at::Tensor Plain(const at::Tensor& a, const at::Tensor& b) {
  if (a.scalar_type() != at::kBFloat16) return at::matmul(a, b);
  return at::matmul(a.to(at::kFloat), b.to(at::kFloat));
}
bool ForOneDnn(const at::Tensor& a) {
  return HasOneDnn() && a.scalar_type() == at::kBFloat16 && a.device().is_cpu();
}

}  // namespace

bool HasOneDnn() {
  return BATON_ONEDNN != 0;
}

at::Tensor Product(const at::Tensor& a, const at::Tensor& b) {
  const c10::NoGradGuard none;
  if (!ForOneDnn(a)) return Plain(a, b);
  std::vector<std::int64_t> shape(a.sizes().begin(), a.sizes().end());
  shape.back() = b.size(-1);
  at::Tensor c = at::empty(shape, at::kFloat);
  if (c.numel() > 0) Multiply(a, b, c, false);
  return c;
}

void AddProduct(at::Tensor& c, const at::Tensor& a, const at::Tensor& b) {
  const c10::NoGradGuard none;
  if (c.numel() == 0) return;
  if (ForOneDnn(a))
    Multiply(a, b, c, true);
  else
    c.add_(Plain(a, b));
}

at::Tensor BatchProduct(const at::Tensor& a, const at::Tensor& b, at::ScalarType type) {
  return BatchProductStep::apply(a, b, type);
}

}  // namespace baton::train
