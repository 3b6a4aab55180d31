// A GGUF file's facts and numbers, for whoever computes with them outside llama.cpp: the trainer. Quantised
// tensors come out as the floats that they stand for, by ggml's own tables, so what is trained against is bit
// for bit the model that is served.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace baton::lm {

class WeightFile {
 public:
  // Reads the header. Errors of CheckGguf.
  static Result<std::unique_ptr<WeightFile>> Open(const std::string& path);
  virtual ~WeightFile() = default;

  // Numbers and booleans of any width; of an array the first. Nullopt: no such key.
  virtual std::optional<double> Number(const std::string& key) const = 0;
  virtual std::optional<std::string> Word(const std::string& key) const = 0;

  // A matrix of `rows` outputs over `columns` inputs, row after row; a vector has one row.
  struct Shape {
    std::int64_t rows = 0, columns = 0;
  };
  // Nullopt: no such tensor.
  virtual std::optional<Shape> ShapeOf(const std::string& tensor) const = 0;
  // kNotFound, kUnsupported (a type without a table, more than two dimensions), kInternal (unreadable).
  virtual Result<std::vector<float>> Floats(const std::string& tensor) const = 0;
};

// The same model with every tensor as 32-bit floats: for comparisons in which no rounding of the file's own
// hides a mistake. Errors of Open and Floats; kInternal when it cannot be written.
Status WriteAsFloats(const std::string& from, const std::string& to);

}  // namespace baton::lm
