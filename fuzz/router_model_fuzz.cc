// A router model from anybody's bytes: what is refused is refused with a reason, what is read predicts
// without a fault.
#include <cstdlib>
#include <string>

#include "base/hash.h"
#include "estimate/router_model.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string bytes(reinterpret_cast<const char*>(data), size);
  // The checksum is put right, or nothing behind it would ever be reached.
  if (bytes.size() >= 8) {
    const std::uint64_t sum = baton::Hash64(std::string_view(bytes).substr(0, bytes.size() - 8));
    std::memcpy(bytes.data() + bytes.size() - 8, &sum, sizeof sum);
  }
  auto model = baton::estimate::RouterFromBytes(bytes, "fuzz");
  if (!model) {
    if (model.error().reason.empty()) std::abort();
    return 0;
  }
  std::vector<float> x(model->quality->features(), 0.5F), lengths(model->workers.size());
  std::vector<baton::estimate::Estimate> out(model->workers.size());
  model->quality->Predict(x, out);
  model->length.Predict(x, lengths);
  if (model->cold.known()) (void)model->cold.Predict(model->cold.Prior({"gpt", 1}), x);
  if (baton::estimate::ToBytes(&*model) != bytes) std::abort();
  return 0;
}
