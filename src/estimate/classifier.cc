#include "estimate/classifier.h"

#include <fmt/format.h>

#include "base/hash.h"
#include "estimate/kinds.h"
#include "estimate/network.h"
#include "estimate/shape.h"

// The file that bench/classifiers.cc wrote, as it is. The path comes from CMake.
#if defined(BATON_CLASSIFIERS_FILE)
asm(".section .rodata\n"
    ".balign 16\n"
    "baton_classifiers_begin:\n"
    ".incbin \"" BATON_CLASSIFIERS_FILE
    "\"\n"
    "baton_classifiers_end:\n"
    ".byte 0\n"
    ".text\n");
extern "C" const char baton_classifiers_begin[], baton_classifiers_end[];
#endif

namespace baton::estimate {
namespace {

constexpr std::string_view kMagic = "BATONCL\n";
constexpr std::size_t kHidden = 24, kMaxFields = 16, kMaxLabels = 64;

Error Refuse(const char* reason, const char* why) {
  return Fail(Code::kInvalidRequest, fmt::format("classifiers: {}", why), reason);
}

}  // namespace

Result<Classifier> Classifier::Train(std::string field, std::vector<std::string> labels,
                                     std::span<const float> x, std::size_t width,
                                     std::span<const std::size_t> classes, const FitOptions& options) {
  Table t;
  t.rows = classes.size(), t.features = width, t.workers = labels.size();
  t.x.assign(x.begin(), x.end());
  t.quality.assign(t.rows * t.workers, 0);
  for (std::size_t r = 0; r < t.rows; ++r) t.quality[r * t.workers + classes[r]] = 1;
  if (t.rows == 0 || t.x.size() != t.rows * width || labels.size() < 2 || labels.size() > kMaxLabels)
    return Fail(Code::kInvalidRequest, "nothing to train a classifier from", "bad_table");
  NetworkShape shape;
  shape.hidden = kHidden, shape.bend = Bend::kSilu;
  Classifier c;
  c.field_ = std::move(field);
  c.labels_ = std::move(labels);
  c.network_ = estimate::Train("mlp", shape, t, options);
  return c;
}

Guess Classifier::Classify(std::span<const float> x) const {
  thread_local std::vector<Estimate> out;
  out.resize(labels_.size());
  network_->Predict(x, out);
  std::size_t best = 0;
  float sum = 0;
  for (std::size_t i = 0; i < out.size(); ++i) {
    sum += out[i].quality;
    if (out[i].quality > out[best].quality) best = i;
  }
  // Each label was asked for alone; where several say yes, or none does, that is doubt.
  return {labels_[best], out[best].quality / std::max(sum, 1.0F)};
}

std::string Classifiers::ToBytes() const {
  ByteWriter out;
  out.Put(std::string_view(features_));
  out.Put(static_cast<std::uint32_t>(fields_.size()));
  for (const Classifier& c : fields_) {
    out.Put(std::string_view(c.field_));
    out.Put(static_cast<std::uint32_t>(c.labels_.size()));
    for (const auto& label : c.labels_) out.Put(std::string_view(label));
    c.network_->Save(&out);
  }
  std::string file(kMagic);
  file += out.bytes();
  ByteWriter tail;
  tail.Put(Hash64(file));
  return file + tail.bytes();
}

Result<Classifiers> Classifiers::FromBytes(std::string_view bytes) {
  if (bytes.substr(0, kMagic.size()) != kMagic) return Refuse("not_classifiers", "another kind of file");
  if (bytes.size() < kMagic.size() + 8) return Refuse("classifiers_damaged", "cut short");
  const std::string_view whole = bytes.substr(0, bytes.size() - 8);
  ByteReader tail(bytes.substr(whole.size())), in(whole.substr(kMagic.size()));
  if (tail.Get<std::uint64_t>() != Hash64(whole))
    return Refuse("classifiers_damaged", "cut short or changed");
  Classifiers all;
  all.features_ = in.Text();
  const auto fields = in.Get<std::uint32_t>();
  if (fields > kMaxFields) in.Fail();
  for (std::uint32_t f = 0; f < fields && !in.failed(); ++f) {
    Classifier c;
    c.field_ = in.Text();
    const auto labels = in.Get<std::uint32_t>();
    if (labels < 2 || labels > kMaxLabels) in.Fail();
    for (std::uint32_t i = 0; i < labels && !in.failed(); ++i) c.labels_.push_back(in.Text());
    if (!in.failed()) c.network_ = ReadNetwork(&in);
    if (in.failed() || c.network_->workers() != labels) in.Fail();
    all.fields_.push_back(std::move(c));
  }
  if (!in.done()) return Refuse("classifiers_damaged", "does not hold what it says");
  return all;
}

std::shared_ptr<const Classifiers> Classifiers::BuiltIn(std::string_view features) {
#if defined(BATON_CLASSIFIERS_FILE)
  const auto size = static_cast<std::size_t>(baton_classifiers_end - baton_classifiers_begin);
  auto read = FromBytes({baton_classifiers_begin, size});
  if (read && read->features() == features) return std::make_shared<const Classifiers>(std::move(*read));
#endif
  (void)features;
  return nullptr;
}

const Classifier* Classifiers::Find(std::string_view field) const {
  for (const Classifier& c : fields_) {
    if (c.field_ == field) return &c;
  }
  return nullptr;
}

}  // namespace baton::estimate
