#include "lm/gguf_check.h"

#include <fmt/format.h>
#include <ggml.h>

#include <array>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <set>

namespace baton::lm {
namespace {

constexpr std::uint64_t kMaxKeys = 1 << 16, kMaxTensors = 1 << 17, kMaxString = std::uint64_t{1} << 26;
constexpr std::uint64_t kMaxArray = std::uint64_t{1} << 28;
constexpr std::uint32_t kString = 8, kArray = 9, kTypes = 13;
// Bytes of each GGUF value type; 0: not of fixed size.
constexpr std::array<std::uint8_t, kTypes> kSize = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};

// Reads forward and never past the end. After the first failure every read fails.
class Reader {
 public:
  Reader(std::ifstream& in, std::uint64_t size) : in_(in), size_(size) {}
  bool ok() const { return ok_; }
  std::uint64_t at() const { return at_; }

  template <class T>
  T Number() {
    T value{};
    if (Take(sizeof value)) in_.read(reinterpret_cast<char*>(&value), sizeof value);
    return value;
  }
  std::string String() {
    const auto n = Number<std::uint64_t>();
    if (n > kMaxString || !Take(n)) return Stop();
    std::string s(n, '\0');
    in_.read(s.data(), static_cast<std::streamsize>(n));
    return s;
  }
  void Skip(std::uint64_t n) {
    if (Take(n)) in_.seekg(static_cast<std::streamoff>(n), std::ios::cur);
  }
  std::string Stop() {
    ok_ = false;
    return {};
  }

 private:
  bool Take(std::uint64_t n) {
    if (!ok_ || n > size_ - at_) return ok_ = false;
    at_ += n;
    return true;
  }
  std::ifstream& in_;
  std::uint64_t size_, at_ = 0;
  bool ok_ = true;
};

void SkipArray(Reader& r) {
  const auto type = r.Number<std::uint32_t>();
  const auto n = r.Number<std::uint64_t>();
  if (!r.ok() || type >= kTypes || type == kArray || n > kMaxArray) {
    r.Stop();
    return;
  }
  if (type != kString) return r.Skip(n * kSize[type]);
  for (std::uint64_t i = 0; i < n && r.ok(); ++i) {
    const auto length = r.Number<std::uint64_t>();
    if (length > kMaxString) r.Stop();
    r.Skip(length);
  }
}

struct Header {
  std::string architecture;
  std::uint64_t alignment = 32;
};

void ReadKey(Reader& r, Header& h) {
  const std::string key = r.String();
  const auto type = r.Number<std::uint32_t>();
  if (!r.ok() || type >= kTypes) {
    r.Stop();
  } else if (type == kString) {
    std::string value = r.String();
    if (key == "general.architecture") h.architecture = std::move(value);
  } else if (type == kArray) {
    SkipArray(r);
  } else if (key == "general.alignment" && type == 4) {
    h.alignment = r.Number<std::uint32_t>();
  } else {
    r.Skip(kSize[type]);
  }
}

// End of the tensor's data, from the start of the data section; max() when its shape makes no sense.
std::uint64_t ReadTensor(Reader& r, std::set<std::string>& names) {
  constexpr auto kBad = std::numeric_limits<std::uint64_t>::max();
  std::string name = r.String();
  const auto dims = r.Number<std::uint32_t>();
  if (!r.ok() || dims == 0 || dims > 4 || name.size() >= GGML_MAX_NAME || !names.insert(name).second)
    return kBad;
  std::uint64_t count = 1, row = 1;
  for (std::uint32_t d = 0; d < dims; ++d) {
    const auto n = r.Number<std::uint64_t>();
    if (n == 0 || n > std::numeric_limits<std::int32_t>::max()) return kBad;
    if (d == 0) row = n;
    if (count > (std::uint64_t{1} << 40) / n) return kBad;
    count *= n;
  }
  const auto type = r.Number<std::uint32_t>();
  const auto offset = r.Number<std::uint64_t>();
  if (!r.ok() || type >= GGML_TYPE_COUNT) return kBad;
  const auto t = static_cast<ggml_type>(type);
  const auto block = static_cast<std::uint64_t>(ggml_blck_size(t));
  if (block == 0 || ggml_type_size(t) == 0 || row % block != 0) return kBad;
  const std::uint64_t bytes = count / block * ggml_type_size(t);
  return offset > kBad - bytes ? kBad : offset + bytes;
}

Error Wrong(const std::string& path, const char* reason, const std::string& what) {
  return Fail(
      Code::kInvalidRequest,
      fmt::format("{} {}. Pull the model again ('baton models pull') or give another path.", path, what),
      reason);
}

Result<GgufSummary> Walk(const std::string& path, Reader& r, std::uint64_t size) {
  const auto tensors = r.Number<std::uint64_t>(), keys = r.Number<std::uint64_t>();
  if (tensors == 0 || tensors > kMaxTensors || keys > kMaxKeys) {
    return Wrong(path, "gguf_damaged", "has a header that makes no sense");
  }
  Header header;
  for (std::uint64_t i = 0; i < keys && r.ok(); ++i) ReadKey(r, header);
  std::uint64_t end = 0;
  std::set<std::string> names;
  for (std::uint64_t i = 0; i < tensors && r.ok(); ++i) {
    const std::uint64_t e = ReadTensor(r, names);
    if (r.ok() && e == std::numeric_limits<std::uint64_t>::max()) {
      return Wrong(path, "gguf_damaged", "has a damaged list of tensors");
    }
    end = std::max(end, e);
  }
  if (!r.ok()) return Wrong(path, "gguf_truncated", "is cut short or damaged");
  if (header.architecture.empty()) return Wrong(path, "gguf_damaged", "does not name its architecture");
  const std::uint64_t a = header.alignment;
  if (a == 0 || a > 4096 || (a & (a - 1)) != 0)
    return Wrong(path, "gguf_damaged", "has an impossible alignment");
  const std::uint64_t data = (r.at() + a - 1) / a * a;
  if (data > size || end > size - data) return Wrong(path, "gguf_truncated", "is cut short");
  return GgufSummary{header.architecture, static_cast<std::int64_t>(size),
                     static_cast<std::int64_t>(tensors)};
}

}  // namespace

Result<GgufSummary> CheckGguf(const std::string& path) {
  std::error_code ec;
  const std::uint64_t size = std::filesystem::file_size(path, ec);
  std::ifstream in(path, std::ios::binary);
  if (ec || !in) {
    return Fail(
        Code::kNotFound,
        fmt::format("model file {} does not exist or cannot be read: run 'baton models pull', or correct "
                    "the worker's path",
                    path),
        "model_not_found");
  }
  Reader r(in, size);
  const auto magic = r.Number<std::uint32_t>();
  const auto version = r.Number<std::uint32_t>();
  if (!r.ok() || std::memcmp(&magic, "GGUF", 4) != 0)
    return Wrong(path, "not_gguf", "is not a GGUF model file");
  if (version != 2 && version != 3) {
    return Wrong(path, "not_gguf", fmt::format("is GGUF version {}, and only 2 and 3 are read", version));
  }
  return Walk(path, r, size);
}

}  // namespace baton::lm
