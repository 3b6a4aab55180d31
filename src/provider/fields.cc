#include "provider/fields.h"

#include <cmath>

#include "provider/json_writer.h"

namespace baton::provider {
namespace {

Error Wrong(std::string message, std::string reason, const Place& place) {
  return Fail(Code::kInvalidRequest, std::move(message), std::move(reason), place.Text());
}

std::string Plain(double value) {
  std::string out;
  JsonWriter(&out).Double(value);
  return out;
}

std::string_view Describe(JsonView v) {
  if (v.is_number()) return v.integer() ? "an integer" : "a decimal number";
  return JsonKindName(v.kind());
}

}  // namespace

std::string Place::Text() const {
  std::string out = parent ? parent->Text() : std::string();
  if (index >= 0) return out + "[" + std::to_string(index) + "]";
  if (key.empty()) return out;
  if (!out.empty()) out += '.';
  // A member name comes from the client: keep the text short and printable.
  for (const char c : key.substr(0, 64)) out += static_cast<unsigned char>(c) < 0x20 ? '?' : c;
  return out;
}

Error WrongType(const Place& place, std::string_view expected, JsonView got) {
  const std::string at = place.Text();
  return Wrong((at.empty() ? "Invalid type for the request body" : "Invalid type for '" + at + "'") +
                   ": expected " + std::string(expected) + ", but got " + std::string(Describe(got)) +
                   " instead.",
               "invalid_type", place);
}

Error Missing(const Place& place, std::string_view hint) {
  std::string message = "Missing required parameter: '" + place.Text() + "'.";
  if (!hint.empty()) message += " " + std::string(hint);
  return Wrong(std::move(message), "missing_required_parameter", place);
}

Error BadValue(const Place& place, std::string message, std::string reason) {
  return Wrong("Invalid value for '" + place.Text() + "': " + message, std::move(reason), place);
}

Error Duplicate(const Place& place) {
  return Wrong("'" + place.Text() + "' is given twice; send it once.", "duplicate_parameter", place);
}

Status ReadBool(JsonView v, const Place& place, std::optional<bool>* out) {
  if (v.is_null()) return {};
  if (!v.is_bool()) return WrongType(place, "a boolean", v);
  *out = v.truth();
  return {};
}

Status ReadNumber(JsonView v, const Place& place, double low, double high, std::optional<double>* out) {
  if (v.is_null()) return {};
  const auto n = v.number();
  if (!v.is_number()) return WrongType(place, "a number", v);
  if (!n) return BadValue(place, "the number is too large.", "decimal_above_max_value");
  if (*n < low) {
    return Wrong("'" + place.Text() + "' must be at least " + Plain(low) + ", but is " + Plain(*n) + ".",
                 "decimal_below_min_value", place);
  }
  if (*n > high) {
    return Wrong("'" + place.Text() + "' must be at most " + Plain(high) + ", but is " + Plain(*n) + ".",
                 "decimal_above_max_value", place);
  }
  *out = *n;
  return {};
}

Status ReadInteger(JsonView v, const Place& place, std::int64_t low, std::int64_t high,
                   std::optional<std::int64_t>* out) {
  if (v.is_null()) return {};
  if (!v.is_number()) return WrongType(place, "an integer", v);
  const auto n = v.integer();
  const auto d = v.number();
  if (!n && d && *d != std::floor(*d)) return WrongType(place, "an integer", v);
  if (n ? *n < low : (!d || *d < 0)) {
    return Wrong("'" + place.Text() + "' must be at least " + std::to_string(low) + ", but is " +
                     std::string(v.raw().substr(0, 32)) + ".",
                 "integer_below_min_value", place);
  }
  if (!n || *n > high) {
    return Wrong("'" + place.Text() + "' must be at most " + std::to_string(high) + ", but is " +
                     std::string(v.raw().substr(0, 32)) + ".",
                 "integer_above_max_value", place);
  }
  *out = *n;
  return {};
}

Status ReadString(JsonView v, const Place& place, std::string* out) {
  if (v.is_null()) return {};
  if (!v.is_string()) return WrongType(place, "a string", v);
  out->assign(v.str());
  return {};
}

Status ReadWord(JsonView v, const Place& place, std::initializer_list<std::string_view> words,
                std::string* out) {
  if (v.is_null()) return {};
  if (!v.is_string()) return WrongType(place, "a string", v);
  std::string list;
  for (const auto w : words) {
    if (v.str() == w) {
      if (out) out->assign(w);
      return {};
    }
    list += (list.empty() ? "'" : ", '") + std::string(w) + "'";
  }
  return BadValue(place, "it must be one of " + list + ".");
}

Status ExpectObject(JsonView v, const Place& place) {
  if (!v.is_object()) return WrongType(place, "an object", v);
  return {};
}

Status ExpectArray(JsonView v, const Place& place) {
  if (!v.is_array()) return WrongType(place, "an array", v);
  return {};
}

const chat::Json* FindExtra(const chat::Extra& extra, std::string_view name) {
  for (const auto& [key, value] : extra) {
    if (key == name) return &value;
  }
  return nullptr;
}

}  // namespace baton::provider
