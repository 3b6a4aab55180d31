#include "lm/safetensors.h"

#include <bit>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

namespace baton::lm {
namespace {

constexpr std::uint64_t kMaxHeader = std::uint64_t{100} << 20;

Error Bad(const std::string& path, const char* what) {
  return Fail(Code::kInvalidRequest, path + " is not a usable safetensors file: " + what, "bad_safetensors");
}

Result<SafeTensor> ReadEntry(const std::string& path, const std::string& name, const nlohmann::json& entry,
                             std::uint64_t data, std::uint64_t size) {
  SafeTensor t;
  t.name = name;
  t.dtype = entry.value("dtype", "");
  if (!entry.contains("shape") || !entry.contains("data_offsets"))
    return Bad(path, "a tensor lacks its shape");
  t.shape = entry["shape"].get<std::vector<std::int64_t>>();
  auto range = entry["data_offsets"].get<std::vector<std::uint64_t>>();
  if (range.size() != 2 || range[0] > range[1] || range[1] > size - data)
    return Bad(path, "a tensor lies outside");
  t.offset = data + range[0];
  t.bytes = range[1] - range[0];
  return t;
}

}  // namespace

Result<std::vector<SafeTensor>> ListSafeTensors(const std::string& path) {
  static_assert(std::endian::native == std::endian::little, "safetensors and GGUF are little-endian");
  std::error_code ec;
  const std::uint64_t size = std::filesystem::file_size(path, ec);
  if (ec) return Fail(Code::kNotFound, "cannot read " + path);
  std::ifstream in(path, std::ios::binary);
  std::uint64_t header = 0;
  if (!in.read(reinterpret_cast<char*>(&header), 8)) return Bad(path, "it is too short");
  if (header > kMaxHeader || header + 8 > size) return Bad(path, "its header is longer than the file");
  std::string text(header, '\0');
  if (!in.read(text.data(), static_cast<std::streamsize>(header))) return Bad(path, "it is cut short");
  try {
    std::vector<SafeTensor> tensors;
    const nlohmann::json table = nlohmann::json::parse(text);
    for (const auto& [name, entry] : table.items()) {
      if (name == "__metadata__") continue;
      TRY(SafeTensor t, ReadEntry(path, name, entry, header + 8, size));
      tensors.push_back(std::move(t));
    }
    return tensors;
  } catch (const nlohmann::json::exception&) {
    return Bad(path, "its header is not the JSON it should be");
  }
}

Result<std::vector<float>> ReadF32(const std::string& path, const SafeTensor& tensor) {
  std::vector<float> values(tensor.bytes / sizeof(float));
  std::ifstream in(path, std::ios::binary);
  in.seekg(static_cast<std::streamoff>(tensor.offset));
  in.read(reinterpret_cast<char*>(values.data()),
          static_cast<std::streamsize>(values.size() * sizeof(float)));
  if (!in) return Bad(path, "it is cut short");
  return values;
}

}  // namespace baton::lm
