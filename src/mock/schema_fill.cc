#include "mock/schema_fill.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "mock/arithmetic.h"
#include "mock/text.h"

namespace baton::mock {
namespace {

using Value = nlohmann::ordered_json;

// A schema may describe a tree without end: below kShallow only what must be there is filled in, below
// kDeepest nothing, and no answer has more than kMostValues values.
constexpr int kShallow = 8, kDeepest = 24;
constexpr int kMostValues = 5000;

// What the text offers; numbers and names are handed out in turn, so that two fields do not get the same one.
struct Offer {
  std::string_view text;
  std::string lower;
  std::vector<std::string> names, numbers;
  std::size_t nth = 0, next_number = 0, next_name = 0;
  int* values = nullptr;  // made so far, all copies together
};

bool Has(std::string_view name, std::initializer_list<std::string_view> parts) {
  return std::any_of(parts.begin(), parts.end(),
                     [&](auto p) { return name.find(p) != std::string_view::npos; });
}

bool WantsSubject(std::string_view name) {
  return Has(name, {"city", "location", "place", "ville", "country", "name", "person", "title", "company",
                    "ticker", "symbol"});
}

// The words after "named", "called", ... are a better name than the first capitalised word.
std::string Named(const Offer& o) {
  for (const std::string_view cue : {"named ", "called ", "my name is ", "je m'appelle "}) {
    const auto at = o.lower.find(cue);
    if (at == std::string::npos) continue;
    const auto found = ProperNouns(o.text.substr(at + cue.size()));
    if (!found.empty()) return found.front();
  }
  return {};
}

std::string TextFor(std::string_view name, Offer& o) {
  if (Has(name, {"email", "mail"})) return FindEmail(o.text);
  if (Has(name, {"phone", "telephone"})) return FindPhone(o.text);
  if (Has(name, {"date", "day"})) {
    const std::string date = FindDate(o.text);
    if (!date.empty()) return date;
    for (const std::string_view day : {"today", "tomorrow", "yesterday", "monday", "tuesday", "wednesday",
                                       "thursday", "friday", "saturday", "sunday"}) {
      if (HasWord(o.lower, day)) return std::string(day);
    }
    return {};
  }
  if (Has(name, {"expression", "formula"})) {
    const auto sum = WorkOut(o.text);
    return sum ? sum->expression : std::string();
  }
  if (Has(name, {"currency"}))
    return Has(o.lower, {"€", "euro"}) ? "EUR" : Has(o.lower, {"£", "pound"}) ? "GBP" : "USD";
  if (WantsSubject(name)) {
    if (Has(name, {"name", "person"}) && o.nth == 0) {
      if (auto named = Named(o); !named.empty()) return named;
    }
    const std::size_t i = o.nth + o.next_name;
    if (i < o.names.size()) {
      ++o.next_name;
      return o.names[i];
    }
    return o.names.empty() ? std::string() : o.names[std::min(o.nth, o.names.size() - 1)];
  }
  return {};
}

std::string Fit(std::string s, const Value& schema) {
  const auto most = schema.value("maxLength", std::size_t{4096});
  const auto least = std::min(schema.value("minLength", std::size_t{0}), std::size_t{4096});
  s = std::string(CutUtf8(s, most));
  while (s.size() < least) s += "x";
  return s;
}

Value String(const Value& schema, std::string_view name, Offer& o) {
  const auto format = schema.value("format", std::string());
  if (format == "email") {
    const auto found = FindEmail(o.text);
    return found.empty() ? "someone@example.com" : found;
  }
  if (format == "date" || format == "date-time") {
    auto found = FindDate(o.text);
    if (found.empty()) found = "2026-01-01";
    return format == "date" ? found : found + "T00:00:00Z";
  }
  if (format == "time") return "00:00:00Z";
  if (format == "uri") return "https://example.com/";
  if (format == "uuid") return "00000000-0000-4000-8000-000000000000";
  std::string s = TextFor(name, o);
  if (s.empty()) s = std::string(CutUtf8(o.text, 400));
  return Fit(std::move(s), schema);
}

Value Number(const Value& schema, std::string_view name, bool whole, Offer& o) {
  double v = 0;
  const auto sum = Has(name, {"result", "answer", "value", "total", "sum"}) ? WorkOut(o.text) : std::nullopt;
  if (sum) {
    v = std::strtod(sum->result.c_str(), nullptr);
  } else if (!o.numbers.empty()) {
    const std::size_t i = std::min(o.nth + o.next_number, o.numbers.size() - 1);
    v = std::strtod(o.numbers[i].c_str(), nullptr);
    ++o.next_number;
  }
  const auto bound = [&](const char* key, double none) {
    return schema.contains(key) && schema[key].is_number() ? schema[key].get<double>() : none;
  };
  const double step = whole ? 1 : 1e-6;
  v = std::max({v, bound("minimum", -1e15), bound("exclusiveMinimum", -1e15 - step) + step});
  v = std::min({v, bound("maximum", 1e15), bound("exclusiveMaximum", 1e15 + step) - step});
  if (const double multiple = bound("multipleOf", 0); multiple > 0) v = std::ceil(v / multiple) * multiple;
  if (whole) return static_cast<std::int64_t>(std::llround(v));
  return v;
}

Value Pick(const Value& values, const Offer& o) {
  for (const auto& v : values) {
    if (v.is_string() && HasWord(o.lower, Lower(v.get<std::string>()))) return v;
  }
  return values.empty() ? Value() : values.front();
}

Value Fill(const Value& root, const Value& schema, std::string_view name, Offer& o, int depth);

Value Array(const Value& root, const Value& schema, std::string_view name, Offer& o, int depth) {
  Value list = Value::array();
  if (schema.contains("prefixItems") && schema["prefixItems"].is_array()) {
    for (const auto& item : schema["prefixItems"]) list.push_back(Fill(root, item, name, o, depth + 1));
    return list;
  }
  static const Value kAny = {{"type", "string"}};
  const Value& items = schema.contains("items") && schema["items"].is_object() ? schema["items"] : kAny;
  const auto least = std::min(schema.value("minItems", std::size_t{0}), std::size_t{64});
  const auto most = std::min(schema.value("maxItems", std::size_t{64}), std::size_t{64});
  const std::string type =
      items.value("type", Value("object")).is_string() ? items.value("type", "object") : "";
  std::size_t count = type == "integer" || type == "number" ? o.numbers.size() : o.names.size();
  count = std::clamp(std::max<std::size_t>(count, 1), least, std::max(least, most));
  if (depth > kShallow) count = least;
  for (std::size_t i = 0; i < count; ++i) {
    Offer one = o;  // the i-th subject for each of the item's fields
    one.nth = o.nth + i;
    one.next_name = one.next_number = 0;
    // A list of strings in a text about people or places is a list of those.
    list.push_back(Fill(root, items, type == "string" && !o.names.empty() ? "name" : name, one, depth + 1));
  }
  return list;
}

Value Object(const Value& root, const Value& schema, Offer& o, int depth) {
  Value object = Value::object();
  if (!schema.contains("properties") || !schema["properties"].is_object()) return object;
  const Value required = schema.value("required", Value::array());
  for (const auto& [key, property] : schema["properties"].items()) {
    if (depth > kShallow && std::find(required.begin(), required.end(), key) == required.end()) continue;
    object[key] = Fill(root, property, Lower(key), o, depth + 1);
  }
  return object;
}

const Value* Resolve(const Value& root, const std::string& ref) {
  if (ref.empty() || ref[0] != '#') return nullptr;
  try {
    const Value::json_pointer pointer(ref.substr(1));
    return root.contains(pointer) ? &root.at(pointer) : nullptr;
  } catch (const nlohmann::json::exception&) {
    return nullptr;
  }
}

// The branch that is not null, if there is one.
const Value& Branch(const Value& branches) {
  for (const auto& b : branches) {
    if (!(b.is_object() && b.value("type", Value()) == "null")) return b;
  }
  return branches.front();
}

Value Fill(const Value& root, const Value& schema, std::string_view name, Offer& o, int depth) {
  if (depth > kDeepest || ++*o.values > kMostValues) return Value();
  if (!schema.is_object()) return Value("");
  if (schema.contains("const")) return schema["const"];
  if (schema.contains("enum") && schema["enum"].is_array()) return Pick(schema["enum"], o);
  if (schema.contains("$ref") && schema["$ref"].is_string()) {
    const Value* target = Resolve(root, schema["$ref"].get<std::string>());
    return target ? Fill(root, *target, name, o, depth + 1) : Value();
  }
  for (const char* key : {"anyOf", "oneOf"}) {
    if (schema.contains(key) && schema[key].is_array() && !schema[key].empty()) {
      return Fill(root, Branch(schema[key]), name, o, depth + 1);
    }
  }
  if (schema.contains("allOf") && schema["allOf"].is_array()) {
    Value merged = schema;
    merged.erase("allOf");
    for (const auto& part : schema["allOf"]) {
      const Value* p = part.contains("$ref") ? Resolve(root, part.value("$ref", "")) : &part;
      if (p) merged.merge_patch(*p);
    }
    return Fill(root, merged, name, o, depth + 1);
  }
  Value type = schema.value("type", Value());
  if (type.is_array()) {
    Value chosen;
    for (const auto& t : type) {
      if (chosen.is_null() && t != "null") chosen = t;
    }
    type = chosen.is_null() ? Value("null") : chosen;
  }
  if (type.is_null())
    type = schema.contains("items") ? "array" : schema.contains("properties") ? "object" : "string";
  if (type == "object") return Object(root, schema, o, depth);
  if (type == "array") return Array(root, schema, name, o, depth);
  if (type == "string") return String(schema, name, o);
  if (type == "integer" || type == "number") return Number(schema, name, type == "integer", o);
  if (type == "boolean") return !HasAny(o.lower, {"not", "no", "never", "without", "pas", "non"});
  return Value();
}

Offer Read(std::string_view text, std::size_t nth) {
  Offer o;
  o.text = text;
  o.lower = Lower(text);
  o.names = ProperNouns(text);
  o.numbers = Numbers(text);
  o.nth = nth;
  return o;
}

}  // namespace

Result<std::string> FillSchema(std::string_view schema, std::string_view text, std::size_t nth) {
  if (schema.empty()) return std::string("{}");
  const auto bad = [] {
    return Fail(Code::kInvalidRequest, "The schema is not a JSON object; send a JSON Schema.",
                "invalid_schema");
  };
  try {
    const Value root = Value::parse(schema);
    if (!root.is_object()) return bad();
    int values = 0;
    Offer o = Read(text, nth);
    o.values = &values;
    if (!root.contains("type") && !root.contains("properties") && root.size() == 0) return std::string("{}");
    return Fill(root, root, "", o, 0).dump();
  } catch (const nlohmann::json::exception&) {  // a keyword of the wrong type
    return bad();
  }
}

std::size_t CountSubjects(std::string_view schema, std::string_view text) {
  const Value root = Value::parse(schema, nullptr, false);
  if (!root.is_object() || !root.contains("properties") || !root["properties"].is_object()) return 1;
  for (const auto& [key, property] : root["properties"].items()) {
    if (property.is_object() && property.contains("enum")) continue;
    if (WantsSubject(Lower(key))) return std::clamp<std::size_t>(ProperNouns(text).size(), 1, 8);
  }
  return 1;
}

}  // namespace baton::mock
