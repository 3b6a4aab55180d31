// By hand: this is made for every request, and a formatter would cost more than all the fields do.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>

#include "route/features.h"

namespace baton::route {
namespace {

class Writer {
 public:
  Writer() { out_.reserve(512); }
  std::string Take() {
    out_ += '}';
    return std::move(out_);
  }

  void Text(std::string_view name, std::string_view value) {
    Name(name);
    Quote(value);
  }
  void Flag(std::string_view name, bool value) {
    Name(name);
    out_ += value ? "true" : "false";
  }
  void Number(std::string_view name, std::int64_t value) {
    Name(name);
    char digits[24];
    out_.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
  }
  void List(std::string_view name, const std::set<std::string>& values) {
    Name(name);
    char before = '[';
    for (const auto& v : values) {
      out_ += std::exchange(before, ',');
      Quote(v);
    }
    out_ += before == '[' ? "[]" : "]";
  }

 private:
  void Name(std::string_view name) {
    out_ += out_.empty() ? "{\"" : ",\"";
    out_ += name;
    out_ += "\":";
  }
  // Task names and data classes come from callers and configs.
  void Quote(std::string_view text) {
    out_ += '"';
    for (char c : text) {
      if (c == '"' || c == '\\') {
        out_ += '\\';
        out_ += c;
      } else if (static_cast<unsigned char>(c) < 0x20) {
        constexpr std::string_view kHex = "0123456789abcdef";
        out_ += "\\u00";
        out_ += kHex[static_cast<std::size_t>(c) >> 4];
        out_ += kHex[static_cast<std::size_t>(c) & 15];
      } else {
        out_ += c;
      }
    }
    out_ += '"';
  }

  std::string out_;
};

}  // namespace

std::string ToJson(const Features& f) {
  Writer w;
  w.Text("task", f.task);
  w.Text("complexity", f.complexity);
  w.Text("domain", f.domain);
  w.Text("language", f.language);
  w.Text("format", f.format);
  w.Flag("has_code", f.has_code);
  w.Flag("has_tests", f.has_tests);
  w.Flag("has_images", f.has_images);
  w.Flag("has_audio", f.has_audio);
  w.Flag("has_files", f.has_files);
  w.Flag("has_tools", f.has_tools);
  w.Flag("stream", f.stream);
  w.Flag("reasoning_asked", f.reasoning_asked);
  w.Number("turns", f.turns);
  w.Number("input_chars", f.input_chars);
  w.Number("input_tokens", f.input_tokens);
  w.Number("max_tokens", f.max_tokens);
  w.List("data", f.data);
  w.Number("latency_budget_ms", f.latency_budget_ms);
  return w.Take();
}

namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::size_t kMostFeatures = 4096;

}  // namespace

// base64url of little-endian floats, without padding.
std::string WithVector(std::string json, std::span<const float> vector) {
  if (vector.empty() || !json.ends_with('}')) return json;
  json.pop_back();
  json += json.ends_with('{') ? "\"vector\":\"" : ",\"vector\":\"";
  const std::string_view bytes(reinterpret_cast<const char*>(vector.data()), vector.size_bytes());
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t n = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t three = 0;
    for (std::size_t j = 0; j < 3; ++j)
      three = three << 8 | (j < n ? static_cast<unsigned char>(bytes[i + j]) : 0U);
    for (std::size_t j = 0; j <= n; ++j) json += kAlphabet[three >> (18 - 6 * j) & 63];
  }
  json += "\"}";
  return json;
}

std::optional<std::vector<float>> VectorFromText(std::string_view text) {
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); i += 4) {
    const std::size_t n = std::min<std::size_t>(4, text.size() - i);
    std::uint32_t three = 0;
    for (std::size_t j = 0; j < 4; ++j) {
      const auto digit = j < n ? kAlphabet.find(text[i + j]) : 0;
      if (digit == std::string_view::npos) return std::nullopt;
      three = three << 6 | static_cast<std::uint32_t>(digit);
    }
    if (n == 1) return std::nullopt;
    for (std::size_t j = 0; j + 1 < n; ++j) bytes += static_cast<char>(three >> (16 - 8 * j) & 255);
  }
  if (bytes.empty() || bytes.size() % sizeof(float) != 0 || bytes.size() / sizeof(float) > kMostFeatures)
    return std::nullopt;
  std::vector<float> vector(bytes.size() / sizeof(float));
  std::memcpy(vector.data(), bytes.data(), bytes.size());
  for (float v : vector) {
    if (!std::isfinite(v)) return std::nullopt;
  }
  return vector;
}

}  // namespace baton::route
