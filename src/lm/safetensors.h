// Reads a .safetensors file: an 8-byte length, a JSON table, raw tensors.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace baton::lm {

struct SafeTensor {
  std::string name, dtype;              // dtype: "F32", "F16", "I64", ...
  std::vector<std::int64_t> shape;      // outermost first
  std::uint64_t offset = 0, bytes = 0;  // in the file
};

// Every range is checked to lie inside the file. kInvalidRequest ("bad_safetensors"), kNotFound.
Result<std::vector<SafeTensor>> ListSafeTensors(const std::string& path);
// REQUIRES: dtype F32.
Result<std::vector<float>> ReadF32(const std::string& path, const SafeTensor& tensor);

}  // namespace baton::lm
