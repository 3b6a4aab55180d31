// Matrix products of the trainer, in the precision it computes in.
//
// Problem: on a processor with bfloat16 units a product of 16-bit matrices is twenty times as fast as one of
// 32-bit ones, but LibTorch of this age rounds its result to 16 bits too, and log-probabilities of results
// rounded to eight bits are noise. Choice: oneDNN directly (LibTorch stands on it anyhow): 16-bit factors,
// sums and result in 32. Everything between products stays in 32 bits. Cost: one more header to depend on.
#pragma once

#include <ATen/ATen.h>

namespace baton::train {

// Without it (a LibTorch of one's own brings other headers of it, which do not fit the system's library)
// products of 16-bit factors are right and slow.
bool HasOneDnn();

// a [M,K] by b [K,N], or batches of them [B,M,K] by [B,K,N]; any strides. Of kBFloat16 factors the result is
// kFloat; of others it has their type. No gradient is recorded.
at::Tensor Product(const at::Tensor& a, const at::Tensor& b);
// c += a by b; c contiguous.
void AddProduct(at::Tensor& c, const at::Tensor& a, const at::Tensor& b);

// The same as a step of a computation whose gradient is wanted: batches of factors in 32 bits, multiplied in
// `type`.
at::Tensor BatchProduct(const at::Tensor& a, const at::Tensor& b, at::ScalarType type);

}  // namespace baton::train
