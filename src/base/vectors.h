// Arithmetic on rows of floats: the handful of loops that learning spends its time in.
//
// Sums run in sixteen lanes that are added at the end, so the compiler can use the widest registers there
// are; each loop exists for several instruction sets and the processor's is taken at start (vectors.cc). On
// one machine a result is the same every time, offline and in the server; between machines the last bits may
// differ.
#pragma once

#include <cstddef>
#include <cstdint>

namespace baton {

float Dot(const float* a, const float* b, std::size_t n);
float SquaredDistance(const float* a, const float* b, std::size_t n);
// y += a * x
void AddScaled(float a, const float* x, float* y, std::size_t n);
// y += a * x, exactly. REQUIRES: 0 <= a <= 255.
void AddWeighted(int a, const std::int8_t* x, std::int32_t* y, std::size_t n);
// out[i] = Dot(row i of `rows` (count x n), x)
void DotRows(const float* rows, std::size_t count, std::size_t n, const float* x, float* out);
// c (rows x m) = a (rows x n) times the transpose of b (m x n)
void MultiplyTransposed(const float* a, std::size_t rows, const float* b, std::size_t m, std::size_t n,
                        float* c);
// Scales to length 1; zeros stay. Returns the length it had.
float Normalise(float* v, std::size_t n);

}  // namespace baton
