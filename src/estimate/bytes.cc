#include "estimate/bytes.h"

#include <cmath>

namespace baton::estimate {

std::vector<float> ByteReader::Floats() {
  const auto n = Get<std::uint64_t>();
  if (n > left_.size() / sizeof(float)) failed_ = true;
  if (failed_ || n == 0) return {};
  std::vector<float> values(static_cast<std::size_t>(n));
  std::memcpy(values.data(), left_.data(), values.size() * sizeof(float));
  left_.remove_prefix(values.size() * sizeof(float));
  for (float v : values) {
    if (!std::isfinite(v)) failed_ = true;
  }
  return values;
}

std::vector<float> ByteReader::Floats(std::size_t want) {
  std::vector<float> values = Floats();
  if (values.size() != want) failed_ = true;
  return values;
}

}  // namespace baton::estimate
