#include "lm/weights.h"

#include <fmt/format.h>
#include <ggml.h>
#include <gguf.h>

#include <cstring>
#include <fstream>

#include "lm/gguf_check.h"

namespace baton::lm {
namespace {

struct FreeGguf {
  void operator()(gguf_context* c) const { gguf_free(c); }
};
struct FreeGgml {
  void operator()(ggml_context* c) const { ggml_free(c); }
};
using GgufHandle = std::unique_ptr<gguf_context, FreeGguf>;
using GgmlHandle = std::unique_ptr<ggml_context, FreeGgml>;

std::optional<double> AsNumber(gguf_type type, const void* data) {
  const auto as = [&](auto zero) {
    std::memcpy(&zero, data, sizeof zero);
    return static_cast<double>(zero);
  };
  switch (type) {
    case GGUF_TYPE_UINT8:
      return as(std::uint8_t{});
    case GGUF_TYPE_BOOL:
    case GGUF_TYPE_INT8:
      return as(std::int8_t{});
    case GGUF_TYPE_UINT16:
      return as(std::uint16_t{});
    case GGUF_TYPE_INT16:
      return as(std::int16_t{});
    case GGUF_TYPE_UINT32:
      return as(std::uint32_t{});
    case GGUF_TYPE_INT32:
      return as(std::int32_t{});
    case GGUF_TYPE_FLOAT32:
      return as(float{});
    case GGUF_TYPE_UINT64:
      return as(std::uint64_t{});
    case GGUF_TYPE_INT64:
      return as(std::int64_t{});
    case GGUF_TYPE_FLOAT64:
      return as(double{});
    default:
      return std::nullopt;
  }
}

class File : public WeightFile {
 public:
  File(std::string path, GgufHandle gguf, GgmlHandle tensors)
      : path_(std::move(path)), gguf_(std::move(gguf)), tensors_(std::move(tensors)) {}

  std::optional<double> Number(const std::string& key) const override {
    const auto id = gguf_find_key(gguf_.get(), key.c_str());
    if (id < 0) return std::nullopt;
    gguf_type type = gguf_get_kv_type(gguf_.get(), id);
    if (type == GGUF_TYPE_ARRAY) {
      type = gguf_get_arr_type(gguf_.get(), id);
      if (type == GGUF_TYPE_STRING || gguf_get_arr_n(gguf_.get(), id) == 0) return std::nullopt;
      return AsNumber(type, gguf_get_arr_data(gguf_.get(), id));
    }
    if (type == GGUF_TYPE_STRING) return std::nullopt;
    return AsNumber(type, gguf_get_val_data(gguf_.get(), id));
  }

  std::optional<std::string> Word(const std::string& key) const override {
    const auto id = gguf_find_key(gguf_.get(), key.c_str());
    if (id < 0 || gguf_get_kv_type(gguf_.get(), id) != GGUF_TYPE_STRING) return std::nullopt;
    return gguf_get_val_str(gguf_.get(), id);
  }

  std::optional<Shape> ShapeOf(const std::string& name) const override {
    const ggml_tensor* t = ggml_get_tensor(tensors_.get(), name.c_str());
    if (!t) return std::nullopt;
    return Shape{ggml_nrows(t), t->ne[0]};
  }

  Result<std::vector<float>> Floats(const std::string& name) const override {
    const ggml_tensor* t = ggml_get_tensor(tensors_.get(), name.c_str());
    const auto id = gguf_find_tensor(gguf_.get(), name.c_str());
    if (!t || id < 0)
      return Fail(Code::kNotFound, fmt::format("{} has no tensor '{}'", path_, name), "no_tensor");
    const auto* traits = ggml_get_type_traits(t->type);
    if (ggml_n_dims(t) > 2 || (t->type != GGML_TYPE_F32 && !traits->to_float))
      return Fail(Code::kUnsupported, fmt::format("{}: tensor '{}' cannot be read as floats", path_, name),
                  "tensor_type");
    std::vector<char> raw(ggml_nbytes(t));
    std::ifstream in(path_, std::ios::binary);
    in.seekg(static_cast<std::streamoff>(gguf_get_data_offset(gguf_.get()) +
                                         gguf_get_tensor_offset(gguf_.get(), id)));
    if (!in.read(raw.data(), static_cast<std::streamsize>(raw.size())))
      return Fail(Code::kInternal, fmt::format("{} cannot be read", path_), "unreadable");
    std::vector<float> out(static_cast<std::size_t>(ggml_nelements(t)));
    if (t->type == GGML_TYPE_F32)
      std::memcpy(out.data(), raw.data(), raw.size());
    else
      traits->to_float(raw.data(), out.data(), ggml_nelements(t));
    return out;
  }

  gguf_context* gguf() const { return gguf_.get(); }
  ggml_context* tensors() const { return tensors_.get(); }

 private:
  const std::string path_;
  const GgufHandle gguf_;
  const GgmlHandle tensors_;
};

Result<std::unique_ptr<File>> OpenFile(const std::string& path) {
  TRY([[maybe_unused]] GgufSummary summary, CheckGguf(path));
  ggml_context* tensors = nullptr;
  GgufHandle gguf(gguf_init_from_file(path.c_str(), {.no_alloc = true, .ctx = &tensors}));
  GgmlHandle owned(tensors);
  if (!gguf || !owned)
    return Fail(Code::kInvalidRequest, fmt::format("{} is damaged: its header cannot be read", path),
                "gguf_damaged");
  return std::make_unique<File>(path, std::move(gguf), std::move(owned));
}

}  // namespace

Result<std::unique_ptr<WeightFile>> WeightFile::Open(const std::string& path) {
  TRY(auto file, OpenFile(path));
  return std::unique_ptr<WeightFile>(std::move(file));
}

Status WriteAsFloats(const std::string& from, const std::string& to) {
  TRY(const auto file, OpenFile(from));
  const GgufHandle out(gguf_init_empty());
  gguf_set_kv(out.get(), file->gguf());
  std::vector<std::vector<float>> keep;  // gguf holds pointers until it is written
  for (ggml_tensor* t = ggml_get_first_tensor(file->tensors()); t;
       t = ggml_get_next_tensor(file->tensors(), t)) {
    TRY(auto floats, file->Floats(t->name));
    gguf_add_tensor(out.get(), t);
    gguf_set_tensor_type(out.get(), t->name, GGML_TYPE_F32);
    keep.push_back(std::move(floats));
    gguf_set_tensor_data(out.get(), t->name, keep.back().data());
  }
  if (gguf_write_to_file(out.get(), to.c_str(), false)) return {};
  return Fail(Code::kInternal, fmt::format("{} cannot be written", to), "cannot_write");
}

}  // namespace baton::lm
