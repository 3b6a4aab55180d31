// The JSON Schema of the file, a walk over the same rows that read it.

#include <fmt/format.h>

#include "config/config.h"
#include "config/rows.h"

namespace baton::config {
namespace {

std::string Quoted(std::string_view text) {
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

std::string EnumOf(std::string_view words) {
  std::string out;
  while (!words.empty()) {
    std::size_t bar = std::min(words.find('|'), words.size());
    out += (out.empty() ? "" : ", ") + Quoted(words.substr(0, bar));
    words = words.substr(std::min(bar + 1, words.size()));
  }
  return "[" + out + "]";
}

class Writer {
 public:
  std::string Take() { return std::move(out_); }

  void Object(const Shape& shape, int depth) {
    Line(depth, "\"type\": \"object\",");
    Line(depth, fmt::format("\"description\": {},", Quoted(shape.doc)));
    Line(depth, "\"additionalProperties\": false,");
    std::string required;
    for (const auto& row : shape.rows) {
      if (row.required) required += (required.empty() ? "" : ", ") + Quoted(row.key);
    }
    if (!required.empty()) Line(depth, fmt::format("\"required\": [{}],", required));
    Line(depth, "\"properties\": {");
    for (std::size_t i = 0; i < shape.rows.size(); ++i) {
      Line(depth + 1, Quoted(shape.rows[i].key) + ": {");
      Property(shape.rows[i], depth + 2);
      Line(depth + 1, i + 1 < shape.rows.size() ? "}," : "}");
    }
    Line(depth, "}");
  }

 private:
  void Line(int depth, const std::string& text) {
    out_ += std::string(static_cast<std::size_t>(depth) * 2, ' ') + text + "\n";
  }

  void Property(const Row& row, int depth) {
    if (row.kind == Kind::kMap) return Object(row.child(), depth);
    Line(depth, fmt::format("\"description\": {},", Quoted(row.doc)));
    if (!row.standard.empty()) Line(depth, fmt::format("\"default\": {},", DefaultOf(row)));
    switch (row.kind) {
      case Kind::kList:
        return List(row, depth);
      case Kind::kOneOrList:
        Line(depth, "\"oneOf\": [{");
        Object(row.child(), depth + 1);
        Line(depth, "}, {");
        List(row, depth + 1);
        return Line(depth, "}]");
      case Kind::kCustom:
        return Line(depth, fmt::format("\"allOf\": [{}]", row.schema));
      default:
        return Line(depth, Scalar(row));
    }
  }

  void List(const Row& row, int depth) {
    Line(depth, "\"type\": \"array\",");
    Line(depth, "\"items\": {");
    Object(row.child(), depth + 1);
    Line(depth, "}");
  }

  static std::string DefaultOf(const Row& row) {
    switch (row.kind) {
      case Kind::kFlag:
      case Kind::kInteger:
      case Kind::kNumber:
        return std::string(row.standard);
      case Kind::kTexts:
        return R"(["public", "internal"])";
      default:
        return Quoted(row.standard);
    }
  }

  static std::string Bounds(const Row& row) {
    return row.max == 0 ? "" : fmt::format(", \"minimum\": {}, \"maximum\": {}", row.min, row.max);
  }

  static std::string Scalar(const Row& row) {
    switch (row.kind) {
      case Kind::kFlag:
        return R"("type": "boolean")";
      case Kind::kInteger:
        return R"("type": "integer")" + Bounds(row);
      case Kind::kNumber:
        return R"("type": "number")" + Bounds(row);
      case Kind::kDuration:
        return R"("type": ["string", "integer"], "pattern": "^[0-9]+(\\.[0-9]{1,3})?(ns|us|ms|s|m|h|d)$|^0$", "maximum": 0)";
      case Kind::kSize:
        return R"("type": ["string", "integer"], "pattern": "^[0-9]+(\\.[0-9]{1,3})? ?(B|KB|KiB|MB|MiB|GB|GiB)?$", "minimum": 0)";
      case Kind::kMoney:
        return R"("type": ["number", "string"], "minimum": 0, "pattern": "^[0-9]+(\\.[0-9]{1,9})?$")";
      case Kind::kDate:
        return R"("type": "string", "format": "date")";
      case Kind::kWord:
        return fmt::format("\"enum\": {}", EnumOf(row.words));
      case Kind::kWords:
        return fmt::format("\"type\": [\"array\", \"string\"], \"items\": {{\"enum\": {}}}",
                           EnumOf(row.words));
      case Kind::kTexts:
        return R"("type": ["array", "string"], "items": {"type": "string"})";
      default:
        return R"("type": "string", "minLength": 1)";
    }
  }

  std::string out_;
};

}  // namespace

std::string JsonSchema() {
  Writer writer;
  writer.Object(RootShape(), 1);
  return "{\n  \"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n  \"title\": \"Baton "
         "configuration\",\n" +
         writer.Take() + "}\n";
}

}  // namespace baton::config
