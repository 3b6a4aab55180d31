// The reference part of docs/config.md, a walk over the same rows that read the file.

#include <fmt/format.h>

#include "config/config.h"
#include "config/rows.h"
#include "route/features.h"

namespace baton::config {
namespace {

std::string FormOf(const Row& row) {
  if (!row.form.empty()) return std::string(row.form);
  switch (row.kind) {
    case Kind::kFlag:
      return "true or false";
    case Kind::kInteger:
      return "whole number";
    case Kind::kNumber:
      return "number";
    case Kind::kDuration:
      return "duration";
    case Kind::kSize:
      return "size";
    case Kind::kMoney:
      return "USD";
    case Kind::kDate:
      return "date";
    case Kind::kTexts:
      return "list of texts";
    case Kind::kMap:
      return "map";
    case Kind::kList:
      return "list";
    case Kind::kOneOrList:
      return "map or list";
    case Kind::kWord:
    case Kind::kWords: {
      std::string words;
      for (char c : row.words) words += c == '|' ? std::string("`, `") : std::string(1, c);
      return fmt::format("{}`{}`", row.kind == Kind::kWords ? "list of " : "", words);
    }
    default:
      return "text";
  }
}

std::string BoundsOf(const Row& row) {
  if (row.max == 0) return "";
  std::string_view unit = row.kind == Kind::kDuration ? " s" : row.kind == Kind::kSize ? " bytes" : "";
  return fmt::format(" ({} to {}{})", row.min, row.max, unit);
}

void Table(const Shape& shape, const std::string& path, std::string* out) {
  *out += fmt::format("\n### {}\n\n{}\n\n| key | holds | default | what for |\n|---|---|---|---|\n",
                      path.empty() ? "Top level" : "`" + path + "`", shape.doc);
  for (const auto& row : shape.rows) {
    std::string standard = row.required           ? "required"
                           : row.standard.empty() ? ""
                                                  : fmt::format("`{}`", row.standard);
    *out +=
        fmt::format("| `{}` | {}{} | {} | {} |\n", row.key, FormOf(row), BoundsOf(row), standard, row.doc);
  }
  for (const auto& row : shape.rows) {
    if (row.child == nullptr) continue;
    std::string list = row.kind == Kind::kMap ? "" : "[]";
    Table(row.child(),
          path.empty() ? std::string(row.key) + list : fmt::format("{}.{}{}", path, row.key, list), out);
  }
}

void Conditions(std::string* out) {
  *out +=
      "\n### `routes[].when`\n\nConditions; all must hold.\n\n| key | wants | what it is |\n|---|---|---|\n";
  for (const auto& f : route::FeatureFields()) {
    std::string wants;
    switch (f.kind) {
      case route::FieldInfo::Kind::kFlag:
        wants = "true or false";
        break;
      case route::FieldInfo::Kind::kNumber:
        wants = "number, or bounds `{lt, le, gt, ge}`";
        break;
      default:
        wants = "text or list: any of them";
    }
    std::string known;
    for (auto v : route::KnownValues(f.name)) known += fmt::format("{}`{}`", known.empty() ? "" : ", ", v);
    *out += fmt::format("| `{}` | {} | {}{}{} |\n", f.name, wants, f.doc, known.empty() ? "" : ": ", known);
  }
}

}  // namespace

std::string ReferenceMarkdown() {
  std::string out;
  Table(RootShape(), "", &out);
  Conditions(&out);
  return out;
}

}  // namespace baton::config
