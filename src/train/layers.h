// Steps of the model with gradients of their own: each keeps what its backward pass needs and nothing else,
// where LibTorch's record of every small operation would keep several copies of every activation.
#pragma once

#include <ATen/ATen.h>

namespace baton::train {

// x [rows, in] in 32 (or 64) bits; W [out, in] fixed, in the type that products are computed in; bias [out]
// or undefined. With an adapter: W x + bias + scale * B (A x), A [rank, in], B [out, rank]; without, A and B
// are undefined.
at::Tensor Project(const at::Tensor& x, const at::Tensor& w, const at::Tensor& bias, const at::Tensor& a,
                   const at::Tensor& b, double scale);

// x / sqrt(mean(x^2) + epsilon) * w over the last dimension; w fixed.
at::Tensor Normed(const at::Tensor& x, const at::Tensor& w, double epsilon);

// act(gate) * up; act is SiLU, or GELU by its tanh form.
at::Tensor Gated(const at::Tensor& gate, const at::Tensor& up, bool gelu);

// log softmax(head h)[target] for each row of h [rows, width]; head [vocabulary, width] fixed; targets
// [rows]. A block of rows at a time, computed again for the gradient: no row of scores outlives its block.
at::Tensor LogProbabilities(const at::Tensor& h, const at::Tensor& head, const at::Tensor& targets);

}  // namespace baton::train
