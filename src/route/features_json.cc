// By hand: this is made for every request, and a formatter would cost more than all the fields do.
#include <charconv>

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

}  // namespace baton::route
