#include "lm/adapter.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <ggml.h>
#include <gguf.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "lm/gguf_check.h"
#include "lm/loaded_model.h"
#include "lm/weights.h"

namespace baton::lm {
namespace {

constexpr const char* kVocabulary = "baton.base.vocabulary";
constexpr const char* kBase = "baton.base.name";

struct Free {
  void operator()(gguf_context* c) const { gguf_free(c); }
  void operator()(ggml_context* c) const { ggml_free(c); }
};

Error CannotWrite(const std::string& path, int why) {
  return Fail(Code::kInternal, fmt::format("{}: {}", path, std::strerror(why)), "cannot_write");
}

// gguf_write_to_file does not look at what the disk says when its buffer goes out; fclose and fsync do.
Status Write(const gguf_context* gguf, const std::string& path) {
  const std::string aside = fmt::format("{}.{}.new", path, ::getpid());
  std::FILE* file = std::fopen(aside.c_str(), "wb");
  if (!file) return CannotWrite(aside, errno);
  errno = 0;
  bool fine = false;
  try {
    fine = gguf_write_to_file_ptr(gguf, file, false);
  } catch (const std::exception&) {
    // A write that failed: errno says why.
  }
  fine = fine && std::fflush(file) == 0 && ::fsync(::fileno(file)) == 0;
  const int why = errno != 0 ? errno : EIO;
  std::fclose(file);
  if (fine && std::rename(aside.c_str(), path.c_str()) == 0) return {};
  ::unlink(aside.c_str());
  return CannotWrite(path, fine ? errno : why);
}

void Set(gguf_context* gguf, const char* key, const std::string& value) {
  gguf_set_val_str(gguf, key, value.c_str());
}

}  // namespace

Status WriteAdapter(const Adapter& adapter, const std::string& path) {
  const std::unique_ptr<gguf_context, Free> gguf(gguf_init_empty());
  const ggml_init_params room{.mem_size = (2 * adapter.parts.size() + 1) * ggml_tensor_overhead(),
                              .mem_buffer = nullptr,
                              .no_alloc = true};
  const std::unique_ptr<ggml_context, Free> tensors(ggml_init(room));
  Set(gguf.get(), "general.type", "adapter");
  Set(gguf.get(), "general.architecture", adapter.architecture);
  Set(gguf.get(), "adapter.type", "lora");
  gguf_set_val_f32(gguf.get(), "adapter.lora.alpha", adapter.alpha);
  Set(gguf.get(), kVocabulary, adapter.vocabulary);
  Set(gguf.get(), kBase, adapter.base);
  for (const auto& [key, value] : adapter.notes) Set(gguf.get(), key.c_str(), value);
  const auto add = [&](const std::string& name, std::int64_t columns, std::int64_t rows,
                       const std::vector<float>& data) {
    ggml_tensor* t = ggml_new_tensor_2d(tensors.get(), GGML_TYPE_F32, columns, rows);
    ggml_set_name(t, name.c_str());
    gguf_add_tensor(gguf.get(), t);
    gguf_set_tensor_data(gguf.get(), name.c_str(), data.data());
  };
  for (const auto& p : adapter.parts) {
    if (p.a.size() != static_cast<std::size_t>(p.in * p.rank) ||
        p.b.size() != static_cast<std::size_t>(p.out * p.rank))
      return Fail(Code::kInternal, fmt::format("the parts of {} do not fit together", p.tensor), "bad_shape");
    add(p.tensor + ".lora_a", p.in, p.rank, p.a);
    add(p.tensor + ".lora_b", p.rank, p.out, p.b);
  }
  return Write(gguf.get(), path);
}

std::string VocabularyDigest(const LoadedModel& model) {
  std::uint64_t h = 1469598103934665603ULL;
  for (llama_token t = 0; t < model.info().vocabulary; ++t) {
    for (const char* c = llama_vocab_get_text(model.vocab(), t); *c != 0; ++c)
      h = (h ^ static_cast<unsigned char>(*c)) * 1099511628211ULL;
    h = (h ^ 0xffU) * 1099511628211ULL;
  }
  return fmt::format("{:016x}", h);
}

Status CheckAdapter(const std::string& path, const LoadedModel& model) {
  TRY(const auto file, WeightFile::Open(path));
  if (file->Word("general.type").value_or("") != "adapter" ||
      file->Word("adapter.type").value_or("") != "lora")
    return Fail(Code::kInvalidRequest, fmt::format("{} is a GGUF file, but no LoRA adapter", path),
                "not_an_adapter");
  const auto foreign = [&](const std::string& why) {
    return Fail(Code::kInvalidRequest,
                fmt::format("{} was made for another model ({}): {}", path,
                            file->Word(kBase).value_or("it does not say which"), why),
                "foreign_adapter");
  };
  const std::string architecture = file->Word("general.architecture").value_or("");
  if (architecture != model.info().architecture)
    return foreign(
        fmt::format("its architecture is {}, this model's {}", architecture, model.info().architecture));
  // Adapters of other makers say nothing of their vocabulary; llama.cpp still compares the shapes.
  const auto vocabulary = file->Word(kVocabulary);
  if (vocabulary && *vocabulary != VocabularyDigest(model))
    return foreign("its vocabulary is not that of this model");
  return {};
}

}  // namespace baton::lm
